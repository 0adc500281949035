// Rows and derivatives of elementwise losses, of values that are converted to float32 first, as instances for their layouts would
// be too much code.

// The conversions of a layout to float32, and the kernels for float32.
struct Conversion {
  // `predictions` is null where they are float32.
  Convert labels, predictions;
  size_t label_size, prediction_size;
  bool (*block_rows)(const Tile& tile, const RowOutputs& to);
  bool (*gradient)(const Tile& tile, const RowDerivatives& of_rows, void* derivatives);
};

template <class In>
constexpr Conversion conversion() {
  static_assert(!In::kHasMax, "derivatives would need maxima and ties");
  using Converted = Inputs<typename In::Loss, In::kEncoding, float, float, float>;
  constexpr bool kConvertsPredictions = !std::is_same_v<typename In::P, float>;
  return {convert<float, typename In::Y, Unrounded>,
          kConvertsPredictions ? convert<float, typename In::P, Unrounded> : nullptr,
          sizeof(typename In::Y),
          sizeof(typename In::P),
          block_rows<Converted>,
          gradient<Converted>};
}
template <class In>
constexpr Conversion kConversion = conversion<In>();

// Up to a tile of values as float32, and zeros behind them: rows are read in registers, of which some lanes do not count.
struct ConvertedTile {
  static constexpr size_t kZeros = 2 * kBlock;
  alignas(64) float labels[kTile + kZeros], predictions[kTile + kZeros];

  // Converts `rows` rows of `width` values, from value `at` of a tile on.
  MAXMARGIN_FORCE_INLINE Tile read(const Tile& tile, size_t at, size_t rows, size_t width, const Conversion& conversion) {
    const size_t n = rows * width, all = n + kZeros, readable = tile.readable - at;
    write(conversion.labels, static_cast<const char*>(tile.labels) + at * conversion.label_size, n, labels);
    const char* from = static_cast<const char*>(tile.predictions) + at * conversion.prediction_size;
    if (conversion.predictions == nullptr) {
      return {tile.parameters, labels, from, rows, width, readable < all ? readable : all};
    }
    write(conversion.predictions, from, n, predictions);
    return {tile.parameters, labels, predictions, rows, width, all};
  }

 private:
  static MAXMARGIN_FORCE_INLINE void write(Convert convert, const void* from, size_t n, float* to) {
    convert(from, n, to);
    std::memset(to + n, 0, kZeros * sizeof(float));
  }
};

// Rows of up to a block.
[[maybe_unused]] MAXMARGIN_NO_INLINE static bool rows_by_conversion(const Tile& tile, const RowOutputs& to,
                                                                    const Conversion& conversion) {
  ConvertedTile converted;
  const size_t width = tile.width, most = kTile / width / kLanes * kLanes;
  bool valid = true;
  for (size_t row = 0, rows; row < tile.rows; row += rows) {
    rows = tile.rows - row < most ? tile.rows - row : most;
    valid &= conversion.block_rows(converted.read(tile, row * width, rows, width, conversion), to.from(row));
  }
  return valid;
}

template <class In>
static bool converted_rows(const Tile& tile, const RowOutputs& to) {
  return rows_by_conversion(tile, to, kConversion<In>);
}

// Rows of up to a tile together, longer ones in pieces.
[[maybe_unused]] MAXMARGIN_NO_INLINE static void gradient_by_conversion(const Tile& tile, const RowDerivatives& of_rows,
                                                                        float* derivatives,
                                                                        const Conversion& conversion) {
  ConvertedTile converted;
  const size_t width = tile.width < kTile ? tile.width : kTile, most = kTile / width;
  for (size_t row = 0, rows; row < tile.rows; row += rows) {
    rows = tile.rows - row < most ? tile.rows - row : most;
    const RowDerivatives of_these{of_rows.factors + row, nullptr, nullptr};
    for (size_t column = 0, columns; column < tile.width; column += columns) {
      columns = tile.width - column < width ? tile.width - column : width;
      const size_t at = row * tile.width + column;
      conversion.gradient(converted.read(tile, at, rows, columns, conversion), of_these, derivatives + at);
    }
  }
}

template <class In>
static bool converted_gradient(const Tile& tile, const RowDerivatives& of_rows, void* derivatives) {
  gradient_by_conversion(tile, of_rows, static_cast<float*>(derivatives), kConversion<In>);
  return true;
}
