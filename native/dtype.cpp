#include "dtype.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace maxmargin {
namespace {

// Binary floating point with `digits` significant bits, the hidden one among them.
struct Format {
  int digits;
  int min_exponent;
  double max;
};
constexpr Format kHalf = {11, -14, 65504.0};
constexpr Format kBFloat16 = {8, -126, 0x1.FEp127};

template <class To, class From>
To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From), "the same bits");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

// To the nearest value of the format, ties to even.
double rounded_to(const Format& format, double x) {
  const double magnitude = std::fabs(x);
  if (!(magnitude > 0.0) || magnitude > 2 * format.max) {
    return magnitude > 0.0 ? std::copysign(INFINITY, x) : x;
  }
  // Whatever double adds to 1.5 * 2^52 units loses what is finer than a unit.
  const int64_t exponent = bits_as<int64_t>(magnitude) >> 52;
  const int64_t lowest = format.min_exponent + 1023;
  const int64_t shifted = (exponent < lowest ? lowest : exponent) + 53 - format.digits;
  const double shift = bits_as<double>(shifted << 52 | int64_t{1} << 51);
  const double nearest = (magnitude + shift) - shift;
  return std::copysign(nearest > format.max ? INFINITY : nearest, x);
}

template <class From>
double to_double(From value) {
  return static_cast<double>(value);
}
double to_double(Bool8 value) { return value == Bool8{0} ? 0.0 : 1.0; }
double to_double(Half value) {
  const uint32_t bits = static_cast<uint16_t>(value);
  const uint32_t magnitude = bits & 0x7FFF;
  const double sign = bits & 0x8000 ? -1.0 : 1.0;
  if (magnitude > 0x7C00) return std::numeric_limits<double>::quiet_NaN();
  if (magnitude == 0x7C00) return sign * INFINITY;
  return sign * (bits_as<float>(magnitude << 13) * 0x1p112);
}
double to_double(BFloat16 value) {
  return bits_as<float>(static_cast<uint32_t>(value) << 16);
}

// Integers become the two narrow formats by way of float32, as numpy's do.
template <class From>
constexpr bool kByWayOfFloat = std::numeric_limits<From>::is_integer;

template <class From>
struct CastTo {
  Dtype as;
  double operator()(From value) const {
    double x = to_double(value);
    if (as == Dtype::float64 || as == Dtype::float32) return x;
    if (kByWayOfFloat<From>) x = static_cast<float>(x);
    return rounded_to(as == Dtype::float16 ? kHalf : kBFloat16, x);
  }
};

template <class From>
void cast_all(const void* values, size_t n, Dtype as, void* to) {
  const CastTo<From> cast{as};
  for (size_t i = 0; i < n; ++i) {
    From value;
    std::memcpy(&value, static_cast<const From*>(values) + i, sizeof value);
    if (is_wide(as)) {
      static_cast<double*>(to)[i] = cast(value);
    } else {
      static_cast<float*>(to)[i] = static_cast<float>(cast(value));
    }
  }
}

using Cast = void (*)(const void* values, size_t n, Dtype as, void* to);

template <class From, Dtype kDtype>
constexpr Cast cast_from() {
  static_assert(sizeof(From) == kSizes[static_cast<size_t>(kDtype)], "the size that dtype.h tells");
  return cast_all<From>;
}

constexpr Cast kCasts[kDtypes] = {
    cast_from<Bool8, Dtype::boolean>(),   cast_from<int8_t, Dtype::int8>(),
    cast_from<uint8_t, Dtype::uint8>(),   cast_from<int16_t, Dtype::int16>(),
    cast_from<uint16_t, Dtype::uint16>(), cast_from<int32_t, Dtype::int32>(),
    cast_from<uint32_t, Dtype::uint32>(), cast_from<int64_t, Dtype::int64>(),
    cast_from<Half, Dtype::float16>(),    cast_from<BFloat16, Dtype::bfloat16>(),
    cast_from<float, Dtype::float32>(),   cast_from<double, Dtype::float64>(),
};

template <class Result>
Result rounded(double value);
template <>
double rounded(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
}

template <>
float rounded(double value) {
  return std::isnan(value) ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(value);
}

template <>
Half rounded(double value) {
  if (std::isnan(value)) return Half{0x7E00};
  const double nearest = rounded_to(kHalf, value);
  const uint32_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(nearest);
  if (magnitude > kHalf.max) return Half{static_cast<uint16_t>(sign | 0x7C00)};
  // With the exponent's bias of float32, and so its subnormals.
  const uint32_t bits = bits_as<uint32_t>(static_cast<float>(magnitude * 0x1p-112)) >> 13;
  return Half{static_cast<uint16_t>(sign | bits)};
}

template <>
BFloat16 rounded(double value) {
  if (std::isnan(value)) return BFloat16{0x7FC0};
  const float nearest = static_cast<float>(rounded_to(kBFloat16, value));
  return BFloat16{static_cast<uint16_t>(bits_as<uint32_t>(nearest) >> 16)};
}

template <class Result, class Value>
void round_all(const Value* values, size_t n, void* to) {
  std::transform(values, values + n, static_cast<Result*>(to),
                 [](Value value) { return rounded<Result>(value); });
}

template <class Value>
void round_all_to(Dtype dtype, const Value* values, size_t n, void* to) {
  switch (dtype) {
    case Dtype::float16:
      return round_all<Half>(values, n, to);
    case Dtype::bfloat16:
      return round_all<BFloat16>(values, n, to);
    case Dtype::float32:
      return round_all<float>(values, n, to);
    default:
      return round_all<double>(values, n, to);
  }
}

}  // namespace

void cast(Dtype dtype, const void* values, size_t n, Dtype as, void* to) {
  kCasts[static_cast<size_t>(dtype)](values, n, as, to);
}

void round_to(Dtype dtype, const float* values, size_t n, void* to) {
  round_all_to(dtype, values, n, to);
}

void round_to(Dtype dtype, const double* values, size_t n, void* to) {
  round_all_to(dtype, values, n, to);
}

}  // namespace maxmargin
