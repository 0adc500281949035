// A batch: its arrays, how they are laid out in memory, and which of its rows are evaluated.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/kernel_table.h"

namespace maxmargin {

constexpr size_t kMaxRank = 64;

// An array that is read.
struct Operand {
  Dtype dtype{};
  // The value of index 0 in every axis; null if there is no such operand.
  const void* values = nullptr;
  // For each axis the distance, in elements, between the values of two neighbours; null if the array is row-major and of full
  // size. 0 repeats values.
  const int64_t* strides = nullptr;
};

// An array that results are written to.
struct Output {
  Dtype dtype{};
  void* values = nullptr;
  const int64_t* strides = nullptr;
};

// How labels are read.
enum class LabelReading {
  // They are used as they are.
  unchanged,
  // -1 and 1, if all that are evaluated are 0 or 1 and the loss is elementwise; otherwise they are used as they are.
  automatic,
  // 0 for -1, and 1.
  binary,
  // One class a row: its number, or a row of one 1 among zeros.
  class_ids,
  one_hot,
};
constexpr int kLabelReadings = 5;

// Rows of `width` predictions each, one label a prediction or a row, and one weight and one mask value a row, if there are any.
struct Batch {
  Loss loss{};
  Parameters parameters{};
  LabelReading reading{};
  // The float dtype to which labels, predictions and weights are cast.
  Dtype compute{};
  Operand labels, predictions;
  // Losses are multiplied by their weight, and by 0 where the mask is 0.
  Operand weights, mask;
  // The rows that are evaluated, and the number of all rows.
  size_t first_row = 0, rows = 0, all_rows = 0;
  size_t width = 0;
  // The predictions that share a class: `width`, or more if each value counts as a row.
  size_t classes = 0;
  // A factor for each class, by which the weights of its rows are multiplied, or null.
  const double* class_weights = nullptr;
  // Whether rows of one label count only if it is another one than `ignored`.
  bool ignores = false;
  double ignored = 0.0;
  // The axes over which operands have strides: those of the rows, and the last one. Weights and mask have no last one.
  size_t rank = 0;
  const size_t* shape = nullptr;

  bool weighs_classes() const { return class_weights != nullptr || ignores; }
  bool is_weighted() const { return weights.values != nullptr || mask.values != nullptr || weighs_classes(); }
  bool has_classes() const { return reading == LabelReading::class_ids || reading == LabelReading::one_hot; }
  bool is_flat() const { return width != classes; }
  size_t end_row() const { return first_row + rows; }
  size_t size() const { return rows * width; }
};

// The means of computation. The result does not depend on them.
struct Machine {
  const InstructionSet* set;
  size_t threads;
};

// ---- What the order of additions is fixed by

// Rows of more values than a chunk: the chunks of each are summed apart, and by several threads.
inline bool has_long_rows(const Batch& batch) { return batch.width > kChunk; }

// Whole rows that make up about a chunk: their losses are added up apart.
inline size_t rows_of_group(const Batch& batch) { return std::max<size_t>(1, kChunk / batch.width); }

}  // namespace maxmargin
