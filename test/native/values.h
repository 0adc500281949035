// Values in arrays of any dtype, for the programs of this folder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "dtype.h"

namespace maxmargin {

// Writes a value: a whole number from -100 to 100 unless the dtype is a float.
inline void put_value(Dtype dtype, double value, char* to) {
  if (dtype >= Dtype::float16) return round_to(dtype, &value, 1, to);
  // Of a negative number, the bytes of the same width; a bool is a byte too.
  const auto whole = static_cast<int64_t>(std::clamp(value, -100.0, 100.0));
  std::memcpy(to, &whole, size_of(dtype));
}

}  // namespace maxmargin
