#include "kernels/kernel_table.h"
#include "simd/target.h"

#if defined(MAXMARGIN_X64)
#include <immintrin.h>

#include "platform/cpu.h"

// g++ 12 takes the deliberately undefined operand inside its own intrinsics for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

MAXMARGIN_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c")
namespace maxmargin {
namespace {

#include "simd/vec.inl.h"
#include "simd/avx512.inl.h"
#include "kernels/table.inl.h"

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
