// Loops whose steps several threads share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/thread_pool.h"

namespace maxmargin {

inline size_t ceil_div(size_t n, size_t by) { return n / by + (n % by != 0); }

// The nanoseconds that one thread takes for some values, about. Only the number of threads depends on it.
constexpr int64_t nanoseconds_for(size_t values, int64_t per_thousand) {
  return static_cast<int64_t>(values / 1000) * per_thousand;
}

// Runs function(i, worker) for every i below `count`, on at most `threads` threads: see run_parallel.
template <class Function>
void parallel(size_t count, size_t threads, int64_t alone, Function function) {
  run_parallel(
      count, threads, alone,
      [](void* context, size_t i, size_t worker) noexcept {
        (*static_cast<Function*>(context))(i, worker);
      },
      &function);
}

}  // namespace maxmargin
