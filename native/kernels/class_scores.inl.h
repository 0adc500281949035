// Rows of class_max losses of class ids: the score of a row's class, and the maximum of its other scores. They are the same in
// any order of additions. Predictions are read in place, and no one-hot labels are written.

// 0, 1, 2, ...
template <class T>
struct Columns {
  T values[kUnit];

  constexpr Columns() : values{} {
    for (int i = 0; i < kUnit; ++i) values[i] = static_cast<T>(i);
  }
};
template <class T>
constexpr Columns<T> kColumns;

// Some rows of a tile of class ids.
template <class T>
MAXMARGIN_INLINE Tile class_rows_of(const Tile& tile, size_t first, size_t count) {
  const size_t start = first * tile.width;
  return {tile.parameters, static_cast<const int32_t*>(tile.labels) + first,
          static_cast<const T*>(tile.predictions) + start, count, tile.width, tile.readable - start};
}

MAXMARGIN_INLINE bool is_class(int32_t id, size_t width) { return id >= 0 && static_cast<size_t>(id) < width; }

// A register of scores, their columns, and the classes of their rows. Where column and class are equal, the score is the row's own.
template <class V>
struct Scores {
  V scores, columns, classes;

  // A value in place of the row's own score, and zeros.
  MAXMARGIN_FORCE_INLINE V at_class(V value) const { return value_if_equal(columns, classes, value); }

  // NaN in place of the row's own score: no maximum has it, and nothing is equal to it.
  MAXMARGIN_FORCE_INLINE V others() const {
    return scores | at_class(constant<V>(std::numeric_limits<double>::quiet_NaN()));
  }
};

// One row, of which the id may be in another part.
template <class T>
struct ClassRow {
  const T* scores;
  int32_t id;
  size_t width, readable;

  static MAXMARGIN_FORCE_INLINE ClassRow of(const Tile& tile, size_t row) {
    const size_t start = row * tile.width;
    return {static_cast<const T*>(tile.predictions) + start, static_cast<const int32_t*>(tile.labels)[row], tile.width,
            tile.readable - start};
  }

  MAXMARGIN_FORCE_INLINE bool has_class() const { return is_class(id, width); }

  // Calls use(scores, column, count) for registers from a column on, of which `count` scores belong to the row.
  template <class V, class Use>
  MAXMARGIN_FORCE_INLINE void each_register(size_t i, Use use) const {
    constexpr size_t kRegister = kCount<V>;
    for (; i + kRegister <= width; i += kRegister) use(loaded<V>(scores + i), i, kRegister);
    if (i == width) return;
    Padded<T, kRegister> last;
    use(loaded<V>(last.from(scores + i, width - i, readable - i)), i, width - i);
  }

  // A register of the row's scores from a column on.
  template <class V>
  MAXMARGIN_FORCE_INLINE Scores<V> from(size_t column, V scores) const {
    V own;
    set_all(static_cast<T>(id - static_cast<int32_t>(column)), own);
    return {scores, loaded<V>(kColumns<T>.values), own};
  }
};

// ---- Folds over eight rows at once

template <class T>
MAXMARGIN_INLINE Lanes<T> max_to_lanes(Lanes<T> a) {
  return a;
}
template <class T, int N>
MAXMARGIN_INLINE Lanes<T> max_to_lanes(vec<T, N> a) {
  return max_to_lanes<T>(max_or_second(low(a), high(a)));
}

// Writes the largest of the lanes that `of_row` returns for each row, in whole groups of eight.
template <class T, class OfRow>
MAXMARGIN_INLINE void fold_rows(size_t first, const Tile& tile, OfRow of_row, double* to) {
  alignas(64) T lanes[kLanes * kLanes] = {};
  for (size_t row = first; row < tile.rows; row += kLanes) {
    const size_t count = at_most_eight(tile.rows - row);
    MAXMARGIN_NO_UNROLL
    for (size_t k = 0; k < count; ++k) store(lanes + k * kLanes, of_row(ClassRow<T>::of(tile, row + k)));
    Lanes<T> rows[kLanes];
    MAXMARGIN_UNROLL
    for (size_t k = 0; k < kLanes; ++k) rows[kPlaces<T>[k]] = loaded<Lanes<T>>(lanes + k * kLanes);
    fold_segments<Max, kLanes, 1, T>(rows);
    store(to + row, widen(rows[0]));
  }
}

// ---- Maxima

// Sums of scores, which are finite unless one of the scores is not, or a sum overflows: then maxima may have lost NaN. There
// are several because an addition takes longer than what else is done with a register.
template <class V>
struct ScoreSums {
  static constexpr size_t kSums = 4;
  V sums[kSums];

  static MAXMARGIN_FORCE_INLINE ScoreSums zeros() {
    ScoreSums zeros;
    for (V& sum : zeros.sums) sum = constant<V>(0.0);
    return zeros;
  }

  MAXMARGIN_FORCE_INLINE bool are_finite() const {
    const V all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    return have_only<Element<V>>(combined_bits<Element<V>>(all - all), kSignBit<Element<V>>);
  }
};

template <class V, class T>
MAXMARGIN_INLINE V wide_max(const ClassRow<T>& row, size_t ahead, ScoreSums<V>* sums) {
  constexpr size_t kRegister = kCount<V>, kRegisters = ScoreSums<V>::kSums, kSpan = kRegisters * kRegister;
  V max[kRegisters];
  MAXMARGIN_UNROLL
  for (size_t k = 0; k < kRegisters; ++k) max[k] = constant<V>(kMaxIdentity);
  size_t i = 0;
  for (; i + kSpan <= row.width; i += kSpan) {
    const bool has_own = static_cast<size_t>(static_cast<int64_t>(row.id) - static_cast<int64_t>(i)) < kSpan;
    MAXMARGIN_UNROLL
    for (size_t k = 0; k < kRegisters; ++k) {
      V scores = loaded<V>(row.scores + i + k * kRegister);
      sums->sums[k] = sums->sums[k] + scores;
      MAXMARGIN_PREFETCH(row.scores + i + k * kRegister + ahead);
      if (has_own) scores = row.from(i + k * kRegister, scores).others();
      max[k] = max_or_second(scores, max[k]);
    }
  }
  row.template each_register<V>(i, [&](V scores, size_t column, size_t count) {
    sums->sums[0] = sums->sums[0] + scores;
    V others = row.from(column, scores).others();
    if (count < kRegister) others = first_n_or(others, static_cast<int>(count), static_cast<T>(kMaxIdentity));
    max[0] = max_or_second(others, max[0]);
  });
  return Max::merged(Max::merged(max[0], max[1]), Max::merged(max[2], max[3]));
}

// The maxima of the other scores of rows from `first` on. False if a score may not be finite.
template <class T>
MAXMARGIN_NO_INLINE static bool write_maxes(const Tile& tile, size_t first, double* maxes) {
  using V = Unit<T>;
  auto sums = ScoreSums<V>::zeros();
  const size_t ahead = ahead_of(tile);
  const auto max_of_row = [&](const ClassRow<T>& row) { return max_to_lanes<T>(wide_max<V>(row, ahead, &sums)); };
  fold_rows<T>(first, tile, max_of_row, maxes);
  return sums.are_finite();
}

// ---- Scores

// The sums and maxima of rows whose scores need not be finite, one by one. `has_zeros`: see CategoricalHinge.
template <class T>
MAXMARGIN_NO_INLINE static void write_any_scores(const Tile& tile, bool has_zeros, const RowSums& to) {
  for (size_t k = 0; k < tile.rows; ++k) {
    const auto row = ClassRow<T>::of(tile, k);
    bool is_nan = false;
    double max = kMaxIdentity;
    for (size_t i = 0; i < row.width; ++i) {
      const double score = row.scores[i];
      is_nan |= has_zeros ? score - score != 0.0 : score != score;
      if (static_cast<double>(i) != row.id && score > max) max = score;
    }
    if (is_nan) to.sums[k] = std::numeric_limits<double>::quiet_NaN();
    to.maxes[k] = max;
  }
}

// Scores in columns.
struct NarrowScores {
  // The number of rows, from the first one on.
  size_t rows;
  bool are_finite;
};

MAXMARGIN_NO_INLINE static NarrowScores write_narrow_scores(const Tile& tile, size_t ahead, const RowSums& to) {
  using V = ColumnUnit;
  const auto* ids = static_cast<const int32_t*>(tile.labels);
  const auto* scores = static_cast<const float*>(tile.predictions);
  const size_t width = tile.width;
  auto sums = ScoreSums<V>::zeros();
  size_t row = 0;
  for (; row + kColumnRows <= tile.rows && tile.readable - row * width >= values_read_by_columns(width);
       row += kColumnRows) {
    const auto reader = ColumnReader::of(scores + row * width, width);
    const V classes = loaded<V>(ids + row);
    V own = constant<V>(0.0), max = constant<V>(kMaxIdentity);
    ColumnBlock block;
    const auto begin = [&](size_t column) { block = reader.read(column); };
    each_column(width, begin, [&](size_t column, size_t k) {
      MAXMARGIN_PREFETCH(scores + row * width + column * kColumnRows + ahead);
      const Scores<V> some{block.columns[k], constant<V>(static_cast<double>(column)), classes};
      sums.sums[k] = sums.sums[k] + some.scores;
      own = own | some.at_class(some.scores);
      max = max_or_second(some.others(), max);
    });
    store(to.sums + row, widen(own));
    store(to.maxes + row, widen(max));
  }
  return {row, sums.are_finite()};
}

// `ahead`: how far scores are prefetched where rows are narrow.
template <class T>
MAXMARGIN_NO_INLINE static void write_scores(const Tile& tile, bool has_zeros, size_t ahead, const RowSums& to) {
  const auto* scores = static_cast<const T*>(tile.predictions);
  const auto* ids = static_cast<const int32_t*>(tile.labels);
  NarrowScores narrow{0, true};
  if constexpr (std::is_same_v<T, float>) {
    if (tile.width <= kMostColumns && tile.rows >= kColumnRows) narrow = write_narrow_scores(tile, ahead, to);
  }
  if (tile.rows == 1) {
    to.sums[0] = ClassRow<T>::of(tile, 0).has_class() ? static_cast<double>(scores[ids[0]]) : 0.0;
  } else {
    // Rows are whole.
    for (size_t k = narrow.rows; k < tile.rows; ++k) to.sums[k] = scores[k * tile.width + static_cast<size_t>(ids[k])];
  }
  bool are_finite = narrow.are_finite;
  if (narrow.rows < tile.rows) are_finite &= write_maxes<T>(tile, narrow.rows, to.maxes);
  if (!are_finite) write_any_scores<T>(tile, has_zeros, to);
  if (!has_zeros || (tile.rows == 1 && !ClassRow<T>::of(tile, 0).has_class())) return;
  for (size_t k = 0; k < tile.rows; k += kLanes) {
    store(to.maxes + k, max_or_second(loaded<WideLanes>(to.maxes + k), constant<WideLanes>(0.0)));
  }
}

template <class L, class T>
static bool add_scores(const Tile& tile, size_t /*ahead*/, ChunkSums* sums) {
  double scores[kLanes], maxes[kLanes];
  write_scores<T>(class_rows_of<T>(tile, 0, 1), L::kHasZeros, 0, {scores, maxes});
  sums->lanes[0] += scores[0];
  sums->max = max_of_two(maxes[0], sums->max);
  return true;
}

// `has_zeros`: see CategoricalHinge, from which the other losses differ in nothing else.
template <class T>
MAXMARGIN_NO_INLINE static void write_class_losses(const Tile& tile, bool has_zeros, const RowOutputs& to) {
  alignas(64) double scores[kLaneRows] = {}, maxes[kLaneRows];
  const RowFormula formula = RowFormula::of(tile.width, tile.parameters);
  const size_t ahead = ahead_of_rows(tile, to).predictions;
  for (size_t first = 0; first < tile.rows; first += kLaneRows) {
    const size_t count = tile.rows - first < kLaneRows ? tile.rows - first : kLaneRows;
    write_scores<T>(class_rows_of<T>(tile, first, count), has_zeros, ahead, {scores, maxes});
    for (size_t k = 0; k < count; k += kLanes) {
      const EightRows eight{loaded<WideLanes>(scores + k), loaded<WideLanes>(maxes + k)};
      write_eight<ClassMax>(eight, formula, to.from(first + k));
    }
  }
}

template <class L, class T>
static bool class_losses(const Tile& tile, double* losses, const RowSums* sums) {
  write_class_losses<T>(tile, L::kHasZeros, row_outputs(losses, sums));
  return true;
}

// ---- Predictions that elementwise losses read with labels of 1

template <class T>
static void negate(const Tile& tile, void* to) {
  const T* values = static_cast<const T*>(tile.predictions);
  T* negatives = static_cast<T*>(to);
  const auto negative = [](Unit<T> values) { return constant<Unit<T>>(-1.0) * values; };
  const size_t n = tile.rows * tile.width, whole = n - n % kUnit, ahead = ahead_of(tile);
  for (size_t i = 0; i < whole; i += kUnit) {
    MAXMARGIN_PREFETCH(values + i + ahead);
    store(negatives + i, negative(loaded<Unit<T>>(values + i)));
  }
  transform(values + whole, n - whole, negatives + whole, negative);
}

template <class T>
static void subtract_rows(const Tile& tile, const double* values, void* to) {
  using V = Unit<T>;
  const size_t ahead = ahead_of(tile);
  for (size_t k = 0; k < tile.rows; ++k) {
    const V value = constant<V>(values[k]);
    const auto row = ClassRow<T>::of(tile, k);
    T* differences = static_cast<T*>(to) + k * tile.width;
    row.template each_register<V>(0, [&](V scores, size_t column, size_t) {
      MAXMARGIN_PREFETCH(row.scores + column + ahead);
      store(differences + column, value - scores);
    });
  }
}
