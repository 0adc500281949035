// Rows of up to 16 floats, in columns: a register holds the values that as many rows as it has lanes have in one column, so that
// rows are added up without folds.

constexpr size_t kColumnsOfBlock = 4;
constexpr size_t kMostColumns = 16;

// The registers of columns, and the number of rows that are read at once.
using ColumnUnit = Unit<float>;
constexpr size_t kColumnRows = kCount<ColumnUnit>;

// The number of values that have to be readable where kColumnRows rows begin.
MAXMARGIN_INLINE size_t values_read_by_columns(size_t width) {
  return (kColumnRows - 1) * width + (width + kColumnsOfBlock - 1) / kColumnsOfBlock * kColumnsOfBlock;
}

// Some columns of rows.
struct ColumnBlock {
  ColumnUnit columns[kColumnsOfBlock];
};

// kColumnRows rows of values. Addresses are computed from every fourth row and one offset, which takes fewer instructions.
struct ColumnReader {
  size_t width;
  const float* fours[kColumnRows / kColumnsOfBlock];

  static MAXMARGIN_FORCE_INLINE ColumnReader of(const float* values, size_t width) {
    ColumnReader reader{width, {}};
    for (size_t k = 0; k < kColumnRows / kColumnsOfBlock; ++k) reader.fours[k] = values + k * kColumnsOfBlock * width;
    return reader;
  }

  // Reads the block that begins at a column. Those behind the last column are of the next row.
  MAXMARGIN_FORCE_INLINE ColumnBlock read(size_t column) const {
    ColumnBlock block;
    MAXMARGIN_UNROLL
    for (size_t k = 0; k < kColumnsOfBlock; ++k) load_fours(fours, k * width + column, block.columns[k]);
    to_columns<kColumnsOfBlock>(block.columns);
    return block;
  }
};

// Calls begin(column) for each block, and use(column, k) for its columns, the k-th of a block.
template <class Begin, class Use>
MAXMARGIN_INLINE void each_column(size_t width, const Begin& begin, const Use& use) {
  MAXMARGIN_NO_UNROLL
  for (size_t first = 0; first < width; first += kColumnsOfBlock) {
    begin(first);
    MAXMARGIN_UNROLL
    for (size_t k = 0; k < kColumnsOfBlock; ++k) {
      if (k > 0 && first + k >= width) break;
      use(first + k, k);
    }
  }
}

// The sums of every fourth column.
struct ColumnSums {
  ColumnUnit sums[kColumnsOfBlock];

  static MAXMARGIN_FORCE_INLINE ColumnSums zeros() {
    ColumnSums zeros;
    for (ColumnUnit& sum : zeros.sums) sum = constant<ColumnUnit>(kSumIdentity);
    return zeros;
  }
};

// Sums of even and of odd columns.
template <int N>
struct SplitRows {
  vec<float, N> even, odd, max;
};

// Calls use(k, rows) for eight rows from the k-th on. The first three halvings of a block are in float, the fourth in double.
template <int N, class Use>
MAXMARGIN_INLINE void each_eight(const SplitRows<N>& rows, bool ends_in_double, const Use& use, size_t k = 0) {
  if constexpr (N > static_cast<int>(kLanes)) {
    each_eight(SplitRows<N / 2>{low(rows.even), low(rows.odd), low(rows.max)}, ends_in_double, use, k);
    each_eight(SplitRows<N / 2>{high(rows.even), high(rows.odd), high(rows.max)}, ends_in_double, use, k + N / 2);
  } else {
    const WideLanes sum = ends_in_double ? widen(rows.even) + widen(rows.odd) : widen(rows.even + rows.odd);
    use(k, EightRows{sum, widen(rows.max)});
  }
}

// Adds up kColumnRows rows of `width` values, in the order of a block of 8 or 16 terms. Calls use(k, rows) for eight rows from the
// k-th on. Each column prefetches as many values as it has: all at once would have to wait for each other.
template <class L, class Use>
MAXMARGIN_INLINE void add_columns(const float* labels, const float* predictions, size_t width, const Ahead& ahead,
                                  const Use& use) {
  const auto label_reader = ColumnReader::of(labels, width), prediction_reader = ColumnReader::of(predictions, width);
  // A block of terms is folded by halves, so every second block of columns belongs together.
  ColumnSums these = ColumnSums::zeros(), others = these;
  ColumnUnit max = constant<ColumnUnit>(kMaxIdentity);
  ColumnBlock y, p;
  const auto begin = [&](size_t column) {
    const ColumnSums added = these;
    these = others;
    others = added;
    y = label_reader.read(column);
    p = prediction_reader.read(column);
  };
  each_column(width, begin, [&](size_t column, size_t k) {
    MAXMARGIN_PREFETCH(labels + column * kColumnRows + ahead.labels);
    MAXMARGIN_PREFETCH(predictions + column * kColumnRows + ahead.predictions);
    const Terms<ColumnUnit> terms = L::finite_terms(y.columns[k], p.columns[k]);
    these.sums[k] = these.sums[k] + terms.sum;
    max = max_or_second(terms.max, max);
  });
  for (size_t k = 0; k < kColumnsOfBlock; ++k) these.sums[k] = these.sums[k] + others.sums[k];
  each_eight(SplitRows<kCount<ColumnUnit>>{these.sums[0] + these.sums[2], these.sums[1] + these.sums[3], max},
             width > kLanes, use);
}
