// The losses of rows: eight at a time where they are narrow.
//
// A row of up to 64 values is one block, of the smallest power of two from 8 on that holds it. It is folded by
// halves like any other, the first three times in the type of its terms. Eight rows are folded at once:
// what is left of each lies beside the others in one register.

template <class Row>
static double row_loss(double sum, double max, double width) {
  double loss[kLanes];
  store(loss, Row::loss(constant<WideLanes>(sum), constant<WideLanes>(max), constant<WideLanes>(width)));
  return loss[0];
}

// kCount vectors hold eight rows, kCount lanes of each row side by side. Folds these by halves down to kLeft
// vectors and lanes.
template <class Merge, int kCount, int kLeft, class T>
MAXMARGIN_INLINE void fold_segments(Lanes<T>* vectors) {
  if constexpr (kCount > kLeft) {
    for (int i = 0; i < kCount / 2; ++i) {
      Lanes<T> low, high;
      halves<kCount>(vectors[2 * i], vectors[2 * i + 1], low, high);
      vectors[i] = Merge::merged(low, high);
    }
    fold_segments<Merge, kCount / 2, kLeft, T>(vectors);
  }
}

// Puts lane i of each row into vector i.
template <int kCount, class T>
MAXMARGIN_INLINE void to_columns(Lanes<T>* vectors) {
  if constexpr (kCount > 1) {
    Lanes<T> low[kCount / 2], high[kCount / 2];
    for (int i = 0; i < kCount / 2; ++i) {
      halves<kCount>(vectors[2 * i], vectors[2 * i + 1], low[i], high[i]);
    }
    for (int i = 0; i < kCount / 2; ++i) {
      vectors[i] = low[i];
      vectors[i + kCount / 2] = high[i];
    }
    to_columns<kCount / 2, T>(vectors);
    to_columns<kCount / 2, T>(vectors + kCount / 2);
  }
}

template <class T>
struct WideColumns {
  const Lanes<T>* columns;

  MAXMARGIN_FORCE_INLINE WideLanes at(size_t i) const { return widen(columns[i]); }
};

// Rows of 2 and of 3 or 4 values lie side by side in a register as they come. The folds leave them in this order.
constexpr int kTwosInOrder[kLanes] = {0, 1, 4, 5, 2, 3, 6, 7};
constexpr int kFoursInOrder[kLanes] = {0, 4, 1, 5, 2, 6, 3, 7};
// Two rows of 3 values and what fills them up to 4.
constexpr int kThreesAsFours[kLanes] = {0, 1, 2, 6, 3, 4, 5, 7};

// halves() takes vectors in turn: from these places eight rows come out in order.
template <class T>
constexpr size_t kPlaces[kLanes] = {0, 2, 4, 6, 1, 3, 5, 7};
template <>
constexpr size_t kPlaces<double>[kLanes] = {0, 4, 2, 6, 1, 5, 3, 7};

// What each of eight rows adds up to.
struct EightRows {
  WideLanes sum, max;
};

// From `sum` and `max` with the lanes that blocks of kSize terms were folded to.
template <class Row, size_t kSize, class T>
MAXMARGIN_INLINE EightRows eight_rows(Lanes<T>* sum, Lanes<T>* max) {
  constexpr int kVectors = kSize < kLanes ? kSize : kLanes;
  // What is folded in double of terms that were not.
  constexpr int kColumns = kSize < kLanes || sizeof(T) == sizeof(double) ? 1 : kSize / kLanes;
  fold_segments<Add, kVectors, kColumns, T>(sum);
  if constexpr (Row::kHasMax) fold_segments<Larger, kVectors, 1, T>(max);
  if constexpr (kSize == 2 || kSize == 4) {
    constexpr auto& kOrder = kSize == 2 ? kTwosInOrder : kFoursInOrder;
    sum[0] = permuted(sum[0], kOrder);
    if constexpr (Row::kHasMax) max[0] = permuted(max[0], kOrder);
  }
  to_columns<kColumns, T>(sum);
  EightRows rows{folded<Add, 0, 1, kColumns>(WideColumns<T>{sum}), {}};
  if constexpr (Row::kHasMax) rows.max = widen(max[0]);
  return rows;
}

// The same of lanes in memory.
template <class Row, size_t kSize, class T>
MAXMARGIN_NO_INLINE static void fold_stored(const T* sums, const T* maxes, double* sum_of_rows,
                                            double* max_of_rows) {
  Lanes<T> sum[kLanes], max[kLanes];
  MAXMARGIN_UNROLL
  for (size_t k = 0; k < kLanes; ++k) {
    sum[k] = loaded<Lanes<T>>(sums + k * kLanes);
    if constexpr (Row::kHasMax) max[k] = loaded<Lanes<T>>(maxes + k * kLanes);
  }
  const EightRows rows = eight_rows<Row, kSize, T>(sum, max);
  store(sum_of_rows, rows.sum);
  if constexpr (Row::kHasMax) store(max_of_rows, rows.max);
}

// Folds lanes on by halves, in float until that is done three times with the block of a row that they were folded from,
// and then in double.
MAXMARGIN_INLINE double sum_of_row(Lanes<float> lanes, size_t width) {
  float narrow[kLanes];
  double wide[kLanes];
  store(narrow, lanes);
  size_t left = kLanes;
  for (; left > 1 && left * kLanes / 2 >= width; left /= 2) {
    for (size_t i = 0; i < left / 2; ++i) narrow[i] = narrow[i] + narrow[i + left / 2];
  }
  for (size_t i = 0; i < left; ++i) wide[i] = narrow[i];
  for (; left > 1; left /= 2) {
    for (size_t i = 0; i < left / 2; ++i) wide[i] = wide[i] + wide[i + left / 2];
  }
  return wide[0];
}
MAXMARGIN_INLINE double sum_of_row(Lanes<double> lanes, size_t) { return sum_of(lanes); }

// Eight rows of more than kSize / 2 values and no more than kSize.
template <class L, size_t kSize, class T>
struct NarrowRows {
  using Row = typename L::Row;
  // Registers wider than a row would compute more than there is.
  using V = vec<T, kSize <= static_cast<size_t>(kUnit) ? static_cast<int>(kLanes) : kUnit>;
  using Values = Computed<L, false, V, T, T>;

  static MAXMARGIN_FORCE_INLINE EightRows fold(const T* labels, const T* predictions, size_t width) {
    const Values block{labels, predictions, nullptr};
    Lanes<T> sum[kLanes], max[kLanes];
    if constexpr (kSize < kLanes) {
      side_by_side(block, width, sum, max);
    } else {
      MAXMARGIN_UNROLL
      for (size_t k = 0; k < kLanes; ++k) {
        const auto terms = row_at(block, k * width, width);
        sum[kPlaces<T>[k]] = terms.sum;
        max[kPlaces<T>[k]] = terms.max;
      }
    }
    return eight_rows<Row, kSize, T>(sum, max);
  }

  // The terms of the row that begins at `start`, in lanes.
  static MAXMARGIN_FORCE_INLINE Terms<Lanes<T>> row_at(const Values& block, size_t start,
                                                       size_t width) {
    constexpr size_t kFull = kSize == kLanes ? 0 : kSize / 2;
    const Values row{block.labels + start, block.predictions + start, nullptr};
    return block_to_lanes<Row, kSize>(FilledUp<Row, kFull, Values>{row, static_cast<int>(width)});
  }

 private:
  static MAXMARGIN_FORCE_INLINE void side_by_side(const Values& block, size_t width, Lanes<T>* sum,
                                                  Lanes<T>* max) {
    constexpr size_t kRowsOfVector = kLanes / kSize;
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
  }
};

// While eight rows are folded nothing is loaded, and the processor's own prefetching stops at the page's end.
template <class T>
MAXMARGIN_INLINE void prefetch_row(const T* labels, const T* predictions) {
  constexpr size_t kAhead = 1024;  // values
  for (size_t i = 0; i < kBlock; i += 16) {
    MAXMARGIN_PREFETCH(labels + kAhead + i);
    MAXMARGIN_PREFETCH(predictions + kAhead + i);
  }
}

// Eight rows of up to a block, their lanes by way of memory: a fraction of the code.
template <class L, class T>
struct BlockRows {
  using Row = typename L::Row;

  static MAXMARGIN_FORCE_INLINE EightRows fold(const T* labels, const T* predictions, size_t width) {
    T sums[kLanes * kLanes], maxes[kLanes * kLanes];
    for (size_t k = 0; k < kLanes; ++k) {
      if (width > 2 * kLanes) prefetch_row(labels + k * width, predictions + k * width);
      const auto terms = row_at(labels + k * width, predictions + k * width, width);
      store(sums + kPlaces<T>[k] * kLanes, terms.sum);
      if constexpr (Row::kHasMax) store(maxes + kPlaces<T>[k] * kLanes, terms.max);
    }
    double sum[kLanes], max[kLanes];
    if (sizeof(T) < sizeof(double) && width <= kBlock / 2) {
      fold_stored<Row, kBlock / 2, T>(sums, maxes, sum, max);
    } else {
      fold_stored<Row, kBlock, T>(sums, maxes, sum, max);
    }
    EightRows rows{loaded<WideLanes>(sum), {}};
    if constexpr (Row::kHasMax) rows.max = loaded<WideLanes>(max);
    return rows;
  }

 private:
  template <size_t kSize>
  static MAXMARGIN_FORCE_INLINE Terms<Lanes<T>> sized_row(const T* labels, const T* predictions,
                                                          size_t width) {
    return NarrowRows<L, kSize, T>::row_at({labels, predictions, nullptr}, 0, width);
  }

  static MAXMARGIN_FORCE_INLINE Terms<Lanes<T>> row_at(const T* labels, const T* predictions,
                                                       size_t width) {
    if constexpr (sizeof(T) == sizeof(double)) {
      if (width <= kLanes) return sized_row<kLanes>(labels, predictions, width);
      if (width <= 2 * kLanes) return sized_row<2 * kLanes>(labels, predictions, width);
    }
    if (width <= 4 * kLanes) return sized_row<4 * kLanes>(labels, predictions, width);
    return sized_row<kBlock>(labels, predictions, width);
  }
};

// Eight rows of up to a block, one after the other, in even less code.
template <class L, class T>
struct SingleRows {
  using Row = typename L::Row;

  static MAXMARGIN_FORCE_INLINE EightRows fold(const T* labels, const T* predictions, size_t width) {
    double sum[kLanes], max[kLanes];
    for (size_t k = 0; k < kLanes; ++k) {
      const Computed<L, false, Lanes<T>, T, T> row{labels + k * width, predictions + k * width, nullptr};
      const auto terms = few_to_lanes<Row>(row, width);
      sum[k] = sum_of_row(terms.sum, width);
      max[k] = max_of(terms.max);
    }
    return {loaded<WideLanes>(sum), loaded<WideLanes>(max)};
  }
};

// Up to eight rows of up to a block, with what `Eight` may read behind them.
template <class Eight, class T>
struct UpToBlock {
  static MAXMARGIN_FORCE_INLINE EightRows fold(const T* labels, const T* predictions, size_t rows,
                                               size_t width, size_t readable) {
    size_t size = kLanes;
    while (size < width) size *= 2;
    const size_t needed = width < kLanes ? kLanes * kLanes : (kLanes - 1) * width + size;
    Padded<T, kLanes * kBlock> last_labels, last_predictions;
    return Eight::fold(last_labels.from(labels, rows * width, readable, needed),
                       last_predictions.from(predictions, rows * width, readable, needed), width);
  }
};

// Up to eight rows of more than a block.
template <class L, class T>
struct WideRows {
  static MAXMARGIN_FORCE_INLINE EightRows fold(const T* labels, const T* predictions, size_t rows,
                                               size_t width, size_t readable) {
    double sum[kLanes] = {}, max[kLanes] = {};
    for (size_t k = 0; k < rows; ++k) {
      Sums row{{}, kNoMax};
      const size_t start = k * width;
      add<L, false, T, T, T>(labels + start, predictions + start, width, readable - start, 0, &row);
      sum[k] = sum_of(loaded<WideLanes>(row.lanes));
      max[k] = row.max;
    }
    return {loaded<WideLanes>(sum), loaded<WideLanes>(max)};
  }
};

// The sums of some rows, those that are not finite taken once more.
MAXMARGIN_NO_INLINE static void widen_overflows(Loss loss, const float* labels, const float* predictions,
                                                size_t rows, size_t width, double* sums) {
  for (size_t k = 0; k < rows; ++k) {
    if (is_finite(sums[k])) continue;
    Sums row{};
    add_widened(loss, labels + k * width, predictions + k * width, width, &row);
    sums[k] = sum_of(loaded<WideLanes>(row.lanes));
  }
}

template <class Some, class L, class T>
static void losses_of(const T* labels, const T* predictions, size_t rows, size_t width,
                      size_t readable, double* losses, const RowParts* parts) {
  const WideLanes wide_width = constant<WideLanes>(static_cast<double>(width));
  for (size_t r = 0; r < rows; r += kLanes) {
    const size_t count = rows - r < kLanes ? rows - r : kLanes;
    const size_t start = r * width;
    EightRows eight =
        Some::fold(labels + start, predictions + start, count, width, readable - start);
    if constexpr (sizeof(T) == sizeof(float)) {
      if (any_nan(eight.sum - eight.sum)) {
        double sums[kLanes];
        store(sums, eight.sum);
        widen_overflows(L::kLoss, labels + start, predictions + start, count, width, sums);
        eight.sum = loaded<WideLanes>(sums);
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
}

template <class L, class T>
static void rows(const void* labels_, const void* predictions_, size_t rows, size_t width,
                 size_t readable, double* losses, const RowParts* parts) {
  const T* labels = static_cast<const T*>(labels_);
  const T* predictions = static_cast<const T*>(predictions_);
#define MAXMARGIN_ROWS(...) \
  losses_of<__VA_ARGS__, L, T>(labels, predictions, rows, width, readable, losses, parts)
#define MAXMARGIN_UP_TO_BLOCK(...) MAXMARGIN_ROWS(UpToBlock<__VA_ARGS__, T>)
  if (width > kBlock) return MAXMARGIN_ROWS(WideRows<L, T>);
  if constexpr (kIsCompact) {
    return MAXMARGIN_UP_TO_BLOCK(SingleRows<L, T>);
  } else {
    if (width == 1) return MAXMARGIN_UP_TO_BLOCK(NarrowRows<L, 1, T>);
    if constexpr (sizeof(T) == sizeof(float)) {
      if (width == 2) return MAXMARGIN_UP_TO_BLOCK(NarrowRows<L, 2, T>);
      if (width <= 4) return MAXMARGIN_UP_TO_BLOCK(NarrowRows<L, 4, T>);
      if (width <= 8) return MAXMARGIN_UP_TO_BLOCK(NarrowRows<L, 8, T>);
      if (width <= 16) return MAXMARGIN_UP_TO_BLOCK(NarrowRows<L, 16, T>);
    }
    return MAXMARGIN_UP_TO_BLOCK(BlockRows<L, T>);
  }
#undef MAXMARGIN_UP_TO_BLOCK
#undef MAXMARGIN_ROWS
}
