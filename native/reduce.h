// A batch of rows to its losses: chunks, threads, merging. Knows no instruction set.
#pragma once

#include <cstddef>

#include "kernels/kernels.h"

namespace maxmargin {

// Row-major [rows, width]; rows times width elements stand at either pointer.
struct Batch {
  Loss loss;
  Dtype label_dtype, prediction_dtype;
  // The float dtype to which both are cast.
  Dtype as;
  const void* labels;
  const void* predictions;
  size_t rows, width;
  // Whether labels may be 0/1 for -1/+1. Not if they are a part of a tensor that has others elsewhere.
  bool may_be_binary;
  // What the loss of each row is multiplied by before it is added; or null.
  const double* weights;
};

// How to compute: the result does not depend on it.
struct Machine {
  const InstructionSet* set;
  size_t threads;
};

// The sum over all rows: of their losses if they have weights, and for categorical hinge; otherwise of their
// terms.
double total(const Batch& batch, const Machine& machine);

// The loss of each row, rounded to the type of `losses`.
template <class Loss>
void row_losses(const Batch& batch, const Machine& machine, Loss* losses);

// Loads two arrays, split among the threads, and does nothing else: the limit that the machine sets to any
// loss of them.
bool read_probe(const void* a, size_t a_bytes, const void* b, size_t b_bytes,
                const Machine& machine);

}  // namespace maxmargin
