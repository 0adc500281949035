#include "reduce.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/target.h"
#include "thread_pool.h"

namespace maxmargin {
namespace {

// Rows whose losses are held at once.
constexpr size_t kRowTile = 128;
// Below this many values no second thread can pay.
constexpr size_t kValuesPerThread = 16 * 1024;
// What a thousand values take one thread, about. Only threads depend on it.
constexpr int64_t kNanosecondsPerThousand = 60;

size_t divided_up(size_t n, size_t by) { return n / by + (n % by != 0); }

int64_t nanoseconds_for(size_t values) {
  return static_cast<int64_t>(values / 1000) * kNanosecondsPerThousand;
}

size_t useful_threads(const Batch& batch, const Machine& machine) {
  const size_t useful = batch.rows * batch.width / kValuesPerThread;
  return std::max<size_t>(1, std::min({machine.threads, useful, kMostWorkers}));
}

template <class Function>
void parallel(size_t count, size_t threads, size_t values, Function function) {
  run_parallel(
      count, threads, nanoseconds_for(values),
      [](void* context, size_t i, size_t worker) {
        (*static_cast<Function*>(context))(i, worker);
      },
      &function);
}

const char* at(const void* values, Dtype dtype, size_t i) {
  return static_cast<const char*>(values) + i * size_of(dtype);
}

double folded(const double (&lanes)[kLanes]) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

// A chunk of no more than a block is a block like that of a row: three times folded in the type of its terms.
double folded_block(double (&lanes)[kLanes], size_t n, bool is_wide) {
  size_t left = kLanes;
  if (!is_wide) {
    for (; left * kLanes / 2 >= n && left > 1; left /= 2) {
      for (size_t i = 0; i < left / 2; ++i) {
        lanes[i] = static_cast<float>(lanes[i]) + static_cast<float>(lanes[i + left / 2]);
      }
    }
  }
  for (; left > 1; left /= 2) {
    for (size_t i = 0; i < left / 2; ++i) lanes[i] += lanes[i + left / 2];
  }
  return lanes[0];
}

// Asking for values this far ahead gains a tenth where they are in the third-level cache. The stream from memory is
// faster without.
constexpr size_t kPrefetchAhead = 512;
constexpr size_t kCachedBytes = 16 << 20;

size_t bytes_of(const Batch& batch) {
  return batch.rows * batch.width * (size_of(batch.label_dtype) + size_of(batch.prediction_dtype));
}

// ---- How the values of a batch are read

// What values of a dtype are computed in.
Dtype computed_in(Dtype as) { return is_wide(as) ? Dtype::float64 : Dtype::float32; }

void convert(const InstructionSet& set, Dtype dtype, const void* values, size_t n, Dtype as,
             void* to) {
  const Convert native = set.convert[static_cast<size_t>(dtype)][float_index(as)];
  if (native != nullptr) {
    native(values, n, to);
  } else {
    cast(dtype, values, n, as, to);
  }
}

// The layout in which chunks can be read in place, if there is one.
bool find_layout(const Batch& batch, LabelReading reading, Layout* layout) {
  const Dtype labels = batch.label_dtype, predictions = batch.prediction_dtype;
  if (predictions != batch.as && batch.as != Dtype::float32) return false;
  if (labels == predictions) {
    switch (labels) {
      case Dtype::float32:
        *layout = Layout::float32;
        return true;
      case Dtype::float16:
        *layout = Layout::float16;
        return true;
      case Dtype::bfloat16:
        *layout = Layout::bfloat16;
        return true;
      case Dtype::float64:
        *layout = Layout::float64;
        return is_wide(batch.as);
      default:
        return false;
    }
  }
  if (predictions != Dtype::float32) return false;
  *layout = labels == Dtype::boolean ? Layout::bool_labels : Layout::int8_labels;
  // Among bytes, 0 and 1 are the same whether they have a sign or not.
  return labels == Dtype::boolean || labels == Dtype::int8 ||
         (labels == Dtype::uint8 && reading == LabelReading::binary);
}

// The kernels for a batch, and what is converted before they read it.
struct Plan {
  const Kernel* kernel;
  bool converts_labels = false, converts_predictions = false;

  bool converts() const { return converts_labels || converts_predictions; }

  static Plan for_chunks(const Batch& batch, const InstructionSet& set, LabelReading reading) {
    Layout layout;
    if (find_layout(batch, reading, &layout)) {
      const Kernel& in_place = kernel_of(batch, set, reading, layout);
      if (in_place.add != nullptr) return {&in_place};
    }
    return for_rows(batch, set, reading);
  }

  static Plan for_rows(const Batch& batch, const InstructionSet& set, LabelReading reading) {
    const Dtype computed = computed_in(batch.as);
    const auto is_converted = [&](Dtype dtype) { return dtype != computed || batch.as != computed; };
    const Layout layout = is_wide(batch.as) ? Layout::float64 : Layout::float32;
    return {&kernel_of(batch, set, reading, layout), is_converted(batch.label_dtype),
            is_converted(batch.prediction_dtype)};
  }

 private:
  static const Kernel& kernel_of(const Batch& batch, const InstructionSet& set,
                                 LabelReading reading, Layout layout) {
    return set.kernels[static_cast<int>(batch.loss)][static_cast<int>(layout)]
                      [static_cast<int>(reading)];
  }
};

// Where a kernel finds some values, and how many may be read there.
struct Values {
  const void* labels;
  const void* predictions;
  size_t readable;
};

// Finds the values of a batch, converting them, a tile at a time, into memory of each worker's own.
class Reader {
 public:
  // `most`: the values of a tile, if any are converted.
  Reader(const Batch& batch, const InstructionSet& set, const Plan& plan, size_t workers, size_t most)
      : batch_(batch),
        set_(set),
        plan_(plan),
        values_(batch.rows * batch.width),
        capacity_(std::min(values_, most) + kBlock),
        // Memory is taken here, where running out of it is no end of a thread. Zeros are labels too.
        scratch_(workers * worker_bytes()) {}

  // How many values can be read at once.
  size_t most(size_t wanted) const { return plan_.converts() ? capacity_ - kBlock : wanted; }

  Values read(size_t start, size_t n, size_t worker) {
    Values values{at(batch_.labels, batch_.label_dtype, start),
                  at(batch_.predictions, batch_.prediction_dtype, start), values_ - start};
    char* scratch = scratch_.data() + worker * worker_bytes();
    if (plan_.converts_labels) {
      convert(set_, batch_.label_dtype, values.labels, n, batch_.as, scratch);
      values.labels = scratch;
      scratch += bytes();
    }
    if (plan_.converts_predictions) {
      convert(set_, batch_.prediction_dtype, values.predictions, n, batch_.as, scratch);
      values.predictions = scratch;
    }
    if (plan_.converts()) values.readable = std::min(values.readable, capacity_);
    return values;
  }

 private:
  size_t bytes() const { return capacity_ * size_of(computed_in(batch_.as)); }
  size_t worker_bytes() const {
    return bytes() * (plan_.converts_labels + plan_.converts_predictions);
  }

  const Batch& batch_;
  const InstructionSet& set_;
  const Plan& plan_;
  const size_t values_, capacity_;
  std::vector<char> scratch_;
};

// ---- Labels

template <class Value>
bool all_binary(const Value* values, size_t n) {
  return std::all_of(values, values + n, [](Value y) { return y == 0 || y == 1; });
}

bool all_binary(const Batch& batch, size_t start, size_t n) {
  const void* labels = at(batch.labels, batch.label_dtype, start);
  double wide[kLanes];
  float narrow[kLanes];
  cast(batch.label_dtype, labels, n, batch.as, is_wide(batch.as) ? static_cast<void*>(wide) : narrow);
  return is_wide(batch.as) ? all_binary(wide, n) : all_binary(narrow, n);
}

// Both ends nearly always tell, even where the labels are sorted; the kernels check the rest. Half of the time
// the first label tells.
bool looks_binary(const Batch& batch) {
  if (batch.label_dtype == Dtype::boolean) return true;
  const size_t n = batch.rows * batch.width;
  const size_t sample = std::min<size_t>(n, kLanes);
  return all_binary(batch, 0, 1) && all_binary(batch, 0, sample) &&
         all_binary(batch, n - sample, sample);
}

// ---- Chunks and rows

// What a chunk adds up to.
struct Partial {
  double sum = 0.0;
  double max = -std::numeric_limits<double>::infinity();

  void merge(const Partial& next) {
    sum += next.sum;
    max = std::max(max, next.max);
  }
};

// Sums over rows, row i of a group in lane i modulo 8.
struct LaneTotal {
  double losses[kLanes] = {}, weights[kLanes] = {}, kept[kLanes] = {};
};

// What some rows weigh, and what only fills up a group of eight.
class Weights {
 public:
  Weights(const Batch& batch, const InstructionSet& set) : batch_(batch), set_(set) {}

  void read(size_t row, size_t count) {
    if (batch_.mask.values != nullptr) {
      read_column(batch_.mask, Dtype::float64, row, count, mask_);
      for (size_t i = 0; i < count; ++i) mask_[i] = mask_[i] == 0.0 ? 0.0 : 1.0;
    }
    if (batch_.weights.values == nullptr) {
      std::copy(mask_, mask_ + count, weights_);
    } else {
      read_column(batch_.weights, batch_.as, row, count, weights_);
      if (batch_.mask.values != nullptr) set_.multiply(weights_, mask_, count);
    }
  }

  // Losses take long enough for what they are multiplied by to arrive meanwhile.
  void prefetch(size_t row, size_t count) const {
    for (const Column& column : {batch_.weights, batch_.mask}) {
      if (column.values == nullptr) continue;
      const char* first = at(column.values, column.dtype, row);
      for (size_t i = 0; i < count * size_of(column.dtype); i += 64) MAXMARGIN_PREFETCH(first + i);
    }
  }

  // `losses` holds whole groups of eight.
  void apply(double* losses, size_t count) const { set_.multiply(losses, weights_, count); }

  void add_to(LaneTotal& total, size_t count) const {
    set_.add_to_lanes(weights_, count, total.weights);
    if (batch_.mask.values != nullptr) set_.add_to_lanes(mask_, count, total.kept);
  }

 private:
  void read_column(const Column& column, Dtype as, size_t row, size_t count, double* to) {
    const void* values = at(column.values, column.dtype, row);
    if (is_wide(as)) return convert(set_, column.dtype, values, count, as, to);
    float narrow[kRowTile];
    convert(set_, column.dtype, values, count, as, narrow);
    convert(set_, Dtype::float32, narrow, count, Dtype::float64, to);
  }

  const Batch& batch_;
  const InstructionSet& set_;
  double weights_[kRowTile], mask_[kRowTile];
};

template <class Loss>
void write(const InstructionSet&, const double* losses, size_t count, Loss* to) {
  std::transform(losses, losses + count, to, rounded<Loss>);
}
void write(const InstructionSet& set, const double* losses, size_t count, float* to) {
  set.narrow(losses, count, to);
}

// Whether losses are means of terms, which need not be cut into rows where only their sum is asked for.
bool are_flat(const Batch& batch) {
  return batch.loss != Loss::categorical_hinge && !batch.is_weighted();
}

// Rows whose chunks are merged, and computed by several threads.
bool has_long_rows(const Batch& batch) { return batch.width > kChunk; }

// A batch with one reading of its labels. What it gives is void if these were not pure.
class Evaluation {
 public:
  Evaluation(const Batch& batch, const Machine& machine, bool by_chunks, LabelReading reading)
      : batch_(batch),
        set_(*machine.set),
        plan_(by_chunks ? Plan::for_chunks(batch, set_, reading)
                        : Plan::for_rows(batch, set_, reading)),
        threads_(useful_threads(batch, machine)),
        ahead_(plan_.converts() || bytes_of(batch) > kCachedBytes ? 0 : kPrefetchAhead),
        reader_(batch, set_, plan_, threads_, by_chunks ? kTile : std::max(kTile, batch.width)) {}

  bool is_pure() const { return pure_.load(std::memory_order_relaxed); }

  Total total() {
    Total total{};
    if (are_flat(batch_)) {
      merge_chunks(1, batch_.rows * batch_.width,
                   [&](size_t, const Partial& all) { total.losses = all.sum; });
    } else {
      std::vector<Total> totals(groups());
      each_group([&](size_t group, size_t begin, size_t end, size_t worker) {
        LaneTotal lanes;
        each_tile(begin, end, worker,
                  [&](size_t, const double* losses, size_t count, const Weights* weights) {
                    set_.add_to_lanes(losses, count, lanes.losses);
                    if (weights != nullptr) weights->add_to(lanes, count);
                  });
        totals[group] = {folded(lanes.losses), folded(lanes.weights), folded(lanes.kept)};
      });
      for (const Total& group : totals) {
        total.losses += group.losses;
        total.weights += group.weights;
        total.kept += group.kept;
      }
    }
    return total;
  }

  template <class Loss>
  void write_row_losses(Loss* losses) {
    each_group([&](size_t, size_t begin, size_t end, size_t worker) {
      each_tile(begin, end, worker,
                [&](size_t row, const double* tile, size_t count, const Weights*) {
                  write(set_, tile, count, losses + row);
                });
    });
  }

  // Terms are results already where a row has but one.
  void write_terms(float* losses) {
    each_group([&](size_t, size_t begin, size_t end, size_t worker) {
      for (size_t row = begin, count; row < end; row += count) {
        count = std::min(reader_.most(end - row), end - row);
        const Values values = reader_.read(row, count, worker);
        note(plan_.kernel->terms(values.labels, values.predictions, count, losses + row));
      }
    });
  }

 private:
  void note(bool pure) {
    if (!pure) pure_.store(false, std::memory_order_relaxed);
  }

  // Up to a chunk of values of a row, from `start` on.
  Partial sum_chunk(size_t start, size_t n, size_t worker) {
    Sums sums{{}, -std::numeric_limits<double>::infinity()};
    add_tiles(start, n, worker, [&](const Values& values, size_t count) {
      return plan_.kernel->add(values.labels, values.predictions, count, values.readable, ahead_,
                               &sums);
    });
    Partial partial{n > kBlock ? folded(sums.lanes) : folded_block(sums.lanes, n, is_wide(batch_.as)),
                    sums.max};
    if (!std::isfinite(partial.sum) && plan_.kernel->add_widened != nullptr) {
      sums = {};
      add_tiles(start, n, worker, [&](const Values& values, size_t count) {
        return plan_.kernel->add_widened(values.labels, values.predictions, count, values.readable,
                                         &sums);
      });
      partial.sum = folded(sums.lanes);
    }
    return partial;
  }

  template <class Add>
  void add_tiles(size_t start, size_t n, size_t worker, Add add) {
    for (size_t i = 0, count; i < n; i += count) {
      count = std::min(reader_.most(n), n - i);
      const Values values = reader_.read(start + i, count, worker);
      note(add(values, count));
    }
  }

  // Sums the chunks of each row, in parallel, and calls use(row, partial) for each row in order.
  template <class Use>
  void merge_chunks(size_t rows, size_t width, Use use) {
    const size_t chunks = divided_up(width, kChunk);
    const auto sum = [&](size_t i, size_t worker) {
      const size_t begin = i % chunks * kChunk;
      return sum_chunk(i / chunks * width + begin, std::min(kChunk, width - begin), worker);
    };
    if (rows * chunks == 1) return use(0, sum(0, 0));
    std::vector<Partial> partials(rows * chunks);
    parallel(partials.size(), threads_, batch_.rows * batch_.width, [&](size_t i, size_t worker) {
      if (is_pure()) partials[i] = sum(i, worker);
    });
    for (size_t row = 0; row < rows; ++row) {
      Partial merged;
      for (size_t i = 0; i < chunks; ++i) merged.merge(partials[row * chunks + i]);
      use(row, merged);
    }
  }

  // Groups of whole rows that make up about a chunk each.
  size_t rows_of_group() const { return std::max<size_t>(1, kChunk / batch_.width); }
  size_t groups() const { return divided_up(batch_.rows, rows_of_group()); }

  // Calls use(group, first row, end, worker), in parallel unless it is chunks that are.
  template <class Use>
  void each_group(Use use) {
    if (has_long_rows(batch_)) {
      merge_chunks(batch_.rows, batch_.width, [&](size_t row, const Partial& partial) {
        long_row_ = partial;
        use(row, row, row + 1, 0);
      });
      return;
    }
    parallel(groups(), threads_, batch_.rows * batch_.width, [&](size_t group, size_t worker) {
      if (!is_pure()) return;
      const size_t begin = group * rows_of_group();
      use(group, begin, std::min(begin + rows_of_group(), batch_.rows), worker);
    });
  }

  // Computes the weighted losses of a group of rows and calls use(first row, losses, count, weights).
  template <class Use>
  void each_tile(size_t begin, size_t end, size_t worker, Use use) {
    alignas(64) double losses[kRowTile + kLanes];
    if (batch_.is_weighted()) {
      Weights weights(batch_, set_);
      for (size_t row = begin; row < end; row += kRowTile) {
        const size_t count = std::min(kRowTile, end - row);
        weights.prefetch(row + count, std::min(kRowTile, batch_.rows - (row + count)));
        write_losses(row, count, worker, losses);
        weights.read(row, count);
        weights.apply(losses, count);
        use(row, losses, count, &weights);
      }
    } else {
      for (size_t row = begin; row < end; row += kRowTile) {
        const size_t count = std::min(kRowTile, end - row);
        write_losses(row, count, worker, losses);
        use(row, losses, count, nullptr);
      }
    }
  }

  void write_losses(size_t row, size_t count, size_t worker, double* losses) {
    const size_t width = batch_.width;
    if (has_long_rows(batch_)) {
      const double wide_width = static_cast<double>(width);
      losses[0] = set_.row_loss[static_cast<int>(batch_.loss)](long_row_.sum, long_row_.max, wide_width);
      return;
    }
    const size_t most = std::max<size_t>(1, reader_.most(count * width) / width);
    for (size_t done = 0, some; done < count; done += some) {
      some = std::min(most, count - done);
      const Values values = reader_.read((row + done) * width, some * width, worker);
      note(plan_.kernel->rows(values.labels, values.predictions, some, width, values.readable,
                              losses + done));
    }
  }

  const Batch& batch_;
  const InstructionSet& set_;
  const Plan plan_;
  const size_t threads_;
  const size_t ahead_;
  Reader reader_;
  Partial long_row_;
  std::atomic<bool> pure_{true};
};

// Calls use(evaluation) for the speculation and, where that was wrong, once more.
template <class Use>
void speculate(const Batch& batch, const Machine& machine, bool by_chunks, Use use) {
  if (batch.may_be_binary && looks_binary(batch)) {
    Evaluation binary(batch, machine, by_chunks, LabelReading::binary);
    use(binary);
    if (binary.is_pure()) return;
  }
  Evaluation as_is(batch, machine, by_chunks, LabelReading::as_is);
  use(as_is);
}

}  // namespace

Total total(const Batch& batch, const Machine& machine) {
  Total total;
  speculate(batch, machine, are_flat(batch) || has_long_rows(batch),
            [&](Evaluation& evaluation) { total = evaluation.total(); });
  return total;
}

template <class Loss>
void row_losses(const Batch& batch, const Machine& machine, Loss* losses) {
  speculate(batch, machine, has_long_rows(batch), [&](Evaluation& evaluation) {
    if constexpr (std::is_same_v<Loss, float>) {
      if (are_flat(batch) && batch.width == 1 && !is_wide(batch.as)) {
        return evaluation.write_terms(losses);
      }
    }
    evaluation.write_row_losses(losses);
  });
}
template void row_losses(const Batch&, const Machine&, float*);
template void row_losses(const Batch&, const Machine&, double*);
template void row_losses(const Batch&, const Machine&, Half*);
template void row_losses(const Batch&, const Machine&, BFloat16*);

bool read_probe(const void* a, size_t a_bytes, const void* b, size_t b_bytes, Prefetch prefetch,
                Sharing sharing, const Machine& machine) {
  constexpr size_t kBlockBytes = 32 * 1024;
  const size_t blocks = std::max<size_t>(1, std::max(a_bytes, b_bytes) / kBlockBytes);
  const size_t parts = sharing == Sharing::halves ? machine.threads : blocks;
  const auto share = [&](size_t bytes, size_t i) {
    return i == parts ? bytes : bytes / parts / 64 * 64 * i;
  };
  std::atomic<bool> seen{false};
  parallel(parts, machine.threads, (a_bytes + b_bytes) / 8, [&](size_t i, size_t) {
    const size_t a_begin = share(a_bytes, i), b_begin = share(b_bytes, i);
    if (machine.set->read_probe[static_cast<int>(prefetch)](
            static_cast<const char*>(a) + a_begin, share(a_bytes, i + 1) - a_begin,
            static_cast<const char*>(b) + b_begin, share(b_bytes, i + 1) - b_begin)) {
      seen = true;
    }
  });
  return seen;
}

}  // namespace maxmargin
