// Shape and strides of the arrays of a call, and whether they stay inside these.
#pragma once

#include <cstddef>
#include <cstdint>

#include "binding/call_frame.h"

namespace maxmargin {

// The description of one strided array in a frame.
struct StridedSlots {
  const double* strides;
  double offset;
  size_t rank;
};

class StridedShape {
 public:
  // False if shape and rank are not those of the batch.
  bool read(const CallFrame& frame, const Batch& batch);

  size_t rank() const { return rank_; }
  const size_t* shape() const { return shape_; }

  // Reads the strides of an array of n values, and the place of its first one. False if they leave the array.
  bool read(const StridedSlots& slots, size_t n, int64_t* strides, size_t* offset) const;

  // Whether strides are those of a row-major array of full size.
  bool is_row_major(const int64_t* strides, size_t rank) const;

 private:
  size_t rank_;
  size_t shape_[kMaxRank];
};

}  // namespace maxmargin
