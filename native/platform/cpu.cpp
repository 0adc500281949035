#include "platform/cpu.h"

#include "simd/target.h"

#if defined(MAXMARGIN_X64)
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

#include <cstdint>

namespace maxmargin {
namespace {

struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

Registers cpuid(uint32_t leaf) {
  Registers r{};
#if defined(_MSC_VER)
  int out[4];
  __cpuid(out, 0);
  if (static_cast<uint32_t>(out[0]) < leaf) return r;
  __cpuidex(out, static_cast<int>(leaf), 0);
  r = {static_cast<uint32_t>(out[0]), static_cast<uint32_t>(out[1]), static_cast<uint32_t>(out[2]),
       static_cast<uint32_t>(out[3])};
#else
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

// The registers that the operating system saves and restores: an instruction of a processor that has
// AVX faults all the same where the system does not know its registers.
uint64_t saved_registers() {
  constexpr uint32_t kOsxsave = 1u << 27;
  if ((cpuid(1).ecx & kOsxsave) == 0) return 0;
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
#endif
}

bool all_of(uint64_t bits, uint64_t wanted) { return (bits & wanted) == wanted; }

}  // namespace

bool cpu_has_avx2() {
  constexpr uint64_t kXmmYmm = 0x6;
  constexpr uint32_t kAvx2 = 1u << 5, kFma = 1u << 12, kF16c = 1u << 29;
  return all_of(saved_registers(), kXmmYmm) && all_of(cpuid(7).ebx, kAvx2) &&
         all_of(cpuid(1).ecx, kFma | kF16c);
}

bool cpu_has_avx512() {
  constexpr uint64_t kXmmYmmZmm = 0xE6;
  constexpr uint32_t kF = 1u << 16, kDq = 1u << 17, kBw = 1u << 30, kVl = 1u << 31;
  return cpu_has_avx2() && all_of(saved_registers(), kXmmYmmZmm) &&
         all_of(cpuid(7).ebx, kF | kDq | kBw | kVl);
}

}  // namespace maxmargin
#endif
