// processors: a thread leaves its processor where there is another, and may run on the same ones as before.
// scripts/sanitize.mjs builds and runs it.
#include "platform/processors.h"

#include <cstdio>

#if defined(__linux__)
#include <sched.h>

namespace {

cpu_set_t allowed() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  sched_getaffinity(0, sizeof(processors), &processors);
  return processors;
}

}  // namespace

int main() {
  constexpr int kTimes = 1000;
  const cpu_set_t before = allowed();
  int left = 0;
  for (int i = 0; i < kTimes; ++i) {
    const int here = maxmargin::current_processor();
    maxmargin::leave_processor(-1);
    maxmargin::leave_processor(here);
    // Some time later the system may move it back.
    left += maxmargin::current_processor() != here;
  }
  const cpu_set_t after = allowed();
  std::printf("a thread that may run on %d processors left its own %d of %d times\n", CPU_COUNT(&before), left, kTimes);
  const bool could_leave = CPU_COUNT(&before) > 1;
  return CPU_EQUAL(&before, &after) && (could_leave ? left > kTimes / 2 : left == 0) ? 0 : 1;
}
#else
int main() { return maxmargin::current_processor() < 0 ? 0 : 1; }
#endif
