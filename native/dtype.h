// Element types: their names, their sizes, and how values become others of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace maxmargin {

// lib/dtypes.ts numbers them alike.
enum class Dtype {
  boolean,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  float16,
  bfloat16,
  float32,
  float64,
};
constexpr unsigned kDtypes = 12;
// The last of them, from float16 on, are those that losses are computed in, and results have.
constexpr unsigned kFloatDtypes = 4;

constexpr unsigned float_index(Dtype dtype) {
  return static_cast<unsigned>(dtype) - static_cast<unsigned>(Dtype::float16);
}

// A byte that is false if 0 and true otherwise.
enum class Bool8 : uint8_t {};
// The bits of numbers that C++ has no type for.
enum class Half : uint16_t {};
enum class BFloat16 : uint16_t {};

constexpr unsigned char kSizes[kDtypes] = {1, 1, 1, 2, 2, 4, 4, 8, 2, 2, 4, 8};

// In bytes.
inline size_t size_of(Dtype dtype) { return kSizes[static_cast<size_t>(dtype)]; }

// Returns the dtype of the arithmetic for `as`: float64 for itself, float32 for all others.
inline bool is_wide(Dtype as) { return as == Dtype::float64; }

// Casts n values to the dtype `as`, and writes them in the type that they are computed in: double if
// is_wide(as), otherwise float.
void cast(Dtype dtype, const void* values, size_t n, Dtype as, void* to);

// Rounds n results to a float dtype. NaNs have many bits, results have those of one.
void round_to(Dtype dtype, const float* values, size_t n, void* to);
void round_to(Dtype dtype, const double* values, size_t n, void* to);

}  // namespace maxmargin
