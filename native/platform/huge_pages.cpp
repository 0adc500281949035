#include "platform/huge_pages.h"

#if defined(__linux__)
#include <sys/mman.h>

#include <cstdint>
#endif

namespace maxmargin {

#if defined(__linux__)
void expect_writes(void* data, size_t bytes) {
  constexpr uintptr_t kHugePage = 2 << 20;
  const uintptr_t start = reinterpret_cast<uintptr_t>(data);
  const uintptr_t begin = (start + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t end = (start + bytes) / kHugePage * kHugePage;
  // Advice: it does no harm where it is refused.
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}
#else
void expect_writes(void*, size_t) {}
#endif

}  // namespace maxmargin
