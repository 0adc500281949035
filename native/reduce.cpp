#include "reduce.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/target.h"
#include "reader.h"
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
