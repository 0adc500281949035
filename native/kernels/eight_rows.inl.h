// Folding eight rows at once: what is left of each lies beside the others in one register.

// kCount vectors hold eight rows, kCount lanes of each row side by side. Folds these by halves down to kLeft vectors and
// lanes.
template <class Merge, int kCount, int kLeft, class T>
MAXMARGIN_INLINE void fold_segments(Lanes<T>* vectors) {
  if constexpr (kCount > kLeft) {
    for (int i = 0; i < kCount / 2; ++i) {
      Lanes<T> low, high;
      unzip_segments<kCount>(vectors[2 * i], vectors[2 * i + 1], low, high);
      vectors[i] = Merge::merged(low, high);
    }
    fold_segments<Merge, kCount / 2, kLeft, T>(vectors);
  }
}

// Puts lane i of each row into vector i.
template <int kCount, class V>
MAXMARGIN_INLINE void to_columns(V* vectors) {
  if constexpr (kCount > 1) {
    V low[kCount / 2], high[kCount / 2];
    for (int i = 0; i < kCount / 2; ++i) {
      unzip_segments<kCount>(vectors[2 * i], vectors[2 * i + 1], low[i], high[i]);
    }
    for (int i = 0; i < kCount / 2; ++i) {
      vectors[i] = low[i];
      vectors[i + kCount / 2] = high[i];
    }
    to_columns<kCount / 2>(vectors);
    to_columns<kCount / 2>(vectors + kCount / 2);
  }
}

template <class T>
struct WideColumns {
  const Lanes<T>* columns;

  MAXMARGIN_FORCE_INLINE WideLanes at(size_t i) const { return widen(columns[i]); }
};

// The vectors that eight rows are put into, so that unzip_segments leaves them in order.
template <class T>
constexpr size_t kPlaces[kLanes] = {0, 2, 4, 6, 1, 3, 5, 7};
template <>
constexpr size_t kPlaces<double>[kLanes] = {0, 4, 2, 6, 1, 5, 3, 7};

// The lanes where the folds leave rows 0, 1, ... of 2 and of 4 values, which are loaded side by side.
template <class T, size_t kSize>
constexpr int kOrder[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7};
template <>
constexpr int kOrder<float, 2>[kLanes] = {0, 1, 4, 5, 2, 3, 6, 7};
template <>
constexpr int kOrder<float, 4>[kLanes] = {0, 4, 1, 5, 2, 6, 3, 7};
template <>
constexpr int kOrder<double, 2>[kLanes] = {0, 2, 4, 6, 1, 3, 5, 7};
template <>
constexpr int kOrder<double, 4>[kLanes] = {0, 4, 2, 6, 1, 5, 3, 7};

// The type in which the lanes of a block of kSize terms are added. The first three halvings of a block are in the type of its
// terms, the rest in double; a whole block has only the rest left.
template <class T, size_t kSize>
using FoldedIn = std::conditional_t<kSize == kBlock, double, T>;

// Folds the lanes of eight rows that blocks of kSize terms were folded to.
template <size_t kSize, class T>
MAXMARGIN_INLINE WideLanes fold_sums(Lanes<T>* sum) {
  constexpr int kVectors = kSize < kLanes ? kSize : kLanes;
  // The lanes of each row that are left to be added in double.
  constexpr int kColumns = kSize < kLanes || sizeof(T) == sizeof(double) ? 1 : kSize / kLanes;
  fold_segments<Add, kVectors, kColumns, T>(sum);
  if constexpr (kSize == 2 || kSize == 4) sum[0] = permute(sum[0], kOrder<T, kSize>);
  to_columns<kColumns>(sum);
  return folded<Add, 0, 1, kColumns>(WideColumns<T>{sum});
}

template <size_t kSize, class T>
MAXMARGIN_INLINE WideLanes fold_maxes(Lanes<T>* max) {
  fold_segments<Max, kSize < kLanes ? kSize : kLanes, 1, T>(max);
  if constexpr (kSize == 2 || kSize == 4) max[0] = permute(max[0], kOrder<T, kSize>);
  return widen(max[0]);
}

// Folds the lanes of rows, written row after row. Reads and writes whole groups of eight.
template <size_t kSize, bool kHasMax, class T>
MAXMARGIN_NO_INLINE static void fold_stored(const T* lanes, const T* max_lanes, size_t rows, const RowSums& to) {
  using S = FoldedIn<T, kSize>;
  for (size_t row = 0; row < rows; row += kLanes) {
    Lanes<S> sum[kLanes];
    Lanes<T> max[kLanes];
    MAXMARGIN_UNROLL
    for (size_t k = 0; k < kLanes; ++k) {
      const size_t start = (row + k) * kLanes;
      sum[kPlaces<S>[k]] = loaded<Lanes<S>>(lanes + start);
      if constexpr (kHasMax) max[kPlaces<T>[k]] = loaded<Lanes<T>>(max_lanes + start);
    }
    store(to.sums + row, fold_sums<kSize, S>(sum));
    if constexpr (kHasMax) store(to.maxes + row, fold_maxes<kSize, T>(max));
  }
}

// Registers wider than a row would compute more than there is.
template <class T, size_t kSize>
using RowUnit = vec<T, kSize <= static_cast<size_t>(kUnit) ? static_cast<int>(kLanes) : kUnit>;

// Folds a row of more than kSize / 2 values and no more than kSize to lanes.
template <size_t kSize, class Source>
MAXMARGIN_INLINE auto row_to_lanes(const Source& row, size_t width) {
  constexpr size_t kFull = kSize == kLanes ? 0 : kSize / 2;
  return block_to_lanes<kSize>(PaddedTail<Source, kFull>{row, static_cast<int>(width)});
}

// Two rows of 3 values, and what pads them to 4.
constexpr int kThreesAsFours[kLanes] = {0, 1, 2, 6, 3, 4, 5, 7};

// A register of rows of up to 4 values, side by side.
template <size_t kSize, class Source>
MAXMARGIN_INLINE auto rows_side_by_side(const Source& rows, size_t width) {
  auto terms = rows.at(0);
  if (kSize == 4 && width == 3) {
    terms = PaddedTail<Source>{rows, 6}.at(0);
    terms.sum = permute(terms.sum, kThreesAsFours);
    if constexpr (Source::kHasMax) terms.max = permute(terms.max, kThreesAsFours);
  }
  return terms;
}

// Eight rows of more than kSize / 2 values and no more than kSize, which never leave registers.
template <size_t kSize, class Source>
MAXMARGIN_INLINE EightRows eight_rows(const Source& rows, size_t width) {
  using T = Element<typename Source::V>;
  constexpr size_t kRowsOfVector = kSize < kLanes ? kLanes / kSize : 1;
  Lanes<T> sum[kLanes], max[kLanes];
  MAXMARGIN_UNROLL
  for (size_t k = 0; k < kLanes / kRowsOfVector; ++k) {
    const Source row = rows.from(k * kRowsOfVector * width);
    if constexpr (kSize < kLanes) {
      const auto terms = rows_side_by_side<kSize>(row, width);
      sum[k] = terms.sum;
      max[k] = terms.max;
    } else {
      const auto terms = row_to_lanes<kSize>(row, width);
      sum[kPlaces<T>[k]] = terms.sum;
      max[kPlaces<T>[k]] = terms.max;
    }
  }
  EightRows rows_of_eight{fold_sums<kSize, T>(sum), {}};
  if constexpr (Source::kHasMax) rows_of_eight.max = fold_maxes<kSize, T>(max);
  return rows_of_eight;
}
