// The limits that the machine sets: loads that do nothing else, and copies. bench/probe.ts compiles this for the machine at hand,
// together with the library's own thread pool.
#include <node_api.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "platform/parallel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

struct Bytes {
  const char* first;
  size_t count;

  // From one of `parts` equal shares to the next.
  Bytes share(size_t i, size_t parts) const {
    const auto begin = [&](size_t k) { return k == parts ? count : count / parts / 64 * 64 * k; };
    return {first + begin(i), begin(i + 1) - begin(i)};
  }
};

constexpr size_t kSteps = 4;

// A register of some bytes, in which bits are collected.
template <size_t kBytes>
struct Register {
  // Not an alias: g++ ignores the attribute there.
  typedef uint64_t V __attribute__((vector_size(kBytes)));
  static_assert(sizeof(V) == kBytes, "a register");
  V seen[kSteps] = {};

  static constexpr size_t kStep = kSteps * kBytes;

  void see(const char* from, bool prefetch) {
    constexpr size_t kAhead = 2048;
    for (size_t k = 0; prefetch && k < kStep; k += 64) __builtin_prefetch(from + kAhead + k);
    for (size_t k = 0; k < kSteps; ++k) {
      V value;
      std::memcpy(&value, from + k * kBytes, kBytes);
      seen[k] |= value;
    }
  }

  bool any() const {
    const V all = (seen[0] | seen[1]) | (seen[2] | seen[3]);
    uint64_t words[kBytes / sizeof(uint64_t)], bits = 0;
    std::memcpy(words, &all, kBytes);
    for (const uint64_t word : words) bits |= word;
    return bits != 0;
  }
};

// Reads as many bytes of either array in each of its steps as the other's length asks for.
template <size_t kBytes>
bool read(Bytes a, Bytes b, bool prefetch) {
  constexpr size_t kStep = Register<kBytes>::kStep;
  if (a.count < b.count) std::swap(a, b);
  const size_t longer = a.count / kStep, shorter = b.count / kStep;
  Register<kBytes> seen;
  size_t due = 0;
  for (size_t i = 0; i < longer; ++i, a.first += kStep) {
    seen.see(a.first, prefetch);
    due += shorter;
    if (due < longer) continue;
    due -= longer;
    seen.see(b.first, prefetch);
    b.first += kStep;
  }
  return seen.any();
}

// How an array is read: with registers of 32 or 64 bytes, with a request for memory ahead or without, and by threads that have
// a half of it each, or blocks in turn.
struct Pattern {
  bool is_wide, prefetch, blocks;
  size_t threads;
};

bool read_all(const Bytes& a, const Bytes& b, const Pattern& pattern) {
  constexpr size_t kBlockBytes = 32 * 1024;
  const size_t blocks = std::max<size_t>(1, std::max(a.count, b.count) / kBlockBytes);
  const size_t parts = pattern.blocks ? blocks : pattern.threads;
  std::atomic<bool> seen{false};
  maxmargin::parallel(parts, pattern.threads, (a.count + b.count) / 8, [&](size_t i, size_t) {
    const Bytes own_a = a.share(i, parts), own_b = b.share(i, parts);
    if (pattern.is_wide ? read<64>(own_a, own_b, pattern.prefetch) : read<32>(own_a, own_b, pattern.prefetch)) {
      seen = true;
    }
  });
  return seen;
}

// Copies past the caches, where the processor can.
void stream(const Bytes& from, char* to) {
#if defined(__x86_64__)
  constexpr size_t kLine = 16;
  const size_t ahead = std::min(from.count, (kLine - reinterpret_cast<uintptr_t>(to) % kLine) % kLine);
  std::memcpy(to, from.first, ahead);
  size_t i = ahead;
  for (; i + kLine <= from.count; i += kLine) {
    __m128i line;
    std::memcpy(&line, from.first + i, kLine);
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i), line);
  }
  std::memcpy(to + i, from.first + i, from.count - i);
  _mm_sfence();
#else
  std::memcpy(to, from.first, from.count);
#endif
}

// Reads two arrays and copies the second, piece by piece.
bool copy_all(const Bytes& a, const Bytes& b, char* to, bool streams, size_t threads) {
  constexpr size_t kPieceBytes = 8 * 1024, kPieces = 8;
  const size_t pieces = std::max<size_t>(1, b.count / kPieceBytes);
  std::atomic<bool> seen{false};
  maxmargin::parallel(maxmargin::ceil_div(pieces, kPieces), threads, (a.count + b.count) / 8,
                      [&](size_t task, size_t) {
                        for (size_t i = task * kPieces; i < std::min(pieces, (task + 1) * kPieces); ++i) {
                          const Bytes from = b.share(i, pieces);
                          if (read<32>(a.share(i, pieces), from, false)) seen = true;
                          char* copy = to + (from.first - b.first);
                          if (streams) {
                            stream(from, copy);
                          } else {
                            std::memcpy(copy, from.first, from.count);
                          }
                        }
                      });
  return seen;
}

// ---- Node-API. The benchmark passes Uint8Arrays, booleans and a number, and nothing else.

Bytes bytes_of(napi_env env, napi_value value) {
  void* data = nullptr;
  size_t count = 0;
  napi_get_buffer_info(env, value, &data, &count);
  return {static_cast<const char*>(data), count};
}

bool flag_of(napi_env env, napi_value value) {
  bool flag = false;
  napi_get_value_bool(env, value, &flag);
  return flag;
}

size_t count_of(napi_env env, napi_value value) {
  uint32_t count = 1;
  napi_get_value_uint32(env, value, &count);
  return count;
}

napi_value result_of(napi_env env, bool seen) {
  napi_value result = nullptr;
  napi_get_boolean(env, seen, &result);
  return result;
}

// read(a, b, isWide, prefetch, blocks, threads)
napi_value read_entry(napi_env env, napi_callback_info info) {
  napi_value v[6];
  size_t count = 6;
  napi_get_cb_info(env, info, &count, v, nullptr, nullptr);
  const Pattern pattern{flag_of(env, v[2]), flag_of(env, v[3]), flag_of(env, v[4]), count_of(env, v[5])};
  return result_of(env, read_all(bytes_of(env, v[0]), bytes_of(env, v[1]), pattern));
}

// copy(a, b, to, streams, threads)
napi_value copy_entry(napi_env env, napi_callback_info info) {
  napi_value v[5];
  size_t count = 5;
  napi_get_cb_info(env, info, &count, v, nullptr, nullptr);
  char* to = const_cast<char*>(bytes_of(env, v[2]).first);
  return result_of(env, copy_all(bytes_of(env, v[0]), bytes_of(env, v[1]), to, flag_of(env, v[3]),
                                 count_of(env, v[4])));
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor entries[] = {
      {"read", nullptr, read_entry, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"copy", nullptr, copy_entry, nullptr, nullptr, nullptr, napi_default, nullptr}};
  napi_define_properties(env, exports, 2, entries);
  return exports;
}
