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

// Values of some rows, from the first of these on.
template <class In>
struct Rows {
  const typename In::Y* labels;
  const typename In::P* predictions;

  MAXMARGIN_FORCE_INLINE Rows from(size_t i) const { return {labels + i, predictions + i}; }
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

// While eight rows are folded nothing is loaded, and the processor's own prefetching stops at the page's end.
template <size_t kSize, class In>
MAXMARGIN_INLINE void prefetch_row(const Rows<In>& row) {
  constexpr size_t kAhead = 1024;  // values
  for (size_t i = 0; i < kSize; i += 16) {
    MAXMARGIN_PREFETCH(row.labels + kAhead + i);
    MAXMARGIN_PREFETCH(row.predictions + kAhead + i);
  }
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

// Eight rows of more than kSize / 2 values and no more than kSize.
template <class In, size_t kSize>
struct NarrowRows {
  using T = typename In::T;
  using Row = typename In::Row;
  // Registers wider than a row would compute more than there is.
  using V = vec<T, kSize <= static_cast<size_t>(kUnit) ? static_cast<int>(kLanes) : kUnit>;
  using Values = Computed<In, V>;

  V impure;

  MAXMARGIN_FORCE_INLINE EightRows fold(const Rows<In>& rows, size_t width) {
    if constexpr (kSize >= kLanes && (sizeof(T) == sizeof(double) || kSize > 2 * kLanes || kIsSmall)) {
      return by_memory(rows, width);
    }
    Lanes<T> sum[kLanes], max[kLanes];
    if constexpr (kSize < kLanes) {
      side_by_side({rows.labels, rows.predictions, &impure}, width, sum, max);
    } else {
      MAXMARGIN_UNROLL
      for (size_t k = 0; k < kLanes; ++k) {
        const Rows<In> own = rows.from(k * width);
        if constexpr (kSize >= 4 * kLanes) prefetch_row<kSize>(own);
        const auto terms = row(own, width);
        sum[kPlaces<T>[k]] = terms.sum;
        max[kPlaces<T>[k]] = terms.max;
      }
    }
    return eight_rows<Row, kSize, T>(sum, max);
  }

  // The terms of a row, in lanes.
  MAXMARGIN_FORCE_INLINE Terms<Lanes<T>> row(const Rows<In>& row, size_t width) {
    constexpr size_t kFull = kSize == kLanes ? 0 : kSize / 2;
    const Values values{row.labels, row.predictions, &impure};
    return block_to_lanes<Row, kSize>(FilledUp<Row, kFull, Values>{values, static_cast<int>(width)});
  }

  MAXMARGIN_FORCE_INLINE bool is_pure() const { return are_pure(impure); }

 private:
  MAXMARGIN_FORCE_INLINE EightRows by_memory(const Rows<In>& rows, size_t width) {
    T sums[kLanes * kLanes], maxes[kLanes * kLanes];
    for (size_t k = 0; k < kLanes; ++k) {
      const Rows<In> own = rows.from(k * width);
      if constexpr (kSize >= 4 * kLanes) prefetch_row<kSize>(own);
      const auto terms = row(own, width);
      store(sums + kPlaces<T>[k] * kLanes, terms.sum);
      if constexpr (Row::kHasMax) store(maxes + kPlaces<T>[k] * kLanes, terms.max);
    }
    double sum[kLanes], max[kLanes];
    fold_stored<Row, kSize, T>(sums, maxes, sum, max);
    EightRows eight{loaded<WideLanes>(sum), {}};
    if constexpr (Row::kHasMax) eight.max = loaded<WideLanes>(max);
    return eight;
  }

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

// Up to eight rows of up to a block, with what `Eight` may read behind them.
template <class In, class Eight>
struct UpToBlock {
  Eight eight;

  MAXMARGIN_FORCE_INLINE EightRows fold(const Tile& tile, const Rows<In>& rows, size_t count,
                                        size_t readable) {
    size_t size = kLanes;
    while (size < tile.width) size *= 2;
    const size_t width = tile.width;
    const size_t needed = width < kLanes ? kLanes * kLanes : (kLanes - 1) * width + size;
    Padded<typename In::Y, kLanes * kBlock> last_labels;
    Padded<typename In::P, kLanes * kBlock> last_predictions;
    return eight.fold({last_labels.from(rows.labels, count * width, readable, needed),
                       last_predictions.from(rows.predictions, count * width, readable, needed)},
                      width);
  }

  MAXMARGIN_FORCE_INLINE bool is_pure() const { return eight.is_pure(); }
};

// Up to eight rows of more than a block.
template <class In>
struct WideRows {
  bool pure;

  MAXMARGIN_FORCE_INLINE EightRows fold(const Tile& tile, const Rows<In>& rows, size_t count,
                                        size_t readable) {
    double sum[kLanes] = {}, max[kLanes] = {};
    for (size_t k = 0; k < count; ++k) {
      ChunkSums row{{}, kNoMax};
      const size_t start = k * tile.width;
      pure &= add<In>({rows.labels + start, rows.predictions + start, 1, tile.width, readable - start}, 0,
                      &row);
      sum[k] = sum_of(loaded<WideLanes>(row.lanes));
      max[k] = row.max;
    }
    return {loaded<WideLanes>(sum), loaded<WideLanes>(max)};
  }

  MAXMARGIN_FORCE_INLINE bool is_pure() const { return pure; }
};

// The sums of some rows, those that are not finite taken once more.
template <class In>
MAXMARGIN_NO_INLINE static void widen_overflows(const Rows<In>& rows, size_t count, size_t width, double* sums) {
  for (size_t k = 0; k < count; ++k) {
    if (is_finite(sums[k])) continue;
    ChunkSums row{};
    const Rows<In> values = rows.from(k * width);
    add_widened<In>({values.labels, values.predictions, 1, width, width}, &row);
    sums[k] = sum_of(loaded<WideLanes>(row.lanes));
  }
}

template <class In, class Some>
static bool losses_of(const Tile& tile, Some some, double* losses, const RowSums* sums) {
  const Rows<In> all{static_cast<const typename In::Y*>(tile.labels),
                     static_cast<const typename In::P*>(tile.predictions)};
  const size_t width = tile.width;
  const WideLanes wide_width = constant<WideLanes>(static_cast<double>(width));
  for (size_t r = 0; r < tile.rows; r += kLanes) {
    const size_t count = tile.rows - r < kLanes ? tile.rows - r : kLanes;
    const Rows<In> rows = all.from(r * width);
    EightRows eight = some.fold(tile, rows, count, tile.readable - r * width);
    if constexpr (sizeof(typename In::T) == sizeof(float)) {
      if (any_nan(eight.sum - eight.sum)) {
        double wide[kLanes];
        store(wide, eight.sum);
        widen_overflows<In>(rows, count, width, wide);
        eight.sum = loaded<WideLanes>(wide);
      }
    }
    if constexpr (In::Row::kHasMax) {
      if (sums != nullptr) {
        store(sums->sums + r, eight.sum);
        store(sums->maxes + r, eight.max);
      }
    }
    store(losses + r, In::Row::loss(eight.sum, eight.max, wide_width));
  }
  return !In::kBinary || some.is_pure();
}

template <class In>
static bool row_losses(const Tile& tile, double* losses, const RowSums* sums) {
  const size_t width = tile.width;
#define MAXMARGIN_NARROW(size) \
  losses_of<In>(tile, UpToBlock<In, NarrowRows<In, size>>{}, losses, sums)
  if (width == 1) return MAXMARGIN_NARROW(1);
  if constexpr (sizeof(typename In::T) == sizeof(float)) {
    if (width == 2) return MAXMARGIN_NARROW(2);
    if (width <= 4) return MAXMARGIN_NARROW(4);
  }
  if (width <= 8) return MAXMARGIN_NARROW(8);
  if (width <= 16) return MAXMARGIN_NARROW(16);
  if (width <= 32) return MAXMARGIN_NARROW(32);
  if (width <= 64) return MAXMARGIN_NARROW(64);
  return losses_of<In>(tile, WideRows<In>{true}, losses, sums);
#undef MAXMARGIN_NARROW
}
