// The memory of a WebAssembly instance: arrays, and behind them what is allocated during a call.
#pragma once

#include <cstddef>

namespace maxmargin {

// Makes room for arrays, in place of those before. Returns their address, a multiple of 64, or null if there is no memory.
void* reserve_arrays(size_t bytes);

// Forgets everything that operator new has given: a call ends with nothing left.
void release_allocations();

}  // namespace maxmargin
