// From terms to rows: the loops around the formulas, and the table of their instances.
//
// The contract that gives every instruction set, and lib/fallback.ts, the same bits: a row is cut into
// blocks of 64 terms, the last one filled up with terms that change nothing. A block is folded by halves
// in float32 (term i with i + 32, then i + 16, then i + 8) down to 8 lanes. The lanes of all blocks are
// added in double, in order, and at last folded by halves. Where that gives no finite sum, float32 may
// have overflowed on the way: then every term is widened to double before the first addition, as terms
// in float64 always are.
//
// An instruction set gives kUnit, the lanes in which it computes terms: 8, 16, 32 or 64.

template <class T>
using Unit = vec<T, kUnit>;
using Lanes = vec<float, kLanes>;
using WideLanes = vec<double, kLanes>;

constexpr float kNoSum = 0.0f;       // adds nothing to a sum
constexpr float kNoMax = -INFINITY;  // exceeds no maximum

// Terms of some rows, few enough for the first-level cache.
constexpr size_t kTile = 32 * kBlock;
template <class T>
struct Scratch {
  T sum[kTile + kBlock], max[kTile + kBlock];  // loads may reach a block beyond the last row
};

// ---- Values as terms are computed of them

// An integer to be read as the nearest value that `As` holds.
template <class Integer, class As>
struct Rounded {
  Integer value;
};

template <class V, class Source>
struct Loaded {
  static constexpr bool kIsDouble = sizeof(Element<V>) == sizeof(double);
  static constexpr int kCount = sizeof(V) / sizeof(Element<V>);

  static MAXMARGIN_FORCE_INLINE V from(const Source* values) {
    if constexpr (kIsDouble && sizeof(Source) == 1) {
      return widen(Loaded<vec<float, kCount>, Source>::from(values));
    } else if constexpr (!kIsDouble && sizeof(Source) == sizeof(double)) {
      return narrow(Loaded<vec<double, kCount>, Source>::from(values));
    } else {
      V a;
      load(values, a);
      return a;
    }
  }
};

template <class V, class Integer>
struct Loaded<V, Rounded<Integer, Half>> {
  static MAXMARGIN_FORCE_INLINE V from(const Rounded<Integer, Half>* values) {
    return as_half(Loaded<V, Integer>::from(&values->value));
  }
};

template <class V, class Integer>
struct Loaded<V, Rounded<Integer, BFloat16>> {
  static MAXMARGIN_FORCE_INLINE V from(const Rounded<Integer, BFloat16>* values) {
    return as_bfloat16(Loaded<V, Integer>::from(&values->value));
  }
};

template <class V, class Source>
MAXMARGIN_INLINE V loaded(const Source* values) {
  return Loaded<V, Source>::from(values);
}

// ---- Terms

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
template <class L, bool kBinary, class T, class Y, class P>
struct Computed {
  const Y* labels;
  const P* predictions;

  MAXMARGIN_FORCE_INLINE Terms<Unit<T>> at(size_t i) const {
    Terms<Unit<T>> terms{};
    Unit<T> y = loaded<Unit<T>>(labels + i);
    if constexpr (kBinary) y = signed_labels(y, terms.impure);
    L::add(y, loaded<Unit<T>>(predictions + i), terms);
    return terms;
  }
};

// Terms that were computed before.
template <class Row, class T>
struct Stored {
  const T* sum;
  const T* max;

  MAXMARGIN_FORCE_INLINE Terms<Unit<T>> at(size_t i) const {
    Terms<Unit<T>> terms{};
    terms.sum = loaded<Unit<T>>(sum + i);
    if constexpr (Row::kHasMax) terms.max = loaded<Unit<T>>(max + i);
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

// What blocks add up to, in lanes.
template <class Row, bool kBinary, class T>
struct Accumulator {
  WideLanes sum;
  vec<T, kLanes> max, impure;

  // No constructor: gcc gives an implicit one no target.
  static MAXMARGIN_FORCE_INLINE Accumulator empty() {
    using Own = vec<T, kLanes>;
    return {constant<WideLanes>(0.0), constant<Own>(kNoMax), constant<Own>(0.0)};
  }

  template <class Source>
  MAXMARGIN_FORCE_INLINE void add_block(const Source& source) {
    if constexpr (sizeof(T) == sizeof(float)) {
      using Merge = EachItsWay<Row, kBinary>;
      add_lanes(to_lanes<Merge>(folded<Merge, 0, kUnit, kBlock>(source)));
    } else {
      for (size_t i = 0; i < kBlock; i += kUnit) add_in_order(source.at(i));
    }
  }

  MAXMARGIN_FORCE_INLINE void add_in_order(const Terms<WideLanes>& lanes) { add_lanes(lanes); }

  template <class V>
  MAXMARGIN_FORCE_INLINE void add_in_order(const Terms<V>& unit) {
    using Half = decltype(low(unit.sum));
    add_in_order(Terms<Half>{low(unit.sum), low(unit.max), low(unit.impure)});
    add_in_order(Terms<Half>{high(unit.sum), high(unit.max), high(unit.impure)});
  }

  MAXMARGIN_FORCE_INLINE void add_lanes(const Terms<vec<T, kLanes>>& lanes) {
    sum = sum + widen(lanes.sum);
    if constexpr (Row::kHasMax) max = larger(max, lanes.max);
    if constexpr (kBinary) impure = impure | lanes.impure;
  }
};

MAXMARGIN_INLINE WideLanes widen(WideLanes lanes) { return lanes; }

MAXMARGIN_INLINE double sum_of(WideLanes lanes) {
  double d[kLanes];
  store(d, lanes);
  return ((d[0] + d[4]) + (d[2] + d[6])) + ((d[1] + d[5]) + (d[3] + d[7]));
}

template <class T>
MAXMARGIN_INLINE T max_of(vec<T, kLanes> lanes) {
  T f[kLanes];
  store(f, lanes);
  T max = f[0];
  for (size_t i = 1; i < kLanes; ++i) max = f[i] > max ? f[i] : max;
  return max;
}

MAXMARGIN_INLINE bool is_finite(double x) { return x - x == 0.0; }

// No bit but the sign of a zero.
template <class V>
MAXMARGIN_INLINE bool is_pure(V impure) {
  Element<V> f[sizeof(V) / sizeof(Element<V>)];
  store(f, impure);
  bool pure = true;
  for (const Element<V> x : f) pure &= x == 0;
  return pure;
}

// NaNs have many bits, results have those of one.
template <class V>
MAXMARGIN_INLINE V with_one_nan(V values) {
  return where_nan(values, constant<V>(std::numeric_limits<double>::quiet_NaN()), values);
}

// Writes n terms: those of hinge and squared hinge are the losses of rows of one value.
template <class L, bool kBinary, class T, class Y, class P>
MAXMARGIN_NO_INLINE static bool write_terms(const void* labels_, const void* predictions_, size_t n,
                                            void* sum_, void* max_) {
  constexpr bool kHasMax = L::Row::kHasMax;
  const Y* labels = static_cast<const Y*>(labels_);
  const P* predictions = static_cast<const P*>(predictions_);
  T* sum = static_cast<T*>(sum_);
  T* max = static_cast<T*>(max_);

  Unit<T> impure = constant<Unit<T>>(0.0);
  Y y[kUnit] = {};
  P p[kUnit] = {};
  T last_sum[kUnit], last_max[kUnit];
  for (size_t i = 0; i < n; i += kUnit) {
    const bool whole = i + kUnit <= n;
    if (!whole) {
      std::memcpy(y, labels + i, (n - i) * sizeof(Y));
      std::memcpy(p, predictions + i, (n - i) * sizeof(P));
    }
    const Computed<L, kBinary, T, Y, P> values{whole ? labels + i : y, whole ? predictions + i : p};
    const Terms<Unit<T>> terms = values.at(0);
    store(whole ? sum + i : last_sum, with_one_nan(terms.sum));
    if constexpr (kHasMax) store(whole ? max + i : last_max, terms.max);
    if constexpr (kBinary) impure = impure | terms.impure;
    if (!whole) {
      std::memcpy(sum + i, last_sum, (n - i) * sizeof(T));
      if constexpr (kHasMax) std::memcpy(max + i, last_max, (n - i) * sizeof(T));
    }
  }
  return is_pure(impure);
}

// ---- Chunks

template <class T>
MAXMARGIN_INLINE bool write_terms(const Values& values, size_t n, Scratch<T>& scratch) {
  return values.kernel->terms(values.labels, values.predictions, n, scratch.sum, scratch.max);
}

// Fills up the last block of n terms.
template <class T>
MAXMARGIN_INLINE void fill_up(Scratch<T>& scratch, size_t n) {
  const size_t end = (n + kBlock - 1) / kBlock * kBlock;
  for (size_t i = n; i < end; ++i) scratch.sum[i] = kNoSum, scratch.max[i] = kNoMax;
}

template <class T>
MAXMARGIN_INLINE WideLanes plus_widened(WideLanes sum, const T* terms, size_t n) {
  for (size_t i = 0; i < n; i += kLanes) {
    const auto lanes = loaded<vec<T, kLanes>>(terms + i);
    sum = sum + widen(keep_first(lanes, static_cast<int>(n - i), static_cast<T>(kNoSum)));
  }
  return sum;
}

static double widened_sum(const Values& values, size_t n) {
  Scratch<float> scratch;
  WideLanes sum = constant<WideLanes>(0.0);
  for (size_t i = 0; i < n; i += kTile) {
    const size_t count = n - i < kTile ? n - i : kTile;
    write_terms(values.from(i), count, scratch);
    sum = plus_widened(sum, scratch.sum, count);
  }
  return sum_of(sum);
}

template <class Row, class T>
static bool chunk_of_terms(const Values& values, size_t n, Partial* partial) {
  Scratch<T> scratch;
  auto total = Accumulator<Row, false, T>::empty();
  bool pure = true;
  for (size_t i = 0; i < n; i += kTile) {
    const size_t count = n - i < kTile ? n - i : kTile;
    pure &= write_terms(values.from(i), count, scratch);
    fill_up(scratch, count);
    for (size_t k = 0; k < count; k += kBlock) {
      total.add_block(Stored<Row, T>{scratch.sum + k, scratch.max + k});
    }
  }
  partial->sum = sum_of(total.sum);
  partial->max = max_of(total.max);
  return pure;
}

// The processor's own prefetching falls behind where labels are of 8 bytes. It may reach beyond the array.
constexpr size_t kPrefetchAhead = 2048;

template <class Y>
MAXMARGIN_INLINE void prefetch_block(const Y* labels) {
  if constexpr (sizeof(Y) == 8) {
    const char* ahead = reinterpret_cast<const char*>(labels) + kPrefetchAhead;
    for (size_t k = 0; k < kBlock * sizeof(Y); k += 64) MAXMARGIN_PREFETCH(ahead + k);
  }
}

template <class L, bool kBinary, class T, class Y, class P>
static bool chunk_in_registers(const void* labels_, const void* predictions_, size_t n,
                               Partial* partial) {
  using Row = typename L::Row;
  const Y* labels = static_cast<const Y*>(labels_);
  const P* predictions = static_cast<const P*>(predictions_);

  auto total = Accumulator<Row, kBinary, T>::empty();
  size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    prefetch_block(labels + i);
    total.add_block(Computed<L, kBinary, T, Y, P>{labels + i, predictions + i});
  }
  bool pure = true;
  if (i < n) {
    T sum[kBlock], max[kBlock];
    for (size_t k = 0; k < kBlock; ++k) sum[k] = kNoSum, max[k] = kNoMax;
    pure = write_terms<L, kBinary, T, Y, P>(labels + i, predictions + i, n - i, sum, max);
    total.add_block(Stored<Row, T>{sum, max});
  }
  partial->sum = sum_of(total.sum);
  partial->max = max_of(total.max);
  return pure & is_pure(total.impure);
}

template <class Row, class T>
static bool chunk(const Values& values, size_t n, Partial* partial) {
  const Kernel& kernel = *values.kernel;
  const bool pure = kernel.chunk != nullptr
                        ? kernel.chunk(values.labels, values.predictions, n, partial)
                        : chunk_of_terms<Row, T>(values, n, partial);
  if constexpr (sizeof(T) == sizeof(float)) {
    if (!is_finite(partial->sum)) partial->sum = widened_sum(values, n);
  }
  return pure;
}

// ---- Rows

template <class Row>
static double row_loss(Partial row, size_t width) {
  double loss[kLanes];
  store(loss, Row::loss(constant<WideLanes>(row.sum), constant<WideLanes>(row.max),
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
static void fold_rows(const Scratch<float>& scratch, size_t rows, size_t width, double* losses) {
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
static void fold_narrow_rows(const Scratch<float>& scratch, size_t rows, size_t width,
                             double* losses) {
  if (width <= kLanes) return fold_rows<Row, 1>(scratch, rows, width, losses);
  if (width <= 2 * kLanes) return fold_rows<Row, 2>(scratch, rows, width, losses);
  if (width <= 4 * kLanes) return fold_rows<Row, 4>(scratch, rows, width, losses);
  fold_rows<Row, 8>(scratch, rows, width, losses);
}

template <class Row>
static void fold_narrow_rows(const Scratch<double>& scratch, size_t rows, size_t width,
                             double* losses) {
  for (size_t r = 0; r < rows; ++r) {
    const size_t start = r * width;
    WideLanes sum = constant<WideLanes>(0.0), max = constant<WideLanes>(kNoMax);
    for (size_t i = 0; i < width; i += kLanes) {
      const int count = static_cast<int>(width - i);
      const WideLanes sums = loaded<WideLanes>(scratch.sum + start + i);
      sum = sum + keep_first(sums, count, static_cast<double>(kNoSum));
      if constexpr (Row::kHasMax) {
        const WideLanes others = loaded<WideLanes>(scratch.max + start + i);
        max = larger(max, keep_first(others, count, static_cast<double>(kNoMax)));
      }
    }
    losses[r] = row_loss<Row>({sum_of(sum), max_of(max)}, width);
  }
}

template <class Row, class T>
static bool narrow_rows(const Values& values, size_t rows, size_t width, double* losses) {
  Scratch<T> scratch;
  const size_t tile_rows = kTile / width / kLanes * kLanes;
  bool pure = true;
  for (size_t r = 0; r < rows; r += tile_rows) {
    const size_t count = rows - r < tile_rows ? rows - r : tile_rows;
    const size_t n = count * width;
    pure &= write_terms(values.from(r * width), n, scratch);
    // The eighth row of the last eight may be read, though its loss is not kept.
    const size_t end = (count + kLanes - 1) / kLanes * kLanes * width;
    for (size_t i = n; i < end; ++i) scratch.sum[i] = scratch.max[i] = 0;
    fold_narrow_rows<Row>(scratch, count, width, losses + r);
  }
  return pure;
}

template <class Row, class T>
static bool rows(const Values& values, size_t rows, size_t width, double* losses) {
  if (width <= kBlock) return narrow_rows<Row, T>(values, rows, width, losses);
  bool pure = true;
  for (size_t r = 0; r < rows; ++r) {
    Partial row;
    pure &= chunk<Row, T>(values.from(r * width), width, &row);
    losses[r] = row_loss<Row>(row, width);
  }
  return pure;
}

// ---- The read probe

MAXMARGIN_INLINE Unit<float> seen_in(const char* from) {
  return loaded<Unit<float>>(reinterpret_cast<const float*>(from));
}

// Reads as many bytes of either array in each of its steps as the other's length asks for.
static bool read_probe(const void* a, size_t a_bytes, const void* b, size_t b_bytes) {
  constexpr size_t kStep = 4 * sizeof(Unit<float>);
  const char* const arrays[] = {static_cast<const char*>(a), static_cast<const char*>(b)};
  const size_t steps[] = {a_bytes / kStep, b_bytes / kStep};
  const bool a_is_longer = a_bytes > b_bytes;
  const char* longer = arrays[a_is_longer ? 0 : 1];
  const char* shorter = arrays[a_is_longer ? 1 : 0];
  const size_t longer_steps = steps[a_is_longer ? 0 : 1];
  const size_t shorter_steps = steps[a_is_longer ? 1 : 0];

  Unit<float> seen[4];
  for (Unit<float>& unit : seen) unit = constant<Unit<float>>(0.0);
  size_t due = 0;
  for (size_t i = 0; i < longer_steps; ++i, longer += kStep) {
    for (size_t k = 0; k < 4; ++k) seen[k] = seen[k] | seen_in(longer + k * sizeof(Unit<float>));
    due += shorter_steps;
    if (due < longer_steps) continue;
    due -= longer_steps;
    for (size_t k = 0; k < 4; ++k) seen[k] = seen[k] | seen_in(shorter + k * sizeof(Unit<float>));
    shorter += kStep;
  }
  return !is_pure((seen[0] | seen[1]) | (seen[2] | seen[3]));
}

// ---- Tables

// The pairs of dtypes that come in the largest batches have a loop of their own, without a way by memory.
enum class Way { by_terms, in_registers };

template <class L, bool kBinary, Way kWay, class T, class Y, class P>
constexpr Kernel kernel() {
  if constexpr (kWay == Way::in_registers) {
    return {write_terms<L, kBinary, T, Y, P>, chunk_in_registers<L, kBinary, T, Y, P>};
  } else {
    return {write_terms<L, kBinary, T, Y, P>, nullptr};
  }
}

// A loss that takes labels as they are has the same kernel for both readings.
template <class L, Way kWay, class T, class Y, class P>
constexpr void set_readings(Kernel (&readings)[kLabelReadings]) {
  readings[static_cast<int>(LabelReading::as_is)] = kernel<L, false, kWay, T, Y, P>();
  readings[static_cast<int>(LabelReading::binary)] = kernel<L, L::kSignedLabels, kWay, T, Y, P>();
}

template <class L, Way kWay, class T, class P>
constexpr void set_labels(Kernel (&labels)[kLabels][kLabelReadings]) {
  set_readings<L, Way::in_registers, T, P, P>(labels[static_cast<int>(Labels::own)]);
  set_readings<L, kWay, T, int8_t, P>(labels[static_cast<int>(Labels::int8)]);
  set_readings<L, kWay, T, uint8_t, P>(labels[static_cast<int>(Labels::uint8)]);
  set_readings<L, kWay, T, Bool8, P>(labels[static_cast<int>(Labels::boolean)]);
  set_readings<L, kWay, T, int32_t, P>(labels[static_cast<int>(Labels::int32)]);
  set_readings<L, kWay, T, int64_t, P>(labels[static_cast<int>(Labels::int64)]);
}

template <class L, class P>
constexpr void set_rounded_labels(Kernel (&labels)[kLabels][kLabelReadings]) {
  using Int32 = Rounded<int32_t, P>;
  using Int64 = Rounded<int64_t, P>;
  set_readings<L, Way::by_terms, float, Int32, P>(labels[static_cast<int>(Labels::rounded_int32)]);
  set_readings<L, Way::by_terms, float, Int64, P>(labels[static_cast<int>(Labels::rounded_int64)]);
}

template <class L>
constexpr void set_all_pairs(Kernel (&kernels)[kPredictions][kLabels][kLabelReadings]) {
  auto& float16 = kernels[static_cast<int>(Predictions::float16)];
  auto& bfloat16 = kernels[static_cast<int>(Predictions::bfloat16)];
  set_labels<L, Way::in_registers, float, float>(kernels[static_cast<int>(Predictions::float32)]);
  set_labels<L, Way::in_registers, double, double>(kernels[static_cast<int>(Predictions::float64)]);
  set_labels<L, Way::in_registers, float, double>(
      kernels[static_cast<int>(Predictions::float64_as_float32)]);
  set_labels<L, Way::by_terms, float, Half>(float16);
  set_labels<L, Way::by_terms, float, BFloat16>(bfloat16);
  set_rounded_labels<L, Half>(float16);
  set_rounded_labels<L, BFloat16>(bfloat16);
}

// Anything but two arrays of float32 or of float64 is converted first.
template <class L>
constexpr void set_converted_pairs(Kernel (&kernels)[kPredictions][kLabels][kLabelReadings]) {
  constexpr int kOwn = static_cast<int>(Labels::own);
  set_readings<L, Way::in_registers, float, float, float>(
      kernels[static_cast<int>(Predictions::float32)][kOwn]);
  set_readings<L, Way::in_registers, double, double, double>(
      kernels[static_cast<int>(Predictions::float64)][kOwn]);
}

template <class L, bool kAllPairs>
constexpr void set_loss(InstructionSet& set, Loss loss) {
  using Row = typename L::Row;
  auto& kernels = set.kernels[static_cast<int>(loss)];
  if constexpr (kAllPairs) {
    set_all_pairs<L>(kernels);
  } else {
    set_converted_pairs<L>(kernels);
  }
  auto& foldings = set.foldings[static_cast<int>(loss)];
  foldings[0] = {chunk<Row, float>, rows<Row, float>, row_loss<Row>};
  foldings[1] = {chunk<Row, double>, rows<Row, double>, row_loss<Row>};
}

template <bool kAllPairs>
constexpr InstructionSet instruction_set(const char* name, bool (*supported)()) {
  InstructionSet set{name, supported, {}, {}, read_probe};
  set_loss<Hinge, kAllPairs>(set, Loss::hinge);
  set_loss<SquaredHinge, kAllPairs>(set, Loss::squared_hinge);
  set_loss<CategoricalHinge, kAllPairs>(set, Loss::categorical_hinge);
  return set;
}
