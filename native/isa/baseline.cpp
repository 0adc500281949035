// Any processor: compiled for what the compiler takes for granted.
#include "kernels/kernel_table.h"
#include "simd/target.h"

#if !defined(MAXMARGIN_WASM128)
namespace maxmargin {
namespace {

#include "simd/vec.inl.h"
#include "simd/generic128.inl.h"
#include "kernels/table.inl.h"

constexpr InstructionSet kTable = instruction_set("scalar", [] { return true; });

}  // namespace
const InstructionSet* const kScalar = &kTable;
}  // namespace maxmargin

#else
namespace maxmargin {
const InstructionSet* const kScalar = nullptr;
}
#endif
