// Sums of chunks and of long rows, and terms that are written instead of summed.

// Accumulates the lanes of blocks.
template <class In>
struct Accumulator {
  using T = typename In::T;
  WideLanes sum;
  Lanes<T> max;

  // No constructor: gcc gives implicit ones no target.
  static MAXMARGIN_FORCE_INLINE Accumulator from(const ChunkSums& sums) {
    return {loaded<WideLanes>(sums.lanes), constant<Lanes<T>>(sums.max)};
  }

  MAXMARGIN_FORCE_INLINE void add(const Terms<Lanes<T>>& lanes) {
    sum = sum + widen(lanes.sum);
    if constexpr (In::kHasMax) max = max_or_second(max, lanes.max);
  }

  MAXMARGIN_FORCE_INLINE void store_to(ChunkSums* sums) const {
    store(sums->lanes, sum);
    if constexpr (In::kHasMax) sums->max = max_of(max);
  }
};

template <class Y, class P>
MAXMARGIN_INLINE void prefetch_block(const Y* labels, const P* predictions) {
  prefetch(labels, kBlock);
  prefetch(predictions, kBlock);
}

// The last values of a row, less than a block.
template <class In>
struct RowTail {
  using Source = Computed<In, Unit<typename In::T>>;
  Padded<typename In::Y, kBlock> labels;
  Padded<typename In::P, kBlock> predictions;

  MAXMARGIN_FORCE_INLINE auto lanes(const Source& values, size_t n, size_t readable) {
    const PaddedTail<Source> padded{values.at_values(labels.from(values.labels, n, readable),
                                                     predictions.from(values.predictions, n, readable)),
                                    static_cast<int>(n)};
    return n <= kUnit ? block_to_lanes<kUnit>(padded) : block_to_lanes<kBlock>(padded);
  }
};

// In written.inl.h.
template <class In>
static bool add_written(const Tile& tile, ChunkSums* sums);

template <class In>
MAXMARGIN_NO_INLINE static bool add_computed(const Tile& tile, size_t ahead, ChunkSums* sums) {
  using V = Unit<typename In::T>;
  const size_t rows = tile.rows, width = tile.width, readable = tile.readable;
  // The same for all rows, and so are the masks of the last registers.
  const size_t left = width % kBlock, whole = width - left;
  V invalid = constant<V>(0.0);
  const auto all = Computed<In, V>::of(tile, &invalid);
  RowTail<In> tail;
  for (size_t row = 0; row < rows; ++row) {
    const size_t start = row * width;
    auto total = Accumulator<In>::from(sums[row]);
    for (size_t i = start; i < start + whole; i += kBlock) {
      if (ahead != 0) prefetch_block(all.labels + i + ahead, all.predictions + i + ahead);
      total.add(block_to_lanes<kBlock>(all.from(i)));
    }
    if (left > 0) total.add(tail.lanes(all.from(start + whole), left, readable - start - whole));
    total.store_to(&sums[row]);
  }
  return !In::kIsBinary || are_valid<typename In::Y>(invalid);
}

template <class In>
static bool add(const Tile& tile, size_t ahead, ChunkSums* sums) {
  if constexpr (In::kIsFused) {
    return add_computed<In>(tile, ahead, sums);
  } else {
    return add_written<In>(tile, sums);
  }
}

// The terms of a register, of an array's last n values.
template <class Source>
MAXMARGIN_INLINE auto last_terms(const Source& values, size_t n) {
  constexpr size_t kRegister = kCount<typename Source::V>;
  Padded<std::remove_const_t<std::remove_pointer_t<decltype(values.labels)>>, kRegister> labels;
  Padded<std::remove_const_t<std::remove_pointer_t<decltype(values.predictions)>>, kRegister> predictions;
  return values.at_values(labels.from(values.labels, n, n), predictions.from(values.predictions, n, n)).at(0);
}

// Writes the terms of an elementwise loss, one for each row: rows have one value.
template <class In>
MAXMARGIN_NO_INLINE static bool write_terms(const Tile& tile, typename In::T* terms) {
  using T = typename In::T;
  using V = Unit<T>;
  V invalid = constant<V>(0.0);
  const auto all = Computed<In, V>::of(tile, &invalid);
  const size_t n = tile.rows;
  size_t i = 0;
  for (; i + kUnit <= n; i += kUnit) store(terms + i, canonicalize_nan(all.at(i).sum));
  if (i < n) {
    T last[kUnit];
    store(last, canonicalize_nan(last_terms(all.from(i), n - i).sum));
    std::memcpy(terms + i, last, (n - i) * sizeof(T));
  }
  return !In::kIsBinary || are_valid<typename In::Y>(invalid);
}

// ---- Widened terms: rare

MAXMARGIN_NO_INLINE static void add_widened_terms(const float* terms, size_t n, ChunkSums* sums) {
  WideLanes sum = loaded<WideLanes>(sums->lanes);
  for (size_t i = 0; i < n; i += kLanes) {
    Padded<float, kLanes> last;
    const size_t own = n - i < kLanes ? n - i : kLanes;
    sum = sum + widen(loaded<Lanes<float>>(last.from(terms + i, own, n - i)));
  }
  store(sums->lanes, sum);
}

// Writes the terms that class_max sums.
template <class In>
static bool write_summed_terms(const Tile& tile, float* terms) {
  const auto all = Computed<In, Lanes<float>>::of(tile, nullptr);
  for (size_t i = 0; i < tile.rows; i += kLanes) {
    const size_t n = tile.rows - i < kLanes ? tile.rows - i : kLanes;
    float some[kLanes];
    store(some, last_terms(all.from(i), n).sum);
    std::memcpy(terms + i, some, n * sizeof(float));
  }
  return true;
}

template <class In>
MAXMARGIN_NO_INLINE static bool add_widened(const Tile& tile, ChunkSums* sums) {
  const auto* labels = static_cast<const typename In::Y*>(tile.labels);
  const auto* predictions = static_cast<const typename In::P*>(tile.predictions);
  bool valid = true;
  for (size_t i = 0, n; i < tile.width; i += n) {
    float terms[kBlock];
    n = tile.width - i < kBlock ? tile.width - i : kBlock;
    const Tile values{tile.parameters, labels + i, predictions + i, n, 1, n};
    if constexpr (In::kHasMax) {
      write_summed_terms<In>(values, terms);
    } else {
      valid &= write_terms<In>(values, terms);
    }
    add_widened_terms(terms, n, sums);
  }
  return valid;
}
