// Evaluates rows of up to a chunk of values, group by group.
#pragma once

#include <algorithm>
#include <cstddef>

#include "engine/sinks.h"
#include "platform/parallel.h"

namespace maxmargin {

// The most values that are read at once, if tiles are copies or derivatives are written of them.
size_t values_at_once(const Evaluation& evaluation, bool writes);

template <class Sink>
class RowPass {
 public:
  RowPass(Evaluation* evaluation, Sink* sink)
      : evaluation_(*evaluation),
        batch_(evaluation->batch),
        sink_(*sink),
        value_rows_(Sink::kWritesGradient || evaluation_.reader.copies()
                        ? values_at_once(evaluation_, Sink::kWritesGradient) / batch_.width
                        : kRowTile),
        // Whole groups of kLanes, as losses are added up in so many lanes.
        tile_rows_(Sink::kWritesGradient ? std::clamp(value_rows_ / kLanes * kLanes, kLanes, kRowTile)
                                         : kRowTile) {
    evaluation_.reader.reserve(values_at_once(evaluation_, Sink::kWritesGradient), evaluation_.threads);
  }

  void run() {
    const size_t rows = rows_of_group(batch_);
    const int64_t alone = evaluation_.nanoseconds(batch_.size());
    parallel(ceil_div(batch_.rows, rows), evaluation_.threads, alone, [&](size_t i, size_t worker) {
      if (!evaluation_.is_valid()) return;
      const size_t first = batch_.first_row + i * rows;
      run_group(first, std::min(first + rows, batch_.end_row()), worker);
    });
    sink_.end();
  }

 private:
  void run_group(size_t first, size_t end, size_t worker) {
    typename Sink::Group group;
    RowWeights weights(evaluation_.sources, evaluation_.set, batch_.compute);
    alignas(64) double losses[kRowTile + kLanes];
    for (size_t row = first; row < end; row += tile_rows_) {
      const size_t count = std::min(tile_rows_, end - row);
      if (weights.exist()) {
        const size_t next = row + count;
        weights.prefetch(next, std::min(tile_rows_, batch_.all_rows - next));
      }
      // Without derivatives, which depend on them, weights are read after the losses: they have arrived then.
      if (Sink::kWritesGradient) weights.read(row, count);
      evaluate(row, count, weights, losses, worker);
      if (!Sink::kWritesGradient && weights.exist()) weights.read(row, count);
      if (weights.exist()) weights.apply(losses);
      sink_.take({row, count, losses, weights}, &group);
    }
    evaluation_.check(weights.are_labels_valid());
    sink_.end_group(group, worker);
  }

  // The losses of some rows, before they are weighted.
  void evaluate(size_t row, size_t count, const RowWeights& weights, double* losses, size_t worker) {
    const size_t width = batch_.width;
    for (size_t done = 0, some; done < count; done += some) {
      some = std::min(value_rows_, count - done);
      const size_t index = (row + done) * width;
      const Tile tile = evaluation_.reader.read(index, some, width, worker);
      if constexpr (Sink::kWritesGradient) {
        const bool* ignored = weights.ignored();
        write_gradient(index, tile, {weights.values() + done, ignored == nullptr ? nullptr : ignored + done, {}, nullptr},
                       losses + done, worker);
      } else {
        evaluation_.check(evaluation_.kernel().row_losses(tile, losses + done, nullptr));
      }
    }
  }

  // `rows` has weights alone.
  void write_gradient(size_t index, const Tile& tile, const GradientRows& rows, double* losses, size_t worker) {
    double sums[kRowTile + kLanes], maxes[kRowTile + kSlack];
    const RowSums row_sums{sums, maxes};
    evaluation_.check(evaluation_.kernel().row_losses(tile, losses, &row_sums));
    sink_.gradient().write(index, tile, {rows.weights, rows.ignored, row_sums, nullptr}, worker);
  }

  Evaluation& evaluation_;
  const Batch& batch_;
  Sink& sink_;
  // The number of rows that kernels read at once, and of rows whose losses the sink takes at once.
  const size_t value_rows_, tile_rows_;
};

}  // namespace maxmargin
