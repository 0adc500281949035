// The slopes of rows: of a result that depends on losses, by every prediction.

template <class Row>
static void row_factors(const double* weights, double divisor, const RowSums& sums, size_t n,
                        double* factors) {
  for (size_t i = 0; i < n; i += kLanes) {
    WideLanes factor = loaded<WideLanes>(weights + i) / constant<WideLanes>(divisor);
    if constexpr (Row::kHasMax) {
      factor = factor * Row::slope(loaded<WideLanes>(sums.sums + i), loaded<WideLanes>(sums.maxes + i));
    }
    store(factors + i, factor);
  }
}

// 1 for each value that is the maximum of its row, in the lanes of the row's registers.
template <class In>
struct Ties {
  using T = typename In::T;
  using V = Unit<T>;

  const Tile& tile;

  MAXMARGIN_FORCE_INLINE V of_row(size_t row, double max) const {
    const auto* labels = static_cast<const typename In::Y*>(tile.labels);
    const auto* predictions = static_cast<const typename In::P*>(tile.predictions);
    Padded<typename In::Y, kUnit> last_labels;
    Padded<typename In::P, kUnit> last_predictions;
    V ones = constant<V>(0.0);
    for (size_t i = 0; i < tile.width; i += kUnit) {
      const size_t at = row * tile.width + i;
      const size_t own = tile.width - i < kUnit ? tile.width - i : kUnit;
      const V y = loaded<V>(last_labels.from(labels + at, own, tile.readable - at));
      const V p = loaded<V>(last_predictions.from(predictions + at, own, tile.readable - at));
      const V one = where_equal(In::Loss::other(y, p), constant<V>(max), constant<V>(1.0));
      ones = ones + (own < kUnit ? keep_first(one, static_cast<int>(own), T{0}) : one);
    }
    return ones;
  }

  static MAXMARGIN_FORCE_INLINE double sum(V ones) {
    return sum_of(widen(to_lanes<EachItsWay<MeanOfTerms>, T>(Terms<V>{ones, {}}).sum));
  }
};

template <class In>
static void count_ties(const Tile& tile, const double* maxes, double* ties) {
  using V = Unit<typename In::T>;
  const Ties<In> values{tile};
  // Nearly always each row has exactly one, which the count over all rows tells if no row has none. Only a row that
  // contains NaN can have none: its max is then NaN or, where folding lost all its values, kNoMax.
  V all = constant<V>(0.0);
  bool may_have_none = false;
  for (size_t row = 0; row < tile.rows; ++row) {
    all = all + values.of_row(row, maxes[row]);
    may_have_none |= !(maxes[row] > kNoMax);
  }
  const double count = values.sum(all);
  if (tile.rows == 1 || (count == static_cast<double>(tile.rows) && !may_have_none)) {
    for (size_t row = 0; row < tile.rows; ++row) ties[row] = count / static_cast<double>(tile.rows);
    return;
  }
  for (size_t row = 0; row < tile.rows; ++row) ties[row] = values.sum(values.of_row(row, maxes[row]));
}

// d term / d prediction, of a row's values. A label that is no 0/1 was found before.
template <class In, class V>
MAXMARGIN_INLINE V slope_of(V y, V p, V max, V share) {
  using L = typename In::Loss;
  if constexpr (!L::kSignedLabels) {
    return L::slope(y, p, max, share);
  } else if constexpr (In::kBinary) {
    V impure = constant<V>(0.0);
    return negated_unless_one(y, L::slope(negated_unless_one(y, p, impure)), impure);
  } else {
    return y * L::slope(y * p);
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

template <class In>
struct Slopes {
  using T = typename In::T;
  using Y = typename In::Y;
  using P = typename In::P;
  using V = Unit<T>;
  using Row = typename In::Row;

  const Y* labels;
  const P* predictions;
  size_t readable;
  T* slopes;

  MAXMARGIN_FORCE_INLINE void write(const OfValues<V>& of, size_t at) const {
    if (readable - at < kUnit) return write_last(of, at);
    // The next tile: memory would rest meanwhile.
    MAXMARGIN_PREFETCH(labels + at + kTile);
    MAXMARGIN_PREFETCH(predictions + at + kTile);
    write(of, labels + at, predictions + at, slopes + at);
  }

  MAXMARGIN_FORCE_INLINE void write_rows(const RowDerivatives& of_rows, size_t rows, size_t width) const {
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
  MAXMARGIN_FORCE_INLINE void write_narrow_rows(const RowDerivatives& of_rows, size_t rows,
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
  static MAXMARGIN_FORCE_INLINE void write(const OfValues<V>& of, const Y* labels, const P* predictions,
                                           T* to) {
    const V y = loaded<V>(labels), p = loaded<V>(predictions);
    store(to, scaled(slope_of<In>(y, p, of.max, of.share), of.factor));
  }

  // Where only some of a register may be read.
  MAXMARGIN_NO_INLINE void write_last(const OfValues<V>& of, size_t at) const {
    const size_t left = readable - at;
    Padded<Y, kUnit> last_labels;
    Padded<P, kUnit> last_predictions;
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

template <class In>
static void gradient(const Tile& tile, const RowDerivatives& of_rows, void* derivatives) {
  const Slopes<In> values{static_cast<const typename In::Y*>(tile.labels),
                          static_cast<const typename In::P*>(tile.predictions), tile.readable,
                          static_cast<typename In::T*>(derivatives)};
  // Rows that fill their registers badly.
  if (tile.rows > 1 && tile.width <= kUnit * 3 / 2) {
    values.write_narrow_rows(of_rows, tile.rows, tile.width);
  } else {
    values.write_rows(of_rows, tile.rows, tile.width);
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
