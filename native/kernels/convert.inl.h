// Loads values as floats or doubles, and converts whole arrays.

template <class T>
using Unit = vec<T, kUnit>;

// Loads values of any dtype in two steps where an instruction set has none.
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

static MAXMARGIN_NO_INLINE void copy_before_zeros(const void* from, size_t bytes, void* to, size_t all) {
  std::memcpy(to, from, bytes);
  std::memset(static_cast<char*>(to) + bytes, 0, all - bytes);
}

// Values that may be read in registers: a copy that ends in zeros if the array ends before `needed` values.
template <class Source, size_t kCapacity>
struct Padded {
  Source copy[kCapacity];

  MAXMARGIN_FORCE_INLINE const Source* from(const Source* values, size_t n, size_t readable,
                                            size_t needed = kCapacity) {
    if (readable >= needed) return values;
    copy_before_zeros(values, n * sizeof(Source), copy, needed * sizeof(Source));
    return copy;
  }
};

// How far ahead values are prefetched: the next tile, as memory would be idle while this one is used. Behind a copy there is none,
// but memory that another thread writes.
MAXMARGIN_INLINE size_t ahead_of(const Tile& tile) {
  return tile.readable >= tile.rows * tile.width + kTile ? kTile : 0;
}

template <class T>
MAXMARGIN_INLINE void prefetch(const T* values, size_t n) {
  constexpr size_t kLine = 64 / sizeof(T);
  for (size_t i = 0; i < n; i += kLine) MAXMARGIN_PREFETCH(values + i);
}

// How far ahead a pass prefetches labels, and predictions; 0 has no effect.
struct Ahead {
  size_t labels, predictions;
};

// Gives all NaNs the same bits.
template <class V>
MAXMARGIN_INLINE V canonicalize_nan(V values) {
  return select_nan(values, constant<V>(std::numeric_limits<double>::quiet_NaN()), values);
}

template <class T>
MAXMARGIN_INLINE Lanes<T> combined_bits(Lanes<T> a) {
  return a;
}

template <class T, int N>
MAXMARGIN_INLINE Lanes<T> combined_bits(vec<T, N> a) {
  return combined_bits<T>(low(a) | high(a));
}

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == sizeof(uint32_t), uint32_t, uint64_t>;
template <class T>
constexpr BitsOf<T> kSignBit = BitsOf<T>{1} << (8 * sizeof(T) - 1);

// Whether no lane has other bits than `allowed`.
template <class T>
MAXMARGIN_NO_INLINE static bool have_only(Lanes<T> lanes, BitsOf<T> allowed) {
  BitsOf<T> bits[kLanes], all = 0;
  store(reinterpret_cast<T*>(bits), lanes);
  for (size_t i = 0; i < kLanes; ++i) all |= bits[i];
  return (all & ~allowed) == 0;
}

// Whether labels of this type are as bits what they are as numbers, and need no conversion.
template <class V, class Y>
constexpr bool kAreBits = sizeof(Y) == 1 && std::is_same_v<Element<V>, float>;

// Whether only labels were seen that are 1 or zeros, of which -0 has a sign.
template <class Y, class V>
MAXMARGIN_INLINE bool are_valid(V invalid) {
  using T = Element<V>;
  return have_only<T>(combined_bits<T>(invalid), kAreBits<V, Y> ? 1 : kSignBit<T>);
}

// ---- Whole arrays

struct Unrounded {
  template <class V>
  MAXMARGIN_INLINE V of(V a) {
    return a;
  }
};
struct ToHalf {
  template <class V>
  MAXMARGIN_INLINE V of(V a) {
    return round_to_half(a);
  }
};
struct ToBFloat16 {
  template <class V>
  MAXMARGIN_INLINE V of(V a) {
    // The bits of some NaNs would be rounded to those of a zero.
    return select_nan(a, a, round_to_bfloat16(a));
  }
};
struct Canonical {
  template <class V>
  MAXMARGIN_INLINE V of(V a) {
    return canonicalize_nan(a);
  }
};

// Writes n values that `of` returns for registers of them.
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

static bool check_mask(double* mask, size_t n) {
  using V = Unit<double>;
  V invalid = constant<V>(0.0);
  transform(mask, n, mask, [&](V values) {
    apply_binary_sign(values, values, invalid);
    return value_if_equal(values, constant<V>(1.0), values);
  });
  return are_valid<double>(invalid);
}

static void narrow_losses(const double* losses, size_t n, float* to) {
  convert<float, double, Canonical>(losses, n, to);
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
  if (i < n) sum = sum + first_n_or(loaded<WideLanes>(values + i), static_cast<int>(n - i), 0.0);
  store(lanes, sum);
}

template <class T>
static void add_values(const void* from, size_t n, double* lanes) {
  const T* values = static_cast<const T*>(from);
  WideLanes sum = loaded<WideLanes>(lanes);
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) sum = sum + widen(loaded<Lanes<T>>(values + i));
  store(lanes, sum);
  for (size_t k = 0; i + k < n; ++k) lanes[k] += static_cast<double>(values[i + k]);
}

static void stream(const char* from, size_t bytes, char* to) {
  constexpr size_t kLine = 64;
  const size_t ahead = (kLine - reinterpret_cast<uintptr_t>(to) % kLine) % kLine;
  size_t i = ahead < bytes ? ahead : bytes;
  std::memcpy(to, from, i);
  for (; i + kLine <= bytes; i += kLine) stream_line(from + i, to + i);
  std::memcpy(to + i, from + i, bytes - i);
}
