// Passes labels and predictions to a kernel, a tile at a time: in place, gathered, converted, or both.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "engine/value_source.h"

namespace maxmargin {

// The size of the caches, about. Only the way to memory depends on it.
constexpr size_t kCachedBytes = 16 << 20;

// The values of a tile of scattered operands. From memory, stretches that are as long as possible are read fastest; from the
// caches, tiles of labels and predictions that together stay in the first-level cache.
inline size_t scattered_tile(const Batch& batch) {
  const size_t bytes = batch.size() * (size_of(batch.labels.dtype) + size_of(batch.predictions.dtype));
  return bytes > kCachedBytes ? kChunk : 2 * kTile;
}

// Rows whose values of one column share a cache line, of 4 bytes each.
constexpr size_t kNeighbours = 16;

// Whether labels are 0 or 1, by the first and the last few: these nearly always tell, and kernels check the rest.
bool look_binary(const Batch& batch, const InstructionSet& set);

class TileReader {
 public:
  TileReader(const Batch& batch, const InstructionSet& set, LabelEncoding encoding);

  const Kernel& kernel() const { return *kernel_; }

  // Whether tiles are copies, which have up to a number of values.
  bool copies() const { return copies_; }

  // Whether rows share cache lines.
  bool is_scattered() const {
    return labels_.source.is_scattered() || predictions_.source.is_scattered();
  }

  // Takes memory for workers that read up to `values` values at once: bad_alloc thrown in a worker thread would end the process.
  void reserve(size_t values, size_t workers);

  // Reads rows whose first value has a logical index.
  Tile read(size_t index, size_t rows, size_t width, size_t worker) {
    const size_t left = size_ - index;
    if (copies_) return copied(index, {nullptr, nullptr, rows, width, std::min(left, capacity_)}, worker);
    return {labels_.source.in_place(index).first, predictions_.source.in_place(index).first, rows, width, left};
  }

 private:
  // An operand on its way to a kernel.
  struct Side {
    ValueSource source;
    bool is_converted;
    // In a worker's memory.
    size_t gathered_at = 0, converted_at = 0;

    bool is_copied() const { return is_converted || !source.is_in_place(); }
  };

  Tile copied(size_t index, Tile tile, size_t worker);
  const void* read(const Side& side, const Tile& tile, size_t index, char* scratch) const;

  const InstructionSet& set_;
  const Dtype compute_;
  const size_t size_;
  Side labels_, predictions_;
  const Kernel* kernel_;
  bool copies_;
  size_t capacity_ = 0, worker_bytes_ = 0;
  std::vector<char> scratch_;
  // Its first cache line: kernels store registers that would otherwise straddle two.
  char* aligned_ = nullptr;
};

}  // namespace maxmargin
