// The weights of rows: cast to the batch's dtype, multiplied by those of their classes, and 0 where the mask is 0 or the row is
// ignored. Where a mask has another value than 0 and 1, one of the rows that were read has the weight NaN.
#pragma once

#include <cstddef>

#include "engine/class_ids.h"

namespace maxmargin {

// Rows that are evaluated at once.
constexpr size_t kRowTile = 128;

// The sources of weights, mask and classes, if there are any.
struct RowSources {
  ValueSource weights, mask;
  const ClassIds& classes;
  const double* class_weights;

  RowSources(const Batch& batch, const ClassIds& classes)
      : weights(batch.weights, batch, row_rank(batch)),
        mask(batch.mask, batch, row_rank(batch)),
        classes(classes),
        class_weights(batch.class_weights) {}

 private:
  static size_t row_rank(const Batch& batch) { return batch.rank == 0 ? 0 : batch.rank - 1; }
};

// The weights of up to kRowTile rows at a time.
class RowWeights {
 public:
  RowWeights(const RowSources& sources, const InstructionSet& set, Dtype compute);

  bool exist() const { return is_weighted_; }

  // Whether the mask of the rows that were read, if there is one, has no values but 0 and 1.
  bool is_mask() const { return is_mask_; }

  // Whether the labels of all rows that were read are classes, if classes have weights.
  bool are_labels_valid() const { return are_labels_valid_; }

  void read(size_t row, size_t count);

  // Losses take long enough for their weights to arrive meanwhile.
  void prefetch(size_t row, size_t count) const;

  // One for each row that was read, in whole groups of kLanes: 1 where there are neither weights nor a mask.
  const double* values() const { return weights_; }

  // For each row that was read whether it is ignored; null if none can be.
  const bool* ignored() const { return is_any_ignored_ ? ignored_ : nullptr; }

  // Multiplies losses, which are whole groups of kLanes. Those of ignored rows become 0, whatever they are.
  void apply(double* losses) const;

  // Adds the weights, and the mask as 0 and 1 if there is one, to kLanes sums each.
  void add_to(double* weights, double* kept) const;

 private:
  void read_classes(size_t row);

  // Reads the values of `count` rows, cast to a dtype.
  void read(const ValueSource& source, Dtype dtype, size_t row, double* to) const;

  const RowSources& sources_;
  const InstructionSet& set_;
  const Dtype compute_;
  const bool is_weighted_;
  // Whether rows may be left out, by a mask or by their label, so that the others are counted.
  const bool counts_rows_;
  bool is_mask_ = true, are_labels_valid_ = true, is_any_ignored_ = false;
  size_t count_ = 0;
  bool ignored_[kRowTile];
  double weights_[kRowTile + kLanes], mask_[kRowTile + kLanes];
};

}  // namespace maxmargin
