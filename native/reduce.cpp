#include "reduce.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "gradient.h"
#include "parallel.h"
#include "reader.h"
#include "weights.h"

namespace maxmargin {
namespace {

// Below this many values no second thread can pay.
constexpr size_t kValuesPerThread = 16 * 1024;

size_t useful_threads(const Batch& batch, const Machine& machine) {
  const size_t useful = batch.rows * batch.width / kValuesPerThread;
  return std::max<size_t>(1, std::min({machine.threads, useful, kMostWorkers}));
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

  Total total() const { return {folded(losses), folded(weights), folded(kept)}; }
};

bool has_max(const Batch& batch, const InstructionSet& set) {
  return set.kernels_of(batch.loss).family == Family::class_max;
}

// Whether losses are means of terms, which need not be cut into rows where only their sum is asked for.
bool are_flat(const Batch& batch, const InstructionSet& set) {
  return !has_max(batch, set) && !batch.is_weighted();
}

// Rows whose chunks are merged, and computed by several threads.
bool has_long_rows(const Batch& batch) { return batch.width > kChunk; }

// Groups of whole rows that make up about a chunk each.
size_t rows_of_group(const Batch& batch) { return std::max<size_t>(1, kChunk / batch.width); }
size_t groups(const Batch& batch) { return divided_up(batch.rows, rows_of_group(batch)); }

// How many rows of a group are computed with at once: a multiple of eight. Values whose slopes are written too have to
// be in the first-level cache still.
size_t rows_at_once(const Batch& batch, bool has_gradient) {
  if (!has_gradient) return kRowTile;
  return std::clamp<size_t>(kTile / batch.width / kLanes * kLanes, kLanes, kRowTile);
}

Total before(const Part* part) { return part == nullptr ? Total{} : part->before; }

Total sum_in_order(Total sum, const std::vector<Total>& totals) {
  for (const Total& total : totals) {
    sum.losses += total.losses;
    sum.weights += total.weights;
    sum.kept += total.kept;
  }
  return sum;
}

// A batch with one reading of its labels. What it gives is void if these were not pure. `gradient` may be null.
class Evaluation {
 public:
  Evaluation(const Batch& batch, const Machine& machine, bool by_chunks, LabelEncoding reading,
             const Gradient* gradient)
      : batch_(batch),
        set_(*machine.set),
        plan_(Plan::of(batch, set_, reading)),
        threads_(useful_threads(batch, machine)),
        ahead_(plan_.copies() || bytes_of(batch) > kCachedBytes ? 0 : kPrefetchAhead),
        most_(by_chunks ? kTile : std::max(kTile, batch.width)),
        row_tile_(rows_at_once(batch, gradient != nullptr)),
        reader_(batch, set_, plan_, threads_, most_) {
    if (gradient != nullptr) writer_.emplace(batch, set_, *plan_.kernel, *gradient, threads_, most_);
  }

  bool is_pure() const { return pure_.load(std::memory_order_relaxed); }

  // The sum of all terms, which need not be cut into rows, added to what was before.
  Total flat_total(Total total) {
    Partial before;
    before.sum = total.losses;
    merge_chunks(1, batch_.rows * batch_.width, before,
                 [&](size_t, const Partial& all) { total.losses = all.sum; });
    return total;
  }

  // Sums over rows, added to what was before. Writes their losses to `losses` if that is not null.
  Total total_of_rows(const Total& before, void* losses) {
    std::vector<Total> totals(groups(batch_));
    each_group([&](size_t group, size_t begin, size_t end, size_t worker) {
      LaneTotal lanes;
      each_tile(begin, end, worker,
                [&](size_t row, const double* tile, size_t count, const Weights* weights) {
                  set_.add_to_lanes(tile, count, lanes.losses);
                  if (weights != nullptr) weights->add_to(lanes.weights, lanes.kept, count);
                  if (losses != nullptr) write(row, tile, count, batch_.as, losses);
                });
      totals[group] = lanes.total();
    });
    return sum_in_order(before, totals);
  }

  void write_row_losses(Dtype dtype, void* losses) {
    each_group([&](size_t, size_t begin, size_t end, size_t worker) {
      each_tile(begin, end, worker,
                [&](size_t row, const double* tile, size_t count, const Weights*) {
                  write(row, tile, count, dtype, losses);
                });
    });
  }

  // Terms are results already where a row has but one.
  void write_terms(float* losses) {
    each_group([&](size_t, size_t begin, size_t end, size_t worker) {
      for (size_t row = begin, count; row < end; row += count) {
        count = std::min(reader_.most(end - row), end - row);
        note(plan_.kernel->single_losses(reader_.read(row, count, 1, worker), losses + row));
      }
    });
  }

 private:
  void note(bool pure) {
    if (!pure) pure_.store(false, std::memory_order_relaxed);
  }

  void write(size_t row, const double* losses, size_t count, Dtype dtype, void* to) const {
    void* first = static_cast<char*>(to) + row * size_of(dtype);
    if (dtype == Dtype::float32) return set_.narrow(losses, count, static_cast<float*>(first));
    round_to(dtype, losses, count, first);
  }

  // How many values are read at once.
  size_t most(size_t wanted) const {
    return reader_.most(writer_ ? std::min(wanted, most_) : wanted);
  }

  // Up to a chunk of values of a row, from `start` on.
  Partial sum_chunk(size_t start, size_t n, size_t worker) {
    ChunkSums sums{{}, -std::numeric_limits<double>::infinity()};
    // The slopes of a loss with a max take the row's.
    const bool writes = writer_ && !has_max(batch_, set_);
    Weights weights(batch_, set_);
    if (writes && batch_.is_weighted()) weights.read(start / batch_.width, 1);
    each_tile_of_values(start, n, worker, [&](size_t at, const Tile& tile) {
      note(plan_.kernel->add(tile, ahead_, &sums));
      if (!writes) return;
      writer_->write(at, tile, batch_.is_weighted() ? weights.values() : nullptr, {},
                     nullptr, worker);
    });
    Partial partial{n > kBlock ? folded(sums.lanes) : folded_block(sums.lanes, n, is_wide(batch_.as)),
                    sums.max};
    if (!std::isfinite(partial.sum) && !is_wide(batch_.as)) partial.sum = widened_sum(start, n);
    return partial;
  }

  double widened_sum(size_t start, size_t n) const {
    ChunkSums sums{};
    float labels[kTile], predictions[kTile];
    for (size_t i = start, end = start + n, count; i < end; i += count) {
      count = std::min(kTile, end - i);
      plan_.kernel->add_widened(read_values(batch_, set_, plan_, i, count, labels, predictions), &sums);
    }
    return folded(sums.lanes);
  }

  // Calls use(first value, tile).
  template <class Use>
  void each_tile_of_values(size_t start, size_t n, size_t worker, Use use) {
    for (size_t i = 0, count; i < n; i += count) {
      count = std::min(most(n), n - i);
      use(start + i, reader_.read(start + i, 1, count, worker));
    }
  }

  // Sums the chunks of each row, in parallel, and calls use(row, partial) for each row in order. `before` is what the
  // chunks of a row are added to.
  template <class Use>
  void merge_chunks(size_t rows, size_t width, const Partial& before, Use use) {
    const size_t chunks = divided_up(width, kChunk);
    const auto sum = [&](size_t i, size_t worker) {
      const size_t begin = i % chunks * kChunk;
      return sum_chunk(i / chunks * width + begin, std::min(kChunk, width - begin), worker);
    };
    if (rows * chunks == 1) {
      Partial merged = before;
      merged.merge(sum(0, 0));
      return use(0, merged);
    }
    std::vector<Partial> partials(rows * chunks);
    parallel(partials.size(), threads_, batch_.rows * batch_.width, [&](size_t i, size_t worker) {
      if (is_pure()) partials[i] = sum(i, worker);
    });
    for (size_t row = 0; row < rows; ++row) {
      Partial merged = before;
      for (size_t i = 0; i < chunks; ++i) merged.merge(partials[row * chunks + i]);
      use(row, merged);
    }
  }

  // Calls use(group, first row, end, worker), in parallel unless it is chunks that are.
  template <class Use>
  void each_group(Use use) {
    if (has_long_rows(batch_)) {
      merge_chunks(batch_.rows, batch_.width, {}, [&](size_t row, const Partial& partial) {
        long_row_ = partial;
        use(row, row, row + 1, 0);
      });
      return;
    }
    parallel(groups(batch_), threads_, batch_.rows * batch_.width, [&](size_t group, size_t worker) {
      if (!is_pure()) return;
      const size_t begin = group * rows_of_group(batch_);
      use(group, begin, std::min(begin + rows_of_group(batch_), batch_.rows), worker);
    });
  }

  // Computes the weighted losses of a group of rows and calls use(first row, losses, count, weights).
  template <class Use>
  void each_tile(size_t begin, size_t end, size_t worker, Use use) {
    alignas(64) double losses[kRowTile + kLanes];
    if (batch_.is_weighted()) {
      Weights weights(batch_, set_);
      for (size_t row = begin; row < end; row += row_tile_) {
        const size_t count = std::min(row_tile_, end - row);
        weights.prefetch(row + count, std::min(row_tile_, batch_.rows - (row + count)));
        // Only slopes take weights before the losses are there, which give these the time to arrive.
        if (writer_) weights.read(row, count);
        write_losses(row, count, worker, weights.values(), losses);
        if (!writer_) weights.read(row, count);
        weights.apply(losses, count);
        use(row, losses, count, &weights);
      }
    } else {
      for (size_t row = begin; row < end; row += row_tile_) {
        const size_t count = std::min(row_tile_, end - row);
        write_losses(row, count, worker, nullptr, losses);
        use(row, losses, count, nullptr);
      }
    }
  }

  // The losses of some rows, without the weights, and their gradient, with these.
  void write_losses(size_t row, size_t count, size_t worker, const double* weights, double* losses) {
    const size_t width = batch_.width;
    if (has_long_rows(batch_)) {
      losses[0] = set_.kernels_of(batch_.loss).row_loss(long_row_.sum, long_row_.max,
                                                        static_cast<double>(width));
      if (writer_ && has_max(batch_, set_)) write_slopes_of_long_row(row * width, weights);
      return;
    }
    const size_t rows = std::max<size_t>(1, most(count * width) / width);
    for (size_t done = 0, some; done < count; done += some) {
      some = std::min(rows, count - done);
      const size_t start = (row + done) * width;
      const Tile tile = reader_.read(start, some, width, worker);
      if (writer_) {
        const double* own = weights == nullptr ? nullptr : weights + done;
        write_losses_and_slopes(start, tile, worker, own, losses + done);
      } else {
        note(plan_.kernel->row_losses(tile, losses + done, nullptr));
      }
    }
  }

  void write_losses_and_slopes(size_t start, const Tile& tile, size_t worker, const double* weights,
                               double* losses) {
    double sums[kRowTile + kLanes], maxes[kRowTile + kLanes], ties[kRowTile + kSlack];
    const RowSums row_sums{sums, maxes};
    note(plan_.kernel->row_losses(tile, losses, &row_sums));
    if (has_max(batch_, set_)) {
      plan_.kernel->count_ties(tile, maxes, ties);
    }
    writer_->write(start, tile, weights, row_sums, ties, worker);
  }

  // Of a row with a max, which is known by now: it is read once more, and to see who shares it another time.
  void write_slopes_of_long_row(size_t start, const double* weights) {
    double sums[kLanes] = {long_row_.sum}, maxes[kLanes] = {long_row_.max}, ties[kLanes] = {};
    std::vector<double> counts(divided_up(batch_.width, kChunk));
    each_chunk_of_row(start, [&](size_t chunk, size_t, const Tile& tile, size_t) {
      double count;
      plan_.kernel->count_ties(tile, maxes, &count);
      counts[chunk] += count;
    });
    for (const double count : counts) ties[0] += count;
    each_chunk_of_row(start, [&](size_t, size_t worker, const Tile& tile, size_t at) {
      writer_->write(at, tile, weights, {sums, maxes}, ties, worker);
    });
  }

  // Calls use(chunk, worker, tile, first value), in parallel.
  template <class Use>
  void each_chunk_of_row(size_t start, Use use) {
    const size_t width = batch_.width;
    parallel(divided_up(width, kChunk), threads_, width, [&](size_t chunk, size_t worker) {
      const size_t begin = chunk * kChunk;
      each_tile_of_values(start + begin, std::min(kChunk, width - begin), worker,
                          [&](size_t at, const Tile& tile) { use(chunk, worker, tile, at); });
    });
  }

  const Batch& batch_;
  const InstructionSet& set_;
  const Plan plan_;
  const size_t threads_;
  const size_t ahead_, most_, row_tile_;
  Reader reader_;
  std::optional<GradientWriter> writer_;
  Partial long_row_;
  std::atomic<bool> pure_{true};
};

// Calls use(evaluation) for the speculation and, where that was wrong, once more. `part`, if there is one, gets what the
// labels turned out to be.
template <class Use>
void speculate(const Batch& batch, const Machine& machine, bool by_chunks, const Gradient* gradient,
               Part* part, Use use) {
  const auto is_read_as = [&](LabelEncoding reading) {
    Evaluation evaluation(batch, machine, by_chunks, reading, gradient);
    use(evaluation);
    if (part != nullptr) part->reading = reading;
    return evaluation.is_pure();
  };
  const bool may_be_binary =
      batch.may_be_binary && machine.set->kernels_of(batch.loss).family == Family::elementwise;
  if (may_be_binary && looks_binary(batch) && is_read_as(LabelEncoding::binary)) return;
  is_read_as(LabelEncoding::unchanged);
}

Total total(const Batch& batch, const Machine& machine, const Gradient* gradient, Part* part) {
  void* losses = gradient == nullptr ? nullptr : gradient->losses;
  const bool is_flat = are_flat(batch, *machine.set) && losses == nullptr;
  const bool by_chunks = is_flat || has_long_rows(batch);
  Total total;
  speculate(batch, machine, by_chunks, gradient, part, [&](Evaluation& evaluation) {
    total = is_flat ? evaluation.flat_total(before(part))
                    : evaluation.total_of_rows(before(part), losses);
  });
  return total;
}

}  // namespace

Total total(const Batch& batch, const Machine& machine, Part* part) {
  return total(batch, machine, nullptr, part);
}

Total total_and_gradient(const Batch& batch, const Machine& machine, const Gradient& gradient,
                         Part* part) {
  return total(batch, machine, &gradient, part);
}

Total column_total(const Batch& batch, const Machine& machine, Part* part) {
  std::vector<Total> totals(groups(batch));
  parallel(totals.size(), useful_threads(batch, machine), batch.rows, [&](size_t group, size_t) {
    const size_t begin = group * rows_of_group(batch);
    const size_t end = std::min(begin + rows_of_group(batch), batch.rows);
    LaneTotal lanes;
    Weights weights(batch, *machine.set);
    for (size_t row = begin; row < end; row += kRowTile) {
      const size_t count = std::min(kRowTile, end - row);
      weights.read(row, count);
      weights.add_to(lanes.weights, lanes.kept, count);
    }
    totals[group] = lanes.total();
  });
  return sum_in_order(before(part), totals);
}

void row_losses(const Batch& batch, const Machine& machine, Dtype dtype, void* losses, Part* part) {
  const bool are_terms = are_flat(batch, *machine.set) && batch.width == 1 && dtype == Dtype::float32;
  speculate(batch, machine, has_long_rows(batch), nullptr, part, [&](Evaluation& evaluation) {
    if (are_terms) {
      evaluation.write_terms(static_cast<float*>(losses));
    } else {
      evaluation.write_row_losses(dtype, losses);
    }
  });
}

}  // namespace maxmargin
