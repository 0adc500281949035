#include "kernel_table.h"
#include "target.h"

#if defined(MAXMARGIN_X64)

#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "../cpu.h"

// g++ 12 takes the deliberately undefined operand inside its own intrinsics for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

MAXMARGIN_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c")
namespace maxmargin {
namespace {

constexpr bool kIsSmall = false;
constexpr int kUnit = 16;

#include "vec.inl.h"
#include "avx2_registers.inl.h"

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

MAXMARGIN_INLINE F8 low(F16 a) { return {_mm512_castps512_ps256(a.v)}; }
MAXMARGIN_INLINE F8 high(F16 a) { return {_mm512_extractf32x8_ps(a.v, 1)}; }
MAXMARGIN_INLINE F16 operator+(F16 a, F16 b) { return {_mm512_add_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 operator-(F16 a, F16 b) { return {_mm512_sub_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 operator*(F16 a, F16 b) { return {_mm512_mul_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 operator|(F16 a, F16 b) { return {_mm512_or_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 larger(F16 a, F16 b) { return {_mm512_max_ps(a.v, b.v)}; }
MAXMARGIN_INLINE F16 negated_unless_one(F16 y, F16 p, F16& impure) {
  const __mmask16 other = _mm512_cmp_ps_mask(y.v, _mm512_set1_ps(1.0f), _CMP_NEQ_UQ);
  impure.v = _mm512_mask_or_ps(impure.v, other, impure.v, y.v);
  return {_mm512_mask_xor_ps(p.v, other, p.v, _mm512_set1_ps(-0.0f))};
}
MAXMARGIN_INLINE F16 keep_first(F16 a, int count, float rest) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __mmask16 own = _mm512_cmpgt_epi32_mask(_mm512_set1_epi32(count), lane);
  return {_mm512_mask_mov_ps(_mm512_set1_ps(rest), own, a.v)};
}
MAXMARGIN_INLINE F16 where_nan(F16 test, F16 a, F16 b) {
  return {_mm512_mask_mov_ps(b.v, _mm512_cmp_ps_mask(test.v, test.v, _CMP_UNORD_Q), a.v)};
}
MAXMARGIN_INLINE F16 where_equal(F16 a, F16 b, F16 value) {
  return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ), value.v)};
}
MAXMARGIN_INLINE void fill(float value, F16& a) { a.v = _mm512_set1_ps(value); }
MAXMARGIN_INLINE F16 joined(F8 lo, F8 hi) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(lo.v), hi.v, 1)};
}
// By halves: arrays seldom begin on a cache line, and loads of 64 bytes that straddle two of them slow down
// the stream from memory.
MAXMARGIN_INLINE void load(const float* from, F16& a) {
  a = joined({_mm256_loadu_ps(from)}, {_mm256_loadu_ps(from + 8)});
}
MAXMARGIN_INLINE void load(const int8_t* from, F16& a) {
  a.v = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(load_16_bytes(from)));
}
MAXMARGIN_INLINE void load(const uint8_t* from, F16& a) {
  a.v = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(load_16_bytes(from)));
}
MAXMARGIN_INLINE void load(const Bool8* from, F16& a) {
  const __m128i ones = _mm_min_epu8(load_16_bytes(from), _mm_set1_epi8(1));
  a.v = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(ones));
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
MAXMARGIN_INLINE F16 as_half(F16 a) { return joined(as_half(low(a)), as_half(high(a))); }
MAXMARGIN_INLINE F16 as_bfloat16(F16 a) {
  return joined(as_bfloat16(low(a)), as_bfloat16(high(a)));
}
MAXMARGIN_INLINE void settle(F16& a) { __asm__ volatile("" : "+v"(a.v)); }
MAXMARGIN_INLINE void store(float* to, F16 a) { _mm512_storeu_ps(to, a.v); }

MAXMARGIN_INLINE D8 operator+(D8 a, D8 b) { return {_mm512_add_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 operator-(D8 a, D8 b) { return {_mm512_sub_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 operator*(D8 a, D8 b) { return {_mm512_mul_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 operator|(D8 a, D8 b) { return {_mm512_or_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 operator/(D8 a, D8 b) { return {_mm512_div_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 larger(D8 a, D8 b) { return {_mm512_max_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D8 negated_unless_one(D8 y, D8 p, D8& impure) {
  const __mmask8 other = _mm512_cmp_pd_mask(y.v, _mm512_set1_pd(1.0), _CMP_NEQ_UQ);
  impure.v = _mm512_mask_or_pd(impure.v, other, impure.v, y.v);
  return {_mm512_mask_xor_pd(p.v, other, p.v, _mm512_set1_pd(-0.0))};
}
MAXMARGIN_INLINE D8 where_nan(D8 test, D8 a, D8 b) {
  return {_mm512_mask_mov_pd(b.v, _mm512_cmp_pd_mask(test.v, test.v, _CMP_UNORD_Q), a.v)};
}
MAXMARGIN_INLINE D8 where_equal(D8 a, D8 b, D8 value) {
  return {_mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a.v, b.v, _CMP_EQ_OQ), value.v)};
}
MAXMARGIN_INLINE D8 keep_first(D8 a, int count, double rest) {
  const __m512i lane = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
  const __mmask8 own = _mm512_cmpgt_epi64_mask(_mm512_set1_epi64(count), lane);
  return {_mm512_mask_mov_pd(_mm512_set1_pd(rest), own, a.v)};
}
MAXMARGIN_INLINE bool any_nan(D8 a) { return _mm512_cmp_pd_mask(a.v, a.v, _CMP_UNORD_Q) != 0; }
MAXMARGIN_INLINE void fill(double value, D8& a) { a.v = _mm512_set1_pd(value); }
MAXMARGIN_INLINE void load(const double* from, D8& a) { a.v = _mm512_loadu_pd(from); }
MAXMARGIN_INLINE void load(const int32_t* from, D8& a) {
  a.v = _mm512_cvtepi32_pd(load_32_bytes(from));
}
MAXMARGIN_INLINE void load(const int64_t* from, D8& a) {
  a.v = _mm512_cvtepi64_pd(_mm512_loadu_si512(from));
}
MAXMARGIN_INLINE void settle(D8& a) { __asm__ volatile("" : "+v"(a.v)); }
MAXMARGIN_INLINE void store(double* to, D8 a) { _mm512_storeu_pd(to, a.v); }
MAXMARGIN_INLINE D8 widen(F8 a) { return {_mm512_cvtps_pd(a.v)}; }

template <int kSegment>
MAXMARGIN_INLINE void halves(D8 a, D8 b, D8& low, D8& high) {
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

#include "instruction_set.inl.h"

constexpr InstructionSet kTable = instruction_set("avx512", cpu_has_avx512);

}  // namespace
const InstructionSet* const kAvx512 = &kTable;
}  // namespace maxmargin
MAXMARGIN_TARGET_END

#else
namespace maxmargin {
const InstructionSet* const kAvx512 = nullptr;
}
#endif
