// Whole numbers in the doubles of a frame.
#pragma once

#include <cstddef>
#include <cstdint>

namespace maxmargin {

// Whole numbers below are exact in double.
constexpr double kLargest = 0x1p53;

// A whole number below `end`, which is at most kLargest; NaN is none.
inline bool get_number(double value, double end, size_t* number) {
  if (!(value >= 0 && value < end)) return false;
  // Conversions of signed numbers take fewer instructions.
  const int64_t whole = static_cast<int64_t>(value);
  *number = static_cast<size_t>(whole);
  // Not in a size_t of 32 bits, or not whole.
  return static_cast<int64_t>(*number) == whole && static_cast<double>(whole) == value;
}

template <class Enum>
bool get_enum(double value, int count, Enum* result) {
  size_t number;
  if (!get_number(value, count, &number)) return false;
  *result = static_cast<Enum>(number);
  return true;
}

}  // namespace maxmargin
