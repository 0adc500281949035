// What the rows of a batch weigh: their weights as the batch's dtype holds them, and 0 where the mask is.
#pragma once

#include <cstddef>

#include "engine/batch.h"

namespace maxmargin {

// Rows that are computed with at once.
constexpr size_t kRowTile = 128;

class Weights {
 public:
  Weights(const Batch& batch, const InstructionSet& set) : batch_(batch), set_(set) {}

  void read(size_t row, size_t count);

  // Losses take long enough for what they are multiplied by to arrive meanwhile.
  void prefetch(size_t row, size_t count) const;

  // One for each row that was read, up to a whole group of eight.
  const double* values() const { return weights_; }

  // `losses` holds whole groups of eight.
  void apply(double* losses, size_t count) const { set_.multiply(losses, weights_, count); }

  // Adds weights, and the mask as 0 and 1 if there is one, to kLanes sums each.
  void add_to(double* weights, double* kept, size_t count) const;

 private:
  void read_column(const Operand& column, Dtype as, size_t row, size_t count, double* to);

  const Batch& batch_;
  const InstructionSet& set_;
  double weights_[kRowTile + kLanes], mask_[kRowTile + kLanes];
};

}  // namespace maxmargin
