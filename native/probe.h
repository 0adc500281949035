// The limits that the machine sets, for the benchmark to measure.
#pragma once

#include <cstddef>

#include "engine/batch.h"

namespace maxmargin {

// How the threads of the read probe share the arrays: each a half of its own, or blocks in turn.
enum class Sharing { halves, blocks };

// Loads two arrays and does nothing else: the limit that the machine sets to any loss of them.
bool read_probe(const void* a, size_t a_bytes, const void* b, size_t b_bytes, Prefetch prefetch,
                Sharing sharing, const Machine& machine);

// The same, and copies the second, piece by piece, past the caches if it `streams`: the limit to any gradient.
bool write_probe(const void* a, size_t a_bytes, const void* b, size_t b_bytes, void* to, bool streams,
                 const Machine& machine);

}  // namespace maxmargin
