// Finds the values of an operand by their logical index.
#pragma once

#include <cstddef>

#include "engine/strided_array.h"

namespace maxmargin {

class ValueSource {
 public:
  // `rank`: how many axes of the batch's shape the operand has.
  ValueSource(const Operand& operand, const Batch& batch, size_t rank) : operand_(operand) {
    if (!is_in_place()) axes_ = Axes(batch.shape, operand.strides, rank);
  }

  bool exists() const { return operand_.values != nullptr; }
  bool is_in_place() const { return operand_.strides == nullptr; }
  Dtype dtype() const { return operand_.dtype; }

  // Whether neighbouring values of a row lie apart, so that rows that share cache lines should be read at once.
  bool is_scattered() const { return !is_in_place() && axes_.stride() != 0 && axes_.stride() != 1; }

  // Requires a row-major array.
  Values in_place(size_t index) const { return from({operand_.dtype, operand_.values}, index); }

  // n values: where they are, or gathered into `scratch`.
  Values find(const InstructionSet& set, size_t index, size_t n, void* scratch) const {
    if (is_in_place()) return in_place(index);
    axes_.gather(set, {operand_.dtype, operand_.values}, index, n, scratch);
    return {operand_.dtype, scratch};
  }

 private:
  const Operand operand_;
  Axes axes_;
};

}  // namespace maxmargin
