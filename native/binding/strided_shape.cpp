#include "binding/strided_shape.h"

#include "binding/numbers.h"

namespace maxmargin {
namespace {

bool get_stride(double value, int64_t* stride) {
  size_t distance;
  if (!get_number(value < 0 ? -value : value, kLargest, &distance)) return false;
  *stride = value < 0 ? -static_cast<int64_t>(distance) : static_cast<int64_t>(distance);
  return true;
}

}  // namespace

bool StridedShape::read(const CallFrame& frame, const Batch& batch) {
  if (!get_number(frame.rank, kMaxRank + 1, &rank_) || rank_ == 0) return false;
  double rows = 1;
  for (size_t axis = 0; axis < rank_; ++axis) {
    if (!get_number(frame.shape[axis], kLargest, &shape_[axis]) || shape_[axis] == 0) return false;
    if (axis + 1 < rank_) rows *= frame.shape[axis];
  }
  // Whole numbers below 2^53 and their products are exact, or too large to be equal.
  return rows == static_cast<double>(batch.all_rows) && shape_[rank_ - 1] == batch.width;
}

bool StridedShape::read(const StridedSlots& slots, size_t n, int64_t* strides, size_t* offset) const {
  if (!get_number(slots.offset, static_cast<double>(n), offset)) return false;
  // The distances of the farthest values before and behind the first one.
  size_t before = 0, behind = 0;
  for (size_t axis = 0; axis < slots.rank; ++axis) {
    if (!get_stride(slots.strides[axis], &strides[axis])) return false;
    const auto distance = static_cast<size_t>(strides[axis] < 0 ? -strides[axis] : strides[axis]);
    const size_t steps = shape_[axis] - 1;
    if (distance != 0 && steps > n / distance) return false;
    size_t& reach = strides[axis] < 0 ? before : behind;
    reach += steps * distance;
    if (reach > n) return false;
  }
  return before <= *offset && behind < n - *offset;
}

bool StridedShape::is_row_major(const int64_t* strides, size_t rank) const {
  int64_t expected = 1;
  for (size_t axis = rank; axis-- > 0;) {
    if (shape_[axis] == 1) continue;
    if (strides[axis] != expected) return false;
    expected *= static_cast<int64_t>(shape_[axis]);
  }
  return true;
}

}  // namespace maxmargin
