#include "engine/row_pass.h"

namespace maxmargin {

size_t values_at_once(const Evaluation& evaluation) {
  // Rows that may share cache lines.
  constexpr size_t kNeighbours = 16;
  const size_t rows = evaluation.reader.is_scattered() ? kNeighbours : 1;
  return std::max(kTile, rows * evaluation.batch.width);
}

}  // namespace maxmargin
