// Registers of 16 bytes, which every processor that Node runs on has, in the compilers' own notation.

constexpr int kUnit = 8;
// Processors without wider registers are rare.
constexpr bool kSavesCode = true;

using FloatVector = float __attribute__((vector_size(16)));
using DoubleVector = double __attribute__((vector_size(16)));
using IntVector = int32_t __attribute__((vector_size(16)));
using UintVector = uint32_t __attribute__((vector_size(16)));
template <>
struct vec<float, 4> {
  FloatVector v;
};
template <>
struct vec<double, 2> {
  DoubleVector v;
};
using F4 = vec<float, 4>;
using D2 = vec<double, 2>;

template <class Vector>
MAXMARGIN_INLINE Vector either(Vector a, Vector b) {
  using Bits = decltype(a == b);
  return reinterpret_cast<Vector>(reinterpret_cast<Bits>(a) | reinterpret_cast<Bits>(b));
}

MAXMARGIN_INLINE F4 operator+(F4 a, F4 b) { return {a.v + b.v}; }
MAXMARGIN_INLINE F4 operator-(F4 a, F4 b) { return {a.v - b.v}; }
MAXMARGIN_INLINE F4 operator*(F4 a, F4 b) { return {a.v * b.v}; }
MAXMARGIN_INLINE F4 operator|(F4 a, F4 b) { return {either(a.v, b.v)}; }
MAXMARGIN_INLINE F4 apply_binary_sign(F4 y, F4 p, F4& invalid) {
  invalid.v = either(invalid.v, y.v == 1 ? FloatVector{} : y.v);
  return {y.v == 1 ? p.v : -p.v};
}
MAXMARGIN_INLINE F4 max_or_second(F4 a, F4 b) { return {a.v > b.v ? a.v : b.v}; }
MAXMARGIN_INLINE F4 select_nan(F4 x, F4 a, F4 b) { return {x.v == x.v ? b.v : a.v}; }
MAXMARGIN_INLINE F4 value_if_equal(F4 a, F4 b, F4 value) {
  return {a.v == b.v ? value.v : FloatVector{}};
}
MAXMARGIN_INLINE F4 first_n_or(F4 a, int n, float rest) {
  const FloatVector lanes = {0, 1, 2, 3};
  return {lanes < static_cast<float>(n) ? a.v : rest - FloatVector{}};
}
MAXMARGIN_INLINE void set_all(float value, F4& a) { a.v = value - FloatVector{}; }
MAXMARGIN_INLINE void load(const float* from, F4& a) { std::memcpy(&a, from, sizeof a); }
template <class Source>
MAXMARGIN_INLINE void load_converted(const Source* from, F4& a) {
  Source values __attribute__((vector_size(4 * sizeof(Source))));
  std::memcpy(&values, from, sizeof values);
  a.v = __builtin_convertvector(__builtin_convertvector(values, IntVector), FloatVector);
}
MAXMARGIN_INLINE void load(const int8_t* from, F4& a) { load_converted(from, a); }
MAXMARGIN_INLINE void load(const uint8_t* from, F4& a) { load_converted(from, a); }
MAXMARGIN_INLINE void load(const int32_t* from, F4& a) { load_converted(from, a); }
MAXMARGIN_INLINE void load(const Bool8* from, F4& a) {
  load_converted(reinterpret_cast<const uint8_t*>(from), a);
  a.v = a.v > 1.0f ? 1.0f - FloatVector{} : a.v;
}
MAXMARGIN_INLINE UintVector load_16_bits(const void* from) {
  uint16_t values __attribute__((vector_size(8)));
  std::memcpy(&values, from, sizeof values);
  return __builtin_convertvector(values, UintVector);
}
// Moves exponent and mantissa to where float32 has them, and the exponent's bias by multiplication.
MAXMARGIN_INLINE void load(const Half* from, F4& a) {
  const UintVector bits = load_16_bits(from);
  const UintVector magnitude = (bits & 0x7FFFu) << 13;
  const FloatVector value = reinterpret_cast<FloatVector>(magnitude) * 0x1p112f;
  const UintVector infinite = magnitude >= 0x7C00u << 13 ? UintVector{} + 0x7F800000u : UintVector{};
  a.v = reinterpret_cast<FloatVector>(reinterpret_cast<UintVector>(value) | infinite | (bits & 0x8000u) << 16);
}
MAXMARGIN_INLINE void load(const BFloat16* from, F4& a) {
  a.v = reinterpret_cast<FloatVector>(load_16_bits(from) << 16);
}
// Rounds to 11 significant bits, or to a multiple of 2^-24 where that is coarser.
MAXMARGIN_INLINE F4 round_to_half(F4 a) {
  const UintVector bits = reinterpret_cast<UintVector>(a.v);
  const UintVector sign = bits & 0x80000000u;
  const FloatVector magnitude = reinterpret_cast<FloatVector>(bits ^ sign);
  const UintVector odd = bits >> 13 & 1u;
  const FloatVector normal = reinterpret_cast<FloatVector>(((bits ^ sign) + odd + 0xFFFu) & ~0x1FFFu);
  const FloatVector rounded = magnitude < 0x1p-14f ? (magnitude + 0.5f) - 0.5f : normal;
  const FloatVector finite = rounded > 65504.0f ? INFINITY - FloatVector{} : rounded;
  const FloatVector all = magnitude == magnitude ? finite : magnitude;
  return {reinterpret_cast<FloatVector>(reinterpret_cast<UintVector>(all) | sign)};
}
MAXMARGIN_INLINE F4 round_to_bfloat16(F4 a) {
  const UintVector bits = reinterpret_cast<UintVector>(a.v);
  return {reinterpret_cast<FloatVector>((bits + (bits >> 16 & 1u) + 0x7FFFu) & 0xFFFF0000u)};
}
MAXMARGIN_INLINE void optimization_barrier(F4&) {}
MAXMARGIN_INLINE void store(float* to, F4 a) { std::memcpy(to, &a, sizeof a); }

MAXMARGIN_INLINE D2 operator+(D2 a, D2 b) { return {a.v + b.v}; }
MAXMARGIN_INLINE D2 operator-(D2 a, D2 b) { return {a.v - b.v}; }
MAXMARGIN_INLINE D2 operator*(D2 a, D2 b) { return {a.v * b.v}; }
MAXMARGIN_INLINE D2 operator/(D2 a, D2 b) { return {a.v / b.v}; }
MAXMARGIN_INLINE D2 operator|(D2 a, D2 b) { return {either(a.v, b.v)}; }
MAXMARGIN_INLINE D2 apply_binary_sign(D2 y, D2 p, D2& invalid) {
  invalid.v = either(invalid.v, y.v == 1 ? DoubleVector{} : y.v);
  return {y.v == 1 ? p.v : -p.v};
}
MAXMARGIN_INLINE D2 max_or_second(D2 a, D2 b) { return {a.v > b.v ? a.v : b.v}; }
MAXMARGIN_INLINE D2 select_nan(D2 x, D2 a, D2 b) { return {x.v == x.v ? b.v : a.v}; }
MAXMARGIN_INLINE D2 value_if_equal(D2 a, D2 b, D2 value) {
  return {a.v == b.v ? value.v : DoubleVector{}};
}
MAXMARGIN_INLINE D2 first_n_or(D2 a, int n, double rest) {
  const DoubleVector lanes = {0, 1};
  return {lanes < static_cast<double>(n) ? a.v : rest - DoubleVector{}};
}
MAXMARGIN_INLINE bool any_nan(D2 a) { return a.v[0] != a.v[0] || a.v[1] != a.v[1]; }
MAXMARGIN_INLINE void set_all(double value, D2& a) { a.v = value - DoubleVector{}; }
MAXMARGIN_INLINE void load(const double* from, D2& a) { std::memcpy(&a, from, sizeof a); }
MAXMARGIN_INLINE void load(const int32_t* from, D2& a) {
  a.v = DoubleVector{static_cast<double>(from[0]), static_cast<double>(from[1])};
}
MAXMARGIN_INLINE void load(const int64_t* from, D2& a) {
  a.v = DoubleVector{static_cast<double>(from[0]), static_cast<double>(from[1])};
}
MAXMARGIN_INLINE void optimization_barrier(D2&) {}
MAXMARGIN_INLINE void store(double* to, D2 a) { std::memcpy(to, &a, sizeof a); }
MAXMARGIN_INLINE void stream_line(const char* from, char* to) { std::memcpy(to, from, 64); }
MAXMARGIN_INLINE vec<double, 4> widen(F4 a) {
  return {{DoubleVector{a.v[0], a.v[1]}}, {DoubleVector{a.v[2], a.v[3]}}};
}
MAXMARGIN_INLINE F4 narrow(vec<double, 4> a) {
  return {FloatVector{static_cast<float>(a.lo.v[0]), static_cast<float>(a.lo.v[1]),
                      static_cast<float>(a.hi.v[0]), static_cast<float>(a.hi.v[1])}};
}

template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(F4 a, F4 b, F4& low, F4& high) {
  if constexpr (kSegment == 4) {
    low.v = __builtin_shufflevector(a.v, b.v, 0, 1, 4, 5);
    high.v = __builtin_shufflevector(a.v, b.v, 2, 3, 6, 7);
  } else {
    low.v = __builtin_shufflevector(a.v, b.v, 0, 2, 4, 6);
    high.v = __builtin_shufflevector(a.v, b.v, 1, 3, 5, 7);
  }
}
template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(D2 a, D2 b, D2& low, D2& high) {
  low.v = DoubleVector{a.v[0], b.v[0]};
  high.v = DoubleVector{a.v[1], b.v[1]};
}
