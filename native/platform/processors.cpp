#include "platform/processors.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace maxmargin {

#if defined(__linux__)
int current_processor() { return sched_getcpu(); }

void leave_processor(int processor) {
  if (processor < 0 || processor != current_processor()) return;
  cpu_set_t all;
  if (sched_getaffinity(0, sizeof(all), &all) != 0) return;
  cpu_set_t others = all;
  CPU_CLR(processor, &others);
  // The thread stays where it was moved, though it may come back.
  if (CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof(others), &others) == 0) {
    sched_setaffinity(0, sizeof(all), &all);
  }
}
#else
int current_processor() { return -1; }

void leave_processor(int) {}
#endif

}  // namespace maxmargin
