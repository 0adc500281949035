// A batch of rows to its losses: chunks, threads, merging. Knows no instruction set.
#pragma once

#include <cstddef>

#include "kernels/kernel_table.h"

namespace maxmargin {

// One value for each row, or none.
struct Column {
  Dtype dtype;
  const void* values;  // or null
};

// Row-major [rows, width]; rows times width elements stand at either pointer.
struct Batch {
  Loss loss;
  Dtype label_dtype, prediction_dtype;
  // The float dtype to which both, and weights, are cast.
  Dtype as;
  const void* labels;
  const void* predictions;
  size_t rows, width;
  // Whether labels may be 0/1 for -1/+1. Not if they are a part of a tensor that has others elsewhere.
  bool may_be_binary;
  // What the loss of each row is multiplied by, and 0 where it does not count.
  Column weights, mask;

  bool is_weighted() const { return weights.values != nullptr || mask.values != nullptr; }
};

// How to compute: the result does not depend on it.
struct Machine {
  const InstructionSet* set;
  size_t threads;
};

struct Total {
  // Over all rows: of their losses if they are weighted, and for categorical hinge; otherwise of their terms.
  double losses;
  // Of the weights where the mask is not 0, and the number of these rows. Only if there are such.
  double weights, kept;
};

// What a batch needs to know, and to tell, that is a part of a larger one. Parts begin where a chunk of terms begins or
// a group of rows: then sums that go on from part to part have the bits of the whole.
struct Part {
  // The sums over the parts before it.
  Total before;
  // How its labels were read. All parts have to be read alike.
  LabelEncoding reading;
};

// `part` is null for a whole batch, here and below.
Total total(const Batch& batch, const Machine& machine, Part* part = nullptr);

// The sums of weights and mask alone.
Total column_total(const Batch& batch, const Machine& machine, Part* part = nullptr);

// The weighted loss of each row, rounded to a float dtype.
void row_losses(const Batch& batch, const Machine& machine, Dtype dtype, void* losses,
                Part* part = nullptr);

// What is written of a batch whose total is divided by a number.
struct Gradient {
  double divisor;
  // The batch's, or float64.
  Dtype dtype;
  // Its derivative by each prediction.
  void* values;
  // Null, or the weighted loss of each row, in the batch's dtype.
  void* losses;
};
// The total, and its gradient.
Total total_and_gradient(const Batch& batch, const Machine& machine, const Gradient& gradient,
                         Part* part = nullptr);

}  // namespace maxmargin
