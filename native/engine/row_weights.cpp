#include "engine/row_weights.h"

#include <algorithm>
#include <limits>

#include "simd/target.h"

namespace maxmargin {

RowWeights::RowWeights(const RowSources& sources, const InstructionSet& set, Dtype compute)
    : sources_(sources),
      set_(set),
      compute_(compute),
      is_weighted_(sources.weights.exists() || sources.mask.exists() || sources.classes.weigh_rows()),
      counts_rows_(sources.mask.exists() || sources.classes.weigh_rows()) {}

void RowWeights::read(size_t row, size_t count) {
  count_ = count;
  const bool has_mask = sources_.mask.exists();
  if (has_mask) {
    read(sources_.mask, Dtype::float64, row, mask_);
    is_mask_ = set_.check_mask(mask_, count);
    if (!is_mask_) mask_[0] = std::numeric_limits<double>::quiet_NaN();
  } else if (counts_rows_) {
    std::fill(mask_, mask_ + count, 1.0);
  }
  if (sources_.weights.exists()) {
    read(sources_.weights, compute_, row, weights_);
    if (has_mask) set_.multiply(weights_, mask_, count);
  } else if (has_mask) {
    std::copy(mask_, mask_ + count, weights_);
  } else {
    std::fill(weights_, weights_ + count, 1.0);
  }
  if (sources_.classes.weigh_rows()) read_classes(row);
}

void RowWeights::read_classes(size_t row) {
  int32_t ids[kRowTile];
  if (!sources_.classes.read(row, count_, ids)) are_labels_valid_ = false;
  is_any_ignored_ = false;
  for (size_t i = 0; i < count_; ++i) {
    ignored_[i] = ids[i] == kIgnored;
    if (ignored_[i]) {
      is_any_ignored_ = true;
      // Whatever they are; but a NaN tells that the mask is none.
      weights_[i] = 0.0;
      if (is_mask_) mask_[i] = 0.0;
    } else if (sources_.class_weights != nullptr) {
      weights_[i] *= sources_.class_weights[ids[i]];
    }
  }
}

void RowWeights::prefetch(size_t row, size_t count) const {
  for (const ValueSource* source : {&sources_.weights, &sources_.mask}) {
    if (!source->exists() || !source->is_in_place()) continue;
    const char* first = static_cast<const char*>(source->in_place(row).first);
    for (size_t i = 0; i < count * size_of(source->dtype()); i += 64) MAXMARGIN_PREFETCH(first + i);
  }
}

void RowWeights::apply(double* losses) const {
  set_.multiply(losses, weights_, count_);
  if (!is_any_ignored_) return;
  for (size_t i = 0; i < count_; ++i) {
    if (ignored_[i]) losses[i] = 0.0;
  }
}

void RowWeights::add_to(double* weights, double* kept) const {
  set_.add_to_lanes(weights_, count_, weights);
  if (counts_rows_) set_.add_to_lanes(mask_, count_, kept);
}

void RowWeights::read(const ValueSource& source, Dtype dtype, size_t row, double* to) const {
  double gathered[kRowTile];
  const Values values = source.find(set_, row, count_, gathered);
  if (is_wide(dtype)) return convert(set_, values, count_, dtype, to);
  float narrow[kRowTile];
  convert(set_, values, count_, dtype, narrow);
  convert(set_, {Dtype::float32, narrow}, count_, Dtype::float64, to);
}

}  // namespace maxmargin
