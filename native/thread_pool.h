// One pool of threads for the process, however many JavaScript threads call it.
#pragma once

#include <cstddef>

namespace maxmargin {

using Task = void (*)(void* context, size_t index, size_t worker);

constexpr size_t kMostWorkers = 128;

// Runs task(context, i, worker) once for every i below `count`, in any order, on at most `threads` threads,
// the caller's among them; returns when all have run. Each thread is another worker, numbered below
// `threads` and kMostWorkers. Threads are started when they are first needed, and only those that are awake
// help where a job is not worth waking one: `is_long`, or one that follows closely upon another.
void run_parallel(size_t count, size_t threads, bool is_long, Task task, void* context);

// Stops and joins the pool's threads. No run_parallel may be under way; a later one starts new threads.
void stop_threads();

}  // namespace maxmargin
