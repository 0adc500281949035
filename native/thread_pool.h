// One pool of threads for the process, however many JavaScript threads call it.
#pragma once

#include <cstddef>

namespace maxmargin {

using Task = void (*)(void* context, size_t index, size_t worker);

// Runs task(context, i, worker) once for every i below `count`, in any order, on at most `threads` threads,
// the caller's among them; returns when all have run. Each thread is another worker, numbered below
// `threads`. Threads are started when they are first needed.
void run_parallel(size_t count, size_t threads, Task task, void* context);

// Stops and joins the pool's threads. A later run_parallel starts new ones.
void stop_threads();

}  // namespace maxmargin
