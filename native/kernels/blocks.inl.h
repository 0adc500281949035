// From terms to the sums of chunks.
//
// The contract that gives every instruction set, and lib/fallback.ts, the same bits: values are cut into
// blocks of 64 terms, the last one filled up with terms that change nothing. A block is folded by halves
// (term i with i + 32, then i + 16, then i + 8) down to 8 lanes. The lanes of all blocks are added in
// double, in order, and at last folded by halves. Where that gives no finite sum, float32 may have
// overflowed on the way: then every term is widened to double before the first addition.

constexpr double kNoSum = 0.0;        // adds nothing to a sum
constexpr double kNoMax = -INFINITY;  // exceeds no maximum

struct Add {
  template <class V>
  MAXMARGIN_INLINE V merged(V a, V b) {
    return a + b;
  }
};

struct Larger {
  template <class V>
  MAXMARGIN_INLINE V merged(V a, V b) {
    return larger(a, b);
  }
};

template <class Row>
struct EachItsWay {
  template <class V>
  MAXMARGIN_INLINE Terms<V> merged(Terms<V> a, const Terms<V>& b) {
    a.sum = a.sum + b.sum;
    if constexpr (Row::kHasMax) a.max = larger(a.max, b.max);
    return a;
  }
};

// One loss of labels Y and predictions P, computed in T.
template <class L, LabelEncoding kEncoding, class T_, class Y_, class P_>
struct Inputs {
  using Loss = L;
  using Row = typename L::Row;
  using T = T_;
  using Y = Y_;
  using P = P_;
  static constexpr bool kBinary = kEncoding == LabelEncoding::binary;
  static constexpr bool kIsConverted = std::is_same_v<Y, T> && std::is_same_v<P, T>;
  using Converted = Inputs<L, kEncoding, T, T, T>;
};

// Terms, a V of them at a time. Labels that are read as 0/1 leave bits in `impure` where they are neither.
template <class In, class V>
struct Computed {
  const typename In::Y* labels;
  const typename In::P* predictions;
  V* impure;

  MAXMARGIN_FORCE_INLINE Terms<V> at(size_t i) const {
    using L = typename In::Loss;
    V y = loaded<V>(labels + i), p = loaded<V>(predictions + i);
    settle(y);
    settle(p);
    Terms<V> terms{};
    if constexpr (!L::kSignedLabels) {
      terms = L::terms(y, p);
    } else if constexpr (In::kBinary) {
      terms.sum = L::term(negated_unless_one(y, p, *impure));
    } else {
      terms.sum = L::term(y * p);
    }
    return terms;
  }
};

// The first `count` terms, of which there are more than kFull, filled up with terms that change nothing.
template <class Row, size_t kFull, class Source>
struct FilledUp {
  Source source;
  int count;

  MAXMARGIN_FORCE_INLINE auto at(size_t i) const {
    auto terms = source.at(i);
    using V = decltype(terms.sum);
    if (i + kCount<V> <= kFull) return terms;
    const int own = count - static_cast<int>(i);
    terms.sum = keep_first(terms.sum, own, static_cast<Element<V>>(kNoSum));
    if constexpr (Row::kHasMax) terms.max = keep_first(terms.max, own, static_cast<Element<V>>(kNoMax));
    return terms;
  }
};

// Folds by halves what stands at kFirst, kFirst + kStep, ... below kEnd.
template <class Merge, size_t kFirst, size_t kStep, size_t kEnd, class Source>
MAXMARGIN_INLINE auto folded(const Source& source) {
  if constexpr (kFirst + kStep >= kEnd) {
    return source.at(kFirst);
  } else {
    return Merge::merged(folded<Merge, kFirst, 2 * kStep, kEnd>(source),
                         folded<Merge, kFirst + kStep, 2 * kStep, kEnd>(source));
  }
}

template <class Merge, class T>
MAXMARGIN_INLINE Terms<Lanes<T>> to_lanes(const Terms<Lanes<T>>& lanes) {
  return lanes;
}

template <class Merge, class T, int N>
MAXMARGIN_INLINE Terms<Lanes<T>> to_lanes(const Terms<vec<T, N>>& unit) {
  return to_lanes<Merge, T>(Merge::merged(Terms<vec<T, N / 2>>{low(unit.sum), low(unit.max)},
                                          Terms<vec<T, N / 2>>{high(unit.sum), high(unit.max)}));
}

template <class V, size_t kSize>
struct Block {
  Terms<V> terms[kSize / kCount<V>];

  MAXMARGIN_FORCE_INLINE const Terms<V>& at(size_t i) const { return terms[i / kCount<V>]; }
};

// A block of kSize terms, folded to 8 lanes. All terms come first: processors foresee what is read in order.
template <class Row, size_t kSize, class Source>
MAXMARGIN_INLINE auto block_to_lanes(const Source& source) {
  using V = decltype(source.at(0).sum);
  using Merge = EachItsWay<Row>;
  Block<V, kSize> block;
  MAXMARGIN_UNROLL
  for (size_t i = 0; i < kSize; i += kCount<V>) block.terms[i / kCount<V>] = source.at(i);
  return to_lanes<Merge, Element<V>>(folded<Merge, 0, kCount<V>, kSize>(block));
}

MAXMARGIN_INLINE double sum_of(WideLanes lanes) {
  double d[kLanes];
  store(d, lanes);
  return ((d[0] + d[4]) + (d[2] + d[6])) + ((d[1] + d[5]) + (d[3] + d[7]));
}

template <class T>
MAXMARGIN_INLINE T larger_of(T a, T b) {
  return a > b ? a : b;
}

template <class T>
MAXMARGIN_INLINE T max_of(Lanes<T> lanes) {
  T f[kLanes];
  store(f, lanes);
  return larger_of(larger_of(larger_of(f[0], f[4]), larger_of(f[2], f[6])),
                   larger_of(larger_of(f[1], f[5]), larger_of(f[3], f[7])));
}

// What blocks add up to, in lanes.
template <class Row, class T>
struct Accumulator {
  WideLanes sum;
  Lanes<T> max;

  // No constructor: gcc gives an implicit one no target.
  static MAXMARGIN_FORCE_INLINE Accumulator from(WideLanes sum, double max) {
    return {sum, constant<Lanes<T>>(max)};
  }

  MAXMARGIN_FORCE_INLINE void add_lanes(const Terms<Lanes<T>>& lanes) {
    sum = sum + widen(lanes.sum);
    if constexpr (Row::kHasMax) max = larger(max, lanes.max);
  }

  MAXMARGIN_FORCE_INLINE void store_to(ChunkSums* sums) const {
    store(sums->lanes, sum);
    if constexpr (Row::kHasMax) sums->max = max_of(max);
  }
};

template <class Y, class P>
MAXMARGIN_INLINE void prefetch_block(const Y* labels, const P* predictions) {
  constexpr size_t kLine = 64;
  for (size_t i = 0; i < kBlock; i += kLine / sizeof(Y)) MAXMARGIN_PREFETCH(labels + i);
  for (size_t i = 0; i < kBlock; i += kLine / sizeof(P)) MAXMARGIN_PREFETCH(predictions + i);
}

// Folds by halves what is left of a block of which only the first `count` registers are there. What would fill it up
// changes nothing.
template <class Merge, class V>
MAXMARGIN_INLINE V first_folded(V* values, size_t count) {
  for (size_t half = kBlock / kLanes / 2; half > 0; half /= 2) {
    for (size_t k = half; k < count; ++k) values[k - half] = Merge::merged(values[k - half], values[k]);
    if (half < count) count = half;
  }
  return values[0];
}

// A block of which only the first n terms are there, folded to 8 lanes: by eight terms at a time, in little code.
template <class Row, class Source>
MAXMARGIN_INLINE auto few_to_lanes(const Source& source, size_t n) {
  using V = decltype(source.at(0).sum);
  V sum[kBlock / kLanes], max[kBlock / kLanes];
  size_t count = 0;
  for (size_t i = 0; i < n; i += kLanes, ++count) {
    const Terms<V> terms = FilledUp<Row, 0, Source>{source, static_cast<int>(n)}.at(i);
    sum[count] = terms.sum;
    if constexpr (Row::kHasMax) max[count] = terms.max;
  }
  Terms<V> lanes{first_folded<Add>(sum, count), {}};
  if constexpr (Row::kHasMax) lanes.max = first_folded<Larger>(max, count);
  return lanes;
}

// Whether the last terms of a chunk are computed by eights: of doubles, a block at once would be as much code as all the
// rest.
template <class T>
constexpr bool kEndsByLanes = sizeof(T) == sizeof(double);

// Adds the values of a row, block by block.
template <class In>
MAXMARGIN_NO_INLINE static bool add(const Tile& tile, size_t ahead, ChunkSums* sums) {
  using T = typename In::T;
  using Row = typename In::Row;
  using Values = Computed<In, Unit<T>>;
  const auto* labels = static_cast<const typename In::Y*>(tile.labels);
  const auto* predictions = static_cast<const typename In::P*>(tile.predictions);
  const size_t n = tile.width;
  auto total = Accumulator<Row, T>::from(loaded<WideLanes>(sums->lanes), sums->max);
  Unit<T> impure = constant<Unit<T>>(0.0);
  size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    if (ahead != 0) prefetch_block(labels + i + ahead, predictions + i + ahead);
    total.add_lanes(block_to_lanes<Row, kBlock>(Values{labels + i, predictions + i, &impure}));
  }
  bool pure = !In::kBinary || are_pure(impure);
  const size_t left = n - i;
  if constexpr (In::kIsConverted) {
    if (left > 0) {
      using V = std::conditional_t<kEndsByLanes<T>, Lanes<T>, Unit<T>>;
      V last_impure = constant<V>(0.0);
      Padded<T, kBlock> last_labels, last_predictions;
      const Computed<In, V> last{last_labels.from(labels + i, left, tile.readable - i),
                                 last_predictions.from(predictions + i, left, tile.readable - i),
                                 &last_impure};
      if constexpr (kEndsByLanes<T>) {
        total.add_lanes(few_to_lanes<Row>(last, left));
      } else {
        total.add_lanes(block_to_lanes<Row, kBlock>(
            FilledUp<Row, 0, decltype(last)>{last, static_cast<int>(left)}));
      }
      if constexpr (In::kBinary) pure &= are_pure(last_impure);
    }
  }
  total.store_to(sums);
  if constexpr (!In::kIsConverted) {
    if (left > 0) {
      T last_labels[kBlock], last_predictions[kBlock];
      convert<T, typename In::Y, Unrounded>(labels + i, left, last_labels);
      convert<T, typename In::P, Unrounded>(predictions + i, left, last_predictions);
      const Tile last{last_labels, last_predictions, 1, left, left};
      pure &= add<typename In::Converted>(last, 0, sums);
    }
  }
  return pure;
}

// Adds terms whose sums may have overflowed in float32.
template <class In>
MAXMARGIN_NO_INLINE static bool add_widened(const Tile& tile, ChunkSums* sums) {
  using Values = Computed<In, Lanes<float>>;
  const auto* labels = static_cast<const typename In::Y*>(tile.labels);
  const auto* predictions = static_cast<const typename In::P*>(tile.predictions);
  WideLanes sum = loaded<WideLanes>(sums->lanes);
  Lanes<float> impure = constant<Lanes<float>>(0.0);
  for (size_t i = 0; i < tile.width; i += kLanes) {
    const size_t count = tile.width - i < kLanes ? tile.width - i : kLanes;
    Padded<typename In::Y, kLanes> last_labels;
    Padded<typename In::P, kLanes> last_predictions;
    const Values values{last_labels.from(labels + i, count, count),
                        last_predictions.from(predictions + i, count, count), &impure};
    sum = sum + widen(FilledUp<typename In::Row, 0, Values>{values, static_cast<int>(count)}.at(0).sum);
  }
  store(sums->lanes, sum);
  return !In::kBinary || are_pure(impure);
}

// Writes terms: those of an elementwise loss are the losses of rows of one value.
template <class In>
static bool single_losses(const Tile& tile, float* losses) {
  using Y = typename In::Y;
  using P = typename In::P;
  using Some = Computed<In, Unit<float>>;
  const Y* labels = static_cast<const Y*>(tile.labels);
  const P* predictions = static_cast<const P*>(tile.predictions);
  const size_t n = tile.rows;
  Unit<float> impure = constant<Unit<float>>(0.0);
  size_t i = 0;
  for (; i + kUnit <= n; i += kUnit) {
    store(losses + i, with_one_nan(Some{labels + i, predictions + i, &impure}.at(0).sum));
  }
  if (i < n) {
    Padded<Y, kUnit> last_labels;
    Padded<P, kUnit> last_predictions;
    float last[kUnit];
    const Some some{last_labels.from(labels + i, n - i, n - i),
                    last_predictions.from(predictions + i, n - i, n - i), &impure};
    store(last, with_one_nan(some.at(0).sum));
    std::memcpy(losses + i, last, (n - i) * sizeof(float));
  }
  return !In::kBinary || are_pure(impure);
}
