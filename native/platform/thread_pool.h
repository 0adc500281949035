// One pool of threads for the process, however many JavaScript threads call it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace maxmargin {

// It throws nothing: other threads may be at work on the same job.
using Task = void (*)(void* context, size_t index, size_t worker) noexcept;

constexpr size_t kMaxWorkers = 128;

// Runs task(context, i, worker) once for every i below `count`, in any order, on at most `threads` threads,
// the caller's among them; returns when all have run, and what they wrote is visible. Each thread is another worker, numbered below
// `threads` and kMaxWorkers. `alone` is about how many nanoseconds one thread takes: by that, and by what
// sharing a job has cost so far, others are asked to help or not. Threads are started when first needed.
void run_parallel(size_t count, size_t threads, int64_t alone, Task task, void* context);

// Returns with how many threads a job ends first, up to `most`, by what sharing has cost so far, and `each`, the nanoseconds that
// the caller takes to prepare for each further thread.
size_t threads_worth(size_t most, int64_t alone, int64_t each);

// Stops and joins the pool's threads. No run_parallel may be under way; a later one starts new threads.
void stop_threads();

}  // namespace maxmargin
