// In place of thread_pool.cpp, where there are no threads.
#include "platform/thread_pool.h"

namespace maxmargin {

void run_parallel(size_t count, size_t, int64_t, Task task, void* context) {
  for (size_t i = 0; i < count; ++i) task(context, i, 0);
}

size_t threads_worth(size_t, int64_t, int64_t) { return 1; }

void stop_threads() {}

}  // namespace maxmargin
