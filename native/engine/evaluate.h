// Evaluates a batch: the one entry of the engine.
#pragma once

#include <cstddef>

#include "engine/batch.h"
#include "engine/exact_sum.h"

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
  Operation operation;
  Batch batch;
  Output losses, gradient;
  // Of the derivatives.
  double divisor;
};

// Over all rows of a call.
struct Totals {
  // Of the losses of the rows if they are weighted or of a loss with a max, otherwise of their terms.
  ExactSum losses;
  // Of the weights where the mask is not 0, and the number of these rows. Only if there are weights, or a mask.
  ExactSum weights, kept;
};

struct Result {
  Totals totals;
  // Whether labels were read as 0 for -1 and 1 for 1. Calls on parts of one batch have to agree.
  bool was_binary = false;
};

// Parts of a batch that begin where a group of rows does add up to the bits of the whole: see rows_of_group.
void evaluate(const Request& request, const Machine& machine, Result* result);

}  // namespace maxmargin
