// batches <seed> <count>: random batches on every instruction set, with one thread and with several, called by several
// threads at once. Arrays end where their allocation does, and may have any strides. All answers have to be the same, to the
// last bit; what else is wrong, the sanitizers say. scripts/sanitize.mjs builds and runs it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "engine/evaluate.h"
#include "platform/dispatch.h"
#include "platform/thread_pool.h"
#include "values.h"

namespace maxmargin {
namespace {

constexpr size_t kCallers = 3;
constexpr size_t kThreads = 3;
// The threads of the pool are stopped, and start anew, as often.
constexpr size_t kRounds = 4;

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  size_t below(size_t n) { return engine_() % n; }
  bool one_in(size_t n) { return below(n) == 0; }
  double around_zero() { return static_cast<double>(below(1 << 20)) / (1 << 18) - 2; }

  template <class T>
  T pick(std::initializer_list<T> from) {
    return from.begin()[below(from.size())];
  }

 private:
  std::mt19937_64 engine_;
};

enum class Kind { zero_or_one, minus_or_plus_one, few, many, huge, any_bits };

double random_value(Kind kind, Random& random) {
  switch (kind) {
    case Kind::zero_or_one:
      return static_cast<double>(random.below(2));
    case Kind::minus_or_plus_one:
      return random.pick({-1.0, 1.0});
    case Kind::few:
      return random.pick({-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0});
    case Kind::huge:
      return random.pick({-3e38, 3e38, 1.0});
    default:
      return random.around_zero();
  }
}

// Values on the heap, up to the end of their allocation, and from its start or a little later.
class Array {
 public:
  Array(Dtype dtype, size_t n, Random& random)
      : dtype_(dtype),
        n_(n),
        before_(random.one_in(2) ? 0 : random.below(64) * size_of(dtype)),
        memory_(new char[before_ + bytes()]) {}

  void fill(Kind kind, Random& random) {
    for (size_t i = 0; i < n_; ++i) {
      if (kind == Kind::any_bits) {
        for (size_t k = 0; k < size_of(dtype_); ++k) at(i)[k] = static_cast<char>(random.below(256));
      } else {
        put(i, random_value(kind, random));
      }
    }
  }

  void fill_ids(size_t classes, Random& random) {
    // Every dtype holds these numbers.
    const size_t most = std::min<size_t>(classes, dtype_ == Dtype::boolean ? 2 : 100);
    for (size_t i = 0; i < n_; ++i) put(i, static_cast<double>(random.below(most)));
  }

  void clear() { std::memset(data(), 0, bytes()); }

  void put(size_t i, double value) { put_value(dtype_, value, at(i)); }

  Dtype dtype() const { return dtype_; }
  size_t size() const { return n_; }
  size_t bytes() const { return n_ * size_of(dtype_); }
  char* data() const { return memory_.get() + before_; }
  char* at(size_t i) const { return data() + i * size_of(dtype_); }

 private:
  const Dtype dtype_;
  const size_t n_, before_;
  const std::unique_ptr<char[]> memory_;
};

// Strides over a shape: axes in any order, reversed, repeated, or with gaps between their values.
struct Strides {
  std::vector<int64_t> of;
  // The place of index 0, and how many values are there.
  size_t first = 0, n = 1;

  Strides(const std::vector<size_t>& shape, Random& random) : of(shape.size()) {
    std::vector<size_t> order(shape.size());
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    size_t distance = random.one_in(5) ? 1 + random.below(3) : 1, before = 0, behind = 0;
    for (const size_t axis : order) {
      if (random.one_in(5)) continue;
      const bool is_reversed = random.one_in(6);
      of[axis] = is_reversed ? -static_cast<int64_t>(distance) : static_cast<int64_t>(distance);
      (is_reversed ? before : behind) += (shape[axis] - 1) * distance;
      distance *= shape[axis] + random.below(2);
    }
    first = before;
    n = before + behind + 1;
  }

  // The place of each value, in the order of the logical indices.
  std::vector<size_t> places(const std::vector<size_t>& shape) const {
    std::vector<size_t> places{first};
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      std::vector<size_t> next;
      next.reserve(places.size() * shape[axis]);
      for (const size_t place : places) {
        for (size_t i = 0; i < shape[axis]; ++i) {
          next.push_back(place + static_cast<size_t>(of[axis] * static_cast<int64_t>(i)));
        }
      }
      places.swap(next);
    }
    return places;
  }
};

// What was computed, as bytes.
class Answer {
 public:
  void add(const Result& result) {
    bytes_.push_back(result.are_labels_valid);
    // Everything else is void then.
    if (!result.are_labels_valid) return;
    for (const ExactSum* sum : {&result.totals.losses, &result.totals.weights, &result.totals.kept}) {
      // The sign of a NaN is the compiler's affair until it is rounded.
      const double value = std::isnan(sum->value()) ? NAN : sum->value();
      add(&value, sizeof(value));
    }
    bytes_.push_back(result.was_binary);
  }

  void add(const Array& results) { add(results.data(), results.bytes()); }

  // Sums that lib/ rounds: until then the bits of a NaN are those of some NaN that was added.
  void add_sums(const Array& sums) {
    for (size_t i = 0; i < sums.size(); ++i) {
      double value;
      std::memcpy(&value, sums.at(i), sizeof(value));
      if (std::isnan(value)) value = NAN;
      add(&value, sizeof(value));
    }
  }

  bool operator==(const Answer& other) const { return bytes_ == other.bytes_; }

 private:
  void add(const void* data, size_t bytes) {
    const char* first = static_cast<const char*>(data);
    bytes_.insert(bytes_.end(), first, first + bytes);
  }

  std::vector<char> bytes_;
};

// A batch, and what is asked of it: of arrays with strides, and of row-major copies of what they stand for.
class Program {
 public:
  explicit Program(uint64_t seed) : seed_(seed), random_(seed) {
    plain_.compute = random_float();
    plain_.loss = static_cast<Loss>(random_.below(kLosses));
    choose_shape();
    choose_formula();
    strided_ = plain_;
    strided_.rank = shape_.size();
    strided_.shape = shape_.data();
    choose_values();
    divisor_ = random_.pick({1.0, 3.0, static_cast<double>(plain_.all_rows)});
    loss_dtype_ = random_.one_in(4) ? Dtype::float64 : plain_.compute;
    gradient_dtype_ = random_.one_in(4) ? Dtype::float64 : plain_.compute;
    writes_losses_ = random_.one_in(2);
  }

  Answer run(const Machine& machine, bool is_strided) {
    const Batch& batch = is_strided ? strided_ : plain_;
    Answer answer;
    Request request;
    request.batch = batch;
    request.divisor = divisor_;
    const Result sums = result_of(request, machine);
    answer.add(sums);
    const bool is_valid = sums.are_labels_valid;
    if (batch.is_weighted()) {
      request.operation = Operation::weights;
      answer.add(result_of(request, machine));
    }
    const auto losses = cleared(loss_dtype_, batch.all_rows);
    request.losses = {loss_dtype_, losses->data(), nullptr};
    request.operation = Operation::rows;
    answer.add(result_of(request, machine));
    if (is_valid) answer.add(*losses);
    const auto gradient = cleared(gradient_dtype_, batch.all_rows * batch.width);
    request.operation = Operation::gradient;
    request.gradient = {gradient_dtype_, gradient->data(), nullptr};
    if (!writes_losses_) request.losses = {};
    answer.add(result_of(request, machine));
    if (is_valid) {
      answer.add(*losses);
      answer.add(*gradient);
    }
    return answer;
  }

  // Derivatives that are added up where predictions are repeated.
  Answer run_adding(const Machine& machine) {
    Request request;
    request.operation = Operation::gradient;
    request.batch = strided_;
    request.divisor = divisor_;
    const auto sums = cleared(Dtype::float64, added_->n);
    request.gradient = {Dtype::float64, sums->at(added_->first), added_->of.data()};
    Answer answer;
    const Result result = result_of(request, machine);
    answer.add(result);
    if (result.are_labels_valid) answer.add_sums(*sums);
    return answer;
  }

  // Whether the rows of parts add up to the bits of the whole.
  bool adds_up(const Machine& machine) {
    Request request;
    request.batch = strided_;
    if (request.batch.reading == LabelReading::automatic) request.batch.reading = LabelReading::unchanged;
    const bool is_flat = machine.set->family_of(strided_.loss) == Family::elementwise && !strided_.is_weighted();
    if (is_flat && strided_.width > 1) return true;
    const Result whole = result_of(request, machine);
    Result merged;
    const size_t end = strided_.end_row(), step = rows_of_group(strided_) * (1 + random_.below(3));
    for (size_t row = strided_.first_row; row < end; row += step) {
      request.batch.first_row = row;
      request.batch.rows = std::min(step, end - row);
      const Result part = result_of(request, machine);
      merged.are_labels_valid = merged.are_labels_valid && part.are_labels_valid;
      merged.was_binary = part.was_binary;
      merged.totals.add(part.totals);
    }
    Answer expected, answer;
    expected.add(whole);
    answer.add(merged);
    return answer == expected;
  }

  bool is_comparable() const { return is_comparable_; }

  void print(const char* set, size_t threads) const {
    std::printf("batch %llu: %s with %zu threads gives other bits: loss %d, reading %d, dtypes %d %d as %d, [%zu, %zu], %s\n",
                static_cast<unsigned long long>(seed_), set, threads, static_cast<int>(plain_.loss),
                static_cast<int>(plain_.reading),
                static_cast<int>(plain_.labels.dtype), static_cast<int>(plain_.predictions.dtype),
                static_cast<int>(plain_.compute), plain_.all_rows, plain_.width,
                plain_.is_weighted() ? "weighted" : "not weighted");
  }

 private:
  static Result result_of(const Request& request, const Machine& machine) {
    Result result;
    evaluate(request, machine, &result);
    return result;
  }

  std::unique_ptr<const Array> cleared(Dtype dtype, size_t n) {
    auto array = std::make_unique<Array>(dtype, n, random_);
    array->clear();
    return array;
  }

  Dtype random_float() {
    return static_cast<Dtype>(static_cast<size_t>(Dtype::float16) + random_.below(kFloatDtypes));
  }

  // Around what is cut somewhere: registers, blocks, tiles, chunks. One in eight is for several threads.
  void choose_shape() {
    const bool is_large = random_.one_in(8);
    const size_t around = random_.below(3) - 1;
    const size_t width = random_.one_in(3)
                             ? random_.pick({kBlock, 2 * kBlock, kTile, kChunk, 2 * kChunk}) + around
                             : 1 + random_.below(70);
    const size_t values = is_large ? 200'000 : 3000;
    const size_t rows = 1 + random_.below(std::max<size_t>(3, values / width));
    shape_ = random_.one_in(3) ? std::vector<size_t>{1 + random_.below(4), rows / 2 + 1, width}
                               : std::vector<size_t>{rows, width};
    plain_.width = width;
    plain_.all_rows = shape_.size() == 3 ? shape_[0] * shape_[1] : rows;
    const size_t groups = ceil_div(plain_.all_rows, rows_of_group(plain_));
    plain_.first_row = random_.one_in(3) ? random_.below(groups) * rows_of_group(plain_) : 0;
    plain_.rows = plain_.all_rows - plain_.first_row;
    if (random_.one_in(3)) plain_.rows = 1 + random_.below(plain_.rows);
  }

  static size_t ceil_div(size_t n, size_t by) { return (n + by - 1) / by; }

  // How labels are read, the parameters of the loss, weights of classes, and rows that are ignored.
  void choose_formula() {
    const Family family = kScalar->family_of(plain_.loss);
    do {
      plain_.reading = static_cast<LabelReading>(random_.below(kLabelReadings));
    } while (!is_readable(family));
    plain_.parameters.margin = random_.pick({0.0, 0.5, 1.0, 1.0, 2.5});
    plain_.parameters.is_squared = random_.one_in(2);
    plain_.classes = plain_.width;
    const bool has_one_label = plain_.reading == LabelReading::class_ids || (plain_.width == 1 && !plain_.has_classes());
    if ((plain_.has_classes() || plain_.width == 1) && random_.one_in(3)) {
      class_weights_.resize(plain_.has_classes() ? plain_.classes : 2);
      for (double& weight : class_weights_) weight = random_.around_zero();
      plain_.class_weights = class_weights_.data();
    }
    if (has_one_label && random_.one_in(3)) {
      plain_.ignores = true;
      plain_.ignored = random_.pick({-1.0, 0.0, 1.0, 50.0});
    }
  }

  bool is_readable(Family family) const {
    Batch batch = plain_;
    batch.classes = plain_.width;
    const bool is_signed = plain_.reading == LabelReading::automatic || plain_.reading == LabelReading::binary;
    return can_evaluate(batch) && (family == Family::elementwise || !is_signed);
  }

  void choose_values() {
    // One pair of dtypes after the other.
    const auto labels = static_cast<Dtype>(seed_ % kDtypes);
    const auto predictions = static_cast<Dtype>(seed_ / kDtypes % kDtypes);
    choose_labels(labels);
    choose(predictions, shape_, random_.pick({Kind::few, Kind::many, Kind::many, Kind::huge, Kind::any_bits}),
           &Batch::predictions);
    const std::vector<size_t> rows = row_shape();
    if (random_.one_in(2)) {
      choose(static_cast<Dtype>(random_.below(kDtypes)), rows,
             random_.pick({Kind::zero_or_one, Kind::many, Kind::any_bits}), &Batch::weights);
    }
    if (random_.one_in(2)) {
      // A mask that is not all 0 and 1 makes some results NaN, whose places depend on the sizes of tiles.
      is_comparable_ = !random_.one_in(8);
      choose(static_cast<Dtype>(random_.below(kDtypes)), rows,
             is_comparable_ ? Kind::zero_or_one : Kind::any_bits, &Batch::mask);
    }
    added_ = std::make_unique<Strides>(shape_, random_);
  }

  std::vector<size_t> row_shape() const { return {shape_.begin(), shape_.end() - 1}; }

  // Labels, of which now and then one is none that the encoding has.
  void choose_labels(Dtype dtype) {
    if (!plain_.has_classes()) {
      const bool is_binary = plain_.reading == LabelReading::binary && !random_.one_in(8);
      return choose(dtype, shape_,
                    is_binary ? Kind::zero_or_one
                              : random_.pick({Kind::zero_or_one, Kind::zero_or_one, Kind::minus_or_plus_one, Kind::few,
                                              Kind::any_bits}),
                    &Batch::labels);
    }
    const bool are_ids = plain_.reading == LabelReading::class_ids;
    const std::vector<size_t> shape = are_ids ? row_shape() : shape_;
    strides_.push_back(std::make_unique<Strides>(shape, random_));
    const Strides& strides = *strides_.back();
    Array& values = add_array(dtype, strides.n);
    if (are_ids) {
      values.fill_ids(plain_.classes, random_);
      if (plain_.ignores && random_.one_in(2)) values.put(random_.below(strides.n), plain_.ignored);
    } else {
      values.clear();
      const std::vector<size_t> places = strides.places(shape);
      for (size_t row = 0; row < plain_.all_rows; ++row) {
        values.put(places[row * plain_.width + random_.below(plain_.width)], 1.0);
      }
    }
    if (random_.one_in(8)) values.put(random_.below(strides.n), random_.pick({-1.0, 2.0, 90.0}));
    set_operand(values, strides, shape, &Batch::labels);
  }

  // An operand with strides, and its row-major copy.
  void choose(Dtype dtype, const std::vector<size_t>& shape, Kind kind, Operand Batch::*operand) {
    strides_.push_back(std::make_unique<Strides>(shape, random_));
    const Strides& strides = *strides_.back();
    Array& values = add_array(dtype, strides.n);
    values.fill(kind, random_);
    // What looked like 0/1 at both ends turns out to be something else; or a tie for the maximum.
    if (is_comparable_ && operand != &Batch::mask && random_.one_in(3)) {
      values.put(random_.below(strides.n), random_.pick({2.0, 90.0}));
    }
    set_operand(values, strides, shape, operand);
  }

  void set_operand(const Array& values, const Strides& strides, const std::vector<size_t>& shape, Operand Batch::*operand) {
    const Dtype dtype = values.dtype();
    const std::vector<size_t> places = strides.places(shape);
    Array& copy = add_array(dtype, places.size());
    for (size_t i = 0; i < places.size(); ++i) std::memcpy(copy.at(i), values.at(places[i]), size_of(dtype));
    plain_.*operand = {dtype, copy.data(), nullptr};
    strided_.*operand = {dtype, values.at(strides.first), strides.of.data()};
  }

  Array& add_array(Dtype dtype, size_t n) {
    arrays_.push_back(std::make_unique<Array>(dtype, n, random_));
    return *arrays_.back();
  }

  const uint64_t seed_;
  Random random_;
  std::vector<std::unique_ptr<Array>> arrays_;
  std::vector<std::unique_ptr<Strides>> strides_;
  std::unique_ptr<Strides> added_;
  std::vector<size_t> shape_;
  std::vector<double> class_weights_;
  Batch plain_, strided_;
  double divisor_;
  Dtype loss_dtype_, gradient_dtype_;
  bool writes_losses_, is_comparable_ = true;
};

bool is_same_everywhere(uint64_t seed) {
  Program program(seed);
  const Answer expected = program.run({kScalar, 1}, false);
  const Answer expected_sums = program.run_adding({kScalar, 1});
  bool is_same = true;
  for (const InstructionSet* set : supported()) {
    for (const size_t threads : {size_t{1}, kThreads}) {
      const Machine machine{set, threads};
      const bool plain = program.run(machine, false) == expected, strided = program.run(machine, true) == expected;
      const bool added = program.run_adding(machine) == expected_sums, parts = program.adds_up(machine);
      if (program.is_comparable() && !(plain && strided && added && parts)) {
        program.print(set->name, threads);
        is_same = false;
      }
    }
  }
  return is_same;
}

// A sum is the same in any order, and in parts.
bool sums_exactly(Random& random) {
  std::vector<double> numbers(1 + random.below(300));
  for (double& number : numbers) {
    number = std::ldexp(random.around_zero(), static_cast<int>(random.below(2090)) - 1070);
  }
  ExactSum sum, backwards, part;
  for (size_t i = 0; i < numbers.size(); ++i) {
    sum.add(numbers[i]);
    (i % 2 == 0 ? backwards : part).add(numbers[numbers.size() - 1 - i]);
  }
  backwards.add(part);
  double written[ExactSum::kMaxNumbers];
  return sum.value() == backwards.value() && backwards.write(written) <= ExactSum::kMaxNumbers;
}

// Every task is run once, by threads that see what the caller wrote before, and write what it reads after.
bool runs_each_once(Random& random) {
  struct Counts {
    size_t before;
    std::vector<size_t> values;
  } counts{random.below(100), std::vector<size_t>(1 + random.below(2000))};
  constexpr int64_t kWorthWaking = 1'000'000'000;
  run_parallel(
      counts.values.size(), kThreads, kWorthWaking,
      [](void* context, size_t i, size_t) noexcept {
        auto& all = *static_cast<Counts*>(context);
        all.values[i] += all.before + 1;
      },
      &counts);
  return std::all_of(counts.values.begin(), counts.values.end(),
                     [&](size_t value) { return value == counts.before + 1; });
}

bool check(uint64_t seed) {
  Random random(seed);
  bool is_good = is_same_everywhere(seed);
  const auto expect = [&](bool holds, const char* problem) {
    if (holds) return;
    std::printf("batch %llu: %s\n", static_cast<unsigned long long>(seed), problem);
    is_good = false;
  };
  expect(sums_exactly(random), "a sum depends on the order");
  expect(runs_each_once(random), "a task was not run once");
  return is_good;
}

bool run(uint64_t seed, size_t batches) {
  std::atomic<bool> is_good{true};
  std::atomic<size_t> next{0};
  for (size_t round = 1; round <= kRounds; ++round) {
    std::vector<std::thread> callers;
    for (size_t i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, end = batches * round / kRounds] {
        for (size_t k; (k = next.fetch_add(1)) < end;) {
          if (!check(seed + k)) is_good = false;
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    next = batches * round / kRounds;
    stop_threads();
  }
  return is_good;
}

}  // namespace
}  // namespace maxmargin

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const uint64_t seed = std::strtoull(arguments[1], nullptr, 10);
  const size_t batches = std::strtoull(arguments[2], nullptr, 10);
  if (!maxmargin::run(seed, batches)) return 1;
  for (const maxmargin::InstructionSet* set : maxmargin::supported()) std::printf("%s ", set->name);
  std::printf("agree on %zu batches from %llu on\n", batches, static_cast<unsigned long long>(seed));
  return 0;
}
