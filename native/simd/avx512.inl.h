// The registers of AVX-512. 8 floats stay in those of AVX2.
#include "simd/avx2_floats.inl.h"

constexpr int kUnit = 16;
constexpr bool kSavesCode = false;

template <>
struct vec<float, 16> {
  __m512 v;
};
template <>
struct vec<double, 8> {
  __m512d v;
};
using F16 = vec<float, 16>;
using D8 = vec<double, 8>;

MAXMARGIN_INLINE F8 apply_binary_sign(F8 y, F8 p, F8& invalid) {
  const __mmask8 other = _mm256_cmp_ps_mask(y.v, _mm256_set1_ps(1.0f), _CMP_NEQ_UQ);
  invalid.v = _mm256_mask_or_ps(invalid.v, other, invalid.v, y.v);
  return {_mm256_mask_xor_ps(p.v, other, p.v, _mm256_set1_ps(-0.0f))};
}

MAXMARGIN_INLINE F8 low(F16 a) { return {_mm512_castps512_ps256(a.v)}; }
MAXMARGIN_INLINE F8 high(F16 a) { return {_mm512_extractf32x8_ps(a.v, 1)}; }
MAXMARGIN_INLINE F16 operator+(F16 a, F16 b) { return {_mm512_add_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 operator-(F16 a, F16 b) { return {_mm512_sub_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 operator*(F16 a, F16 b) { return {_mm512_mul_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 operator|(F16 a, F16 b) { return {_mm512_or_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 max_or_second(F16 a, F16 b) { return {_mm512_max_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 apply_binary_sign(F16 y, F16 p, F16& invalid) {
  const __mmask16 other = _mm512_cmp_ps_mask(y.v, _mm512_set1_ps(1.0f), _CMP_NEQ_UQ);
  invalid.v = _mm512_mask_or_ps(invalid.v, other, invalid.v, y.v);
  return {_mm512_mask_xor_ps(p.v, other, p.v, _mm512_set1_ps(-0.0f))};
}
template <>
constexpr bool kSelectsLanes<F16> = true;
MAXMARGIN_INLINE F16 select_lanes(F16 a, const int32_t* index) {
  return {_mm512_permutexvar_ps(_mm512_loadu_si512(index), a.v)};
}
MAXMARGIN_INLINE F16 first_n_or(F16 a, int n, float rest) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __mmask16 own = _mm512_cmpgt_epi32_mask(_mm512_set1_epi32(n), lane);
  return {_mm512_mask_mov_ps(_mm512_set1_ps(rest), own, a.v)};
}
MAXMARGIN_INLINE F16 select_nan(F16 x, F16 a, F16 b) {
  return {_mm512_mask_mov_ps(b.v, _mm512_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q), a.v)};
}
MAXMARGIN_INLINE F16 value_if_equal(F16 a, F16 b, F16 value) {
  return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ), value.v)};
}
MAXMARGIN_INLINE void set_all(float value, F16& a) { a.v = _mm512_set1_ps(value); }
MAXMARGIN_INLINE F16 joined(F8 lo, F8 hi) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(lo.v), hi.v, 1)};
}
// By halves: arrays seldom begin on a cache line, and loads of 64 bytes that straddle two of them slow down
// the stream from memory.
MAXMARGIN_INLINE void load(const float* from, F16& a) {
  a = joined({_mm256_loadu_ps(from)}, {_mm256_loadu_ps(from + 8)});
}
MAXMARGIN_INLINE void load_fours(const float* const* from, size_t i, F16& a) {
  const __m512 first = _mm512_castps128_ps512(_mm_loadu_ps(from[0] + i));
  const __m512 two = _mm512_insertf32x4(first, _mm_loadu_ps(from[1] + i), 1);
  const __m512 three = _mm512_insertf32x4(two, _mm_loadu_ps(from[2] + i), 2);
  a.v = _mm512_insertf32x4(three, _mm_loadu_ps(from[3] + i), 3);
}
MAXMARGIN_INLINE __m512i load_16_integers(const int8_t* from) { return _mm512_cvtepi8_epi32(load_16_bytes(from)); }
MAXMARGIN_INLINE __m512i load_16_integers(const Bool8* from) {
  return _mm512_cvtepu8_epi32(_mm_min_epu8(load_16_bytes(from), _mm_set1_epi8(1)));
}
MAXMARGIN_INLINE void load(const int8_t* from, F16& a) { a.v = _mm512_cvtepi32_ps(load_16_integers(from)); }
MAXMARGIN_INLINE void load(const uint8_t* from, F16& a) {
  a.v = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(load_16_bytes(from)));
}
MAXMARGIN_INLINE void load(const Bool8* from, F16& a) { a.v = _mm512_cvtepi32_ps(load_16_integers(from)); }
MAXMARGIN_INLINE void load_bits(const int8_t* from, F16& y) { y.v = _mm512_castsi512_ps(load_16_integers(from)); }
MAXMARGIN_INLINE void load_bits(const Bool8* from, F16& y) { y.v = _mm512_castsi512_ps(load_16_integers(from)); }
MAXMARGIN_INLINE F16 apply_bit_sign(F16 y, F16 p, F16& invalid) {
  invalid = invalid | y;
  const __m512 sign = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(y.v), 31));
  return {_mm512_xor_ps(p.v, _mm512_xor_ps(sign, _mm512_set1_ps(-0.0f)))};
}
MAXMARGIN_INLINE void load(const int32_t* from, F16& a) {
  a.v = _mm512_cvtepi32_ps(_mm512_loadu_si512(from));
}
MAXMARGIN_INLINE __m256i load_32_bytes(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
MAXMARGIN_INLINE void load(const Half* from, F16& a) { a.v = _mm512_cvtph_ps(load_32_bytes(from)); }
MAXMARGIN_INLINE void load(const BFloat16* from, F16& a) {
  const __m512i bits = _mm512_cvtepu16_epi32(load_32_bytes(from));
  a.v = _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}
MAXMARGIN_INLINE F16 round_to_half(F16 a) { return joined(round_to_half(low(a)), round_to_half(high(a))); }
MAXMARGIN_INLINE F16 round_to_bfloat16(F16 a) {
  return joined(round_to_bfloat16(low(a)), round_to_bfloat16(high(a)));
}
template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(F16 a, F16 b, F16& low, F16& high) {
  static_assert(kSegment <= 4, "not needed");
  low.v = _mm512_shuffle_ps(a.v, b.v, kSegment == 4 ? 0x44 : 0x88);
  high.v = _mm512_shuffle_ps(a.v, b.v, kSegment == 4 ? 0xEE : 0xDD);
}
MAXMARGIN_INLINE void optimization_barrier(F16& a) { __asm__ volatile("" : "+v"(a.v)); }
MAXMARGIN_INLINE void store(float* to, F16 a) { _mm512_storeu_ps(to, a.v); }

MAXMARGIN_INLINE D8 operator+(D8 a, D8 b) { return {_mm512_add_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 operator-(D8 a, D8 b) { return {_mm512_sub_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 operator*(D8 a, D8 b) { return {_mm512_mul_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 operator|(D8 a, D8 b) { return {_mm512_or_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 operator/(D8 a, D8 b) { return {_mm512_div_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 max_or_second(D8 a, D8 b) { return {_mm512_max_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 apply_binary_sign(D8 y, D8 p, D8& invalid) {
  const __mmask8 other = _mm512_cmp_pd_mask(y.v, _mm512_set1_pd(1.0), _CMP_NEQ_UQ);
  invalid.v = _mm512_mask_or_pd(invalid.v, other, invalid.v, y.v);
  return {_mm512_mask_xor_pd(p.v, other, p.v, _mm512_set1_pd(-0.0))};
}
MAXMARGIN_INLINE D8 select_nan(D8 x, D8 a, D8 b) {
  return {_mm512_mask_mov_pd(b.v, _mm512_cmp_pd_mask(x.v, x.v, _CMP_UNORD_Q), a.v)};
}
MAXMARGIN_INLINE D8 value_if_equal(D8 a, D8 b, D8 value) {
  return {_mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a.v, b.v, _CMP_EQ_OQ), value.v)};
}
MAXMARGIN_INLINE D8 first_n_or(D8 a, int n, double rest) {
  const __m512i lane = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
  const __mmask8 own = _mm512_cmpgt_epi64_mask(_mm512_set1_epi64(n), lane);
  return {_mm512_mask_mov_pd(_mm512_set1_pd(rest), own, a.v)};
}
MAXMARGIN_INLINE bool any_nan(D8 a) { return _mm512_cmp_pd_mask(a.v, a.v, _CMP_UNORD_Q) != 0; }
MAXMARGIN_INLINE void set_all(double value, D8& a) { a.v = _mm512_set1_pd(value); }
MAXMARGIN_INLINE void load(const double* from, D8& a) { a.v = _mm512_loadu_pd(from); }
MAXMARGIN_INLINE void load_halves(const double* low, const double* high, D8& a) {
  a.v = _mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_loadu_pd(low)), _mm256_loadu_pd(high), 1);
}
MAXMARGIN_INLINE void load(const int32_t* from, D8& a) {
  a.v = _mm512_cvtepi32_pd(load_32_bytes(from));
}
MAXMARGIN_INLINE void load(const int64_t* from, D8& a) {
  a.v = _mm512_cvtepi64_pd(_mm512_loadu_si512(from));
}
MAXMARGIN_INLINE void optimization_barrier(D8& a) { __asm__ volatile("" : "+v"(a.v)); }
MAXMARGIN_INLINE void store(double* to, D8 a) { _mm512_storeu_pd(to, a.v); }
MAXMARGIN_INLINE D8 widen(F8 a) { return {_mm512_cvtps_pd(a.v)}; }

template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(D8 a, D8 b, D8& low, D8& high) {
  if constexpr (kSegment == 8) {
    low.v = _mm512_shuffle_f64x2(a.v, b.v, 0x44);
    high.v = _mm512_shuffle_f64x2(a.v, b.v, 0xEE);
  } else if constexpr (kSegment == 4) {
    low.v = _mm512_permutex2var_pd(a.v, _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), b.v);
    high.v = _mm512_permutex2var_pd(a.v, _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15), b.v);
  } else {
    low.v = _mm512_unpacklo_pd(a.v, b.v);
    high.v = _mm512_unpackhi_pd(a.v, b.v);
  }
}
MAXMARGIN_INLINE F8 narrow(D8 a) { return {_mm512_cvtpd_ps(a.v)}; }
MAXMARGIN_INLINE F16 narrow(vec<double, 16> a) { return joined(narrow(a.lo), narrow(a.hi)); }
