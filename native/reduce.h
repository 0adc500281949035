// A batch of rows to its losses: chunks, threads, merging. Knows no instruction set.
#pragma once

#include <cstddef>

#include "kernels/kernels.h"

namespace maxmargin {

// Row-major [rows, width]; rows times width elements stand at either pointer.
struct Batch {
  Loss loss;
  LabelType label_type;
  const void* labels;
  const float* predictions;
  size_t rows, width;
  // Whether labels may be 0/1 for -1/+1. Not if they are a part of a tensor that has others elsewhere.
  bool may_be_binary;
};

// How to compute: the result does not depend on it.
struct Machine {
  const InstructionSet* set;
  size_t threads;
};

// The sum over all rows: of their terms for hinge and squared hinge, of their losses for categorical
// hinge.
double total(const Batch& batch, const Machine& machine);

// The loss of each row, rounded to float32 or as it is.
void row_losses(const Batch& batch, const Machine& machine, float* losses);
void row_losses(const Batch& batch, const Machine& machine, double* losses);

// Loads n values at a and at b, split among the threads, and does nothing else: the limit that the
// machine sets to any loss of them.
double read_probe(const float* a, const float* b, size_t n, const Machine& machine);

}  // namespace maxmargin
