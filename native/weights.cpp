#include "weights.h"

#include <algorithm>

#include "simd/target.h"
#include "reader.h"

namespace maxmargin {

void Weights::read(size_t row, size_t count) {
  if (batch_.mask.values != nullptr) {
    read_column(batch_.mask, Dtype::float64, row, count, mask_);
    for (size_t i = 0; i < count; ++i) mask_[i] = mask_[i] == 0.0 ? 0.0 : 1.0;
  }
  if (batch_.weights.values == nullptr) {
    std::copy(mask_, mask_ + count, weights_);
  } else {
    read_column(batch_.weights, batch_.as, row, count, weights_);
    if (batch_.mask.values != nullptr) set_.multiply(weights_, mask_, count);
  }
}

void Weights::prefetch(size_t row, size_t count) const {
  for (const Column& column : {batch_.weights, batch_.mask}) {
    if (column.values == nullptr) continue;
    const char* first = at(column.values, column.dtype, row);
    for (size_t i = 0; i < count * size_of(column.dtype); i += 64) MAXMARGIN_PREFETCH(first + i);
  }
}

void Weights::add_to(double* weights, double* kept, size_t count) const {
  set_.add_to_lanes(weights_, count, weights);
  if (batch_.mask.values != nullptr) set_.add_to_lanes(mask_, count, kept);
}

void Weights::read_column(const Column& column, Dtype as, size_t row, size_t count, double* to) {
  const void* values = at(column.values, column.dtype, row);
  if (is_wide(as)) return convert(set_, column.dtype, values, count, as, to);
  float narrow[kRowTile];
  convert(set_, column.dtype, values, count, as, narrow);
  convert(set_, Dtype::float32, narrow, count, Dtype::float64, to);
}

}  // namespace maxmargin
