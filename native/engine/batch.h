// What is evaluated: the arrays of a batch, and how they are laid out in memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace maxmargin {

constexpr size_t kMaxRank = 64;

// One array of a batch.
struct Operand {
  Dtype dtype{};
  // The value of index 0 in every axis, or null where there is no such operand.
  const void* values = nullptr;
};

// How the labels of a call are read.
enum class LabelEncoding {
  // Unchanged.
  signed_labels,
  // As -1 and 1 if all are 0 or 1, unchanged otherwise.
  automatic,
};
constexpr int kLabelEncodings = 2;

// Rows of `width` labels and predictions each, and one weight and one mask value a row, if there are any. A call computes
// `rows` of them from `first_row` on.
struct Batch {
  Loss loss;
  LabelEncoding encoding;
  // The float dtype to which labels, predictions and weights are cast.
  Dtype compute;
  Operand labels, predictions;
  // Losses are multiplied by their weight, and by 0 where the mask is 0.
  Operand weights, mask;
  size_t first_row, rows;
  size_t batch_rows, width;

  bool is_weighted() const { return weights.values != nullptr || mask.values != nullptr; }
};

// Where results are written: one value for each row, or each prediction, of the whole batch.
struct Output {
  Dtype dtype{};
  void* values = nullptr;
};

// How to compute: the result does not depend on it.
struct Machine {
  const InstructionSet* set;
  size_t threads;
};

}  // namespace maxmargin
