// Passes labels and predictions to a kernel, a tile at a time: in place, gathered, converted, or with class ids in place of labels.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <vector>

#include "engine/class_ids.h"
#include "engine/class_tiles.h"

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
  TileReader(const Batch& batch, const InstructionSet& set, const ClassIds& classes, LabelEncoding encoding);

  const Kernel& kernel() const { return *kernel_; }
  Substitute substitute() const { return substitute_; }

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
    const size_t left = end_ - index;
    if (copies_) {
      return copied(index, {batch_.parameters, nullptr, nullptr, rows, width, std::min(left, capacity_)}, worker);
    }
    return {batch_.parameters, labels_.source.in_place(index).first, predictions_.source.in_place(index).first,
            rows, width, left};
  }

  // The classes of the rows of the tile that a worker read last.
  const int32_t* ids(size_t worker) const {
    return reinterpret_cast<const int32_t*>(aligned_ + worker * worker_bytes_ + ids_at_);
  }

  // Whether the labels of all rows that were read are classes, where they are looked up.
  bool are_labels_valid() const { return are_labels_valid_.load(std::memory_order_relaxed); }

 private:
  // An operand on its way to a kernel.
  struct Side {
    ValueSource source;
    bool is_converted;
    // In a worker's memory.
    size_t gathered_at = 0, converted_at = 0;

    bool is_copied() const { return is_converted || !source.is_in_place(); }
  };

  bool reads_ids() const { return batch_.has_classes() || batch_.ignores; }
  Tile copied(size_t index, Tile tile, size_t worker);
  const void* read(const Side& side, size_t index, size_t n, char* scratch) const;
  void read_ids(size_t index, size_t n, int32_t* ids);
  void replace_ignored(const int32_t* ids, size_t n, char* labels) const;
  const void* substituted(const ClassTile& tile, char* scratch) const;
  // The prediction for the class of a row that comes in parts.
  double prediction_of_class(const ClassTile& part) const;

  const InstructionSet& set_;
  const Batch& batch_;
  const ClassIds& classes_;
  const Dtype compute_;
  // The end of the rows that are evaluated. Kernels read no further, as the encoding may lack the labels of other rows.
  const size_t end_;
  const Substitute substitute_;
  Side labels_, predictions_;
  const Kernel* kernel_;
  bool copies_;
  std::atomic<bool> are_labels_valid_{true};
  size_t capacity_ = 0, worker_bytes_ = 0, ids_at_ = 0, substitutes_at_ = 0;
  std::vector<char> scratch_;
  // Its first cache line: kernels store registers that would otherwise straddle two.
  char* aligned_ = nullptr;
  // Labels of 1.
  std::vector<char> ones_;
};

}  // namespace maxmargin
