// Sums chunks of values: of a whole batch whose rows need not be told apart, or of one long row.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "engine/evaluation.h"
#include "engine/totals.h"
#include "platform/parallel.h"

namespace maxmargin {

// Partial result of one chunk, or of a row.
struct ChunkSum {
  double sum = 0.0;
  double max = -std::numeric_limits<double>::infinity();
};

// Values with consecutive logical indices.
struct Range {
  size_t index, n;

  // Returns the values of the i-th chunk.
  Range chunk(size_t i) const {
    const size_t begin = i * kChunk;
    return {index + begin, std::min(kChunk, n - begin)};
  }
  size_t chunks() const { return ceil_div(n, kChunk); }
};

class ChunkPass {
 public:
  // `writes`: whether derivatives are written, of values that are in the first-level cache still.
  ChunkPass(Evaluation* evaluation, bool writes);

  // The most values of a tile.
  size_t tile_values() const { return tile_values_; }

  // Sums up to a chunk. Calls use(index, tile) for each tile once it is added.
  template <class Use>
  ChunkSum sum(const Range& values, size_t worker, Use use) {
    ChunkSums sums{{}, -std::numeric_limits<double>::infinity()};
    each_tile(values, worker, [&](size_t index, const Tile& tile) {
      evaluation_.check(evaluation_.kernel().add(tile, ahead_, &sums));
      use(index, tile);
    });
    return finished(sums, values, worker);
  }

  // Calls use(index, tile) for each tile.
  template <class Use>
  void each_tile(const Range& values, size_t worker, Use use) {
    for (size_t i = 0, count; i < values.n; i += count) {
      count = std::min(tile_values_, values.n - i);
      use(values.index + i, evaluation_.reader.read(values.index + i, 1, count, worker));
    }
  }

 private:
  ChunkSum finished(const ChunkSums& sums, const Range& values, size_t worker);

  Evaluation& evaluation_;
  const size_t tile_values_, ahead_;
};

// Adds up all terms of a batch whose rows need not be told apart. Calls use(index, tile, worker) for each tile.
template <class Use>
void add_terms(Evaluation* evaluation, ChunkPass* pass, Totals* totals, Use use) {
  const Batch& batch = evaluation->batch;
  const Range values{batch.first_row * batch.width, batch.size()};
  const auto sum = [&](size_t chunk, size_t worker) {
    const auto use_tile = [&](size_t index, const Tile& tile) { use(index, tile, worker); };
    return pass->sum(values.chunk(chunk), worker, use_tile).sum;
  };
  // Small batches are in a hurry.
  if (values.n <= kChunk) return totals->losses.add(sum(0, 0));
  WorkerTotals sums(totals, evaluation->threads);
  parallel(values.chunks(), evaluation->threads, evaluation->nanoseconds(values.n), [&](size_t i, size_t worker) {
    if (evaluation->is_valid()) sums.of(worker).losses.add(sum(i, worker));
  });
  sums.merge();
}

}  // namespace maxmargin
