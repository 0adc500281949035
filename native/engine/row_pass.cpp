#include "engine/row_pass.h"

namespace maxmargin {

size_t values_at_once(const Evaluation& evaluation, bool writes) {
  const size_t width = evaluation.batch.width;
  if (!evaluation.reader.is_scattered()) return std::max(kTile, width);
  // Neighbours in memory belong to different rows: at least those that share a cache line are read at once. Kernels write
  // derivatives of a tile at most.
  return std::max(writes ? kTile : scattered_tile(evaluation.batch), kNeighbours * width);
}

}  // namespace maxmargin
