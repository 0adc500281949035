// The losses of rows.
//
// A row of up to 64 values is one block, of the smallest power of two from 8 on that holds it. It is folded by halves like
// any other, the first three times in the type of its terms. The fastest way depends on the width:
//
//   up to 4          several rows side by side in a register
//   up to 16         floats with maxima in columns; eight rows in registers, if values need no conversion; otherwise whole
//                    registers of terms first, whatever the rows are, which are written and then folded
//   up to 64         each row folded to 8 lanes, which are written, and then eight rows of lanes
//   more             the sums of chunks
//
// Code that is not worth an instance for each loss and layout gets their functions as pointers.

template <class L>
static double row_loss(double sum, double max, double width, const Parameters& parameters) {
  double loss[kLanes];
  const EightRows rows{constant<WideLanes>(sum), constant<WideLanes>(max)};
  store(loss, L::row_loss(rows, RowFormula::of(static_cast<size_t>(width), parameters)));
  return loss[0];
}

// Outputs for the losses of a tile's rows, and for their sums unless these are null. All have room for whole groups of eight.
struct RowOutputs {
  double* losses;
  double* sums;
  double* maxes;

  MAXMARGIN_FORCE_INLINE RowOutputs from(size_t row) const {
    return {losses + row, sums == nullptr ? nullptr : sums + row, sums == nullptr ? nullptr : maxes + row};
  }
};

MAXMARGIN_INLINE RowOutputs row_outputs(double* losses, const RowSums* sums) {
  return {losses, sums == nullptr ? nullptr : sums->sums, sums == nullptr ? nullptr : sums->maxes};
}

// Half a tile is best, if there is one behind this one. But derivatives take a second pass over the tile, which prefetches the next
// predictions: then the first pass prefetches the next labels, so that memory is busy during both.
MAXMARGIN_INLINE Ahead ahead_of_rows(const Tile& tile, const RowOutputs& to) {
  const size_t next = ahead_of(tile), half = next / 2;
  return to.sums == nullptr ? Ahead{half, half} : Ahead{next, 0};
}

// Functions of one loss, layout and encoding, for shared code.
struct RowFunctions {
  bool (*add)(const Tile& tile, size_t ahead, ChunkSums* sums);
  // Null where terms are double.
  bool (*add_widened)(const Tile& tile, ChunkSums* sums);
  // Rows of up to a block, where whole groups of eight can be read.
  bool (*narrow_rows)(const Tile& tile, const RowOutputs& to);
  size_t label_size, prediction_size;
  // The number of rows that are read at once.
  size_t group;
};

// Some rows of a tile.
MAXMARGIN_INLINE Tile rows_of(const Tile& tile, size_t first, size_t count, const RowFunctions& functions) {
  const size_t start = first * tile.width;
  return {tile.parameters,
          static_cast<const char*>(tile.labels) + start * functions.label_size,
          static_cast<const char*>(tile.predictions) + start * functions.prediction_size, count, tile.width,
          tile.readable - start};
}

MAXMARGIN_INLINE size_t at_most_eight(size_t rows) { return rows < kLanes ? rows : kLanes; }

// Computes the sums of up to eight rows from `first` on once more where they are not finite, with terms widened.
MAXMARGIN_NO_INLINE static WideLanes widen_overflows(const Tile& tile, size_t first, WideLanes sum,
                                                     const RowFunctions& functions) {
  alignas(64) double sums[kLanes];
  store(sums, sum);
  for (size_t k = 0; k < at_most_eight(tile.rows - first); ++k) {
    if (sums[k] - sums[k] == 0.0) continue;
    ChunkSums row{};
    functions.add_widened(rows_of(tile, first + k, 1, functions), &row);
    sums[k] = sum_of(loaded<WideLanes>(row.lanes));
  }
  return loaded<WideLanes>(sums);
}

MAXMARGIN_INLINE bool may_have_overflowed(WideLanes sums) { return any_nan(sums - sums); }

template <class L>
MAXMARGIN_INLINE void write_eight(const EightRows& eight, const RowFormula& formula, const RowOutputs& to) {
  if constexpr (L::kFamily == Family::class_max) {
    if (to.sums != nullptr) {
      store(to.sums, eight.sum);
      store(to.maxes, eight.max);
    }
  }
  store(to.losses, L::row_loss(eight, formula));
}

// Writes the losses of rows from `first` on, as many as `sums` has.
template <class L, class T>
MAXMARGIN_NO_INLINE static void write_losses(const Tile& tile, size_t first, size_t count, const RowSums& sums,
                                             const RowOutputs& to, const RowFunctions& functions) {
  const RowFormula formula = RowFormula::of(tile.width, tile.parameters);
  for (size_t k = 0; k < count; k += kLanes) {
    EightRows eight{loaded<WideLanes>(sums.sums + k), {}};
    if constexpr (L::kFamily == Family::class_max) eight.max = loaded<WideLanes>(sums.maxes + k);
    if (std::is_same_v<T, float> && may_have_overflowed(eight.sum)) {
      eight.sum = widen_overflows(tile, first + k, eight.sum, functions);
    }
    write_eight<L>(eight, formula, to.from(first + k));
  }
}

// ---- Up to a block

template <class In>
MAXMARGIN_NO_INLINE static bool narrow_rows(const Tile& tile, const RowOutputs& to);

template <class In>
constexpr bool kHasColumns = In::kHasMax && In::kIsFloat;
template <class In>
constexpr size_t kRowGroup = kHasColumns<In> ? kColumnRows : kLanes;

template <class In>
constexpr RowFunctions row_functions() {
  RowFunctions functions{add<In>, nullptr, nullptr, sizeof(typename In::Y), sizeof(typename In::P), kRowGroup<In>};
  if constexpr (In::kIsConverted && In::kIsFused) functions.narrow_rows = narrow_rows<In>;
  if constexpr (In::kIsFloat) functions.add_widened = add_widened<In>;
  return functions;
}
template <class In>
constexpr RowFunctions kRowFunctions = row_functions<In>();

template <class In, size_t kSize>
MAXMARGIN_INLINE bool rows_in_registers(const Tile& tile, const RowOutputs to) {
  using V = RowUnit<typename In::T, kSize>;
  const size_t rows = tile.rows, width = tile.width;
  const RowFormula formula = RowFormula::of(width, tile.parameters);
  V invalid = constant<V>(0.0);
  const auto all = Computed<In, V>::of(tile, &invalid);
  for (size_t row = 0; row < rows; row += kLanes) {
    // Where less is computed, it costs more than it gains.
    if constexpr (kSize >= kLanes && !kIsWritten<In>) {
      if (to.sums != nullptr) prefetch(all.labels + row * width + ahead_of_rows(tile, to).labels, kLanes * width);
    }
    EightRows eight = eight_rows<kSize>(all.from(row * width), width);
    if (In::kIsFloat && may_have_overflowed(eight.sum)) {
      eight.sum = widen_overflows(tile, row, eight.sum, kRowFunctions<In>);
    }
    write_eight<typename In::Loss>(eight, formula, to.from(row));
  }
  return !In::kIsBinary || are_valid<typename In::Y>(invalid);
}

template <class In>
MAXMARGIN_INLINE bool rows_in_columns(const Tile& tile, const RowOutputs to) {
  const RowFormula formula = RowFormula::of(tile.width, tile.parameters);
  const size_t rows = tile.rows, width = tile.width;
  const Ahead ahead = ahead_of_rows(tile, to);
  const auto* labels = static_cast<const float*>(tile.labels);
  const auto* predictions = static_cast<const float*>(tile.predictions);
  for (size_t row = 0; row < rows; row += kColumnRows) {
    const size_t start = row * width;
    const auto write = [&](size_t k, EightRows eight) {
      if (row + k >= rows) return;
      if (may_have_overflowed(eight.sum)) eight.sum = widen_overflows(tile, row + k, eight.sum, kRowFunctions<In>);
      write_eight<typename In::Loss>(eight, formula, to.from(row + k));
    };
    add_columns<typename In::Loss>(labels + start, predictions + start, width, ahead, write);
  }
  return true;
}

// The number of rows of lanes that are written before they are folded.
constexpr size_t kLaneRows = 64;

template <class In>
struct StoredLanes {
  using T = typename In::T;
  alignas(64) T sum[kLaneRows * kLanes];
  alignas(64) T max[In::kHasMax ? kLaneRows * kLanes : 1];
};

// While rows are folded nothing is loaded, and the processor's own prefetching stops at the page's end.
template <size_t kSize, class Source>
MAXMARGIN_INLINE void prefetch_row(const Source& row, size_t ahead) {
  prefetch(row.labels + ahead, kSize);
  prefetch(row.predictions + ahead, kSize);
}

template <class In, size_t kSize>
MAXMARGIN_INLINE bool rows_by_lanes(const Tile& tile, const RowOutputs& to) {
  using T = typename In::T;
  using V = RowUnit<T, kSize>;
  const size_t rows = tile.rows, width = tile.width;
  V invalid = constant<V>(0.0);
  const auto all = Computed<In, V>::of(tile, &invalid);
  // Half a tile, if there is one behind this one.
  const size_t ahead = ahead_of(tile) / 2;
  StoredLanes<In> lanes;
  alignas(64) double sums[kLaneRows], maxes[kLaneRows];
  for (size_t first = 0, count; first < rows; first += count) {
    count = rows - first < kLaneRows ? rows - first : kLaneRows;
    for (size_t k = 0; k < count; ++k) {
      const auto row = all.from((first + k) * width);
      if constexpr (In::kIsFloat && kSize > 2 * kLanes) prefetch_row<kSize>(row, ahead);
      const auto terms = row_to_lanes<kSize>(row, width);
      store(lanes.sum + k * kLanes, terms.sum);
      if constexpr (In::kHasMax) store(lanes.max + k * kLanes, terms.max);
    }
    const RowSums row_sums{sums, maxes};
    fold_stored<In::kIsFloat ? kSize : kBlock, In::kHasMax, T>(lanes.sum, lanes.max, count, row_sums);
    write_losses<typename In::Loss, T>(tile, first, count, row_sums, to, kRowFunctions<In>);
  }
  return !In::kIsBinary || are_valid<typename In::Y>(invalid);
}

// Whether terms of rows of up to 16 values are written before they are folded: in registers, reading labels as binary or
// converting values costs more.
template <class In>
constexpr bool kWritesTerms = !In::kHasMax && In::kIsFloat && In::kIsFused && (In::kIsBinary || !In::kIsConverted);

template <class In, size_t kSize>
MAXMARGIN_INLINE bool rows_of_one_size(const Tile& tile, const RowOutputs& to) {
  constexpr bool kStaysInRegisters = In::kIsFloat && !kSavesCode;
  if constexpr (kStaysInRegisters) {
    return rows_in_registers<In, kSize>(tile, to);
  } else {
    return rows_by_lanes<In, kSize>(tile, to);
  }
}

template <class In>
MAXMARGIN_NO_INLINE static bool narrow_rows(const Tile& tile, const RowOutputs& to) {
  // The padding of a block of 8 changes nothing.
  constexpr bool kHasSmallSizes = !(kSavesCode && In::kHasMax && !In::kIsFloat);
  if constexpr (!kWritesTerms<In> && kHasSmallSizes) {
    if (tile.width == 1) return rows_in_registers<In, 1>(tile, to);
    if (tile.width == 2) return rows_in_registers<In, 2>(tile, to);
    if (tile.width <= 4) return rows_in_registers<In, 4>(tile, to);
  }
  if constexpr (kHasColumns<In>) {
    if (tile.width <= kMostColumns) return rows_in_columns<In>(tile, to);
  } else if constexpr (!kWritesTerms<In>) {
    if (tile.width <= 8) return rows_of_one_size<In, 8>(tile, to);
    if (tile.width <= 16) return rows_of_one_size<In, 16>(tile, to);
  }
  if (tile.width <= 32) return rows_by_lanes<In, 32>(tile, to);
  return rows_by_lanes<In, 64>(tile, to);
}

// The number of values that have to be readable where some rows of up to a block begin, whole groups of them. The last is read as
// a whole block.
MAXMARGIN_INLINE size_t values_read_by(size_t rows, size_t width) {
  size_t size = kLanes;
  while (size < width) size *= 2;
  return (rows - 1) * width + size;
}

// Rows of up to a block: the last ones in a padded copy, where less can be read than their group takes.
MAXMARGIN_NO_INLINE static bool rows_at_end(const Tile& tile, const RowOutputs& to, const RowFunctions& functions) {
  // Groups of doubles are of kLanes rows.
  static_assert(kColumnRows * sizeof(float) <= kLanes * sizeof(double));
  alignas(64) char labels[kLanes * kBlock * sizeof(double)], predictions[kLanes * kBlock * sizeof(double)];
  const size_t group = functions.group, width = tile.width;
  size_t last = (tile.rows - 1) / group * group;
  // The group before them may take more than they have, if rows are short.
  if (last > 0 && tile.readable < (last - group) * width + values_read_by(group, width)) last -= group;
  Tile rest = rows_of(tile, last, tile.rows - last, functions);
  const size_t n = rest.rows * width, all = values_read_by((rest.rows + group - 1) / group * group, width);
  copy_before_zeros(rest.labels, n * functions.label_size, labels, all * functions.label_size);
  copy_before_zeros(rest.predictions, n * functions.prediction_size, predictions, all * functions.prediction_size);
  rest.labels = labels;
  rest.predictions = predictions;
  rest.readable = all;
  const bool valid = functions.narrow_rows(rest, to.from(last));
  if (last == 0) return valid;
  return functions.narrow_rows(rows_of(tile, 0, last, functions), to) && valid;
}

template <class In>
MAXMARGIN_INLINE bool block_rows(const Tile& tile, const RowOutputs& to) {
  constexpr size_t kGroup = kRowGroup<In>;
  const size_t last = (tile.rows - 1) / kGroup * kGroup;
  const bool is_readable = tile.readable - last * tile.width >= values_read_by(kGroup, tile.width);
  return is_readable ? narrow_rows<In>(tile, to) : rows_at_end(tile, to, kRowFunctions<In>);
}

// ---- Up to 16 values, terms first

template <size_t kSize>
MAXMARGIN_INLINE void rows_of_terms(const float* terms, const Tile& tile, size_t first, size_t count, double* losses,
                                    const RowFunctions& functions) {
  using Source = Stored<RowUnit<float, kSize>>;
  const size_t width = tile.width;
  const RowFormula formula = RowFormula::of(width, tile.parameters);
  for (size_t k = 0; k < count; k += kLanes) {
    EightRows eight = eight_rows<kSize>(Source{terms + k * width}, width);
    if (may_have_overflowed(eight.sum)) {
      eight.sum = widen_overflows(tile, first + k, eight.sum, functions);
    }
    store(losses + first + k, Elementwise::row_loss(eight, formula));
  }
}

// Rows of up to 16 values of an elementwise loss.
MAXMARGIN_NO_INLINE static bool rows_by_terms(const Tile& tile, double* losses, bool (*write)(const Tile& tile, float* terms),
                                              const RowFunctions& functions) {
  // They stay in the first-level cache. Eight rows are read at once.
  alignas(64) float terms[kTile + kLanes * 2 * kLanes];
  const size_t width = tile.width, most = kTile / width / kLanes * kLanes;
  bool valid = true;
  for (size_t first = 0, count; first < tile.rows; first += count) {
    count = tile.rows - first < most ? tile.rows - first : most;
    Tile values = rows_of(tile, first, count * width, functions);
    values.width = 1;
    valid &= write(values, terms);
    if (width == 1) rows_of_terms<1>(terms, tile, first, count, losses, functions);
    else if (width == 2) rows_of_terms<2>(terms, tile, first, count, losses, functions);
    else if (width <= 4) rows_of_terms<4>(terms, tile, first, count, losses, functions);
    else if (width <= 8) rows_of_terms<8>(terms, tile, first, count, losses, functions);
    else rows_of_terms<16>(terms, tile, first, count, losses, functions);
  }
  return valid;
}

// ---- More than a block

// The number of rows whose sums are written before they are folded.
constexpr size_t kChunkRows = 32;

// Reads and writes whole groups of eight.
MAXMARGIN_NO_INLINE static void fold_chunk_sums(const ChunkSums* chunks, size_t rows, const RowSums& to) {
  for (size_t row = 0; row < rows; row += kLanes) {
    WideLanes sum[kLanes];
    MAXMARGIN_UNROLL
    for (size_t k = 0; k < kLanes; ++k) {
      sum[kPlaces<double>[k]] = loaded<WideLanes>(chunks[row + k].lanes);
      to.maxes[row + k] = chunks[row + k].max;
    }
    fold_segments<Add, kLanes, 1, double>(sum);
    store(to.sums + row, sum[0]);
  }
}

template <class L, class T>
MAXMARGIN_NO_INLINE static bool wide_rows(const Tile& tile, const RowOutputs& to, const RowFunctions& functions) {
  ChunkSums chunks[kChunkRows];
  alignas(64) double sums[kChunkRows], maxes[kChunkRows];
  // Values behind the last whole block are not prefetched: where they are more than a few, the gap costs more than the rest gains.
  const size_t ahead = tile.width < 8 * kBlock ? 0 : ahead_of(tile) / 4;
  bool valid = true;
  for (size_t first = 0, count; first < tile.rows; first += count) {
    count = tile.rows - first < kChunkRows ? tile.rows - first : kChunkRows;
    for (size_t k = 0; k < count; ++k) {
      // In one piece, as it is loaded.
      store(chunks[k].lanes, constant<WideLanes>(kSumIdentity));
      chunks[k].max = kMaxIdentity;
    }
    valid &= functions.add(rows_of(tile, first, count, functions), ahead, chunks);
    fold_chunk_sums(chunks, count, {sums, maxes});
    write_losses<L, T>(tile, first, count, {sums, maxes}, to, functions);
  }
  return valid;
}

// In converted.inl.h, and written.inl.h.
template <class In>
static bool converted_rows(const Tile& tile, const RowOutputs& to);
template <class In>
static bool written_rows(const Tile& tile, const RowOutputs& to);

template <class In>
static bool row_losses(const Tile& tile, double* losses, const RowSums* sums) {
  const RowOutputs to = row_outputs(losses, sums);
  if (tile.width > kBlock) return wide_rows<typename In::Loss, typename In::T>(tile, to, kRowFunctions<In>);
  if constexpr (kWritesTerms<In>) {
    if (tile.width <= 2 * kLanes) return rows_by_terms(tile, losses, write_terms<In>, kRowFunctions<In>);
  }
  if constexpr (!In::kIsFused) {
    return written_rows<In>(tile, to);
  } else if constexpr (In::kIsConverted) {
    return block_rows<In>(tile, to);
  } else {
    return converted_rows<In>(tile, to);
  }
}
