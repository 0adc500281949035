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

// One row, of which the id may be in another part.
template <class T>
struct ClassRow {
  const T* scores;
  int32_t id;
  size_t width, readable;

  static MAXMARGIN_FORCE_INLINE ClassRow of(const Tile& tile, size_t row) {
    const Tile own = class_rows_of<T>(tile, row, 1);
    return {static_cast<const T*>(own.predictions), *static_cast<const int32_t*>(own.labels), own.width, own.readable};
  }

  MAXMARGIN_FORCE_INLINE bool has_class() const { return id >= 0 && static_cast<size_t>(id) < width; }

  // Calls use(scores, column, count) for registers of which `count` scores belong to the row.
  template <class V, class Use>
  MAXMARGIN_FORCE_INLINE void each_register(Use use) const {
    constexpr size_t kRegister = kCount<V>;
    size_t i = 0;
    for (; i + kRegister <= width; i += kRegister) use(loaded<V>(scores + i), i, kRegister);
    if (i == width) return;
    Padded<T, kRegister> last;
    use(loaded<V>(last.from(scores + i, width - i, readable - i)), i, width - i);
  }

  // A register with NaN in place of the score of the row's class. No maximum has it, and nothing is equal to it.
  template <class V>
  MAXMARGIN_FORCE_INLINE V others(V scores, size_t column) const {
    const V own = constant<V>(static_cast<double>(id) - static_cast<double>(column));
    const V nan = constant<V>(std::numeric_limits<double>::quiet_NaN());
    return scores | value_if_equal(loaded<V>(kColumns<T>.values), own, nan);
  }
};

// ---- Folds over eight rows at once

template <class Merge, class T>
MAXMARGIN_INLINE Lanes<T> merged_to_lanes(Lanes<T> a) {
  return a;
}
template <class Merge, class T, int N>
MAXMARGIN_INLINE Lanes<T> merged_to_lanes(vec<T, N> a) {
  return merged_to_lanes<Merge, T>(Merge::merged(low(a), high(a)));
}

// Merges the lanes that `of_row` returns for each row to one number. Writes whole groups of eight.
template <class Merge, class T, class OfRow>
MAXMARGIN_INLINE void fold_rows(const Tile& tile, OfRow of_row, double* to) {
  alignas(64) T lanes[kLanes * kLanes] = {};
  for (size_t row = 0; row < tile.rows; row += kLanes) {
    const size_t count = at_most_eight(tile.rows - row);
    MAXMARGIN_NO_UNROLL
    for (size_t k = 0; k < count; ++k) store(lanes + k * kLanes, of_row(ClassRow<T>::of(tile, row + k), row + k));
    Lanes<T> rows[kLanes];
    MAXMARGIN_UNROLL
    for (size_t k = 0; k < kLanes; ++k) rows[kPlaces<T>[k]] = loaded<Lanes<T>>(lanes + k * kLanes);
    fold_segments<Merge, kLanes, 1, T>(rows);
    store(to + row, widen(rows[0]));
  }
}

// The maximum of each row's other scores. False if a score is not finite: then maxima may have lost NaN.
template <class T, class V>
MAXMARGIN_NO_INLINE static bool write_maxes(const Tile& tile, double* maxes) {
  V not_finite = constant<V>(0.0);
  const auto max_of_row = [&](const ClassRow<T>& row, size_t) {
    V max = constant<V>(kMaxIdentity);
    row.template each_register<V>([&](V scores, size_t column, size_t count) {
      // Also of scores of the next row: they are looked at soon.
      not_finite = not_finite | (scores - scores);
      V others = row.others(scores, column);
      if (count < kCount<V>) others = first_n_or(others, static_cast<int>(count), static_cast<T>(kMaxIdentity));
      max = max_or_second(others, max);
    });
    return merged_to_lanes<Max, T>(max);
  };
  fold_rows<Max, T>(tile, max_of_row, maxes);
  return are_zeros<T>(combined_bits<T>(not_finite));
}

// How many of each row's other scores are the maximum.
template <class T, class V>
MAXMARGIN_NO_INLINE static void write_ties(const Tile& tile, const double* maxes, double* ties) {
  const auto ties_of_row = [&](const ClassRow<T>& row, size_t index) {
    const V max = constant<V>(maxes[index]);
    V ones = constant<V>(0.0);
    row.template each_register<V>([&](V scores, size_t column, size_t count) {
      const V one = value_if_equal(row.others(scores, column), max, constant<V>(1.0));
      ones = ones + first_n_or(one, static_cast<int>(count), T{0});
    });
    return merged_to_lanes<Add, T>(ones);
  };
  fold_rows<Add, T>(tile, ties_of_row, ties);
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

template <class T>
MAXMARGIN_NO_INLINE static void write_scores(const Tile& tile, bool has_zeros, const RowSums& to) {
  for (size_t k = 0; k < tile.rows; ++k) {
    const auto row = ClassRow<T>::of(tile, k);
    to.sums[k] = row.has_class() ? static_cast<double>(row.scores[row.id]) : 0.0;
  }
  const bool is_finite = tile.width <= kLanes ? write_maxes<T, Lanes<T>>(tile, to.maxes)
                                              : write_maxes<T, Unit<T>>(tile, to.maxes);
  if (!is_finite) write_any_scores<T>(tile, has_zeros, to);
  if (!has_zeros) return;
  for (size_t k = 0; k < tile.rows; ++k) {
    if (to.maxes[k] < 0.0 && ClassRow<T>::of(tile, k).has_class()) to.maxes[k] = 0.0;
  }
}

template <class L, class T>
static bool add_scores(const Tile& tile, size_t /*ahead*/, ChunkSums* sums) {
  double scores[kLanes], maxes[kLanes];
  write_scores<T>(class_rows_of<T>(tile, 0, 1), L::kHasZeros, {scores, maxes});
  sums->lanes[0] += scores[0];
  sums->max = max_of_two(maxes[0], sums->max);
  return true;
}

template <class L, class T>
static bool class_losses(const Tile& tile, double* losses, const RowSums* sums) {
  alignas(64) double scores[kLaneRows] = {}, maxes[kLaneRows];
  const RowFormula formula = RowFormula::of(tile.width, tile.parameters);
  for (size_t first = 0; first < tile.rows; first += kLaneRows) {
    const size_t count = tile.rows - first < kLaneRows ? tile.rows - first : kLaneRows;
    write_scores<T>(class_rows_of<T>(tile, first, count), L::kHasZeros, {scores, maxes});
    const RowOutputs to{losses + first, sums == nullptr ? nullptr : sums->sums + first,
                        sums == nullptr ? nullptr : sums->maxes + first};
    for (size_t k = 0; k < count; k += kLanes) {
      write_eight<L>({loaded<WideLanes>(scores + k), loaded<WideLanes>(maxes + k)}, formula, to.from(k));
    }
  }
  return true;
}

// ---- Derivatives

template <class L, class T>
static void count_class_ties(const Tile& tile, const double* maxes, double* ties) {
  for (size_t first = 0; first < tile.rows; first += kLanes) {
    const size_t count = at_most_eight(tile.rows - first);
    const Tile rows = class_rows_of<T>(tile, first, count);
    double own[kLanes];
    if (tile.width <= kLanes) write_ties<T, Lanes<T>>(rows, maxes + first, own);
    else write_ties<T, Unit<T>>(rows, maxes + first, own);
    for (size_t k = 0; k < count; ++k) {
      const bool is_zero = L::kHasZeros && maxes[first + k] == 0.0 && ClassRow<T>::of(rows, k).has_class();
      ties[first + k] = is_zero ? own[k] + 1.0 : own[k];
    }
  }
}

template <class T>
static void class_gradient(const Tile& tile, const RowDerivatives& of_rows, void* to) {
  using V = Unit<T>;
  T* derivatives = static_cast<T*>(to);
  for (size_t k = 0; k < tile.rows; ++k, derivatives += tile.width) {
    const auto row = ClassRow<T>::of(tile, k);
    const V factor = constant<V>(of_rows.factors[k]), max = constant<V>(of_rows.maxes[k]);
    const V share = constant<V>(1.0 / of_rows.ties[k]);
    row.template each_register<V>([&](V scores, size_t column, size_t) {
      // The sum turns -0 into 0.
      const V derivative = value_if_equal(scores, max, share) * factor + constant<V>(0.0);
      store(derivatives + column, canonicalize_nan(derivative));
    });
    if (!row.has_class()) continue;
    alignas(64) T own[kUnit];
    store(own, canonicalize_nan(constant<V>(0.0) - factor));
    derivatives[row.id] = own[0];
  }
}

// ---- Predictions that elementwise losses read with labels of 1

template <class T>
static void negate(const void* from, size_t n, void* to) {
  transform(static_cast<const T*>(from), n, static_cast<T*>(to),
            [](Unit<T> values) { return constant<Unit<T>>(-1.0) * values; });
}

template <class T>
static void subtract_rows(const Tile& tile, const double* values, void* to) {
  using V = Unit<T>;
  for (size_t k = 0; k < tile.rows; ++k) {
    const V value = constant<V>(values[k]);
    T* differences = static_cast<T*>(to) + k * tile.width;
    ClassRow<T>::of(tile, k).template each_register<V>([&](V scores, size_t column, size_t) {
      store(differences + column, value - scores);
    });
  }
}
