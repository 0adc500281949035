#include "probe.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "platform/parallel.h"

namespace maxmargin {

bool read_probe(const void* a, size_t a_bytes, const void* b, size_t b_bytes, Prefetch prefetch,
                Sharing sharing, const Machine& machine) {
  constexpr size_t kBlockBytes = 32 * 1024;
  const size_t blocks = std::max<size_t>(1, std::max(a_bytes, b_bytes) / kBlockBytes);
  const size_t parts = sharing == Sharing::halves ? machine.threads : blocks;
  const auto share = [&](size_t bytes, size_t i) {
    return i == parts ? bytes : bytes / parts / 64 * 64 * i;
  };
  std::atomic<bool> seen{false};
  parallel(parts, machine.threads, (a_bytes + b_bytes) / 8, [&](size_t i, size_t) {
    const size_t a_begin = share(a_bytes, i), b_begin = share(b_bytes, i);
    if (machine.set->read_probe[static_cast<int>(prefetch)](
            static_cast<const char*>(a) + a_begin, share(a_bytes, i + 1) - a_begin,
            static_cast<const char*>(b) + b_begin, share(b_bytes, i + 1) - b_begin)) {
      seen = true;
    }
  });
  return seen;
}

bool write_probe(const void* a, size_t a_bytes, const void* b, size_t b_bytes, void* to, bool streams,
                 const Machine& machine) {
  constexpr size_t kPieceBytes = 8 * 1024, kPieces = 8;
  const size_t pieces = std::max<size_t>(1, b_bytes / kPieceBytes);
  const auto begin = [pieces](size_t bytes, size_t i) {
    return i >= pieces ? bytes : bytes / pieces / 64 * 64 * i;
  };
  std::atomic<bool> seen{false};
  parallel(ceil_div(pieces, kPieces), machine.threads, (a_bytes + b_bytes) / 8, [&](size_t task, size_t) {
    const size_t end = std::min(pieces, (task + 1) * kPieces);
    for (size_t i = task * kPieces; i < end; ++i) {
      const char* from = static_cast<const char*>(b) + begin(b_bytes, i);
      const size_t bytes = begin(b_bytes, i + 1) - begin(b_bytes, i);
      if (machine.set->read_probe[static_cast<int>(Prefetch::none)](
              static_cast<const char*>(a) + begin(a_bytes, i), begin(a_bytes, i + 1) - begin(a_bytes, i),
              from, bytes)) {
        seen = true;
      }
      char* copy = static_cast<char*>(to) + begin(b_bytes, i);
      if (streams) {
        machine.set->stream(from, bytes, copy);
      } else {
        std::memcpy(copy, from, bytes);
      }
    }
  });
  return seen;
}

}  // namespace maxmargin
