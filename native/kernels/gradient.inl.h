// Derivatives with respect to predictions, of a result that depends on the losses of rows.

template <class L>
static void row_factors(const WeightedRows& rows, double divisor, const Parameters& parameters, double* factors) {
  [[maybe_unused]] const RowFormula formula = RowFormula::of(1, parameters);
  for (size_t i = 0; i < rows.count; i += kLanes) {
    WideLanes factor = loaded<WideLanes>(rows.weights + i) / constant<WideLanes>(divisor);
    if constexpr (L::kFamily == Family::class_max) {
      const EightRows eight{loaded<WideLanes>(rows.sums.sums + i), loaded<WideLanes>(rows.sums.maxes + i)};
      factor = factor * L::row_derivative(eight, formula);
    }
    store(factors + i, factor);
  }
}

// ---- Ties

// 1 for each value of a row that is equal to the row's maximum, in the lanes of the row's registers.
template <class In>
MAXMARGIN_INLINE Unit<typename In::T> ties_of(const Computed<In, Unit<typename In::T>>& row, size_t width, size_t readable,
                                              double max) {
  using T = typename In::T;
  using V = Unit<T>;
  Padded<typename In::Y, kUnit> last_labels;
  Padded<typename In::P, kUnit> last_predictions;
  V ones = constant<V>(0.0);
  for (size_t i = 0; i < width; i += kUnit) {
    const size_t own = width - i < kUnit ? width - i : kUnit;
    const V y = loaded<V>(last_labels.from(row.labels + i, own, readable - i));
    const V p = loaded<V>(last_predictions.from(row.predictions + i, own, readable - i));
    const V one = value_if_equal(In::Loss::other(y, p), constant<V>(max), constant<V>(1.0));
    ones = ones + first_n_or(one, static_cast<int>(own), T{0});
  }
  return ones;
}

template <class V>
MAXMARGIN_INLINE double count_of(V ones) {
  return sum_of(widen(folded_to_lanes<SumAndMax<false>, Element<V>>(Terms<V>{ones, {}}).sum));
}

template <class In>
static void count_ties(const Tile& tile, const double* maxes, double* ties) {
  using V = Unit<typename In::T>;
  const auto all = Computed<In, V>::of(tile, nullptr);
  for (size_t row = 0; row < tile.rows; ++row) {
    const size_t start = row * tile.width;
    ties[row] = count_of(ties_of<In>(all.from(start), tile.width, tile.readable - start, maxes[row]));
  }
}

// Whether each row has exactly one value that is equal to its maximum, given their number in all rows: nearly always. Only a row
// that contains NaN can have none: its maximum is then NaN or, where folding lost all its values, the identity. So rows with an
// infinite maximum are counted one by one too.
MAXMARGIN_NO_INLINE static bool has_one_each(size_t rows, double count, const double* maxes) {
  // Only finite numbers less themselves are 0.
  WideLanes zeros = constant<WideLanes>(0.0);
  const size_t whole = rows / kLanes * kLanes;
  for (size_t row = 0; row < whole; row += kLanes) {
    const WideLanes some = loaded<WideLanes>(maxes + row);
    zeros = zeros + (some - some);
  }
  bool are_finite = !any_nan(zeros);
  for (size_t row = whole; row < rows; ++row) are_finite &= maxes[row] - maxes[row] == 0.0;
  return count == static_cast<double>(rows) && are_finite;
}

// ---- Derivatives

// Numbers that the derivatives of a register of values depend on.
template <class V>
struct OfValues {
  V factor, max, share;
};

template <class In>
struct GradientWriter {
  using T = typename In::T;
  using Y = typename In::Y;
  using P = typename In::P;
  using V = Unit<T>;

  const Y* labels;
  const P* predictions;
  size_t readable, ahead;
  V margin;
  T* derivatives;

  // Returns 1 for each value that is equal to the maximum.
  MAXMARGIN_FORCE_INLINE V write(const OfValues<V>& of, size_t at) const {
    if (readable - at < kUnit) return write_last(of, at);
    MAXMARGIN_PREFETCH(labels + at + ahead);
    MAXMARGIN_PREFETCH(predictions + at + ahead);
    return write_register(of, labels + at, predictions + at, derivatives + at);
  }

 private:
  MAXMARGIN_FORCE_INLINE V write_register(const OfValues<V>& of, const Y* from_labels, const P* from_predictions, T* to) const {
    using L = typename In::Loss;
    const V y = loaded<V>(from_labels), p = loaded<V>(from_predictions);
    V derivative, ones = constant<V>(0.0);
    if constexpr (In::kHasMax) {
      derivative = L::derivative(y, p, of.max, of.share);
      ones = value_if_equal(L::other(y, p), of.max, constant<V>(1.0));
    } else if constexpr (In::kIsBinary) {
      V invalid = constant<V>(0.0);
      derivative = apply_binary_sign(y, L::derivative(apply_binary_sign(y, p, invalid), margin), invalid);
    } else {
      derivative = y * L::derivative(y * p, margin);
    }
    // The sum turns -0 into 0.
    store(to, canonicalize_nan(derivative * of.factor + constant<V>(0.0)));
    return ones;
  }

  // Used where only part of a register may be read.
  MAXMARGIN_NO_INLINE V write_last(const OfValues<V>& of, size_t at) const {
    const size_t left = readable - at;
    Padded<Y, kUnit> last_labels;
    Padded<P, kUnit> last_predictions;
    return write_register(of, last_labels.from(labels + at, left, left), last_predictions.from(predictions + at, left, left),
                          derivatives + at);
  }
};

// Writes the number of each row, or its inverse, once for each of the row's values.
template <class T, bool kInverts>
MAXMARGIN_NO_INLINE static void spread_over_values(const double* of_rows, size_t rows, size_t width, T* to) {
  if (width == 1 && !kInverts) return convert<T, double, Unrounded>(of_rows, rows, to);
  for (size_t row = 0; row < rows; ++row) {
    const auto values = constant<Unit<T>>(kInverts ? 1.0 / of_rows[row] : of_rows[row]);
    for (size_t i = 0; i < width; i += kUnit) store(to + row * width + i, values);
  }
}

// Whether the numbers of rows are spread over their values in registers. Those of losses without a maximum gain little.
template <class In>
constexpr bool kSpreadsInRegisters = In::kHasMax && kSelectsLanes<Unit<typename In::T>>;

// The most values of a row whose numbers are spread over its values in registers, and of one where they may be written first.
constexpr size_t kMostGrouped = kUnit * 3 / 2;
template <class In>
constexpr size_t kMostSpread = In::kHasMax && !kSpreadsInRegisters<In> ? kUnit / 2 : kMostGrouped;

// The rows of the values that kUnit rows have, one after the other.
struct RowsOfValues {
  int32_t rows[kUnit * kMostGrouped];

  explicit RowsOfValues(size_t width) {
    int32_t* to = rows;
    for (int32_t row = 0; row < kUnit; ++row) {
      MAXMARGIN_NO_UNROLL
      for (size_t i = 0; i < width; ++i) *to++ = row;
    }
  }
};

// A register of values of kUnit rows: the first of these rows, the place of the values in them, and the rows that they belong to.
struct PlaceInRows {
  size_t first, at;
  const int32_t* rows;
};

// The numbers of kUnit rows fill a register, of which each register of values selects its own. Calls write(numbers, place) for
// each register, and returns the sum of what that returns.
template <class T, class Write>
MAXMARGIN_INLINE Unit<T> each_row_group(const RowDerivatives& of_rows, size_t rows, size_t width, const Write& write) {
  using V = Unit<T>;
  T factors[kTile + kUnit], maxes[kTile + kUnit], shares[kTile + kUnit];
  const size_t n = rows * width;
  MAXMARGIN_NO_UNROLL
  for (size_t row = 0; row < rows; row += kUnit) {
    store(factors + row, loaded<V>(of_rows.factors + row));
    store(maxes + row, loaded<V>(of_rows.maxes + row));
    store(shares + row, constant<V>(1.0));
  }
  // Values behind the last row are equal to no NaN.
  store(maxes + rows, constant<V>(std::numeric_limits<double>::quiet_NaN()));
  if (of_rows.ties != nullptr) {
    MAXMARGIN_NO_UNROLL
    for (size_t row = 0; row < rows; ++row) shares[row] = static_cast<T>(1.0 / of_rows.ties[row]);
  }
  const RowsOfValues rows_of_values(width);
  V ones = constant<V>(0.0);
  for (size_t row = 0; row < rows; row += kUnit) {
    const OfValues<V> group{loaded<V>(factors + row), loaded<V>(maxes + row), loaded<V>(shares + row)};
    const size_t start = row * width, end = n - start < kUnit * width ? n - start : kUnit * width;
    for (size_t i = 0; i < end; i += kUnit) {
      const int32_t* own = rows_of_values.rows + i;
      const OfValues<V> of{select_lanes(group.factor, own), select_lanes(group.max, own), select_lanes(group.share, own)};
      ones = ones + write(of, PlaceInRows{row, i, own});
    }
  }
  return ones;
}

// These functions write the derivatives of rows, and return 1 for each value that is equal to its row's maximum, in the lanes of
// registers.

// The numbers of rows are written once for each of their values.
template <class In>
MAXMARGIN_INLINE Unit<typename In::T> write_spread_rows(const GradientWriter<In>& writer, const RowDerivatives& of_rows,
                                                        size_t rows, size_t width) {
  using T = typename In::T;
  using V = Unit<T>;
  T factors[kTile + kUnit], maxes[kTile + kUnit], shares[kTile + kUnit];
  const size_t n = rows * width;
  spread_over_values<T, false>(of_rows.factors, rows, width, factors);
  if constexpr (In::kHasMax) {
    spread_over_values<T, false>(of_rows.maxes, rows, width, maxes);
    // Values of the next row are equal to no NaN.
    store(maxes + n, constant<V>(std::numeric_limits<double>::quiet_NaN()));
    if (of_rows.ties != nullptr) spread_over_values<T, true>(of_rows.ties, rows, width, shares);
  }
  V ones = constant<V>(0.0);
  for (size_t at = 0; at < n; at += kUnit) {
    OfValues<V> of{loaded<V>(factors + at), {}, constant<V>(1.0)};
    if constexpr (In::kHasMax) {
      of.max = loaded<V>(maxes + at);
      if (of_rows.ties != nullptr) of.share = loaded<V>(shares + at);
    }
    ones = ones + writer.write(of, at);
  }
  return ones;
}

template <class In>
MAXMARGIN_INLINE Unit<typename In::T> write_narrow_rows(const GradientWriter<In>& writer, const RowDerivatives& of_rows,
                                                        size_t rows, size_t width) {
  if constexpr (kSpreadsInRegisters<In>) {
    return each_row_group<typename In::T>(
        of_rows, rows, width,
        [&](const auto& of, const PlaceInRows& place) { return writer.write(of, place.first * width + place.at); });
  } else {
    return write_spread_rows(writer, of_rows, rows, width);
  }
}

template <class In>
MAXMARGIN_INLINE Unit<typename In::T> write_wide_rows(const GradientWriter<In>& writer, const RowDerivatives& of_rows,
                                                      size_t rows, size_t width) {
  using V = Unit<typename In::T>;
  V ones = constant<V>(0.0);
  const size_t whole = width / kUnit * kUnit;
  for (size_t row = 0; row < rows; ++row) {
    OfValues<V> of{constant<V>(of_rows.factors[row]), {}, constant<V>(1.0)};
    if constexpr (In::kHasMax) {
      of.max = constant<V>(of_rows.maxes[row]);
      if (of_rows.ties != nullptr) of.share = constant<V>(1.0 / of_rows.ties[row]);
    }
    const size_t start = row * width;
    for (size_t i = 0; i < whole; i += kUnit) ones = ones + writer.write(of, start + i);
    if (whole == width) continue;
    ones = ones + first_n_or(writer.write(of, start + whole), static_cast<int>(width - whole), typename In::T{0});
  }
  return ones;
}

template <class In>
static bool gradient(const Tile& tile, const RowDerivatives& of_rows, void* derivatives) {
  const GradientWriter<In> writer{static_cast<const typename In::Y*>(tile.labels),
                                  static_cast<const typename In::P*>(tile.predictions), tile.readable, ahead_of(tile),
                                  constant<Unit<typename In::T>>(tile.parameters.margin),
                                  static_cast<typename In::T*>(derivatives)};
  // Narrow rows would fill their registers badly.
  const auto ones = tile.rows > 1 && tile.width <= kMostSpread<In>
                        ? write_narrow_rows(writer, of_rows, tile.rows, tile.width)
                        : write_wide_rows(writer, of_rows, tile.rows, tile.width);
  if (!In::kHasMax || of_rows.ties != nullptr) return true;
  return has_one_each(tile.rows, count_of(ones), of_rows.maxes);
}
