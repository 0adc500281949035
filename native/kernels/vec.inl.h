// vec<T, N>: N lanes. An instruction set specialises it for its own registers and gives those the
// operations below; a vec wider than a register is two halves. Included inside each instruction set's
// target region and unnamed namespace, so that no copy is ever shared between two of them.

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

// The bits of both.
template <class T, int N>
MAXMARGIN_INLINE vec<T, N> operator|(vec<T, N> a, vec<T, N> b) {
  return {a.lo | b.lo, a.hi | b.hi};
}

// p where y is 1, -p elsewhere: y p of labels that are 0 for -1 or 1. Others leave bits in `impure`, where
// only the sign of a zero is not one of theirs.
template <class T, int N>
MAXMARGIN_INLINE vec<T, N> negated_unless_one(vec<T, N> y, vec<T, N> p, vec<T, N>& impure) {
  return {negated_unless_one(y.lo, p.lo, impure.lo), negated_unless_one(y.hi, p.hi, impure.hi)};
}

// a > b ? a : b: NaN in a gives b, NaN in b gives NaN.
template <class T, int N>
MAXMARGIN_INLINE vec<T, N> larger(vec<T, N> a, vec<T, N> b) {
  return {larger(a.lo, b.lo), larger(a.hi, b.hi)};
}

// a where `test` is NaN, b elsewhere.
template <class T, int N>
MAXMARGIN_INLINE vec<T, N> where_nan(vec<T, N> test, vec<T, N> a, vec<T, N> b) {
  return {where_nan(test.lo, a.lo, b.lo), where_nan(test.hi, a.hi, b.hi)};
}

// `value` where a and b are equal, 0 elsewhere.
template <class T, int N>
MAXMARGIN_INLINE vec<T, N> where_equal(vec<T, N> a, vec<T, N> b, vec<T, N> value) {
  return {where_equal(a.lo, b.lo, value.lo), where_equal(a.hi, b.hi, value.hi)};
}

// The first `count` lanes of a; `rest` in the others.
template <class T, int N>
MAXMARGIN_INLINE vec<T, N> keep_first(vec<T, N> a, int count, T rest) {
  return {keep_first(a.lo, count, rest), keep_first(a.hi, count - N / 2, rest)};
}

template <class T, int N>
MAXMARGIN_INLINE void fill(T value, vec<T, N>& a) {
  fill(value, a.lo);
  fill(value, a.hi);
}

template <class Source, class T, int N>
MAXMARGIN_INLINE void load(const Source* from, vec<T, N>& a) {
  load(from, a.lo);
  load(from + N / 2, a.hi);
}

// Keeps the compiler from loading values once for every use, and from loading them in another order.
template <class T, int N>
MAXMARGIN_INLINE void settle(vec<T, N>& a) {
  settle(a.lo);
  settle(a.hi);
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
MAXMARGIN_INLINE vec<float, N> narrow(vec<double, N> a) {
  return {narrow(a.lo), narrow(a.hi)};
}

// The nearest values that 16 bits hold.
template <int N>
MAXMARGIN_INLINE vec<float, N> as_half(vec<float, N> a) {
  return {as_half(a.lo), as_half(a.hi)};
}

template <int N>
MAXMARGIN_INLINE vec<float, N> as_bfloat16(vec<float, N> a) {
  return {as_bfloat16(a.lo), as_bfloat16(a.hi)};
}

// Puts the low halves of every kSegment lanes, of a and of b in turn, into `low`, and the high ones into
// `high`: in registers of 4 lanes each, where kSegment is less than 8 and lanes are float.
template <int kSegment, class T, int N>
MAXMARGIN_INLINE void halves(vec<T, N> a, vec<T, N> b, vec<T, N>& low, vec<T, N>& high) {
  if constexpr (kSegment == N) {
    low = {a.lo, b.lo};
    high = {a.hi, b.hi};
  } else {
    halves<kSegment>(a.lo, b.lo, low.lo, high.lo);
    halves<kSegment>(a.hi, b.hi, low.hi, high.hi);
  }
}

// Lane i from lane index[i].
template <class T>
MAXMARGIN_INLINE vec<T, 8> permuted(vec<T, 8> a, const int (&index)[8]) {
  T from[8], to[8];
  store(from, a);
  for (int i = 0; i < 8; ++i) to[i] = from[index[i]];
  load(to, a);
  return a;
}
