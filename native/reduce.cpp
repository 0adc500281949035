#include "reduce.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "thread_pool.h"

namespace maxmargin {
namespace {

// What is summed on its own before it is merged with the rest, in the order of the values: fixed, so
// that the result depends on the length alone.
constexpr size_t kChunk = 128 * kBlock;
// Rows whose losses are held at once.
constexpr size_t kRowTile = 512;
// Below this many values a second thread costs more than it saves.
constexpr size_t kValuesPerThread = 32 * 1024;

size_t divided_up(size_t n, size_t by) { return n / by + (n % by != 0); }

size_t useful_threads(const Batch& batch, const Machine& machine) {
  const size_t useful = batch.rows * batch.width / kValuesPerThread;
  return std::max<size_t>(1, std::min(machine.threads, useful));
}

template <class Function>
void parallel(size_t count, size_t threads, Function function) {
  run_parallel(
      count, threads,
      [](void* context, size_t i, size_t worker) {
        (*static_cast<Function*>(context))(i, worker);
      },
      &function);
}

const char* at(const void* values, Dtype dtype, size_t i) {
  return static_cast<const char*>(values) + i * size_of(dtype);
}

// ---- How the values of a batch are read

Dtype computed_in(Dtype as) { return is_wide(as) ? Dtype::float64 : Dtype::float32; }

// The kernels' name for predictions that need no conversion but in registers.
bool find_predictions(Dtype dtype, Dtype as, Predictions* predictions) {
  if (dtype == as || as == Dtype::float32) {
    switch (dtype) {
      case Dtype::float16:
        *predictions = Predictions::float16;
        return true;
      case Dtype::bfloat16:
        *predictions = Predictions::bfloat16;
        return true;
      case Dtype::float32:
        *predictions = Predictions::float32;
        return true;
      case Dtype::float64:
        *predictions = is_wide(as) ? Predictions::float64 : Predictions::float64_as_float32;
        return true;
      default:
        break;
    }
  }
  *predictions = is_wide(as) ? Predictions::float64 : Predictions::float32;
  return false;
}

// The kernels' name for labels that need no conversion but in registers; `own` is the dtype of the
// predictions beside them.
bool find_labels(Dtype dtype, Dtype own, Dtype as, Labels* labels) {
  const bool rounded = as == Dtype::float16 || as == Dtype::bfloat16;
  switch (dtype) {
    case Dtype::boolean:
      *labels = Labels::boolean;
      return true;
    case Dtype::int8:
      *labels = Labels::int8;
      return true;
    case Dtype::uint8:
      *labels = Labels::uint8;
      return true;
    case Dtype::int32:
      *labels = rounded ? Labels::rounded_int32 : Labels::int32;
      return true;
    case Dtype::int64:
      *labels = rounded ? Labels::rounded_int64 : Labels::int64;
      return true;
    default:
      *labels = Labels::own;
      return dtype == own;
  }
}

// Which kernels read a batch, one for each reading of the labels, and what is cast before they do.
struct Plan {
  const Kernel* kernels;
  const Folding* folding;
  bool casts_labels, casts_predictions;

  Plan(const Batch& batch, const InstructionSet& set)
      : folding(&set.foldings[static_cast<int>(batch.loss)][is_wide(batch.as)]) {
    const auto kernels_of = [&](Predictions predictions, Labels labels) {
      return set.kernels[static_cast<int>(batch.loss)][static_cast<int>(predictions)]
                        [static_cast<int>(labels)];
    };
    const Dtype computed = computed_in(batch.as);
    Predictions predictions;
    Labels labels;
    casts_predictions = !find_predictions(batch.prediction_dtype, batch.as, &predictions);
    // Beside predictions that are cast to a narrow dtype no labels of another float dtype are what they
    // have to be.
    const Dtype own = casts_predictions ? batch.as : batch.prediction_dtype;
    casts_labels = !find_labels(batch.label_dtype, own, batch.as, &labels) ||
                   (casts_predictions && labels == Labels::own && own != computed);
    kernels = kernels_of(predictions, labels);
    if (!casts_labels && kernels->terms != nullptr) return;
    casts_labels = true;
    casts_predictions |= batch.prediction_dtype != computed;
    kernels = kernels_of(is_wide(batch.as) ? Predictions::float64 : Predictions::float32, Labels::own);
  }
};

// Finds the values of a batch, and casts those that the kernels cannot read in place, up to a chunk at a
// time and each worker's in memory of its own.
class Reader {
 public:
  Reader(const Batch& batch, const Plan& plan, size_t workers)
      : batch_(batch),
        plan_(plan),
        computed_(computed_in(batch.as)),
        values_(std::min(kChunk, batch.rows * batch.width)),
        // Memory is taken here, where running out of it is no end of a thread.
        scratch_(workers * bytes() * (plan.casts_labels + plan.casts_predictions)) {}

  Values read(const Kernel& kernel, size_t start, size_t n, size_t worker) {
    Values values{&kernel, at(batch_.labels, batch_.label_dtype, start),
                  at(batch_.predictions, batch_.prediction_dtype, start),
                  size_of(batch_.label_dtype), size_of(batch_.prediction_dtype)};
    char* scratch =
        scratch_.data() + worker * bytes() * (plan_.casts_labels + plan_.casts_predictions);
    if (plan_.casts_labels) {
      cast(batch_.label_dtype, values.labels, n, batch_.as, scratch);
      values.labels = scratch;
      values.label_size = size_of(computed_);
      scratch += bytes();
    }
    if (plan_.casts_predictions) {
      cast(batch_.prediction_dtype, values.predictions, n, batch_.as, scratch);
      values.predictions = scratch;
      values.prediction_size = size_of(computed_);
    }
    return values;
  }

 private:
  size_t bytes() const { return values_ * size_of(computed_); }

  const Batch& batch_;
  const Plan& plan_;
  const Dtype computed_;
  const size_t values_;
  std::vector<char> scratch_;
};

// ---- Labels

template <class Value>
bool all_binary(const Value* values, size_t n) {
  return std::all_of(values, values + n, [](Value y) { return y == 0 || y == 1; });
}

// Both ends nearly always tell, even where the labels are sorted; the kernels check the rest.
bool looks_binary(const Batch& batch) {
  if (batch.label_dtype == Dtype::boolean) return true;
  const size_t n = batch.rows * batch.width;
  const size_t sample = std::min<size_t>(n, 2 * kLanes);
  for (const size_t start : {size_t{0}, n - sample}) {
    const void* labels = at(batch.labels, batch.label_dtype, start);
    double wide[2 * kLanes];
    float narrow[2 * kLanes];
    cast(batch.label_dtype, labels, sample, batch.as,
         is_wide(batch.as) ? static_cast<void*>(wide) : narrow);
    if (!(is_wide(batch.as) ? all_binary(wide, sample) : all_binary(narrow, sample))) return false;
  }
  return true;
}

// ---- Chunks and rows

struct Merged {
  Partial partial{0.0, -std::numeric_limits<double>::infinity()};

  void add(const Partial& next) {
    partial.sum += next.sum;
    partial.max = std::max(partial.max, next.max);
  }
};

// Sums by lanes, as within a block.
struct LaneSums {
  double d[kLanes] = {};

  double folded() const {
    return ((d[0] + d[4]) + (d[2] + d[6])) + ((d[1] + d[5]) + (d[3] + d[7]));
  }
};

class Evaluation {
 public:
  Evaluation(const Batch& batch, const Machine& machine)
      : batch_(batch),
        plan_(batch, *machine.set),
        threads_(useful_threads(batch, machine)),
        reader_(batch, plan_, threads_) {}

  double total() {
    double sum = 0.0;
    speculate([&](const Kernel& kernel) {
      sum = 0.0;
      if (is_mean_of_terms() && batch_.weights == nullptr) {
        merge_chunks(kernel, 1, batch_.rows * batch_.width,
                     [&](size_t, const Partial& all) { sum = all.sum; });
      } else if (batch_.width > kChunk) {
        merge_chunks(kernel, batch_.rows, batch_.width, [&](size_t row, const Partial& partial) {
          sum += weighted(plan_.folding->row_loss(partial, batch_.width), row);
        });
      } else {
        std::vector<double> sums(groups());
        each_group([&](size_t group, size_t begin, size_t end, size_t worker) {
          LaneSums lanes;
          const bool pure = each_tile(kernel, begin, end, worker,
                                      [&](size_t row, const double* losses, size_t count) {
                                        for (size_t i = 0; i < count; ++i) {
                                          lanes.d[i % kLanes] += weighted(losses[i], row + i);
                                        }
                                      });
          sums[group] = lanes.folded();
          return pure;
        });
        for (const double group : sums) sum += group;
      }
    });
    return sum;
  }

  template <class Loss>
  void write_row_losses(Loss* losses) {
    // The terms are results already.
    const bool are_terms = std::is_same_v<Loss, float> && !is_wide(batch_.as) &&
                           batch_.width == 1 && is_mean_of_terms();
    speculate([&](const Kernel& kernel) {
      if (batch_.width > kChunk) {
        merge_chunks(kernel, batch_.rows, batch_.width, [&](size_t row, const Partial& partial) {
          losses[row] = rounded<Loss>(plan_.folding->row_loss(partial, batch_.width));
        });
        return;
      }
      each_group([&](size_t, size_t begin, size_t end, size_t worker) {
        if (are_terms) {
          const Values values = reader_.read(kernel, begin, end - begin, worker);
          return kernel.terms(values.labels, values.predictions, end - begin, losses + begin, nullptr);
        }
        return each_tile(kernel, begin, end, worker,
                         [&](size_t row, const double* tile, size_t count) {
                           std::transform(tile, tile + count, losses + row, rounded<Loss>);
                         });
      });
    });
  }

 private:
  bool is_mean_of_terms() const { return batch_.loss != Loss::categorical_hinge; }

  double weighted(double loss, size_t row) const {
    return batch_.weights == nullptr ? loss : loss * batch_.weights[row];
  }

  // Calls pass(kernel) for the speculation and, where that was wrong, once more.
  template <class Pass>
  void speculate(Pass pass) {
    if (batch_.may_be_binary && looks_binary(batch_)) {
      pass(plan_.kernels[static_cast<int>(LabelReading::binary)]);
      if (pure_.load(std::memory_order_relaxed)) return;
      pure_.store(true, std::memory_order_relaxed);
    }
    pass(plan_.kernels[static_cast<int>(LabelReading::as_is)]);
  }

  bool is_pure() const { return pure_.load(std::memory_order_relaxed); }
  void note(bool pure) {
    if (!pure) pure_.store(false, std::memory_order_relaxed);
  }

  // Sums the chunks of each row, in parallel, and calls use(row, partial) for each row in order.
  template <class Use>
  void merge_chunks(const Kernel& kernel, size_t rows, size_t width, Use use) {
    const size_t chunks = divided_up(width, kChunk);
    const auto sum_chunk = [&](size_t i, size_t worker, Partial* partial) {
      const size_t begin = i % chunks * kChunk;
      const size_t n = std::min(kChunk, width - begin);
      const Values values = reader_.read(kernel, i / chunks * width + begin, n, worker);
      note(plan_.folding->chunk(values, n, partial));
    };
    if (rows * chunks == 1) {  // as below, without what a small batch would wait for
      Merged merged;
      Partial all;
      sum_chunk(0, 0, &all);
      merged.add(all);
      return use(0, merged.partial);
    }
    std::vector<Partial> partials(rows * chunks);
    parallel(partials.size(), threads_, [&](size_t i, size_t worker) {
      if (is_pure()) sum_chunk(i, worker, &partials[i]);
    });
    for (size_t row = 0; row < rows; ++row) {
      Merged merged;
      for (size_t i = 0; i < chunks; ++i) merged.add(partials[row * chunks + i]);
      use(row, merged.partial);
    }
  }

  // Groups of whole rows that make up about a chunk each.
  size_t rows_of_group() const { return std::max<size_t>(1, kChunk / batch_.width); }
  size_t groups() const { return divided_up(batch_.rows, rows_of_group()); }

  // Calls use(group, first row, end, worker) in parallel; it answers false where a label was impure.
  template <class Use>
  void each_group(Use use) {
    parallel(groups(), threads_, [&](size_t group, size_t worker) {
      if (!is_pure()) return;
      const size_t begin = group * rows_of_group();
      note(use(group, begin, std::min(begin + rows_of_group(), batch_.rows), worker));
    });
  }

  // Computes the losses of a group of rows, tile by tile, and calls use(first row, losses, count).
  template <class Use>
  bool each_tile(const Kernel& kernel, size_t begin, size_t end, size_t worker, Use use) {
    double losses[kRowTile];
    bool pure = true;
    for (size_t row = begin; row < end; row += kRowTile) {
      const size_t count = std::min(kRowTile, end - row);
      const Values values =
          reader_.read(kernel, row * batch_.width, count * batch_.width, worker);
      pure &= plan_.folding->rows(values, count, batch_.width, losses);
      use(row, losses, count);
    }
    return pure;
  }

  const Batch& batch_;
  const Plan plan_;
  const size_t threads_;
  Reader reader_;
  std::atomic<bool> pure_{true};
};

}  // namespace

double total(const Batch& batch, const Machine& machine) {
  return Evaluation(batch, machine).total();
}

template <class Loss>
void row_losses(const Batch& batch, const Machine& machine, Loss* losses) {
  Evaluation(batch, machine).write_row_losses(losses);
}
template void row_losses(const Batch&, const Machine&, float*);
template void row_losses(const Batch&, const Machine&, double*);
template void row_losses(const Batch&, const Machine&, Half*);
template void row_losses(const Batch&, const Machine&, BFloat16*);

bool read_probe(const void* a, size_t a_bytes, const void* b, size_t b_bytes,
                const Machine& machine) {
  constexpr size_t kAlignment = 4096;
  const auto share = [&](size_t bytes) {
    return divided_up(divided_up(bytes, machine.threads), kAlignment) * kAlignment;
  };
  std::atomic<bool> seen{false};
  parallel(machine.threads, machine.threads, [&](size_t i, size_t) {
    const size_t a_begin = std::min(a_bytes, i * share(a_bytes));
    const size_t b_begin = std::min(b_bytes, i * share(b_bytes));
    const size_t a_own = std::min(a_bytes - a_begin, share(a_bytes));
    const size_t b_own = std::min(b_bytes - b_begin, share(b_bytes));
    if (machine.set->read_probe(static_cast<const char*>(a) + a_begin, a_own,
                                static_cast<const char*>(b) + b_begin, b_own)) {
      seen = true;
    }
  });
  return seen;
}

}  // namespace maxmargin
