// Loops whose steps several threads share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/thread_pool.h"

namespace maxmargin {

inline size_t ceil_div(size_t n, size_t by) { return n / by + (n % by != 0); }

// Runs function(i, worker) for every i below `count`, on at most `threads` threads: see run_parallel. `values` is how
// many are computed in all.
template <class Function>
void parallel(size_t count, size_t threads, size_t values, Function function) {
  // About, for one thread. Only threads depend on it.
  constexpr int64_t kNanosecondsPerThousand = 60;
  run_parallel(
      count, threads, static_cast<int64_t>(values / 1000) * kNanosecondsPerThousand,
      [](void* context, size_t i, size_t worker) noexcept {
        (*static_cast<Function*>(context))(i, worker);
      },
      &function);
}

}  // namespace maxmargin
