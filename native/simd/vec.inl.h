// vec<T, N>: N lanes of float or double, on which every kernel is written once.
//
// An instruction set specialises vec for its registers and defines the operations below for these; a wider vec is two
// halves, and its operations are those of the halves. Lane i of a result depends on lane i of the operands, unless stated
// otherwise, and has the same bits on every instruction set.
//
//   a + b, a - b, a * b       rounded once, never fused
//   a / b                     doubles only
//   a | b                     the bits of both
//   max_or_second(a, b)       a > b ? a : b, so b if either is NaN, or if both are zeros
//   select_nan(x, a, b)       a where x is NaN, b elsewhere
//   value_if_equal(a, b, v)   v where a == b, +0 elsewhere
//   apply_binary_sign(y, p, invalid)
//                             p where y == 1, -p elsewhere: y p of a label that is 0 for -1, or 1. Labels other than 0 and 1
//                             leave bits in `invalid`, -0 at most its sign: see are_valid in convert.inl.h
//   load_bits(from, y)        assigns labels of one byte as integers: the bits of y are no numbers. Elements are of int8_t
//                             or Bool8. Not where kSavesCode
//   apply_bit_sign(y, p, invalid)
//                             p where bit 0 of y is 1, -p elsewhere. The bits of labels are left in `invalid`
//   first_n_or(a, n, rest)    a in the first n lanes, `rest` in the others; n may be negative or more than N
//   set_all(value, a)         assigns one value to all lanes of a
//   load(from, a)             assigns N elements, converted to T exactly; store(to, a) writes N of type T. Neither
//                             needs alignment. Elements of load are of T or:
//                             float: int8_t, uint8_t, Bool8, Half, BFloat16, and int32_t (to the nearest)
//                             double: int32_t and int64_t (to the nearest)
//   load_halves(low, high, a) loads each half from a place of its own. Elements are of T, vectors have 8 lanes
//   load_fours(from, i, a)    loads four floats from i on of each of N / 4 arrays
//   any_nan(a)                whether any lane is NaN; doubles only
//   widen(a), narrow(a)       to double, and back to float, to the nearest
//   round_to_half(a), round_to_bfloat16(a)
//                             the nearest value that 16 bits hold, ties to even; the latter not for NaN. Floats only
//   low(a), high(a)           the halves of a
//   unzip_segments<k>(a, b, low, high)
//                             of every k lanes of a and of b, the first half goes to `low`, the second to `high`. The order
//                             within the results is in kUnzipped, for vectors of 8 lanes
//   permute(a, index)         lane i from lane index[i] of a vector of 8 lanes
//   select_lanes(a, index)    the same of any vector for which kSelectsLanes is true, by an array of indices
//   optimization_barrier(a)   keeps the compiler from loading a again where it is used again, or from reordering loads
//
// Besides, an instruction set defines
//
//   kUnit                     the lanes in which terms are computed: 8, 16, 32 or 64
//   kSavesCode                whether kernels that only make it faster are left out
//   stream_line(from, to)     copies 64 bytes to an aligned address, past the caches if the processor can. Other threads see them
//                             once the job of run_parallel is over

template <class T, int N>
struct vec {
  vec<T, N / 2> lo, hi;
};

template <class V>
struct ElementOf;
template <class T, int N>
struct ElementOf<vec<T, N>> {
  using Type = T;
};
template <class V>
using Element = typename ElementOf<V>::Type;

template <class V>
constexpr int kCount = sizeof(V) / sizeof(Element<V>);

// Whether an instruction does what select_lanes does.
template <class V>
constexpr bool kSelectsLanes = false;

template <class T>
using Lanes = vec<T, kLanes>;
using WideLanes = Lanes<double>;

template <class T, int N>
MAXMARGIN_INLINE vec<T, N / 2> low(vec<T, N> a) {
  return a.lo;
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N / 2> high(vec<T, N> a) {
  return a.hi;
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> operator+(vec<T, N> a, vec<T, N> b) {
  return {a.lo + b.lo, a.hi + b.hi};
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> operator-(vec<T, N> a, vec<T, N> b) {
  return {a.lo - b.lo, a.hi - b.hi};
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> operator*(vec<T, N> a, vec<T, N> b) {
  return {a.lo * b.lo, a.hi * b.hi};
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> operator/(vec<T, N> a, vec<T, N> b) {
  return {a.lo / b.lo, a.hi / b.hi};
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> operator|(vec<T, N> a, vec<T, N> b) {
  return {a.lo | b.lo, a.hi | b.hi};
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> max_or_second(vec<T, N> a, vec<T, N> b) {
  return {max_or_second(a.lo, b.lo), max_or_second(a.hi, b.hi)};
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> select_nan(vec<T, N> x, vec<T, N> a, vec<T, N> b) {
  return {select_nan(x.lo, a.lo, b.lo), select_nan(x.hi, a.hi, b.hi)};
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> value_if_equal(vec<T, N> a, vec<T, N> b, vec<T, N> value) {
  return {value_if_equal(a.lo, b.lo, value.lo), value_if_equal(a.hi, b.hi, value.hi)};
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> apply_binary_sign(vec<T, N> y, vec<T, N> p, vec<T, N>& invalid) {
  return {apply_binary_sign(y.lo, p.lo, invalid.lo), apply_binary_sign(y.hi, p.hi, invalid.hi)};
}

template <class Source, class T, int N>
MAXMARGIN_INLINE void load_bits(const Source* from, vec<T, N>& y) {
  load_bits(from, y.lo);
  load_bits(from + N / 2, y.hi);
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> apply_bit_sign(vec<T, N> y, vec<T, N> p, vec<T, N>& invalid) {
  return {apply_bit_sign(y.lo, p.lo, invalid.lo), apply_bit_sign(y.hi, p.hi, invalid.hi)};
}

template <class T, int N>
MAXMARGIN_INLINE vec<T, N> first_n_or(vec<T, N> a, int n, T rest) {
  return {first_n_or(a.lo, n, rest), first_n_or(a.hi, n - N / 2, rest)};
}

template <class T, int N>
MAXMARGIN_INLINE void set_all(T value, vec<T, N>& a) {
  set_all(value, a.lo);
  set_all(value, a.hi);
}

template <class V>
MAXMARGIN_INLINE V constant(double value) {
  V a;
  set_all(static_cast<Element<V>>(value), a);
  return a;
}

template <class Source, class T, int N>
MAXMARGIN_INLINE void load(const Source* from, vec<T, N>& a) {
  load(from, a.lo);
  load(from + N / 2, a.hi);
}

template <class T, int N>
MAXMARGIN_INLINE void load_halves(const T* low, const T* high, vec<T, N>& a) {
  load(low, a.lo);
  load(high, a.hi);
}

template <int N>
MAXMARGIN_INLINE void load_fours(const float* const* from, size_t i, vec<float, N>& a) {
  if constexpr (N == 4) {
    load(from[0] + i, a);
  } else {
    load_fours(from, i, a.lo);
    load_fours(from + N / 8, i, a.hi);
  }
}

template <class T, int N>
MAXMARGIN_INLINE void store(T* to, vec<T, N> a) {
  store(to, a.lo);
  store(to + N / 2, a.hi);
}

template <class T, int N>
MAXMARGIN_INLINE bool any_nan(vec<T, N> a) {
  return any_nan(a.lo) || any_nan(a.hi);
}

template <int N>
MAXMARGIN_INLINE vec<double, N> widen(vec<float, N> a) {
  return {widen(low(a)), widen(high(a))};
}

template <int N>
MAXMARGIN_INLINE vec<double, N> widen(vec<double, N> a) {
  return a;
}

template <int N>
MAXMARGIN_INLINE vec<float, N> narrow(vec<double, N> a) {
  return {narrow(a.lo), narrow(a.hi)};
}

template <int N>
MAXMARGIN_INLINE vec<float, N> round_to_half(vec<float, N> a) {
  return {round_to_half(a.lo), round_to_half(a.hi)};
}

template <int N>
MAXMARGIN_INLINE vec<float, N> round_to_bfloat16(vec<float, N> a) {
  return {round_to_bfloat16(a.lo), round_to_bfloat16(a.hi)};
}

template <int kSegment, class T, int N>
MAXMARGIN_INLINE void unzip_segments(vec<T, N> a, vec<T, N> b, vec<T, N>& low, vec<T, N>& high) {
  if constexpr (kSegment == N) {
    low = {a.lo, b.lo};
    high = {a.hi, b.hi};
  } else {
    unzip_segments<kSegment>(a.lo, b.lo, low.lo, high.lo);
    unzip_segments<kSegment>(a.hi, b.hi, low.hi, high.hi);
  }
}

template <class T>
MAXMARGIN_INLINE vec<T, 8> permute(vec<T, 8> a, const int (&index)[8]) {
  T from[8], to[8];
  store(from, a);
  for (int i = 0; i < 8; ++i) to[i] = from[index[i]];
  load(to, a);
  return a;
}

template <class T, int N>
MAXMARGIN_INLINE void optimization_barrier(vec<T, N>& a) {
  optimization_barrier(a.lo);
  optimization_barrier(a.hi);
}
