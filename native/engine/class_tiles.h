// Class ids for kernels that know none: elementwise losses get labels of 1, and other values in place of the predictions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/batch.h"

namespace maxmargin {

// The input that replaces the predictions of elementwise kernels when labels are class ids.
enum class Substitute {
  // The predictions: labels are no class ids, or the kernels of the loss know them.
  none,
  // Every prediction negated, except the one for the row's class: its label is 1, and the others are -1.
  signed_predictions,
  // The differences between the prediction for the row's class and the others, and infinity in its own place.
  differences,
};

inline Substitute substitute_of(const Batch& batch, const InstructionSet& set) {
  if (!batch.has_classes()) return Substitute::none;
  switch (set.family_of(batch.loss)) {
    case Family::elementwise:
      return Substitute::signed_predictions;
    case Family::class_sum:
      return Substitute::differences;
    default:
      return Substitute::none;
  }
}

// A tile of predictions in the type that terms are computed in, the index of its first value, and the classes of its rows.
struct ClassTile {
  Tile tile;
  size_t index;
  const int32_t* ids;

  size_t size() const { return tile.rows * tile.width; }
};

// Writes predictions with their sign changed, but for those of the rows' classes.
void write_signed(const Batch& batch, const InstructionSet& set, const ClassTile& from, void* to);

// Writes the predictions for the classes of whole rows.
void write_own(const Batch& batch, const ClassTile& from, double* own);

// Writes the differences between `own`, the prediction for the class of each row, and its predictions. Rows are whole, or there is
// but one.
void write_differences(const Batch& batch, const InstructionSet& set, const ClassTile& from, const double* own,
                       void* to);

// The derivative with respect to the prediction for a row's class, by the sum of those with respect to the others.
double derivative_of_class(double sum);

// Turns derivatives with respect to such values, with their signs changed, into those with respect to the predictions. Where
// rows come in parts, derivatives with respect to the predictions for their classes are left out.
void finish_class_gradient(const Batch& batch, const InstructionSet& set, const ClassTile& tile, void* derivatives);

}  // namespace maxmargin
