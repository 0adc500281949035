#include "kernels/kernel_table.h"
#include "simd/target.h"

#if defined(MAXMARGIN_WASM128)
#include <wasm_simd128.h>

namespace maxmargin {
namespace {

#include "simd/vec.inl.h"
#include "simd/wasm128.inl.h"
#include "kernels/table.inl.h"

constexpr InstructionSet kTable = instruction_set("wasm128", [] { return true; });

}  // namespace
const InstructionSet* const kWasm128 = &kTable;
}  // namespace maxmargin

#else
namespace maxmargin {
const InstructionSet* const kWasm128 = nullptr;
}
#endif
