// Values as terms are computed of them: loaded, converted, rounded.
//
// An instruction set gives kUnit, the lanes in which it computes terms: 8, 16, 32 or 64.

template <class T>
using Unit = vec<T, kUnit>;
template <class T>
using Lanes = vec<T, kLanes>;
using WideLanes = Lanes<double>;

template <class V>
constexpr int kCount = sizeof(V) / sizeof(Element<V>);

template <class V, class Source>
struct Loaded {
  static constexpr bool kIsDouble = sizeof(Element<V>) == sizeof(double);

  static MAXMARGIN_FORCE_INLINE V from(const Source* values) {
    if constexpr (kIsDouble && sizeof(Source) < sizeof(int32_t)) {
      return widen(Loaded<vec<float, kCount<V>>, Source>::from(values));
    } else if constexpr (!kIsDouble && sizeof(Source) == sizeof(double)) {
      return narrow(Loaded<vec<double, kCount<V>>, Source>::from(values));
    } else {
      V a;
      load(values, a);
      return a;
    }
  }
};
template <int N>
struct Loaded<vec<double, N>, float> {
  static MAXMARGIN_FORCE_INLINE vec<double, N> from(const float* values) {
    return widen(Loaded<vec<float, N>, float>::from(values));
  }
};

template <class V, class Source>
MAXMARGIN_INLINE V loaded(const Source* values) {
  return Loaded<V, Source>::from(values);
}

MAXMARGIN_INLINE WideLanes widen(WideLanes lanes) { return lanes; }

static MAXMARGIN_NO_INLINE void copy_before_zeros(const void* from, size_t bytes, void* to, size_t all) {
  std::memcpy(to, from, bytes);
  std::memset(static_cast<char*>(to) + bytes, 0, all - bytes);
}

// n values behind which others may be read, `needed` in all: in a copy, followed by zeros, where they are not
// readable.
template <class Source, size_t kMost>
struct Padded {
  Source copy[kMost];

  MAXMARGIN_FORCE_INLINE const Source* from(const Source* values, size_t n, size_t readable,
                                            size_t needed = kMost) {
    if (readable >= needed) return values;
    copy_before_zeros(values, n * sizeof(Source), copy, needed * sizeof(Source));
    return copy;
  }
};

// NaNs have many bits, results have those of one.
template <class V>
MAXMARGIN_INLINE V with_one_nan(V values) {
  return where_nan(values, constant<V>(std::numeric_limits<double>::quiet_NaN()), values);
}

MAXMARGIN_INLINE bool is_finite(double x) { return x - x == 0.0; }

template <class T>
MAXMARGIN_INLINE Lanes<T> bits_of(Lanes<T> a) {
  return a;
}

template <class T, int N>
MAXMARGIN_INLINE Lanes<T> bits_of(vec<T, N> a) {
  return bits_of<T>(low(a) | high(a));
}

// No bit but the sign of a zero.
template <class V>
MAXMARGIN_INLINE bool are_pure(V impure) {
  using Bits = Lanes<Element<V>>;
  const Bits ones = where_equal(bits_of<Element<V>>(impure), constant<Bits>(0.0), constant<Bits>(1.0));
  // Infinity times anything else, which is 0 here, is NaN.
  return !any_nan(widen(ones * constant<Bits>(INFINITY)));
}

// ---- Whole arrays

struct Unrounded {
  template <class V>
  MAXMARGIN_INLINE V of(V a) {
    return a;
  }
};
struct AsHalf {
  template <class V>
  MAXMARGIN_INLINE V of(V a) {
    return as_half(a);
  }
};
struct AsBFloat16 {
  template <class V>
  MAXMARGIN_INLINE V of(V a) {
    // The bits of some NaNs would be rounded on to those of a zero.
    return where_nan(a, a, as_bfloat16(a));
  }
};
struct WithOneNaN {
  template <class V>
  MAXMARGIN_INLINE V of(V a) {
    return with_one_nan(a);
  }
};

// Writes n values of what `of` makes of registers.
template <class T, class Source, class Of>
MAXMARGIN_INLINE void transform(const Source* from, size_t n, T* to, Of of) {
  size_t i = 0;
  for (; i + kUnit <= n; i += kUnit) store(to + i, of(loaded<Unit<T>>(from + i)));
  if (i == n) return;
  Padded<Source, kUnit> last;
  T rest[kUnit];
  store(rest, of(loaded<Unit<T>>(last.from(from + i, n - i, n - i))));
  std::memcpy(to + i, rest, (n - i) * sizeof(T));
}

template <class T, class Source, class Rounding>
static void convert(const void* from, size_t n, void* to) {
  transform(static_cast<const Source*>(from), n, static_cast<T*>(to),
            [](Unit<T> values) { return Rounding::of(values); });
}

// Values of a mask as 0 and 1, in place. False where one is neither.
static bool check_mask(double* mask, size_t n) {
  using V = Unit<double>;
  V impure = constant<V>(0.0);
  transform(mask, n, mask, [&](V values) {
    negated_unless_one(values, values, impure);
    return where_equal(values, constant<V>(1.0), values);
  });
  return are_pure(impure);
}

static void narrow_losses(const double* losses, size_t n, float* to) {
  convert<float, double, WithOneNaN>(losses, n, to);
}

static void multiply(double* losses, const double* weights, size_t n) {
  for (size_t i = 0; i < n; i += kLanes) {
    store(losses + i, loaded<WideLanes>(losses + i) * loaded<WideLanes>(weights + i));
  }
}

static void add_to_lanes(const double* values, size_t n, double* lanes) {
  WideLanes sum = loaded<WideLanes>(lanes);
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) sum = sum + loaded<WideLanes>(values + i);
  if (i < n) sum = sum + keep_first(loaded<WideLanes>(values + i), static_cast<int>(n - i), 0.0);
  store(lanes, sum);
}
