// Evaluates a batch: the one entry of the engine.
#pragma once

#include "engine/batch.h"
#include "engine/totals.h"

namespace maxmargin {

enum class Operation {
  // The sums of the losses, of the weights and of the mask.
  sum,
  // The weighted loss of each row.
  rows,
  // The sums, the derivatives of the first with respect to the predictions, and on request the losses of the rows.
  gradient,
  // The sums of the weights and of the mask.
  weights,
};
constexpr int kOperations = 4;

struct Request {
  Operation operation{};
  Batch batch;
  // One value for each row, and for each prediction, of the whole batch.
  Output losses, gradient;
  // Of the derivatives.
  double divisor = 1.0;
};

struct Result {
  Totals totals;
  // Whether labels were read as 0 for -1 and 1 for 1. Calls on parts of one batch have to agree.
  bool was_binary = false;
  // False if a label is none that the encoding has: then all results are void.
  bool are_labels_valid = true;
};

// Whether there are kernels for the loss and the reading of the labels.
bool can_evaluate(const Batch& batch);

// Parts of a batch that begin where a group of rows does, see rows_of_group, add up to the bits of the whole.
void evaluate(const Request& request, const Machine& machine, Result* result);

}  // namespace maxmargin
