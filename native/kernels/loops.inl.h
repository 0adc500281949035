// From terms to rows: the loops around the formulas, and the table of their instances.
//
// The contract that gives every instruction set, and lib/fallback.ts, the same bits: a row is cut into
// blocks of 64 terms, the last one filled up with terms that change nothing. A block is folded by halves
// in float32 (term i with i + 32, then i + 16, then i + 8) down to 8 lanes. The lanes of all blocks are
// added in double, in order, and at last folded by halves. Where that gives no finite sum, float32 may
// have overflowed on the way: then every term is widened to double before the first addition.
//
// An instruction set gives kUnit, the lanes in which it computes terms: 8, 16, 32 or 64.

using Unit = vec<float, kUnit>;
using Lanes = vec<float, kLanes>;
using WideLanes = vec<double, kLanes>;

constexpr float kNoSum = 0.0f;       // adds nothing to a sum
constexpr float kNoMax = -INFINITY;  // exceeds no maximum

// Terms of narrow rows, few enough for the first-level cache.
constexpr size_t kTile = 32 * kBlock;
struct Scratch {
  float sum[kTile + kBlock], max[kTile + kBlock];  // loads may reach a block beyond the last row
};

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

template <class Row, bool kBinary>
struct EachItsWay {
  template <class V>
  MAXMARGIN_INLINE Terms<V> merged(Terms<V> a, const Terms<V>& b) {
    a.sum = a.sum + b.sum;
    if constexpr (Row::kHasMax) a.max = larger(a.max, b.max);
    if constexpr (kBinary) a.impure = a.impure | b.impure;
    return a;
  }
};

// Terms that are computed from values.
template <class L, bool kBinary, class Y>
struct Computed {
  const Y* labels;
  const float* predictions;

  MAXMARGIN_FORCE_INLINE Terms<Unit> at(size_t i) const {
    Terms<Unit> terms{};
    Unit y = loaded<Unit>(labels + i);
    if constexpr (kBinary) y = signed_labels(y, terms.impure);
    L::add(y, loaded<Unit>(predictions + i), terms);
    return terms;
  }
};

// Terms that were computed before.
template <class Row>
struct Stored {
  const float* sum;
  const float* max;

  MAXMARGIN_FORCE_INLINE Terms<Unit> at(size_t i) const {
    Terms<Unit> terms{};
    terms.sum = loaded<Unit>(sum + i);
    if constexpr (Row::kHasMax) terms.max = loaded<Unit>(max + i);
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

template <class Merge>
MAXMARGIN_INLINE Terms<Lanes> to_lanes(const Terms<Lanes>& lanes) {
  return lanes;
}

template <class Merge, class V>
MAXMARGIN_INLINE Terms<Lanes> to_lanes(const Terms<V>& unit) {
  using Half = decltype(low(unit.sum));
  return to_lanes<Merge>(
      Merge::merged(Terms<Half>{low(unit.sum), low(unit.max), low(unit.impure)},
                    Terms<Half>{high(unit.sum), high(unit.max), high(unit.impure)}));
}

template <class Row, bool kBinary>
struct Accumulator {
  WideLanes sum;
  Lanes max, impure;

  static MAXMARGIN_FORCE_INLINE Accumulator empty() {
    return {constant<WideLanes>(0.0), constant<Lanes>(kNoMax), constant<Lanes>(0.0f)};
  }

  template <class Source>
  MAXMARGIN_FORCE_INLINE void add_block(const Source& source) {
    using Merge = EachItsWay<Row, kBinary>;
    const Terms<Lanes> lanes = to_lanes<Merge>(folded<Merge, 0, kUnit, kBlock>(source));
    sum = sum + widen(lanes.sum);
    if constexpr (Row::kHasMax) max = larger(max, lanes.max);
    if constexpr (kBinary) impure = impure | lanes.impure;
  }
};

MAXMARGIN_INLINE double sum_of(WideLanes lanes) {
  double d[kLanes];
  store(d, lanes);
  return ((d[0] + d[4]) + (d[2] + d[6])) + ((d[1] + d[5]) + (d[3] + d[7]));
}

MAXMARGIN_INLINE float max_of(Lanes lanes) {
  float f[kLanes];
  store(f, lanes);
  float max = f[0];
  for (size_t i = 1; i < kLanes; ++i) max = f[i] > max ? f[i] : max;
  return max;
}

MAXMARGIN_INLINE bool is_finite(double x) { return x - x == 0.0; }

// No bit but the sign of a zero.
template <class V>
MAXMARGIN_INLINE bool is_pure(V impure) {
  float f[sizeof(V) / sizeof(float)];
  store(f, impure);
  bool pure = true;
  for (float x : f) pure &= x == 0.0f;
  return pure;
}

// NaNs have many bits, results have those of one.
MAXMARGIN_INLINE Unit with_one_nan(Unit values) {
  return where_nan(values, constant<Unit>(std::numeric_limits<float>::quiet_NaN()), values);
}

// Computes n terms into memory; false where a label was impure.
template <class L, bool kBinary, bool kAreResults, class Y>
static bool write_terms(const Y* labels, const float* predictions, size_t n, float* sum, float* max) {
  constexpr bool kHasMax = L::Row::kHasMax;
  const Computed<L, kBinary, Y> values{labels, predictions};
  Unit impure = constant<Unit>(0.0f);
  size_t i = 0;
  for (; i + kUnit <= n; i += kUnit) {
    const Terms<Unit> terms = values.at(i);
    store(sum + i, kAreResults ? with_one_nan(terms.sum) : terms.sum);
    if constexpr (kHasMax) store(max + i, terms.max);
    if constexpr (kBinary) impure = impure | terms.impure;
  }
  if (i < n) {
    Y y[kUnit] = {};
    float p[kUnit] = {}, s[kUnit], m[kUnit];
    std::memcpy(y, labels + i, (n - i) * sizeof(Y));
    std::memcpy(p, predictions + i, (n - i) * sizeof(float));
    const Terms<Unit> terms = Computed<L, kBinary, Y>{y, p}.at(0);
    store(s, kAreResults ? with_one_nan(terms.sum) : terms.sum);
    std::memcpy(sum + i, s, (n - i) * sizeof(float));
    if constexpr (kHasMax) {
      store(m, terms.max);
      std::memcpy(max + i, m, (n - i) * sizeof(float));
    }
    if constexpr (kBinary) impure = impure | terms.impure;
  }
  return is_pure(impure);
}

MAXMARGIN_INLINE WideLanes plus_widened(WideLanes sum, const float* terms, size_t n) {
  for (size_t i = 0; i < n; i += kLanes) {
    const Lanes own = keep_first(loaded<Lanes>(terms + i), static_cast<int>(n - i), kNoSum);
    sum = sum + widen(own);
  }
  return sum;
}

template <class L, bool kBinary, class Y>
static double widened_sum(const Y* labels, const float* predictions, size_t n) {
  Scratch scratch;
  WideLanes sum = constant<WideLanes>(0.0);
  for (size_t i = 0; i < n; i += kTile) {
    const size_t count = n - i < kTile ? n - i : kTile;
    write_terms<L, kBinary, false>(labels + i, predictions + i, count, scratch.sum, scratch.max);
    sum = plus_widened(sum, scratch.sum, count);
  }
  return sum_of(sum);
}

template <class L, bool kBinary, class Y>
static bool chunk(const void* labels_, const void* predictions_, size_t n, Partial* partial) {
  using Row = typename L::Row;
  const Y* labels = static_cast<const Y*>(labels_);
  const float* predictions = static_cast<const float*>(predictions_);

  auto total = Accumulator<Row, kBinary>::empty();
  size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    total.add_block(Computed<L, kBinary, Y>{labels + i, predictions + i});
  }
  bool pure = true;
  if (i < n) {
    float sum[kBlock], max[kBlock];
    for (size_t k = 0; k < kBlock; ++k) sum[k] = kNoSum, max[k] = kNoMax;
    pure = write_terms<L, kBinary, false>(labels + i, predictions + i, n - i, sum, max);
    total.add_block(Stored<Row>{sum, max});
  }

  partial->sum = sum_of(total.sum);
  if (!is_finite(partial->sum)) {
    partial->sum = widened_sum<L, kBinary>(labels, predictions, n);
  }
  partial->max = max_of(total.max);
  return pure & is_pure(total.impure);
}

template <class L>
static double row_loss(Partial row, size_t width) {
  double loss[kLanes];
  store(loss, L::Row::loss(constant<WideLanes>(row.sum), constant<WideLanes>(row.max),
                           constant<WideLanes>(static_cast<double>(width))));
  return loss[0];
}

// A row of more than half of kGroups times 8 terms, and no more than all; `rest` stands for what lacks.
template <size_t kGroups>
struct RowOfTerms {
  const float* terms;
  int width;
  float rest;

  MAXMARGIN_FORCE_INLINE Lanes at(size_t i) const {
    const Lanes lanes = loaded<Lanes>(terms + i);
    if (i + kLanes <= kGroups / 2 * kLanes) return lanes;
    return keep_first(lanes, width - static_cast<int>(i), rest);
  }
};

// Eight rows on their side: column i holds what stands at i in each.
template <class V>
struct Columns {
  V columns[kLanes];

  MAXMARGIN_FORCE_INLINE V at(size_t i) const { return columns[i]; }
};

// Eight rows, each folded to 8 lanes and then turned on its side.
template <class Merge, size_t kGroups>
MAXMARGIN_INLINE Columns<Lanes> eight_rows(const float* terms, size_t width, float rest) {
  Columns<Lanes> rows;
  for (size_t k = 0; k < kLanes; ++k) {
    rows.columns[k] = folded<Merge, 0, kLanes, kGroups * kLanes>(
        RowOfTerms<kGroups>{terms + k * width, static_cast<int>(width), rest});
  }
  transpose(rows.columns);
  return rows;
}

MAXMARGIN_INLINE Columns<WideLanes> widened(const Columns<Lanes>& narrow) {
  Columns<WideLanes> wide;
  for (size_t k = 0; k < kLanes; ++k) wide.columns[k] = widen(narrow.columns[k]);
  return wide;
}

// The sums of eight rows, those that are not finite taken once more.
static WideLanes with_overflows_widened(WideLanes sum, const float* terms, size_t width) {
  double sums[kLanes];
  store(sums, sum);
  for (size_t k = 0; k < kLanes; ++k) {
    if (is_finite(sums[k])) continue;
    sums[k] = sum_of(plus_widened(constant<WideLanes>(0.0), terms + k * width, width));
  }
  return loaded<WideLanes>(sums);
}

template <class Row, size_t kGroups>
static void fold_rows(const Scratch& scratch, size_t rows, size_t width, double* losses) {
  const WideLanes wide_width = constant<WideLanes>(static_cast<double>(width));
  for (size_t r = 0; r < rows; r += kLanes) {
    const float* sums = scratch.sum + r * width;
    WideLanes sum =
        folded<Add, 0, 1, kLanes>(widened(eight_rows<Add, kGroups>(sums, width, kNoSum)));
    if (any_nan(sum - sum)) sum = with_overflows_widened(sum, sums, width);
    WideLanes max = sum;
    if constexpr (Row::kHasMax) {
      max = widen(folded<Larger, 0, 1, kLanes>(
          eight_rows<Larger, kGroups>(scratch.max + r * width, width, kNoMax)));
    }
    const WideLanes loss = Row::loss(sum, max, wide_width);
    if (r + kLanes <= rows) {
      store(losses + r, loss);
    } else {
      double last[kLanes];
      store(last, loss);
      std::memcpy(losses + r, last, (rows - r) * sizeof(double));
    }
  }
}

template <class Row>
static void fold_narrow_rows(const Scratch& scratch, size_t rows, size_t width, double* losses) {
  if (width <= kLanes) return fold_rows<Row, 1>(scratch, rows, width, losses);
  if (width <= 2 * kLanes) return fold_rows<Row, 2>(scratch, rows, width, losses);
  if (width <= 4 * kLanes) return fold_rows<Row, 4>(scratch, rows, width, losses);
  fold_rows<Row, 8>(scratch, rows, width, losses);
}

template <class L, bool kBinary, class Y>
static bool narrow_rows(const Y* labels, const float* predictions, size_t rows, size_t width,
                        double* losses) {
  Scratch scratch;
  const size_t tile_rows = kTile / width / kLanes * kLanes;
  bool pure = true;
  for (size_t r = 0; r < rows; r += tile_rows) {
    const size_t count = rows - r < tile_rows ? rows - r : tile_rows;
    const size_t n = count * width;
    pure &= write_terms<L, kBinary, false>(labels + r * width, predictions + r * width, n, scratch.sum,
                                    scratch.max);
    // The eighth row of the last eight may be read, though its loss is not kept.
    const size_t end = (count + kLanes - 1) / kLanes * kLanes * width;
    for (size_t i = n; i < end; ++i) scratch.sum[i] = scratch.max[i] = 0.0f;
    fold_narrow_rows<typename L::Row>(scratch, count, width, losses + r);
  }
  return pure;
}

template <class L, bool kBinary, class Y>
static bool rows(const void* labels_, const void* predictions_, size_t rows, size_t width,
                 double* losses) {
  const Y* labels = static_cast<const Y*>(labels_);
  const float* predictions = static_cast<const float*>(predictions_);
  if (width <= kBlock) {
    return narrow_rows<L, kBinary>(labels, predictions, rows, width, losses);
  }
  bool pure = true;
  for (size_t r = 0; r < rows; ++r) {
    Partial row;
    pure &= chunk<L, kBinary, Y>(labels + r * width, predictions + r * width, width, &row);
    losses[r] = row_loss<L>(row, width);
  }
  return pure;
}

template <class L, bool kBinary, class Y>
static bool terms(const void* labels, const void* predictions, size_t n, float* losses) {
  return write_terms<L, kBinary, true>(static_cast<const Y*>(labels),
                                 static_cast<const float*>(predictions), n, losses, nullptr);
}

static float read_probe(const float* a, const float* b, size_t n) {
  constexpr size_t kUnits = 4;
  Unit seen[kUnits];
  for (Unit& unit : seen) fill(0.0f, unit);
  for (size_t i = 0; i + kUnits * kUnit <= n; i += kUnits * kUnit) {
    for (size_t k = 0; k < kUnits; ++k) {
      seen[k] = seen[k] | loaded<Unit>(a + i + k * kUnit) | loaded<Unit>(b + i + k * kUnit);
    }
  }
  return is_pure((seen[0] | seen[1]) | (seen[2] | seen[3])) ? 0.0f : 1.0f;
}

template <class L, bool kBinary, class Y>
constexpr Kernel kernel() {
  if constexpr (L::Row::kHasMax) {
    return {chunk<L, kBinary, Y>, row_loss<L>, rows<L, kBinary, Y>, nullptr};
  } else {
    return {chunk<L, kBinary, Y>, row_loss<L>, rows<L, kBinary, Y>, terms<L, kBinary, Y>};
  }
}

// A loss that takes labels as they are has the same kernel for both readings.
#define MAXMARGIN_READINGS(L, Y) {kernel<L, false, Y>(), kernel<L, L::kSignedLabels, Y>()}
#define MAXMARGIN_LABELS(L)                                           \
  {                                                                   \
    MAXMARGIN_READINGS(L, float), MAXMARGIN_READINGS(L, int8_t),      \
        MAXMARGIN_READINGS(L, uint8_t), MAXMARGIN_READINGS(L, Bool8)  \
  }
#define MAXMARGIN_KERNELS                                             \
  {                                                                   \
    MAXMARGIN_LABELS(Hinge), MAXMARGIN_LABELS(SquaredHinge),          \
        MAXMARGIN_LABELS(CategoricalHinge)                            \
  }
