// Arrays that are not row-major, or in which values are repeated.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/batch.h"
#include "engine/convert.h"

namespace maxmargin {

// The axes of a strided array, the innermost first. Axes of length 1 are left out, and neighbours that memory runs through in
// one stride are joined.
class Axes {
 public:
  // An array of no axes, to be assigned to.
  Axes() : rank_(0) {}
  Axes(const size_t* shape, const int64_t* strides, size_t rank);

  // The distance of values along the innermost axis, in elements.
  int64_t stride() const { return strides_[0]; }

  // Copies n values from a logical index on.
  void gather(const InstructionSet& set, const Values& values, size_t index, size_t n, void* to) const;

  // Calls use(place, count) for runs of n values from a logical index on, each of which are one stride apart.
  template <class Use>
  void each_run(size_t index, size_t n, Use use) const {
    for (size_t done = 0, count; done < n; done += count) {
      count = std::min(n - done, lengths_[0] - (index + done) % lengths_[0]);
      use(place_of(index + done), count);
    }
  }

 private:
  // In elements.
  int64_t place_of(size_t index) const {
    int64_t place = 0;
    for (size_t axis = 0; axis < rank_; ++axis) {
      place += static_cast<int64_t>(index % lengths_[axis]) * strides_[axis];
      index /= lengths_[axis];
    }
    return place;
  }

  template <class T>
  void gather_as(const InstructionSet& set, const T* values, size_t index, size_t n, T* to) const;

  size_t rank_;
  size_t lengths_[kMaxRank];
  int64_t strides_[kMaxRank];
};

}  // namespace maxmargin
