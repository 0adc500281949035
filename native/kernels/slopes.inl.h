// The slopes of rows: of a result that depends on losses, by every prediction.

template <class Row>
static void row_factors(const double* weights, double divisor, const RowParts& parts, size_t n,
                        double* factors) {
  for (size_t i = 0; i < n; i += kLanes) {
    WideLanes factor = loaded<WideLanes>(weights + i) / constant<WideLanes>(divisor);
    if constexpr (Row::kHasMax) {
      factor = factor * Row::slope(loaded<WideLanes>(parts.sums + i), loaded<WideLanes>(parts.maxes + i));
    }
    store(factors + i, factor);
  }
}

// 1 for each value that is the maximum of its row, in the lanes of the row's registers.
template <class L, class T>
struct Ties {
  using V = Unit<T>;

  const T* labels;
  const T* predictions;
  size_t width, readable;

  MAXMARGIN_FORCE_INLINE V of_row(size_t row, double max) const {
    Padded<T, kUnit> last_labels, last_predictions;
    V ones = constant<V>(0.0);
    for (size_t i = 0; i < width; i += kUnit) {
      const size_t at = row * width + i;
      const size_t own = width - i < kUnit ? width - i : kUnit;
      const V y = loaded<V>(last_labels.from(labels + at, own, readable - at));
      const V p = loaded<V>(last_predictions.from(predictions + at, own, readable - at));
      const V one = where_equal(L::other(y, p), constant<V>(max), constant<V>(1.0));
      ones = ones + (own < kUnit ? keep_first(one, static_cast<int>(own), T{0}) : one);
    }
    return ones;
  }

  static MAXMARGIN_FORCE_INLINE double sum(V ones) {
    return sum_of(widen(to_lanes<EachItsWay<MeanOfTerms>, T>(Terms<V>{ones, {}}).sum));
  }
};

template <class L, class T>
static void ties(const void* labels, const void* predictions, size_t rows, size_t width,
                 size_t readable, const double* maxes, double* ties) {
  using V = Unit<T>;
  const Ties<L, T> values{static_cast<const T*>(labels), static_cast<const T*>(predictions), width,
                          readable};
  // Nearly always each row has exactly one, which the count over all rows tells if no row has none. Only a row that
  // contains NaN can have none: its max is then NaN or, where folding lost all its values, kNoMax.
  V all = constant<V>(0.0);
  bool may_have_none = false;
  for (size_t row = 0; row < rows; ++row) {
    all = all + values.of_row(row, maxes[row]);
    may_have_none |= !(maxes[row] > kNoMax);
  }
  const double count = values.sum(all);
  if (rows == 1 || (count == static_cast<double>(rows) && !may_have_none)) {
    for (size_t row = 0; row < rows; ++row) ties[row] = count / static_cast<double>(rows);
    return;
  }
  for (size_t row = 0; row < rows; ++row) ties[row] = values.sum(values.of_row(row, maxes[row]));
}

// d term / d prediction, of a row's values.
template <class L, class V>
MAXMARGIN_INLINE V slope_of(V y, V p, V max, V share) {
  if constexpr (L::kSignedLabels) {
    return y * L::slope(y * p);
  } else {
    return L::slope(y, p, max, share);
  }
}

// The sum has no zero below 0.
template <class V>
MAXMARGIN_INLINE V scaled(V slope, V factor) {
  return with_one_nan(slope * factor + constant<V>(0.0));
}

// What the slopes of a register's values depend on.
template <class V>
struct OfValues {
  V factor, max, share;
};

template <class L, class T>
struct Slopes {
  using V = Unit<T>;
  using Row = typename L::Row;

  const T* labels;
  const T* predictions;
  size_t readable;
  T* slopes;

  MAXMARGIN_FORCE_INLINE void write(const OfValues<V>& of, size_t at) const {
    if (readable - at < kUnit) return write_last(of, at);
    // The next tile: memory would rest meanwhile.
    MAXMARGIN_PREFETCH(labels + at + kTile);
    MAXMARGIN_PREFETCH(predictions + at + kTile);
    write(of, labels + at, predictions + at, slopes + at);
  }

  MAXMARGIN_FORCE_INLINE void write_rows(const RowSlopes& of_rows, size_t rows, size_t width) const {
    for (size_t row = 0; row < rows; ++row) {
      OfValues<V> of{constant<V>(of_rows.factors[row]), {}, {}};
      if constexpr (Row::kHasMax) {
        of.max = constant<V>(of_rows.maxes[row]);
        of.share = constant<V>(1.0 / of_rows.ties[row]);
      }
      for (size_t i = 0; i < width; i += kUnit) write(of, row * width + i);
    }
  }

  // What belongs to rows is first written once for each of their values: up to a tile of these.
  MAXMARGIN_FORCE_INLINE void write_narrow_rows(const RowSlopes& of_rows, size_t rows,
                                                size_t width) const {
    T factors[kTile + kUnit], maxes[kTile + kUnit], shares[kTile + kUnit];
    spread(of_rows.factors, rows, width, factors);
    if constexpr (Row::kHasMax) {
      double shares_of_rows[kTile];
      for (size_t row = 0; row < rows; ++row) shares_of_rows[row] = 1.0 / of_rows.ties[row];
      spread(of_rows.maxes, rows, width, maxes);
      spread(shares_of_rows, rows, width, shares);
    }
    for (size_t at = 0; at < rows * width; at += kUnit) {
      OfValues<V> of{loaded<V>(factors + at), {}, {}};
      if constexpr (Row::kHasMax) {
        of.max = loaded<V>(maxes + at);
        of.share = loaded<V>(shares + at);
      }
      write(of, at);
    }
  }

 private:
  static MAXMARGIN_FORCE_INLINE void write(const OfValues<V>& of, const T* labels, const T* predictions,
                                           T* to) {
    const V y = loaded<V>(labels), p = loaded<V>(predictions);
    store(to, scaled(slope_of<L>(y, p, of.max, of.share), of.factor));
  }

  // Where only some of a register may be read.
  MAXMARGIN_NO_INLINE void write_last(const OfValues<V>& of, size_t at) const {
    const size_t left = readable - at;
    Padded<T, kUnit> last_labels, last_predictions;
    write(of, last_labels.from(labels + at, left, left),
          last_predictions.from(predictions + at, left, left), slopes + at);
  }

  static MAXMARGIN_FORCE_INLINE void spread(const double* of_rows, size_t rows, size_t width, T* to) {
    if (width == 1) return convert<T, double, Unrounded>(of_rows, rows, to);
    for (size_t row = 0; row < rows; ++row) {
      const V values = constant<V>(of_rows[row]);
      for (size_t i = 0; i < width; i += kUnit) store(to + row * width + i, values);
    }
  }
};

template <class L, class T>
static void slopes(const void* labels, const void* predictions, size_t rows, size_t width,
                   size_t readable, const RowSlopes& of_rows, void* slopes) {
  const Slopes<L, T> values{static_cast<const T*>(labels), static_cast<const T*>(predictions), readable,
                            static_cast<T*>(slopes)};
  // Rows that fill their registers badly.
  if (rows > 1 && width <= kUnit * 3 / 2) {
    values.write_narrow_rows(of_rows, rows, width);
  } else {
    values.write_rows(of_rows, rows, width);
  }
}

static void stream(const char* from, size_t bytes, char* to) {
  constexpr size_t kLine = 64;
  const size_t ahead = (kLine - reinterpret_cast<uintptr_t>(to) % kLine) % kLine;
  size_t i = ahead < bytes ? ahead : bytes;
  std::memcpy(to, from, i);
  for (; i + kLine <= bytes; i += kLine) stream_line(from + i, to + i);
  std::memcpy(to + i, from + i, bytes - i);
  end_stream();
}
