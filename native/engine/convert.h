// Values as another dtype holds them: by the instruction set where it has a conversion, and by portable code otherwise.
#pragma once

#include <cstddef>

#include "kernels/kernel_table.h"

namespace maxmargin {

// Values of a dtype, somewhere in memory.
struct Values {
  Dtype dtype;
  const void* first;
};

inline Values from(const Values& values, size_t i) {
  return {values.dtype, static_cast<const char*>(values.first) + i * size_of(values.dtype)};
}

// The type in which values of a float dtype are computed.
inline Dtype computed_in(Dtype compute) { return is_wide(compute) ? Dtype::float64 : Dtype::float32; }

// Casts n values to the float dtype `compute`, and writes them in the type that it is computed in.
inline void convert(const InstructionSet& set, const Values& values, size_t n, Dtype compute, void* to) {
  const Convert native = set.convert[static_cast<size_t>(values.dtype)][float_index(compute)];
  if (native != nullptr) {
    native(values.first, n, to);
  } else {
    cast(values.dtype, values.first, n, compute, to);
  }
}

}  // namespace maxmargin
