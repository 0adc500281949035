// Sums and rows of losses whose terms are written first: the code that adds them up is the same for all such losses.

template <class T>
using WriteTerms = bool (*)(const Tile& values, T* terms);

// The terms of up to a tile of values, and zeros behind them: rows are read in registers, of which some lanes do not count.
template <class T>
struct WrittenTile {
  static constexpr size_t kZeros = 2 * kBlock;
  alignas(64) T terms[kTile + kZeros];
  bool is_valid = true;

  // Writes the terms of `rows` rows of `width` values, from value `at` of a tile on.
  MAXMARGIN_FORCE_INLINE Tile write(const Tile& tile, size_t at, size_t rows, size_t width, WriteTerms<T> write) {
    const size_t n = rows * width;
    const Tile values{tile.parameters, static_cast<const T*>(tile.labels) + at,
                      static_cast<const T*>(tile.predictions) + at, n, 1, tile.readable - at};
    is_valid &= write(values, terms);
    std::memset(terms + n, 0, kZeros * sizeof(T));
    return {tile.parameters, terms, terms, rows, width, n + kZeros};
  }
};

template <class T>
MAXMARGIN_NO_INLINE static bool add_terms(const Tile& tile, ChunkSums* sums, WriteTerms<T> write) {
  WrittenTile<T> written;
  for (size_t row = 0; row < tile.rows; ++row) {
    for (size_t i = 0, n; i < tile.width; i += n) {
      n = tile.width - i < kTile ? tile.width - i : kTile;
      add<Written<T>>(written.write(tile, row * tile.width + i, 1, n, write), 0, &sums[row]);
    }
  }
  return written.is_valid;
}

template <class In>
static bool add_written(const Tile& tile, ChunkSums* sums) {
  return add_terms<typename In::T>(tile, sums, write_terms<In>);
}

// Rows of up to a block.
template <class T>
MAXMARGIN_NO_INLINE static bool rows_of_written(const Tile& tile, const RowOutputs& to, WriteTerms<T> write) {
  WrittenTile<T> written;
  const size_t width = tile.width, most = kTile / width / kLanes * kLanes;
  for (size_t row = 0, rows; row < tile.rows; row += rows) {
    rows = tile.rows - row < most ? tile.rows - row : most;
    block_rows<Written<T>>(written.write(tile, row * width, rows, width, write), to.from(row));
  }
  return written.is_valid;
}

template <class In>
static bool written_rows(const Tile& tile, const RowOutputs& to) {
  return rows_of_written<typename In::T>(tile, to, write_terms<In>);
}
