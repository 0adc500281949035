#include "kernels.h"
#include "target.h"

#if defined(MAXMARGIN_X64)

#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "../cpu.h"

MAXMARGIN_TARGET_BEGIN("avx2")
namespace maxmargin {
namespace {

constexpr int kUnit = 8;

#include "vec.inl.h"
#include "avx2_registers.inl.h"

MAXMARGIN_INLINE D4 operator+(D4 a, D4 b) { return {_mm256_add_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D4 operator-(D4 a, D4 b) { return {_mm256_sub_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D4 operator/(D4 a, D4 b) { return {_mm256_div_pd(a.v, b.v)}; }
MAXMARGIN_INLINE D4 larger(D4 a, D4 b) { return {_mm256_max_pd(a.v, b.v)}; }
MAXMARGIN_INLINE bool any_nan(D4 a) {
  return _mm256_movemask_pd(_mm256_cmp_pd(a.v, a.v, _CMP_UNORD_Q)) != 0;
}
MAXMARGIN_INLINE void fill(double value, D4& a) { a.v = _mm256_set1_pd(value); }
MAXMARGIN_INLINE void load(const double* from, D4& a) { a.v = _mm256_loadu_pd(from); }
MAXMARGIN_INLINE void store(double* to, D4 a) { _mm256_storeu_pd(to, a.v); }
MAXMARGIN_INLINE vec<double, 8> widen(F8 a) {
  return {{_mm256_cvtps_pd(_mm256_castps256_ps128(a.v))},
          {_mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))}};
}

#include "losses.inl.h"
#include "loops.inl.h"

constexpr InstructionSet kTable = {"avx2", cpu_has_avx2, MAXMARGIN_KERNELS, read_probe};

}  // namespace
const InstructionSet* const kAvx2 = &kTable;
}  // namespace maxmargin
MAXMARGIN_TARGET_END

#else
namespace maxmargin {
const InstructionSet* const kAvx2 = nullptr;
}
#endif
