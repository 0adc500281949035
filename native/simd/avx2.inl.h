// The registers of AVX2.
#include "simd/avx2_floats.inl.h"

constexpr int kUnit = 8;
constexpr bool kSavesCode = false;

template <>
struct vec<double, 4> {
  __m256d v;
};
using D4 = vec<double, 4>;

template <>
constexpr bool kSelectsLanes<F8> = true;
MAXMARGIN_INLINE F8 select_lanes(F8 a, const int32_t* index) {
  return {_mm256_permutevar8x32_ps(a.v, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(index)))};
}

// Of the bits of 1, only the exponent's last one is left where it has been shifted to the sign; of those of 0, none. y² - y, rounded
// once, is 0 for 0 and 1 alone.
MAXMARGIN_INLINE F8 apply_binary_sign(F8 y, F8 p, F8& invalid) {
  invalid.v = _mm256_or_ps(invalid.v, _mm256_fmsub_ps(y.v, y.v, y.v));
  return negated_unless(_mm256_slli_epi32(_mm256_castps_si256(y.v), 8), p);
}

MAXMARGIN_INLINE D4 operator+(D4 a, D4 b) { return {_mm256_add_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D4 operator-(D4 a, D4 b) { return {_mm256_sub_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D4 operator*(D4 a, D4 b) { return {_mm256_mul_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D4 operator|(D4 a, D4 b) { return {_mm256_or_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D4 operator/(D4 a, D4 b) { return {_mm256_div_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D4 max_or_second(D4 a, D4 b) { return {_mm256_max_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D4 apply_binary_sign(D4 y, D4 p, D4& invalid) {
  invalid.v = _mm256_or_pd(invalid.v, _mm256_fmsub_pd(y.v, y.v, y.v));
  const __m256d sign = _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(y.v), 11));
  return {_mm256_sub_pd(_mm256_set1_pd(-0.0), _mm256_xor_pd(p.v, sign))};
}
MAXMARGIN_INLINE D4 select_nan(D4 x, D4 a, D4 b) {
  return {_mm256_blendv_pd(b.v, a.v, _mm256_cmp_pd(x.v, x.v, _CMP_UNORD_Q))};
}
MAXMARGIN_INLINE D4 value_if_equal(D4 a, D4 b, D4 value) {
  return {_mm256_and_pd(_mm256_cmp_pd(a.v, b.v, _CMP_EQ_OQ), value.v)};
}
MAXMARGIN_INLINE D4 first_n_or(D4 a, int n, double rest) {
  const __m256i own =
      _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
  return {_mm256_blendv_pd(_mm256_set1_pd(rest), a.v, _mm256_castsi256_pd(own))};
}
MAXMARGIN_INLINE bool any_nan(D4 a) {
  return _mm256_movemask_pd(_mm256_cmp_pd(a.v, a.v, _CMP_UNORD_Q)) != 0;
}
MAXMARGIN_INLINE void set_all(double value, D4& a) { a.v = _mm256_set1_pd(value); }
MAXMARGIN_INLINE void load(const double* from, D4& a) { a.v = _mm256_loadu_pd(from); }
MAXMARGIN_INLINE void load(const int32_t* from, D4& a) {
  a.v = _mm256_cvtepi32_pd(load_16_bytes(from));
}
// The two halves of each integer, as the last bits of doubles of 2^52 and of 2^84 + 2^63: their sum rounds
// once.
MAXMARGIN_INLINE void load(const int64_t* from, D4& a) {
  const __m256i values = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  const __m256i low_bias = _mm256_set1_epi64x(0x4330000000000000);
  const __m256i high_bias = _mm256_set1_epi64x(0x4530000080000000);
  const __m256i low = _mm256_blend_epi32(low_bias, values, 0x55);
  const __m256i high = _mm256_xor_si256(_mm256_srli_epi64(values, 32), high_bias);
  const __m256d biases = _mm256_set1_pd(0x1p84 + 0x1p63 + 0x1p52);
  a.v = _mm256_add_pd(_mm256_sub_pd(_mm256_castsi256_pd(high), biases), _mm256_castsi256_pd(low));
}
MAXMARGIN_INLINE void optimization_barrier(D4& a) { __asm__ volatile("" : "+x"(a.v)); }
MAXMARGIN_INLINE void store(double* to, D4 a) { _mm256_storeu_pd(to, a.v); }
MAXMARGIN_INLINE vec<double, 8> widen(F8 a) {
  return {{_mm256_cvtps_pd(_mm256_castps256_ps128(a.v))},
          {_mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))}};
}

template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(D4 a, D4 b, D4& low, D4& high) {
  if constexpr (kSegment == 4) {
    low.v = _mm256_permute2f128_pd(a.v, b.v, 0x20);
    high.v = _mm256_permute2f128_pd(a.v, b.v, 0x31);
  } else {
    low.v = _mm256_unpacklo_pd(a.v, b.v);
    high.v = _mm256_unpackhi_pd(a.v, b.v);
  }
}
MAXMARGIN_INLINE F8 narrow(vec<double, 8> a) {
  return {_mm256_set_m128(_mm256_cvtpd_ps(a.hi.v), _mm256_cvtpd_ps(a.lo.v))};
}
