// The 256-bit registers, for AVX2 and for the narrow ends of AVX-512.

template <>
struct vec<float, 8> {
  __m256 v;
};
template <>
struct vec<double, 4> {
  __m256d v;
};
using F8 = vec<float, 8>;
using D4 = vec<double, 4>;

MAXMARGIN_INLINE F8 operator+(F8 a, F8 b) { return {_mm256_add_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 operator-(F8 a, F8 b) { return {_mm256_sub_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 operator*(F8 a, F8 b) { return {_mm256_mul_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 operator|(F8 a, F8 b) { return {_mm256_or_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 larger(F8 a, F8 b) { return {_mm256_max_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 negated_unless_one(F8 y, F8 p, F8& impure) {
  const __m256 other = _mm256_cmp_ps(y.v, _mm256_set1_ps(1.0f), _CMP_NEQ_UQ);
  impure.v = _mm256_or_ps(impure.v, _mm256_and_ps(other, y.v));
  return {_mm256_xor_ps(p.v, _mm256_and_ps(other, _mm256_set1_ps(-0.0f)))};
}
MAXMARGIN_INLINE F8 where_nan(F8 test, F8 a, F8 b) {
  return {_mm256_blendv_ps(b.v, a.v, _mm256_cmp_ps(test.v, test.v, _CMP_UNORD_Q))};
}
MAXMARGIN_INLINE F8 where_equal(F8 a, F8 b, F8 value) {
  return {_mm256_and_ps(_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ), value.v)};
}
MAXMARGIN_INLINE F8 keep_first(F8 a, int count, float rest) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i own = _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane);
  return {_mm256_blendv_ps(_mm256_set1_ps(rest), a.v, _mm256_castsi256_ps(own))};
}
MAXMARGIN_INLINE void fill(float value, F8& a) { a.v = _mm256_set1_ps(value); }
MAXMARGIN_INLINE void load(const float* from, F8& a) { a.v = _mm256_loadu_ps(from); }
MAXMARGIN_INLINE __m128i load_8_bytes(const void* from) {
  return _mm_loadl_epi64(static_cast<const __m128i*>(from));
}
MAXMARGIN_INLINE void load(const int8_t* from, F8& a) {
  a.v = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(load_8_bytes(from)));
}
MAXMARGIN_INLINE void load(const uint8_t* from, F8& a) {
  a.v = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(load_8_bytes(from)));
}
MAXMARGIN_INLINE void load(const Bool8* from, F8& a) {
  const __m128i ones = _mm_min_epu8(load_8_bytes(from), _mm_set1_epi8(1));
  a.v = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(ones));
}
MAXMARGIN_INLINE void load(const int32_t* from, F8& a) {
  a.v = _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
MAXMARGIN_INLINE __m128i load_16_bytes(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
MAXMARGIN_INLINE void load(const Half* from, F8& a) { a.v = _mm256_cvtph_ps(load_16_bytes(from)); }
MAXMARGIN_INLINE void load(const BFloat16* from, F8& a) {
  const __m256i bits = _mm256_cvtepu16_epi32(load_16_bytes(from));
  a.v = _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
}
MAXMARGIN_INLINE F8 as_half(F8 a) {
  return {_mm256_cvtph_ps(_mm256_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC))};
}
MAXMARGIN_INLINE F8 as_bfloat16(F8 a) {
  const __m256i bits = _mm256_castps_si256(a.v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i half = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF));
  const __m256i kept = _mm256_set1_epi32(static_cast<int>(0xFFFF0000));
  return {_mm256_castsi256_ps(_mm256_and_si256(_mm256_add_epi32(bits, half), kept))};
}
MAXMARGIN_INLINE void settle(F8& a) { __asm__ volatile("" : "+x"(a.v)); }
MAXMARGIN_INLINE void store(float* to, F8 a) { _mm256_storeu_ps(to, a.v); }

// 64 bytes, to where a cache line begins.
MAXMARGIN_INLINE void stream_line(const char* from, char* to) {
  for (size_t i = 0; i < 64; i += 32) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
  }
}
// What was streamed is seen by other threads from here on.
MAXMARGIN_INLINE void end_stream() { _mm_sfence(); }

template <int kSegment>
MAXMARGIN_INLINE void halves(F8 a, F8 b, F8& low, F8& high) {
  if constexpr (kSegment == 8) {
    low.v = _mm256_permute2f128_ps(a.v, b.v, 0x20);
    high.v = _mm256_permute2f128_ps(a.v, b.v, 0x31);
  } else if constexpr (kSegment == 4) {
    low.v = _mm256_shuffle_ps(a.v, b.v, 0x44);
    high.v = _mm256_shuffle_ps(a.v, b.v, 0xEE);
  } else {
    low.v = _mm256_shuffle_ps(a.v, b.v, 0x88);
    high.v = _mm256_shuffle_ps(a.v, b.v, 0xDD);
  }
}
MAXMARGIN_INLINE F8 permuted(F8 a, const int (&index)[8]) {
  return {_mm256_permutevar8x32_ps(
      a.v, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(index)))};
}
