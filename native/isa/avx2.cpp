#include "kernels/kernel_table.h"
#include "simd/target.h"

#if defined(MAXMARGIN_X64)
#include <immintrin.h>

#include "platform/cpu.h"

MAXMARGIN_TARGET_BEGIN("avx2,fma,f16c")
namespace maxmargin {
namespace {

#include "simd/vec.inl.h"
#include "simd/avx2.inl.h"
#include "kernels/table.inl.h"

constexpr InstructionSet kTable = instruction_set("avx2", cpu_has_avx2);

}  // namespace
const InstructionSet* const kAvx2 = &kTable;
}  // namespace maxmargin
MAXMARGIN_TARGET_END

#else
namespace maxmargin {
const InstructionSet* const kAvx2 = nullptr;
}
#endif
