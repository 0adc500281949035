#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels.h"
#include "target.h"

namespace maxmargin {
namespace {

// Few processors have nothing better.
constexpr bool kIsCompact = true;
constexpr int kUnit = 8;

#include "vec.inl.h"

// No intrinsics: the compiler's own vectors, of the 16 bytes that every baseline offers, without the bulk of
// as many scalars.
using FloatVector = float __attribute__((vector_size(16)));
using DoubleVector = double __attribute__((vector_size(16)));
template <>
struct vec<float, 4> {
  FloatVector v;
};
template <>
struct vec<double, 2> {
  DoubleVector v;
};
using F4 = vec<float, 4>;
using D2 = vec<double, 2>;

template <class Vector>
MAXMARGIN_INLINE Vector either(Vector a, Vector b) {
  using Bits = decltype(a == b);
  return reinterpret_cast<Vector>(reinterpret_cast<Bits>(a) | reinterpret_cast<Bits>(b));
}

MAXMARGIN_INLINE F4 operator+(F4 a, F4 b) { return {a.v + b.v}; }
MAXMARGIN_INLINE F4 operator-(F4 a, F4 b) { return {a.v - b.v}; }
MAXMARGIN_INLINE F4 operator*(F4 a, F4 b) { return {a.v * b.v}; }
MAXMARGIN_INLINE F4 operator|(F4 a, F4 b) { return {either(a.v, b.v)}; }
MAXMARGIN_INLINE F4 negated_unless_one(F4 y, F4 p, F4& impure) {
  impure.v = either(impure.v, y.v == 1 ? FloatVector{} : y.v);
  return {y.v == 1 ? p.v : -p.v};
}
MAXMARGIN_INLINE F4 larger(F4 a, F4 b) { return {a.v > b.v ? a.v : b.v}; }
MAXMARGIN_INLINE F4 where_nan(F4 test, F4 a, F4 b) { return {test.v == test.v ? b.v : a.v}; }
MAXMARGIN_INLINE F4 where_equal(F4 a, F4 b, F4 value) {
  return {a.v == b.v ? value.v : FloatVector{}};
}
MAXMARGIN_INLINE F4 keep_first(F4 a, int count, float rest) {
  const FloatVector lanes = {0, 1, 2, 3};
  return {lanes < static_cast<float>(count) ? a.v : rest - FloatVector{}};
}
MAXMARGIN_INLINE void fill(float value, F4& a) { a.v = value - FloatVector{}; }
MAXMARGIN_INLINE void load(const float* from, F4& a) { std::memcpy(&a, from, sizeof a); }
MAXMARGIN_INLINE void settle(F4&) {}
MAXMARGIN_INLINE void store(float* to, F4 a) { std::memcpy(to, &a, sizeof a); }

MAXMARGIN_INLINE D2 operator+(D2 a, D2 b) { return {a.v + b.v}; }
MAXMARGIN_INLINE D2 operator-(D2 a, D2 b) { return {a.v - b.v}; }
MAXMARGIN_INLINE D2 operator*(D2 a, D2 b) { return {a.v * b.v}; }
MAXMARGIN_INLINE D2 operator/(D2 a, D2 b) { return {a.v / b.v}; }
MAXMARGIN_INLINE D2 operator|(D2 a, D2 b) { return {either(a.v, b.v)}; }
MAXMARGIN_INLINE D2 negated_unless_one(D2 y, D2 p, D2& impure) {
  impure.v = either(impure.v, y.v == 1 ? DoubleVector{} : y.v);
  return {y.v == 1 ? p.v : -p.v};
}
MAXMARGIN_INLINE D2 larger(D2 a, D2 b) { return {a.v > b.v ? a.v : b.v}; }
MAXMARGIN_INLINE D2 where_nan(D2 test, D2 a, D2 b) { return {test.v == test.v ? b.v : a.v}; }
MAXMARGIN_INLINE D2 where_equal(D2 a, D2 b, D2 value) {
  return {a.v == b.v ? value.v : DoubleVector{}};
}
MAXMARGIN_INLINE D2 keep_first(D2 a, int count, double rest) {
  const DoubleVector lanes = {0, 1};
  return {lanes < static_cast<double>(count) ? a.v : rest - DoubleVector{}};
}
MAXMARGIN_INLINE bool any_nan(D2 a) { return a.v[0] != a.v[0] || a.v[1] != a.v[1]; }
MAXMARGIN_INLINE void fill(double value, D2& a) { a.v = value - DoubleVector{}; }
MAXMARGIN_INLINE void load(const double* from, D2& a) { std::memcpy(&a, from, sizeof a); }
MAXMARGIN_INLINE void settle(D2&) {}
MAXMARGIN_INLINE void store(double* to, D2 a) { std::memcpy(to, &a, sizeof a); }
MAXMARGIN_INLINE void stream_line(const char* from, char* to) { std::memcpy(to, from, 64); }
MAXMARGIN_INLINE void end_stream() {}
MAXMARGIN_INLINE vec<double, 4> widen(F4 a) {
  return {{DoubleVector{a.v[0], a.v[1]}}, {DoubleVector{a.v[2], a.v[3]}}};
}
MAXMARGIN_INLINE F4 narrow(vec<double, 4> a) {
  return {FloatVector{static_cast<float>(a.lo.v[0]), static_cast<float>(a.lo.v[1]),
                      static_cast<float>(a.hi.v[0]), static_cast<float>(a.hi.v[1])}};
}

#include "instruction_set.inl.h"
#include "overflow.inl.h"

constexpr InstructionSet kTable = instruction_set("scalar", [] { return true; });

}  // namespace
const InstructionSet* const kScalar = &kTable;

void add_widened(Loss loss, const float* labels, const float* predictions, size_t n, Sums* sums) {
  switch (loss) {
    case Loss::hinge:
      return add_widened_of<Hinge>(labels, predictions, n, sums);
    case Loss::squared_hinge:
      return add_widened_of<SquaredHinge>(labels, predictions, n, sums);
    case Loss::categorical_hinge:
      return add_widened_of<CategoricalHinge>(labels, predictions, n, sums);
  }
}

}  // namespace maxmargin
