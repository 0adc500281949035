// How the values of a batch are read: in place, or converted tile by tile.
#pragma once

#include <cstddef>
#include <vector>

#include "reduce.h"

namespace maxmargin {

// What the caches hold, about. Only the way to the memory depends on it.
constexpr size_t kCachedBytes = 16 << 20;

inline const char* at(const void* values, Dtype dtype, size_t i) {
  return static_cast<const char*>(values) + i * size_of(dtype);
}

// What values of a dtype are computed in.
inline Dtype computed_in(Dtype as) { return is_wide(as) ? Dtype::float64 : Dtype::float32; }

// Converts n values to the type that `as` is computed in.
void convert(const InstructionSet& set, Dtype dtype, const void* values, size_t n, Dtype as,
             void* to);

// Whether labels are 0/1, by their first and last few: these nearly always tell, and kernels check the rest.
bool looks_binary(const Batch& batch);

// The kernel for a batch, and what is converted before it reads it.
struct Plan {
  const Kernel* kernel;
  bool converts_labels, converts_predictions;

  bool copies() const { return converts_labels || converts_predictions; }

  static Plan of(const Batch& batch, const InstructionSet& set, LabelEncoding encoding);
};

// Finds n values of one row, from `start` on: in place, or converted into `labels` and `predictions`.
Tile read_values(const Batch& batch, const InstructionSet& set, const Plan& plan, size_t start, size_t n,
                 void* labels, void* predictions);

// Finds the values of a batch, converting them, a tile at a time, into memory of each worker's own.
class Reader {
 public:
  // `most`: the values of a tile, if any are converted.
  Reader(const Batch& batch, const InstructionSet& set, const Plan& plan, size_t workers, size_t most);

  // How many values can be read at once.
  size_t most(size_t wanted) const { return plan_.copies() ? capacity_ - kBlock : wanted; }

  Tile read(size_t start, size_t rows, size_t width, size_t worker);

 private:
  size_t bytes() const;
  size_t worker_bytes() const;

  const Batch& batch_;
  const InstructionSet& set_;
  const Plan& plan_;
  const size_t capacity_;
  std::vector<char> scratch_;
};

}  // namespace maxmargin
