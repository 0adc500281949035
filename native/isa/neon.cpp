#include "kernels/kernel_table.h"
#include "simd/target.h"

#if defined(MAXMARGIN_ARM64)
#include <arm_neon.h>

namespace maxmargin {
namespace {

#include "simd/vec.inl.h"
#include "simd/neon.inl.h"
#include "kernels/table.inl.h"

constexpr InstructionSet kTable = instruction_set("neon", [] { return true; });

}  // namespace
const InstructionSet* const kNeon = &kTable;
}  // namespace maxmargin

#else
namespace maxmargin {
const InstructionSet* const kNeon = nullptr;
}
#endif
