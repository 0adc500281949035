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
using Bits = uint32_t __attribute__((vector_size(16)));

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
MAXMARGIN_INLINE F4 operator|(F4 a, F4 b) {
  Bits x, y;
  std::memcpy(&x, &a, sizeof x);
  std::memcpy(&y, &b, sizeof y);
  x |= y;
  std::memcpy(&a, &x, sizeof x);
  return a;
}
template <class T>
MAXMARGIN_INLINE vec<T, 4> larger(vec<T, 4> a, vec<T, 4> b) {
  return {a.v > b.v ? a.v : b.v};
}
MAXMARGIN_INLINE F4 where_nan(F4 test, F4 a, F4 b) {
  return {test.v == test.v ? b.v : a.v};
}
MAXMARGIN_INLINE F4 keep_first(F4 a, int count, float rest) {
  using Ints = int32_t __attribute__((vector_size(16)));
  return {Ints{0, 1, 2, 3} < count ? a.v : rest - decltype(a.v){}};
}
template <class T>
MAXMARGIN_INLINE void fill(T value, vec<T, 4>& a) {
  a.v = value - decltype(a.v){};
}
MAXMARGIN_INLINE void load(const float* from, F4& a) { std::memcpy(&a, from, sizeof a); }
MAXMARGIN_INLINE void load(const double* from, D4& a) { std::memcpy(&a, from, sizeof a); }
template <class T>
MAXMARGIN_INLINE void store(T* to, vec<T, 4> a) {
  std::memcpy(to, &a, sizeof a);
}
template <class Integer>
MAXMARGIN_INLINE void load(const Integer* from, F4& a) {
  a.v = decltype(a.v){float(from[0]), float(from[1]), float(from[2]), float(from[3])};
}
MAXMARGIN_INLINE void load(const Bool8* from, F4& a) {
  const auto one = [](Bool8 b) { return b == Bool8{0} ? 0.0f : 1.0f; };
  a.v = decltype(a.v){one(from[0]), one(from[1]), one(from[2]), one(from[3])};
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

constexpr InstructionSet kTable = {"scalar", [] { return true; }, MAXMARGIN_KERNELS, read_probe};

}  // namespace
const InstructionSet* const kScalar = &kTable;
}  // namespace maxmargin
