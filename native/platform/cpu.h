// Features that both the processor and the operating system support.
#pragma once

namespace maxmargin {

bool cpu_has_avx2();
bool cpu_has_avx512();

}  // namespace maxmargin
