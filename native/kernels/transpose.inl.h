// Copies columns row after row, by squares of eight rows and columns. Squares that would stick out at an end overlap others
// instead.

// The first four columns in the order in which unzip_segments leaves them in order.
template <class T>
constexpr int kOrderOfColumns[] = {0, 1, 2, 3};
template <>
constexpr int kOrderOfColumns<double>[] = {0, 2, 1, 3};

// Loads by halves, as arrays seldom begin on a cache line, and loads that straddle two of them take longer.
template <class T>
MAXMARGIN_INLINE void transpose_square(const T* from, int64_t stride, T* to, size_t width) {
  constexpr int kHalf = kLanes / 2;
  Lanes<T> upper[kHalf], lower[kHalf];
  MAXMARGIN_UNROLL
  for (int k = 0; k < kHalf; ++k) {
    const T* const low = from + kOrderOfColumns<T>[k] * stride;
    const T* const high = low + kHalf * stride;
    load_halves(low, high, upper[k]);
    load_halves(low + kHalf, high + kHalf, lower[k]);
  }
  to_columns<kHalf>(upper);
  to_columns<kHalf>(lower);
  MAXMARGIN_UNROLL
  for (int k = 0; k < kHalf; ++k, to += width) store(to, upper[k]);
  MAXMARGIN_UNROLL
  for (int k = 0; k < kHalf; ++k, to += width) store(to, lower[k]);
}

template <class T>
static MAXMARGIN_NO_INLINE void transpose(const Columns& columns, void* to) {
  constexpr size_t kLine = 64 / sizeof(T);
  const size_t rows = columns.rows, width = columns.width;
  const int64_t stride = columns.stride;
  for (size_t j = 0; j < width; j += kLanes) {
    const size_t column = j + kLanes < width ? j : width - kLanes;
    const T* const first = static_cast<const T*>(columns.first) + static_cast<int64_t>(column) * stride;
    for (size_t i = 0; i < rows; i += kLanes) {
      const size_t row = i + kLanes < rows ? i : rows - kLanes;
      // The next tile: columns are too many, and tiles too short, for the processor to foresee it.
      if (i % kLine == 0) {
        MAXMARGIN_UNROLL
        for (int k = 0; k < 8; ++k) MAXMARGIN_PREFETCH(first + k * stride + i + rows);
      }
      transpose_square(first + row, stride, static_cast<T*>(to) + row * width + column, width);
    }
  }
}
