// Writes gradients, of values that were read just before and are in the cache still.
#pragma once

#include <cstddef>
#include <vector>

#include "reader.h"
#include "weights.h"

namespace maxmargin {

class GradientWriter {
 public:
  // `most`: how many values are written at once.
  GradientWriter(const Batch& batch, const InstructionSet& set, const Kernel& kernel,
                 const Gradient& gradient, size_t workers, size_t most);

  // Of up to kRowTile rows, from value `start` on. Without weights all weigh 1; `parts` and `ties` matter for a loss
  // with a max. All hold whole groups of eight.
  void write(size_t start, const Tile& tile, const double* weights, const RowSums& sums, const double* ties,
             size_t worker);

 private:
  void store(const char* slopes, size_t n, size_t start) const;

  const Batch& batch_;
  const InstructionSet& set_;
  const Kernel& kernel_;
  const Gradient& gradient_;
  const bool streams_;
  const size_t worker_bytes_;
  std::vector<char> scratch_;
};

}  // namespace maxmargin
