#include "platform/arena.h"

#include <cstdint>
#include <new>

// Where the linker lets memory begin that nothing else uses.
extern "C" char __heap_base;

namespace maxmargin {
namespace {

constexpr uintptr_t kPage = 64 << 10;
constexpr uintptr_t kLine = 64;

uintptr_t arrays_end = 0;
uintptr_t end = 0;

uintptr_t aligned(uintptr_t address) { return (address + kLine - 1) / kLine * kLine; }

// Takes bytes from an address on, and returns its multiple of kLine; 0 if there is no memory.
uintptr_t take(uintptr_t from, size_t bytes) {
  const uintptr_t first = aligned(from);
  if (bytes > UINTPTR_MAX - first - kPage) return 0;
  end = first + bytes;
  const uintptr_t pages = (end + kPage - 1) / kPage, has = __builtin_wasm_memory_size(0);
  return pages <= has || __builtin_wasm_memory_grow(0, pages - has) != SIZE_MAX ? first : 0;
}

}  // namespace

void* reserve_arrays(size_t bytes) {
  const uintptr_t arrays = take(reinterpret_cast<uintptr_t>(&__heap_base), bytes);
  arrays_end = end;
  return reinterpret_cast<void*>(arrays);
}

void release_allocations() { end = arrays_end; }

}  // namespace maxmargin

// There are no exceptions: JavaScript catches the trap, and starts another instance.
extern "C" void abort() { __builtin_trap(); }

void* operator new(size_t bytes) {
  const uintptr_t address = maxmargin::take(maxmargin::end, bytes);
  if (address == 0) __builtin_trap();
  return reinterpret_cast<void*>(address);
}

void operator delete(void*) noexcept {}
void operator delete(void*, size_t) noexcept {}
