// 8 floats in the 256-bit registers of AVX2, which AVX-512 uses too.

template <>
struct vec<float, 8> {
  __m256 v;
};
using F8 = vec<float, 8>;

MAXMARGIN_INLINE F8 operator+(F8 a, F8 b) { return {_mm256_add_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 operator-(F8 a, F8 b) { return {_mm256_sub_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 operator*(F8 a, F8 b) { return {_mm256_mul_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 operator|(F8 a, F8 b) { return {_mm256_or_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 max_or_second(F8 a, F8 b) { return {_mm256_max_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F8 select_nan(F8 x, F8 a, F8 b) {
  return {_mm256_blendv_ps(b.v, a.v, _mm256_cmp_ps(x.v, x.v, _CMP_UNORD_Q))};
}
MAXMARGIN_INLINE F8 value_if_equal(F8 a, F8 b, F8 value) {
  return {_mm256_and_ps(_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ), value.v)};
}
MAXMARGIN_INLINE F8 first_n_or(F8 a, int n, float rest) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i own = _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane);
  return {_mm256_blendv_ps(_mm256_set1_ps(rest), a.v, _mm256_castsi256_ps(own))};
}
MAXMARGIN_INLINE void set_all(float value, F8& a) { a.v = _mm256_set1_ps(value); }
MAXMARGIN_INLINE void load(const float* from, F8& a) { a.v = _mm256_loadu_ps(from); }
MAXMARGIN_INLINE void load_halves(const float* low, const float* high, F8& a) {
  a.v = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}
MAXMARGIN_INLINE void load_fours(const float* const* from, size_t i, F8& a) { load_halves(from[0] + i, from[1] + i, a); }
MAXMARGIN_INLINE __m128i load_8_bytes(const void* from) {
  return _mm_loadl_epi64(static_cast<const __m128i*>(from));
}
MAXMARGIN_INLINE __m256i load_8_integers(const int8_t* from) { return _mm256_cvtepi8_epi32(load_8_bytes(from)); }
MAXMARGIN_INLINE __m256i load_8_integers(const Bool8* from) {
  return _mm256_cvtepu8_epi32(_mm_min_epu8(load_8_bytes(from), _mm_set1_epi8(1)));
}
MAXMARGIN_INLINE void load(const int8_t* from, F8& a) { a.v = _mm256_cvtepi32_ps(load_8_integers(from)); }
MAXMARGIN_INLINE void load(const uint8_t* from, F8& a) {
  a.v = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(load_8_bytes(from)));
}
MAXMARGIN_INLINE void load(const Bool8* from, F8& a) { a.v = _mm256_cvtepi32_ps(load_8_integers(from)); }
MAXMARGIN_INLINE void load_bits(const int8_t* from, F8& y) { y.v = _mm256_castsi256_ps(load_8_integers(from)); }
MAXMARGIN_INLINE void load_bits(const Bool8* from, F8& y) { y.v = _mm256_castsi256_ps(load_8_integers(from)); }
// Returns p where the sign is set, -p elsewhere. Callers subtract it from a margin, which compilers turn into an addition of what is
// subtracted from -0 here.
MAXMARGIN_INLINE F8 negated_unless(__m256i sign, F8 p) {
  return {_mm256_sub_ps(_mm256_set1_ps(-0.0f), _mm256_xor_ps(p.v, _mm256_castsi256_ps(sign)))};
}
MAXMARGIN_INLINE F8 apply_bit_sign(F8 y, F8 p, F8& invalid) {
  invalid = invalid | y;
  return negated_unless(_mm256_slli_epi32(_mm256_castps_si256(y.v), 31), p);
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
MAXMARGIN_INLINE F8 round_to_half(F8 a) {
  return {_mm256_cvtph_ps(_mm256_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC))};
}
MAXMARGIN_INLINE F8 round_to_bfloat16(F8 a) {
  const __m256i bits = _mm256_castps_si256(a.v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i half = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF));
  const __m256i kept = _mm256_set1_epi32(static_cast<int>(0xFFFF0000));
  return {_mm256_castsi256_ps(_mm256_and_si256(_mm256_add_epi32(bits, half), kept))};
}
MAXMARGIN_INLINE void optimization_barrier(F8& a) { __asm__ volatile("" : "+x"(a.v)); }
MAXMARGIN_INLINE void store(float* to, F8 a) { _mm256_storeu_ps(to, a.v); }

MAXMARGIN_INLINE void stream_line(const char* from, char* to) {
  for (size_t i = 0; i < 64; i += 32) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
  }
}

template <int kSegment>
MAXMARGIN_INLINE void unzip_segments(F8 a, F8 b, F8& low, F8& high) {
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
MAXMARGIN_INLINE F8 permute(F8 a, const int (&index)[8]) {
  return {_mm256_permutevar8x32_ps(
      a.v, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(index)))};
}
