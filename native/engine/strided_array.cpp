#include "engine/strided_array.h"

#include <algorithm>
#include <cstring>

namespace maxmargin {
namespace {

// Equally long runs of values, one behind the other in the result.
template <class T>
struct Runs {
  const T* first;
  size_t count, length;
  // From run to run, and from value to value of a run.
  int64_t run_stride, stride;
};

template <class T>
void copy_run(const T* from, size_t n, int64_t stride, T* to) {
  if (stride == 1) {
    std::copy(from, from + n, to);
  } else if (stride == 0) {
    std::fill(to, to + n, *from);
  } else {
    for (size_t i = 0; i < n; ++i) to[i] = from[static_cast<int64_t>(i) * stride];
  }
}

constexpr size_t kSquare = 4;

// Writes a square whose columns lie in one stretch of memory each.
template <class T>
void transpose_square(const T* from, int64_t stride, T* to, size_t width) {
  T square[kSquare][kSquare];
  for (size_t k = 0; k < kSquare; ++k) {
    std::memcpy(square[k], from + static_cast<int64_t>(k) * stride, sizeof square[k]);
  }
  for (size_t i = 0; i < kSquare; ++i) {
    for (size_t k = 0; k < kSquare; ++k) to[i * width + k] = square[k][i];
  }
}

#if defined(__clang__) || __GNUC__ >= 12
using Four = uint32_t __attribute__((vector_size(16)));

void transpose_square(const uint32_t* from, int64_t stride, uint32_t* to, size_t width) {
  Four a, b, c, d;
  std::memcpy(&a, from, sizeof a);
  std::memcpy(&b, from + stride, sizeof b);
  std::memcpy(&c, from + 2 * stride, sizeof c);
  std::memcpy(&d, from + 3 * stride, sizeof d);
  const Four low = __builtin_shufflevector(a, b, 0, 4, 1, 5), high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four low2 = __builtin_shufflevector(c, d, 0, 4, 1, 5), high2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Four rows[] = {__builtin_shufflevector(low, low2, 0, 1, 4, 5),
                       __builtin_shufflevector(low, low2, 2, 3, 6, 7),
                       __builtin_shufflevector(high, high2, 0, 1, 4, 5),
                       __builtin_shufflevector(high, high2, 2, 3, 6, 7)};
  for (size_t i = 0; i < kSquare; ++i) std::memcpy(to + i * width, &rows[i], sizeof rows[i]);
}
#endif

template <class T>
void copy_values(const Runs<T>& runs, size_t first_run, size_t first, T* to) {
  for (size_t k = first; k < runs.length; ++k) {
    for (size_t i = first_run; i < runs.count; ++i) {
      to[i * runs.length + k] =
          runs.first[static_cast<int64_t>(i) * runs.run_stride + static_cast<int64_t>(k) * runs.stride];
    }
  }
}

// Copies runs with the instruction set's kernel, if it has one for them.
template <class T>
bool transpose(const InstructionSet& set, const Runs<T>& runs, T* to) {
  if (sizeof(T) < 4 || runs.run_stride != 1 || runs.count < kLanes || runs.length < kLanes) return false;
  const auto kernel = sizeof(T) == 4 ? set.transpose_4_bytes : set.transpose_8_bytes;
  kernel({runs.first, runs.stride, runs.count, runs.length}, to);
  return true;
}

// Reads memory in the stretches that the first values of the runs make up, the second values, and so on.
template <class T>
void copy_across(const Runs<T>& runs, T* to) {
  const bool are_stretches = runs.run_stride == 1;
  const size_t whole = are_stretches ? runs.count / kSquare * kSquare : 0;
  const size_t columns = are_stretches ? runs.length / kSquare * kSquare : 0;
  for (size_t k = 0; k < columns; k += kSquare) {
    const T* column = runs.first + static_cast<int64_t>(k) * runs.stride;
    for (size_t i = 0; i < whole; i += kSquare) {
      transpose_square(column + i, runs.stride, to + i * runs.length + k, runs.length);
    }
  }
  copy_values({runs.first, whole, runs.length, runs.run_stride, runs.stride}, 0, columns, to);
  copy_values(runs, whole, 0, to);
}

template <class T>
void copy_runs(const InstructionSet& set, const Runs<T>& runs, T* to) {
  const auto distance = [](int64_t stride) { return stride < 0 ? -stride : stride; };
  if (runs.stride != 0 && distance(runs.run_stride) < distance(runs.stride) && runs.run_stride != 0) {
    if (!transpose(set, runs, to)) copy_across(runs, to);
    return;
  }
  for (size_t i = 0; i < runs.count; ++i) {
    copy_run(runs.first + static_cast<int64_t>(i) * runs.run_stride, runs.length, runs.stride,
             to + i * runs.length);
  }
}

}  // namespace

Axes::Axes(const size_t* shape, const int64_t* strides, size_t rank) : rank_(0) {
  for (size_t axis = rank; axis-- > 0;) {
    if (shape[axis] == 1) continue;
    if (rank_ > 0) {
      const size_t outer = rank_ - 1;
      if (strides[axis] == strides_[outer] * static_cast<int64_t>(lengths_[outer])) {
        lengths_[outer] *= shape[axis];
        continue;
      }
    }
    lengths_[rank_] = shape[axis];
    strides_[rank_++] = strides[axis];
  }
  if (rank_ == 0) {
    lengths_[0] = 1;
    strides_[rank_++] = 0;
  }
}

template <class T>
void Axes::gather_as(const InstructionSet& set, const T* values, size_t index, size_t n, T* to) const {
  const size_t length = lengths_[0];
  while (n > 0) {
    const T* first = values + place_of(index);
    const size_t begin = index % length;
    size_t count;
    if (begin == 0 && n >= length) {
      const size_t runs_left = rank_ > 1 ? lengths_[1] - index / length % lengths_[1] : 1;
      const size_t runs = std::min(n / length, runs_left);
      copy_runs<T>(set, {first, runs, length, rank_ > 1 ? strides_[1] : 0, strides_[0]}, to);
      count = runs * length;
    } else {
      count = std::min(n, length - begin);
      copy_run(first, count, strides_[0], to);
    }
    index += count;
    n -= count;
    to += count;
  }
}

void Axes::gather(const InstructionSet& set, const Values& values, size_t index, size_t n, void* to) const {
  const auto as = [&](auto type) {
    using T = decltype(type);
    gather_as(set, static_cast<const T*>(values.first), index, n, static_cast<T*>(to));
  };
  switch (size_of(values.dtype)) {
    case 1:
      return as(uint8_t{});
    case 2:
      return as(uint16_t{});
    case 4:
      return as(uint32_t{});
    default:
      return as(uint64_t{});
  }
}

}  // namespace maxmargin
