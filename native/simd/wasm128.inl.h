// The registers of WebAssembly. Relaxed instructions are left out: their results depend on the processor.

constexpr int kUnit = 8;
constexpr bool kSavesCode = true;

template <>
struct vec<float, 4> {
  v128_t v;
};
template <>
struct vec<double, 2> {
  v128_t v;
};
using F4 = vec<float, 4>;
using D2 = vec<double, 2>;

MAXMARGIN_INLINE F4 operator+(F4 a, F4 b) { return {wasm_f32x4_add(a.v, b.v)}; }
MAXMARGIN_INLINE F4 operator-(F4 a, F4 b) { return {wasm_f32x4_sub(a.v, b.v)}; }
MAXMARGIN_INLINE F4 operator*(F4 a, F4 b) { return {wasm_f32x4_mul(a.v, b.v)}; }
MAXMARGIN_INLINE F4 operator|(F4 a, F4 b) { return {wasm_v128_or(a.v, b.v)}; }
MAXMARGIN_INLINE F4 apply_binary_sign(F4 y, F4 p, F4& invalid) {
  const v128_t is_one = wasm_f32x4_eq(y.v, wasm_f32x4_splat(1.0f));
  invalid.v = wasm_v128_or(invalid.v, wasm_v128_andnot(y.v, is_one));
  return {wasm_v128_xor(p.v, wasm_v128_andnot(wasm_f32x4_splat(-0.0f), is_one))};
}
// f32x4.pmax(x, y) is x < y ? y : x; f32x4.max decides otherwise on NaN and zeros.
MAXMARGIN_INLINE F4 max_or_second(F4 a, F4 b) { return {wasm_f32x4_pmax(b.v, a.v)}; }
MAXMARGIN_INLINE F4 select_nan(F4 x, F4 a, F4 b) {
  return {wasm_v128_bitselect(b.v, a.v, wasm_f32x4_eq(x.v, x.v))};
}
MAXMARGIN_INLINE F4 value_if_equal(F4 a, F4 b, F4 value) {
  return {wasm_v128_and(wasm_f32x4_eq(a.v, b.v), value.v)};
}
MAXMARGIN_INLINE F4 first_n_or(F4 a, int n, float rest) {
  const v128_t is_kept = wasm_i32x4_gt(wasm_i32x4_splat(n), wasm_i32x4_const(0, 1, 2, 3));
  return {wasm_v128_bitselect(a.v, wasm_f32x4_splat(rest), is_kept)};
}
MAXMARGIN_INLINE void set_all(float value, F4& a) { a.v = wasm_f32x4_splat(value); }
MAXMARGIN_INLINE void load(const float* from, F4& a) { a.v = wasm_v128_load(from); }
MAXMARGIN_INLINE void load(const int8_t* from, F4& a) {
  const v128_t shorts = wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(from));
  a.v = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(shorts));
}
MAXMARGIN_INLINE F4 from_bytes(v128_t bytes) {
  return {wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(bytes)))};
}
MAXMARGIN_INLINE void load(const uint8_t* from, F4& a) { a = from_bytes(wasm_v128_load32_zero(from)); }
MAXMARGIN_INLINE void load(const Bool8* from, F4& a) {
  a = from_bytes(wasm_u8x16_min(wasm_v128_load32_zero(from), wasm_u8x16_splat(1)));
}
MAXMARGIN_INLINE void load(const int32_t* from, F4& a) {
  a.v = wasm_f32x4_convert_i32x4(wasm_v128_load(from));
}
// Moves exponent and mantissa to where float32 has them, and the exponent's bias by multiplication.
MAXMARGIN_INLINE void load(const Half* from, F4& a) {
  const v128_t bits = wasm_u32x4_load16x4(from);
  const v128_t magnitude = wasm_i32x4_shl(wasm_v128_and(bits, wasm_i32x4_splat(0x7FFF)), 13);
  const v128_t value = wasm_f32x4_mul(magnitude, wasm_f32x4_splat(0x1p112f));
  const v128_t is_infinite = wasm_i32x4_ge(magnitude, wasm_i32x4_splat(0x7C00 << 13));
  const v128_t infinity = wasm_v128_and(is_infinite, wasm_i32x4_splat(0x7F800000));
  const v128_t sign = wasm_i32x4_shl(wasm_v128_and(bits, wasm_i32x4_splat(0x8000)), 16);
  a.v = wasm_v128_or(wasm_v128_or(value, infinity), sign);
}
MAXMARGIN_INLINE void load(const BFloat16* from, F4& a) {
  a.v = wasm_i32x4_shl(wasm_u32x4_load16x4(from), 16);
}
// Adds half a unit to the bits, or a little less where the last bit that stays is even, and clears the others.
MAXMARGIN_INLINE v128_t round_bits(v128_t bits, int cleared) {
  const v128_t odd = wasm_v128_and(wasm_u32x4_shr(bits, cleared), wasm_i32x4_splat(1));
  const v128_t half = wasm_i32x4_add(odd, wasm_i32x4_splat((1 << (cleared - 1)) - 1));
  return wasm_v128_and(wasm_i32x4_add(bits, half), wasm_i32x4_splat(-(1 << cleared)));
}
// Rounds to 11 significant bits, or to a multiple of 2^-24 where that is coarser.
MAXMARGIN_INLINE F4 round_to_half(F4 a) {
  const v128_t sign = wasm_v128_and(a.v, wasm_f32x4_splat(-0.0f));
  const v128_t magnitude = wasm_v128_xor(a.v, sign);
  const v128_t half = wasm_f32x4_splat(0.5f);
  const v128_t subnormal = wasm_f32x4_sub(wasm_f32x4_add(magnitude, half), half);
  const v128_t is_subnormal = wasm_f32x4_lt(magnitude, wasm_f32x4_splat(0x1p-14f));
  const v128_t rounded = wasm_v128_bitselect(subnormal, round_bits(magnitude, 13), is_subnormal);
  const v128_t is_infinite = wasm_f32x4_gt(rounded, wasm_f32x4_splat(65504.0f));
  const v128_t finite = wasm_v128_bitselect(wasm_f32x4_splat(INFINITY), rounded, is_infinite);
  const v128_t all = wasm_v128_bitselect(finite, magnitude, wasm_f32x4_eq(magnitude, magnitude));
  return {wasm_v128_or(all, sign)};
}
MAXMARGIN_INLINE F4 round_to_bfloat16(F4 a) { return {round_bits(a.v, 16)}; }
MAXMARGIN_INLINE void optimization_barrier(F4&) {}
MAXMARGIN_INLINE void store(float* to, F4 a) { wasm_v128_store(to, a.v); }

MAXMARGIN_INLINE D2 operator+(D2 a, D2 b) { return {wasm_f64x2_add(a.v, b.v)}; }
MAXMARGIN_INLINE D2 operator-(D2 a, D2 b) { return {wasm_f64x2_sub(a.v, b.v)}; }
MAXMARGIN_INLINE D2 operator*(D2 a, D2 b) { return {wasm_f64x2_mul(a.v, b.v)}; }
MAXMARGIN_INLINE D2 operator/(D2 a, D2 b) { return {wasm_f64x2_div(a.v, b.v)}; }
MAXMARGIN_INLINE D2 operator|(D2 a, D2 b) { return {wasm_v128_or(a.v, b.v)}; }
MAXMARGIN_INLINE D2 apply_binary_sign(D2 y, D2 p, D2& invalid) {
  const v128_t is_one = wasm_f64x2_eq(y.v, wasm_f64x2_splat(1.0));
  invalid.v = wasm_v128_or(invalid.v, wasm_v128_andnot(y.v, is_one));
  return {wasm_v128_xor(p.v, wasm_v128_andnot(wasm_f64x2_splat(-0.0), is_one))};
}
MAXMARGIN_INLINE D2 max_or_second(D2 a, D2 b) { return {wasm_f64x2_pmax(b.v, a.v)}; }
MAXMARGIN_INLINE D2 select_nan(D2 x, D2 a, D2 b) {
  return {wasm_v128_bitselect(b.v, a.v, wasm_f64x2_eq(x.v, x.v))};
}
MAXMARGIN_INLINE D2 value_if_equal(D2 a, D2 b, D2 value) {
  return {wasm_v128_and(wasm_f64x2_eq(a.v, b.v), value.v)};
}
MAXMARGIN_INLINE D2 first_n_or(D2 a, int n, double rest) {
  const v128_t is_kept = wasm_i64x2_gt(wasm_i64x2_splat(n), wasm_i64x2_const(0, 1));
  return {wasm_v128_bitselect(a.v, wasm_f64x2_splat(rest), is_kept)};
}
MAXMARGIN_INLINE bool any_nan(D2 a) { return !wasm_i64x2_all_true(wasm_f64x2_eq(a.v, a.v)); }
MAXMARGIN_INLINE void set_all(double value, D2& a) { a.v = wasm_f64x2_splat(value); }
MAXMARGIN_INLINE void load(const double* from, D2& a) { a.v = wasm_v128_load(from); }
MAXMARGIN_INLINE void load(const int32_t* from, D2& a) {
  a.v = wasm_f64x2_convert_low_i32x4(wasm_v128_load64_zero(from));
}
// No instruction converts two at once.
MAXMARGIN_INLINE void load(const int64_t* from, D2& a) {
  a.v = wasm_f64x2_make(static_cast<double>(from[0]), static_cast<double>(from[1]));
}
MAXMARGIN_INLINE void optimization_barrier(D2&) {}
MAXMARGIN_INLINE void store(double* to, D2 a) { wasm_v128_store(to, a.v); }
MAXMARGIN_INLINE void stream_line(const char* from, char* to) { std::memcpy(to, from, 64); }
MAXMARGIN_INLINE vec<double, 4> widen(F4 a) {
  return {{wasm_f64x2_promote_low_f32x4(a.v)},
          {wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(a.v, a.v, 2, 3, 2, 3))}};
}
MAXMARGIN_INLINE F4 narrow(vec<double, 4> a) {
  const v128_t low = wasm_f32x4_demote_f64x2_zero(a.lo.v), high = wasm_f32x4_demote_f64x2_zero(a.hi.v);
  return {wasm_i32x4_shuffle(low, high, 0, 1, 4, 5)};
}

template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(F4 a, F4 b, F4& low, F4& high) {
  if constexpr (kSegment == 4) {
    low.v = wasm_i32x4_shuffle(a.v, b.v, 0, 1, 4, 5);
    high.v = wasm_i32x4_shuffle(a.v, b.v, 2, 3, 6, 7);
  } else {
    low.v = wasm_i32x4_shuffle(a.v, b.v, 0, 2, 4, 6);
    high.v = wasm_i32x4_shuffle(a.v, b.v, 1, 3, 5, 7);
  }
}
template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(D2 a, D2 b, D2& low, D2& high) {
  low.v = wasm_i64x2_shuffle(a.v, b.v, 0, 2);
  high.v = wasm_i64x2_shuffle(a.v, b.v, 1, 3);
}
