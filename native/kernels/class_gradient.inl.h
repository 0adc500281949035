// Derivatives of class_max losses of class ids.

// A zero of the row's own class is one of its values, see CategoricalHinge.
MAXMARGIN_INLINE bool ties_with_zero(const Tile& tile, size_t row, const double* maxes) {
  return maxes[row] == 0.0 && is_class(static_cast<const int32_t*>(tile.labels)[row], tile.width);
}

// The number of rows in which it is the maximum.
MAXMARGIN_NO_INLINE static double count_zeros(const Tile& tile, const double* maxes) {
  const WideLanes zero = constant<WideLanes>(0.0), one = constant<WideLanes>(1.0);
  const auto* ids = static_cast<const int32_t*>(tile.labels);
  WideLanes ones = zero;
  // Rows of which there are several are whole: those without a class have a negative id.
  const size_t whole = tile.rows / kLanes * kLanes;
  for (size_t row = 0; row < whole; row += kLanes) {
    const WideLanes id = loaded<WideLanes>(ids + row);
    ones = ones + value_if_equal(loaded<WideLanes>(maxes + row), zero, value_if_equal(max_or_second(zero, id), id, one));
  }
  double count = sum_of(ones);
  for (size_t row = whole; row < tile.rows; ++row) count += ties_with_zero(tile, row, maxes);
  return count;
}

// The first `count` of some numbers, and zeros.
template <class V>
MAXMARGIN_INLINE V first_of(V numbers, size_t count) {
  return count < kCount<V> ? first_n_or(numbers, static_cast<int>(count), Element<V>{0}) : numbers;
}

template <class T>
MAXMARGIN_NO_INLINE static void count_ties_of_classes(const Tile& tile, bool has_zeros, const double* maxes, double* ties) {
  using V = Unit<T>;
  for (size_t k = 0; k < tile.rows; ++k) {
    const auto row = ClassRow<T>::of(tile, k);
    const V max = constant<V>(maxes[k]);
    V ones = constant<V>(0.0);
    row.template each_register<V>(0, [&](V scores, size_t column, size_t count) {
      ones = ones + first_of(value_if_equal(row.from(column, scores).others(), max, constant<V>(1.0)), count);
    });
    ties[k] = count_of(ones) + (has_zeros && ties_with_zero(tile, k, maxes) ? 1.0 : 0.0);
  }
}

template <class L, class T>
static void count_class_ties(const Tile& tile, const double* maxes, double* ties) {
  count_ties_of_classes<T>(tile, L::kHasZeros, maxes, ties);
}

// Writes derivatives, and returns 1 for each score of another class that is equal to the maximum.
template <class V>
MAXMARGIN_INLINE V write_derivatives(const Scores<V>& scores, const OfValues<V>& of, Element<V>* to) {
  const V others = scores.others();
  const V derivative = value_if_equal(others, of.max, of.share) | scores.at_class(constant<V>(-1.0));
  // The sum turns -0 into 0.
  store(to, canonicalize_nan(derivative * of.factor + constant<V>(0.0)));
  return value_if_equal(others, of.max, constant<V>(1.0));
}

template <class T>
MAXMARGIN_INLINE Unit<T> write_wide_classes(const Tile& tile, const RowDerivatives& of_rows, T* to) {
  using V = Unit<T>;
  const size_t ahead = ahead_of(tile);
  V ones = constant<V>(0.0);
  for (size_t k = 0; k < tile.rows; ++k, to += tile.width) {
    const auto row = ClassRow<T>::of(tile, k);
    const OfValues<V> of{constant<V>(of_rows.factors[k]), constant<V>(of_rows.maxes[k]),
                         constant<V>(of_rows.ties == nullptr ? 1.0 : 1.0 / of_rows.ties[k])};
    row.template each_register<V>(0, [&](V scores, size_t column, size_t count) {
      MAXMARGIN_PREFETCH(row.scores + column + ahead);
      ones = ones + first_of(write_derivatives(row.from(column, scores), of, to + column), count);
    });
  }
  return ones;
}

template <class T>
MAXMARGIN_INLINE Unit<T> write_narrow_classes(const Tile& tile, const RowDerivatives& of_rows, T* to) {
  using V = Unit<T>;
  const size_t width = tile.width, ahead = ahead_of(tile);
  const auto* scores = static_cast<const T*>(tile.predictions);
  // There are none behind those of the rows.
  int32_t ids[kTile + kUnit];
  copy_before_zeros(tile.labels, tile.rows * sizeof(int32_t), ids, (tile.rows + kUnit) * sizeof(int32_t));
  T columns[kUnit * kMostGrouped + kUnit];
  for (size_t k = 0; k < kUnit; ++k) {
    MAXMARGIN_NO_UNROLL
    for (size_t i = 0; i < width; i += kUnit) {
      store(columns + k * width + i, loaded<V>(kColumns<T>.values) + constant<V>(static_cast<double>(i)));
    }
  }
  Padded<T, kUnit> last;
  return each_row_group<T>(of_rows, tile.rows, width, [&](const OfValues<V>& of, const PlaceInRows& place) {
    const size_t at = place.first * width + place.at, left = tile.readable - at;
    MAXMARGIN_PREFETCH(scores + at + ahead);
    const Scores<V> some{loaded<V>(last.from(scores + at, left < kUnit ? left : kUnit, left)),
                         loaded<V>(columns + place.at), select_lanes(loaded<V>(ids + place.first), place.rows)};
    return write_derivatives(some, of, to + at);
  });
}

template <class T>
MAXMARGIN_NO_INLINE static bool gradient_of_classes(const Tile& tile, bool has_zeros, const RowDerivatives& of_rows, T* to) {
  using V = Unit<T>;
  V ones;
  if constexpr (kSelectsLanes<V>) {
    const bool is_narrow = tile.rows > 1 && tile.width <= kMostGrouped;
    ones = is_narrow ? write_narrow_classes(tile, of_rows, to) : write_wide_classes(tile, of_rows, to);
  } else {
    ones = write_wide_classes(tile, of_rows, to);
  }
  if (of_rows.ties != nullptr) return true;
  const double zeros = has_zeros ? count_zeros(tile, of_rows.maxes) : 0.0;
  return has_one_each(tile.rows, count_of(ones) + zeros, of_rows.maxes);
}

template <class L, class T>
static bool class_gradient(const Tile& tile, const RowDerivatives& of_rows, void* derivatives) {
  return gradient_of_classes<T>(tile, L::kHasZeros, of_rows, static_cast<T*>(derivatives));
}
