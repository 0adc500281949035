// sanitize <seed> <batches>: random batches on every instruction set, with one thread and with several, called by several
// threads at once. Arrays end where their allocation does. All answers have to be the same, to the last bit; what else is
// wrong, the sanitizers say. scripts/sanitize.mjs builds and runs it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "platform/dispatch.h"
#include "probe.h"
#include "engine/evaluate.h"
#include "platform/thread_pool.h"

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

  void put(size_t i, double value) {
    if (dtype_ >= Dtype::float16) return round_to(dtype_, &value, 1, at(i));
    // Of a negative number, the bytes of the same width; a bool is a byte too.
    const auto whole = static_cast<int64_t>(std::clamp(value, -100.0, 100.0));
    std::memcpy(at(i), &whole, size_of(dtype_));
  }

  size_t bytes() const { return n_ * size_of(dtype_); }
  char* data() const { return memory_.get() + before_; }

 private:
  char* at(size_t i) const { return data() + i * size_of(dtype_); }

  const Dtype dtype_;
  const size_t n_, before_;
  const std::unique_ptr<char[]> memory_;
};

// What was computed, as bytes.
class Answer {
 public:
  void add(const Total& total) {
    for (double sum : {total.losses, total.weights, total.kept}) {
      // The sign of a NaN is the compiler's affair until it is rounded.
      if (std::isnan(sum)) sum = NAN;
      add(&sum, sizeof(sum));
    }
  }

  void add(const Array& results) { add(results.data(), results.bytes()); }

  void add(const Part& part) {
    add(part.before);
    bytes_.push_back(part.reading == LabelReading::binary);
  }

  bool operator==(const Answer& other) const { return bytes_ == other.bytes_; }

 private:
  void add(const void* data, size_t bytes) {
    const char* first = static_cast<const char*>(data);
    bytes_.insert(bytes_.end(), first, first + bytes);
  }

  std::vector<char> bytes_;
};

// A batch, and what is asked of it.
class Program {
 public:
  explicit Program(uint64_t seed) : seed_(seed), random_(seed) {
    // One pair of dtypes after the other.
    batch_.label_dtype = static_cast<Dtype>(seed % kDtypes);
    batch_.prediction_dtype = static_cast<Dtype>(seed / kDtypes % kDtypes);
    batch_.as = random_float();
    batch_.loss = static_cast<Loss>(random_.below(kLosses));
    batch_.may_be_binary = batch_.loss != Loss::categorical_hinge && !random_.one_in(4);
    choose_shape();
    choose_values();
    if (random_.one_in(2)) {
      batch_.weights = random_column({Kind::zero_or_one, Kind::many, Kind::any_bits});
    }
    // A mask that is not all 0 and 1 leaves nothing to compare.
    if (random_.one_in(2)) batch_.mask = random_column({random_.one_in(8) ? Kind::any_bits : Kind::zero_or_one});
    divisor_ = random_.pick({1.0, 3.0, static_cast<double>(batch_.rows)});
    row_dtype_ = random_.one_in(4) ? Dtype::float64 : batch_.as;
    slope_dtype_ = random_.one_in(4) ? Dtype::float64 : batch_.as;
    writes_losses_ = random_.one_in(2);
  }

  Answer run(const Machine& machine) {
    const size_t n = batch_.rows * batch_.width;
    Answer answer;
    Part part{{1.0, 2.0, 3.0}, LabelReading::as_is};
    answer.add(total(batch_, machine));
    answer.add(total(batch_, machine, &part));
    answer.add(part);
    if (batch_.is_weighted()) answer.add(column_total(batch_, machine));
    const Array losses(row_dtype_, batch_.rows, random_);
    row_losses(batch_, machine, row_dtype_, losses.data());
    answer.add(losses);
    const Array slopes(slope_dtype_, n, random_), own_losses(batch_.as, batch_.rows, random_);
    const Gradient gradient{divisor_, slope_dtype_, slopes.data(),
                            writes_losses_ ? own_losses.data() : nullptr};
    answer.add(total_and_gradient(batch_, machine, gradient));
    answer.add(slopes);
    if (writes_losses_) answer.add(own_losses);
    return answer;
  }

  // What loads and copies alone have no answer.
  void probe(const Machine& machine) {
    const Array &labels = *arrays_[0], &predictions = *arrays_[1];
    const Array copy(batch_.prediction_dtype, batch_.rows * batch_.width, random_);
    for (const Sharing sharing : {Sharing::halves, Sharing::blocks}) {
      read_probe(labels.data(), labels.bytes(), predictions.data(), predictions.bytes(),
                 random_.pick({Prefetch::none, Prefetch::software}), sharing, machine);
    }
    write_probe(labels.data(), labels.bytes(), predictions.data(), predictions.bytes(), copy.data(),
                random_.one_in(2), machine);
  }

  void print(const char* set, size_t threads) const {
    std::printf("batch %llu: %s with %zu threads gives other bits: loss %d, dtypes %d %d as %d, [%zu, %zu], %s\n",
                static_cast<unsigned long long>(seed_), set, threads, static_cast<int>(batch_.loss),
                static_cast<int>(batch_.label_dtype), static_cast<int>(batch_.prediction_dtype),
                static_cast<int>(batch_.as), batch_.rows, batch_.width,
                batch_.is_weighted() ? "weighted" : "not weighted");
  }

 private:
  Dtype random_float() {
    return static_cast<Dtype>(static_cast<size_t>(Dtype::float16) + random_.below(kFloatDtypes));
  }

  // Around what is cut somewhere: registers, blocks, tiles, chunks. One in eight is for several threads.
  void choose_shape() {
    const bool is_large = random_.one_in(8);
    const size_t around = random_.below(3) - 1;
    batch_.width = random_.one_in(3)
                       ? random_.pick({kBlock, 2 * kBlock, kTile, kChunk, 2 * kChunk}) + around
                       : 1 + random_.below(70);
    const size_t values = is_large ? 200'000 : 3000;
    batch_.rows = 1 + random_.below(std::max<size_t>(3, values / batch_.width));
  }

  void choose_values() {
    const size_t n = batch_.rows * batch_.width;
    const Kind labels = random_.pick({Kind::zero_or_one, Kind::zero_or_one, Kind::minus_or_plus_one,
                                      Kind::few, Kind::any_bits});
    const Kind predictions =
        random_.pick({Kind::few, Kind::many, Kind::many, Kind::huge, Kind::any_bits});
    Array& y = add_array(batch_.label_dtype, n, labels);
    Array& p = add_array(batch_.prediction_dtype, n, predictions);
    // What looked like 0/1 at both ends turns out to be something else.
    if (random_.one_in(3)) y.put(random_.below(n), 2);
    // A tie for the maximum in the last value, which may be alone in its tile.
    if (random_.one_in(3)) {
      y.put(n - 1, 0), y.put(n - batch_.width, 0);
      p.put(n - 1, 90), p.put(n - batch_.width, 90);
    }
    batch_.labels = y.data();
    batch_.predictions = p.data();
  }

  Column random_column(std::initializer_list<Kind> kinds) {
    const auto dtype = static_cast<Dtype>(random_.below(kDtypes));
    return {dtype, add_array(dtype, batch_.rows, random_.pick(kinds)).data()};
  }

  Array& add_array(Dtype dtype, size_t n, Kind kind) {
    arrays_.push_back(std::make_unique<Array>(dtype, n, random_));
    arrays_.back()->fill(kind, random_);
    return *arrays_.back();
  }

  const uint64_t seed_;
  Random random_;
  std::vector<std::unique_ptr<Array>> arrays_;
  Batch batch_{};
  double divisor_;
  Dtype row_dtype_, slope_dtype_;
  bool writes_losses_;
};

bool is_same_everywhere(uint64_t seed) {
  Program program(seed);
  const Answer expected = program.run({kScalar, 1});
  bool is_same = true;
  for (const InstructionSet* set : supported()) {
    for (const size_t threads : {size_t{1}, kThreads}) {
      if (!(program.run({set, threads}) == expected)) {
        program.print(set->name, threads);
        is_same = false;
      }
      program.probe({set, threads});
    }
  }
  return is_same;
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

bool run(uint64_t seed, size_t batches) {
  std::atomic<bool> is_good{true};
  std::atomic<size_t> next{0};
  for (size_t round = 1; round <= kRounds; ++round) {
    std::vector<std::thread> callers;
    for (size_t i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, end = batches * round / kRounds] {
        for (size_t k; (k = next.fetch_add(1)) < end;) {
          Random random(seed + k);
          if (!is_same_everywhere(seed + k)) is_good = false;
          if (!runs_each_once(random)) {
            std::printf("batch %llu: a task was not run once\n", static_cast<unsigned long long>(seed + k));
            is_good = false;
          }
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
