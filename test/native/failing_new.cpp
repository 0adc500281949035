// Lets memory run out on demand, for test/native/memory.mjs. The linker's --wrap puts this in the place of the addon's own
// `operator new`. An environment variable says how many allocations are left; it counts down.
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

extern "C" {

void* __real__Znwm(std::size_t bytes);

void* __wrap__Znwm(std::size_t bytes) {
  constexpr const char* kVariable = "ALLOCATIONS_LEFT";
  const char* text = std::getenv(kVariable);
  if (text == nullptr) return __real__Znwm(bytes);
  const int left = std::atoi(text);
  if (left == 0) throw std::bad_alloc();
  // JavaScript reads it too.
  setenv(kVariable, std::to_string(left - 1).c_str(), 1);
  return __real__Znwm(bytes);
}
}
