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

template <class L, class T>
static void ties(const void* labels_, const void* predictions_, size_t rows, size_t width,
                 size_t readable, const double* maxes, double* ties) {
  using V = Unit<T>;
  const T* labels = static_cast<const T*>(labels_);
  const T* predictions = static_cast<const T*>(predictions_);
  Padded<T, kUnit> last_labels, last_predictions;
  for (size_t row = 0; row < rows; ++row) {
    const V max = constant<V>(maxes[row]);
    Terms<V> ones{constant<V>(0.0), {}};
    for (size_t i = 0; i < width; i += kUnit) {
      const size_t at = row * width + i;
      const size_t own = width - i < kUnit ? width - i : kUnit;
      const V y = loaded<V>(last_labels.from(labels + at, own, readable - at));
      const V p = loaded<V>(last_predictions.from(predictions + at, own, readable - at));
      const V one = where_equal(L::other(y, p), max, constant<V>(1.0));
      ones.sum = ones.sum + (own < kUnit ? keep_first(one, static_cast<int>(own), T{0}) : one);
    }
    ties[row] = sum_of(widen(to_lanes<EachItsWay<MeanOfTerms>, T>(ones).sum));
  }
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
struct OfRow {
  V factor, max, share;

  template <class Row>
  static MAXMARGIN_FORCE_INLINE OfRow same(const RowSlopes& rows, size_t row) {
    OfRow all{constant<V>(rows.factors[row]), {}, {}};
    if constexpr (Row::kHasMax) {
      all.max = constant<V>(rows.maxes[row]);
      all.share = constant<V>(1.0 / rows.ties[row]);
    }
    return all;
  }

  // For rows of one value, which shares with none.
  template <class Row>
  static MAXMARGIN_FORCE_INLINE OfRow each(const RowSlopes& rows, size_t row) {
    OfRow each{loaded<V>(rows.factors + row), {}, {}};
    if constexpr (Row::kHasMax) {
      each.max = loaded<V>(rows.maxes + row);
      each.share = constant<V>(1.0);
    }
    return each;
  }
};

template <class L, class T>
struct Slopes {
  using V = Unit<T>;

  const T* labels;
  const T* predictions;
  size_t readable;
  T* slopes;

  // Of a register's values from `at` on.
  MAXMARGIN_FORCE_INLINE void write(const OfRow<V>& row, size_t at) const {
    const V y = loaded<V>(labels + at), p = loaded<V>(predictions + at);
    store(slopes + at, scaled(slope_of<L>(y, p, row.max, row.share), row.factor));
  }

  // Where only some of a register may be read.
  MAXMARGIN_NO_INLINE void write_last(const OfRow<V>& row, size_t at) const {
    const size_t left = readable - at;
    Padded<T, kUnit> last_labels, last_predictions;
    const Slopes last{last_labels.from(labels + at, left, left),
                      last_predictions.from(predictions + at, left, left), kUnit, slopes + at};
    last.write(row, 0);
  }

  MAXMARGIN_FORCE_INLINE void write_row(const OfRow<V>& row, size_t at, size_t end) const {
    const size_t whole = readable < kUnit ? 0 : readable - kUnit + 1;
    for (; at < end && at < whole; at += kUnit) {
      // The next tile: memory would rest meanwhile.
      MAXMARGIN_PREFETCH(labels + at + kTile);
      MAXMARGIN_PREFETCH(predictions + at + kTile);
      write(row, at);
    }
    if (at < end) write_last(row, at);
  }
};

template <class L, class T>
static void slopes(const void* labels, const void* predictions, size_t rows, size_t width,
                   size_t readable, const RowSlopes& of_rows, void* slopes) {
  using Of = OfRow<Unit<T>>;
  using Row = typename L::Row;
  const Slopes<L, T> values{static_cast<const T*>(labels), static_cast<const T*>(predictions), readable,
                            static_cast<T*>(slopes)};
  // One value alone may be the rest of a long row: that shares with others.
  const bool are_single = width == 1 && rows > 1;
  for (size_t row = 0; row < rows; row += are_single ? kUnit : 1) {
    const Of of_row =
        are_single ? Of::template each<Row>(of_rows, row) : Of::template same<Row>(of_rows, row);
    values.write_row(of_row, row * width, (row + 1) * width);
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
