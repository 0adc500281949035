#include "engine/gradient_writer.h"

#include <algorithm>
#include <cstring>

namespace maxmargin {

GradientWriter::GradientWriter(const Evaluation& evaluation, const Output& gradient, double divisor,
                               size_t values)
    : evaluation_(evaluation),
      gradient_(gradient),
      divisor_(divisor),
      // Large gradients leave the caches before they are used, so they are written past them.
      streams_(evaluation.batch.size() * size_of(gradient.dtype) > kCachedBytes),
      worker_bytes_((values + kSlack) * size_of(computed_in(evaluation.batch.compute))),
      scratch_(evaluation.threads * worker_bytes_) {
  const Batch& batch = evaluation.batch;
  if (gradient.strides != nullptr) axes_ = Axes(batch.shape, gradient.strides, batch.rank);
}

void GradientWriter::write(size_t index, const Tile& tile, const GradientRows& rows, size_t worker) {
  double factors[kRowTile + kSlack];
  const RowDerivatives of_rows{factors, rows.sums.maxes, rows.ties};
  if (gradient_.strides == nullptr) {
    evaluation_.loss.row_factors(rows.weights, divisor_, rows.sums, tile.rows, factors);
    return store(derivatives_of(tile, of_rows, worker), tile.rows * tile.width, index);
  }
  double ones[kRowTile + kLanes];
  std::fill(ones, ones + tile.rows, 1.0);
  evaluation_.loss.row_factors(ones, 1.0, rows.sums, tile.rows, factors);
  const char* derivatives = derivatives_of(tile, of_rows, worker);
  if (evaluation_.is_wide()) {
    add(reinterpret_cast<const double*>(derivatives), tile, rows.weights, index);
  } else {
    add(reinterpret_cast<const float*>(derivatives), tile, rows.weights, index);
  }
}

char* GradientWriter::derivatives_of(const Tile& tile, const RowDerivatives& rows, size_t worker) {
  char* derivatives = scratch_.data() + worker * worker_bytes_;
  evaluation_.kernel().gradient(tile, rows, derivatives);
  return derivatives;
}

template <class T>
void GradientWriter::add(const T* derivatives, const Tile& tile, const double* weights, size_t index) const {
  double* sums = static_cast<double*>(gradient_.values);
  for (size_t row = 0; row < tile.rows; ++row) {
    const T factor = static_cast<T>(weights[row] / divisor_);
    axes_.each_run(index + row * tile.width, tile.width, [&](int64_t place, size_t count) {
      for (size_t i = 0; i < count; ++i, place += axes_.stride()) {
        const T weighted = *derivatives++ * factor;
        sums[place] += weighted;
      }
    });
  }
}

void GradientWriter::store(const char* derivatives, size_t n, size_t index) const {
  char* to = static_cast<char*>(gradient_.values) + index * size_of(gradient_.dtype);
  const Dtype computed = computed_in(evaluation_.batch.compute);
  if (gradient_.dtype != computed) {
    if (is_wide(gradient_.dtype)) {
      convert(evaluation_.set, {computed, derivatives}, n, gradient_.dtype, to);
    } else {
      round_to(gradient_.dtype, reinterpret_cast<const float*>(derivatives), n, to);
    }
  } else if (streams_) {
    evaluation_.set.stream(derivatives, n * size_of(computed), to);
  } else {
    std::memcpy(to, derivatives, n * size_of(computed));
  }
}

}  // namespace maxmargin
