#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "kernels.h"
#include "target.h"

namespace maxmargin {
namespace {

constexpr int kUnit = 8;

#include "vec.inl.h"

// No intrinsics: the compiler's own vectors become whatever its baseline offers, without the bulk of
// four scalars each.
template <class T>
struct vec<T, 4> {
  T v __attribute__((vector_size(4 * sizeof(T))));
};
using F4 = vec<float, 4>;
using D4 = vec<double, 4>;

template <class T>
MAXMARGIN_INLINE vec<T, 4> operator+(vec<T, 4> a, vec<T, 4> b) {
  return {a.v + b.v};
}
template <class T>
MAXMARGIN_INLINE vec<T, 4> operator-(vec<T, 4> a, vec<T, 4> b) {
  return {a.v - b.v};
}
template <class T>
MAXMARGIN_INLINE vec<T, 4> operator*(vec<T, 4> a, vec<T, 4> b) {
  return {a.v * b.v};
}
template <class T>
MAXMARGIN_INLINE vec<T, 4> operator/(vec<T, 4> a, vec<T, 4> b) {
  return {a.v / b.v};
}
template <class T>
MAXMARGIN_INLINE vec<T, 4> operator|(vec<T, 4> a, vec<T, 4> b) {
  using Bits = decltype(a.v == b.v);
  return {reinterpret_cast<decltype(a.v)>(reinterpret_cast<Bits>(a.v) |
                                          reinterpret_cast<Bits>(b.v))};
}
template <class T>
MAXMARGIN_INLINE vec<T, 4> larger(vec<T, 4> a, vec<T, 4> b) {
  return {a.v > b.v ? a.v : b.v};
}
template <class T>
MAXMARGIN_INLINE vec<T, 4> where_nan(vec<T, 4> test, vec<T, 4> a, vec<T, 4> b) {
  return {test.v == test.v ? b.v : a.v};
}
template <class T>
MAXMARGIN_INLINE vec<T, 4> keep_first(vec<T, 4> a, int count, T rest) {
  const vec<T, 4> lanes = {{0, 1, 2, 3}};
  return {lanes.v < static_cast<T>(count) ? a.v : rest - decltype(a.v){}};
}
template <class T>
MAXMARGIN_INLINE void fill(T value, vec<T, 4>& a) {
  a.v = value - decltype(a.v){};
}
template <class T>
MAXMARGIN_INLINE void load(const T* from, vec<T, 4>& a) {
  std::memcpy(&a, from, sizeof a);
}
template <class T>
MAXMARGIN_INLINE void store(T* to, vec<T, 4> a) {
  std::memcpy(to, &a, sizeof a);
}
MAXMARGIN_INLINE bool any_nan(D4 a) {
  bool nan = false;
  for (int i = 0; i < 4; ++i) nan |= a.v[i] != a.v[i];
  return nan;
}
MAXMARGIN_INLINE D4 widen(F4 a) {
  return {__builtin_convertvector(a.v, decltype(D4::v))};
}

// Rows to columns.
MAXMARGIN_INLINE void transpose(vec<float, 8> (&row)[8]) {
  float before[8][8], after[8][8];
  for (int i = 0; i < 8; ++i) store(before[i], row[i]);
  for (int i = 0; i < 8; ++i) {
    for (int k = 0; k < 8; ++k) after[k][i] = before[i][k];
  }
  for (int i = 0; i < 8; ++i) load(after[i], row[i]);
}

#include "losses.inl.h"
#include "loops.inl.h"

constexpr InstructionSet kTable = instruction_set<false>("scalar", [] { return true; });

}  // namespace
const InstructionSet* const kScalar = &kTable;
}  // namespace maxmargin
