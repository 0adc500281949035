// The losses of rows: eight at a time where they are narrow.
//
// A row of up to 64 values is one block, of the smallest power of two from 8 on that holds it. It is folded by
// halves like any other, the first three times in the type of its terms. Eight rows are folded at once:
// what is left of each lies beside the others in one register.

// Whether what is left of eight rows is folded at once. Without a set of shuffles it is not worth it.
template <class T>
constexpr bool kTogether = sizeof(T) == sizeof(float) && kHasShuffles;

template <class Row>
static double row_loss(double sum, double max, double width) {
  double loss[kLanes];
  store(loss, Row::loss(constant<WideLanes>(sum), constant<WideLanes>(max), constant<WideLanes>(width)));
  return loss[0];
}

// kCount vectors hold eight rows, kCount lanes of each row side by side. Folds these by halves down to kLeft
// vectors and lanes.
template <class Merge, int kCount, int kLeft>
MAXMARGIN_INLINE void fold_segments(Lanes<float>* vectors) {
  if constexpr (kCount > kLeft) {
    for (int i = 0; i < kCount / 2; ++i) {
      Lanes<float> low, high;
      halves<kCount>(vectors[2 * i], vectors[2 * i + 1], low, high);
      vectors[i] = Merge::merged(low, high);
    }
    fold_segments<Merge, kCount / 2, kLeft>(vectors);
  }
}

// Puts lane i of each row into vector i.
template <int kCount>
MAXMARGIN_INLINE void to_columns(Lanes<float>* vectors) {
  if constexpr (kCount > 1) {
    Lanes<float> low[kCount / 2], high[kCount / 2];
    for (int i = 0; i < kCount / 2; ++i) {
      halves<kCount>(vectors[2 * i], vectors[2 * i + 1], low[i], high[i]);
    }
    for (int i = 0; i < kCount / 2; ++i) {
      vectors[i] = low[i];
      vectors[i + kCount / 2] = high[i];
    }
    to_columns<kCount / 2>(vectors);
    to_columns<kCount / 2>(vectors + kCount / 2);
  }
}

struct WideColumns {
  const Lanes<float>* columns;

  MAXMARGIN_FORCE_INLINE WideLanes at(size_t i) const { return widen(columns[i]); }
};

// Rows of 2 and of 3 or 4 values lie side by side in a register as they come. The folds leave them in this order.
constexpr int kTwosInOrder[kLanes] = {0, 1, 4, 5, 2, 3, 6, 7};
constexpr int kFoursInOrder[kLanes] = {0, 4, 1, 5, 2, 6, 3, 7};
// Two rows of 3 values and what fills them up to 4.
constexpr int kThreesAsFours[kLanes] = {0, 1, 2, 6, 3, 4, 5, 7};

// The lanes that a block of kSize terms was folded to, folded on in the type of the terms until that is done
// three times, and then in double.
template <size_t kSize, class T>
MAXMARGIN_INLINE double sum_of_block(Lanes<T> lanes) {
  T narrow[kLanes];
  double wide[kLanes];
  store(narrow, lanes);
  size_t left = kLanes;
  for (; left > kSize / kLanes; left /= 2) {
    for (size_t i = 0; i < left / 2; ++i) narrow[i] = narrow[i] + narrow[i + left / 2];
  }
  for (size_t i = 0; i < left; ++i) wide[i] = narrow[i];
  for (; left > 1; left /= 2) {
    for (size_t i = 0; i < left / 2; ++i) wide[i] = wide[i] + wide[i + left / 2];
  }
  return wide[0];
}

// What each of eight rows adds up to.
struct EightRows {
  WideLanes sum, max;
};

// From `sum` and `max` with the lanes that blocks of kSize terms were folded to.
template <class Row, size_t kSize>
MAXMARGIN_INLINE EightRows eight_rows(Lanes<float>* sum, Lanes<float>* max) {
  constexpr int kVectors = kSize < kLanes ? kSize : kLanes;
  constexpr int kColumns = kSize < kLanes ? 1 : kSize / kLanes;
  fold_segments<Add, kVectors, kColumns>(sum);
  if constexpr (Row::kHasMax) fold_segments<Larger, kVectors, 1>(max);
  if constexpr (kSize == 2 || kSize == 4) {
    constexpr auto& kOrder = kSize == 2 ? kTwosInOrder : kFoursInOrder;
    sum[0] = permuted(sum[0], kOrder);
    if constexpr (Row::kHasMax) max[0] = permuted(max[0], kOrder);
  }
  to_columns<kColumns>(sum);
  EightRows rows{folded<Add, 0, 1, kColumns>(WideColumns{sum}), {}};
  if constexpr (Row::kHasMax) rows.max = widen(max[0]);
  return rows;
}

// Rows of more than kSize / 2 values and no more than kSize.
template <class L, bool kBinary, size_t kSize, class T, class Y, class P>
struct NarrowRows {
  using Row = typename L::Row;
  // Registers wider than a row would compute more than there is.
  using V = vec<T, kSize <= static_cast<size_t>(kUnit) ? static_cast<int>(kLanes) : kUnit>;
  using Values = Computed<L, kBinary, V, Y, P>;

  V impure;

  MAXMARGIN_FORCE_INLINE EightRows fold(const Y* labels, const P* predictions, size_t rows,
                                        size_t width, size_t readable) {
    constexpr size_t kMost = kLanes * kSize;
    const size_t needed = kSize < kLanes ? kMost : (kLanes - 1) * width + kSize;
    Padded<Y, kMost> last_labels;
    Padded<P, kMost> last_predictions;
    const Values block{last_labels.from(labels, rows * width, readable, needed),
                      last_predictions.from(predictions, rows * width, readable, needed), &impure};
    if constexpr (!kTogether<T>) {
      return one_by_one(block, width);
    } else if constexpr (kSize < kLanes) {
      return side_by_side(block, width);
    } else {
      return together(block, width);
    }
  }

  // The terms of the row that begins at `start`, in lanes.
  static MAXMARGIN_FORCE_INLINE Terms<Lanes<T>> row_at(const Values& block, size_t start,
                                                       size_t width) {
    constexpr size_t kFull = kSize == kLanes ? 0 : kSize / 2;
    const Values row{block.labels + start, block.predictions + start, block.impure};
    return block_to_lanes<Row, kSize>(FilledUp<Row, kFull, Values>{row, static_cast<int>(width)});
  }

  static MAXMARGIN_FORCE_INLINE EightRows together(const Values& block, size_t width) {
    Lanes<T> sum[kLanes], max[kLanes];
    MAXMARGIN_UNROLL
    for (size_t k = 0; k < kLanes; ++k) {
      // halves() takes vectors in turn: from these places the rows come out in order.
      const size_t place = k % (kLanes / 2) * 2 + k / (kLanes / 2);
      if constexpr (kSize >= 4 * kLanes) prefetch_row(block, k * width);
      const auto terms = row_at(block, k * width, width);
      sum[place] = terms.sum;
      max[place] = terms.max;
    }
    return eight_rows<Row, kSize>(sum, max);
  }

  // While eight rows are folded nothing is loaded, and the processor's own prefetching stops at the page's end.
  static MAXMARGIN_FORCE_INLINE void prefetch_row(const Values& block, size_t start) {
    constexpr size_t kAhead = 1024;  // values
    for (size_t i = 0; i < kSize; i += 16) {
      MAXMARGIN_PREFETCH(block.labels + start + kAhead + i);
      MAXMARGIN_PREFETCH(block.predictions + start + kAhead + i);
    }
  }

  static MAXMARGIN_FORCE_INLINE EightRows side_by_side(const Values& block, size_t width) {
    constexpr size_t kRowsOfVector = kLanes / kSize;
    Lanes<T> sum[kSize], max[kSize];
    MAXMARGIN_UNROLL
    for (size_t k = 0; k < kSize; ++k) {
      Terms<Lanes<T>> terms = block.at(k * kRowsOfVector * width);
      if (kSize == 4 && width == 3) {
        terms = FilledUp<Row, 0, Values>{block, 6 + static_cast<int>(k * 6)}.at(k * 6);
        terms.sum = permuted(terms.sum, kThreesAsFours);
        if constexpr (Row::kHasMax) terms.max = permuted(terms.max, kThreesAsFours);
      }
      sum[k] = terms.sum;
      max[k] = terms.max;
    }
    return eight_rows<Row, kSize>(sum, max);
  }

  static MAXMARGIN_FORCE_INLINE EightRows one_by_one(const Values& block, size_t width) {
    double sum[kLanes], max[kLanes];
    for (size_t k = 0; k < kLanes; ++k) {
      const auto terms = row_at(block, k * width, width);
      sum[k] = sum_of_block<kSize>(terms.sum);
      max[k] = max_of(terms.max);
    }
    return {loaded<WideLanes>(sum), loaded<WideLanes>(max)};
  }
};

// Rows of more than a block.
template <class L, bool kBinary, class T, class Y, class P>
struct WideRows {
  using V = Unit<T>;

  V impure;

  MAXMARGIN_FORCE_INLINE EightRows fold(const Y* labels, const P* predictions, size_t rows,
                                        size_t width, size_t readable) {
    double sum[kLanes] = {}, max[kLanes] = {};
    for (size_t k = 0; k < rows; ++k) {
      auto row = Accumulator<typename L::Row, T>::from(constant<WideLanes>(kNoSum), kNoMax);
      const size_t start = k * width;
      add_values<L, kBinary, T, Y, P>(labels + start, predictions + start, width, readable - start,
                                      0, row, impure);
      sum[k] = sum_of(row.sum);
      max[k] = max_of(row.max);
    }
    return {loaded<WideLanes>(sum), loaded<WideLanes>(max)};
  }
};

// The sums of some rows, those that are not finite taken once more.
template <class L, bool kBinary, class Y, class P>
MAXMARGIN_NO_INLINE static WideLanes with_overflows_widened(WideLanes sum, const Y* labels,
                                                            const P* predictions, size_t rows,
                                                            size_t width) {
  double sums[kLanes];
  store(sums, sum);
  for (size_t k = 0; k < rows; ++k) {
    if (is_finite(sums[k])) continue;
    Sums row{};
    add_widened<L, kBinary, Y, P>(labels + k * width, predictions + k * width, width, width, &row);
    sums[k] = sum_of(loaded<WideLanes>(row.lanes));
  }
  return loaded<WideLanes>(sums);
}

template <class Some, class L, bool kBinary, class T, class Y, class P>
static bool losses_of(const Y* labels, const P* predictions, size_t rows, size_t width,
                      size_t readable, double* losses, const RowParts* parts) {
  Some some{constant<typename Some::V>(0.0)};
  const WideLanes wide_width = constant<WideLanes>(static_cast<double>(width));
  for (size_t r = 0; r < rows; r += kLanes) {
    const size_t count = rows - r < kLanes ? rows - r : kLanes;
    const size_t start = r * width;
    EightRows eight =
        some.fold(labels + start, predictions + start, count, width, readable - start);
    if constexpr (sizeof(T) == sizeof(float)) {
      if (any_nan(eight.sum - eight.sum)) {
        eight.sum = with_overflows_widened<L, kBinary, Y, P>(
            eight.sum, labels + start, predictions + start, count, width);
      }
    }
    if constexpr (L::Row::kHasMax) {
      if (parts != nullptr) {
        store(parts->sums + r, eight.sum);
        store(parts->maxes + r, eight.max);
      }
    }
    store(losses + r, L::Row::loss(eight.sum, eight.max, wide_width));
  }
  return is_pure(some.impure);
}

template <class L, bool kBinary, class T, class Y, class P>
static bool rows(const void* labels_, const void* predictions_, size_t rows, size_t width,
                 size_t readable, double* losses, const RowParts* parts) {
  const Y* labels = static_cast<const Y*>(labels_);
  const P* predictions = static_cast<const P*>(predictions_);
#define MAXMARGIN_ROWS(...) \
  losses_of<__VA_ARGS__, L, kBinary, T, Y, P>(labels, predictions, rows, width, readable, losses, parts)
#define MAXMARGIN_NARROW_ROWS(size) MAXMARGIN_ROWS(NarrowRows<L, kBinary, size, T, Y, P>)
  if constexpr (kTogether<T>) {
    if (width == 1) return MAXMARGIN_NARROW_ROWS(1);
    if (width == 2) return MAXMARGIN_NARROW_ROWS(2);
    if (width <= 4) return MAXMARGIN_NARROW_ROWS(4);
  }
  if (width <= 8) return MAXMARGIN_NARROW_ROWS(8);
  if (width <= 16) return MAXMARGIN_NARROW_ROWS(16);
  if (width <= 32) return MAXMARGIN_NARROW_ROWS(32);
  if (width <= 64) return MAXMARGIN_NARROW_ROWS(64);
  return MAXMARGIN_ROWS(WideRows<L, kBinary, T, Y, P>);
#undef MAXMARGIN_NARROW_ROWS
#undef MAXMARGIN_ROWS
}
