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

const void* GradientWriter::write(size_t index, const Tile& tile, const GradientRows& rows, size_t worker) {
  const char* derivatives = derivatives_of(index, tile, rows, worker);
  put(derivatives, tile.rows * tile.width, index);
  return derivatives;
}

void GradientWriter::write_one(size_t index, double derivative) const {
  const float narrow = static_cast<float>(derivative);
  put(evaluation_.is_wide() ? reinterpret_cast<const char*>(&derivative) : reinterpret_cast<const char*>(&narrow), 1,
      index);
}

void GradientWriter::put(const char* derivatives, size_t n, size_t index) const {
  if (gradient_.strides == nullptr) return store(derivatives, n, index);
  if (evaluation_.is_wide()) return add(reinterpret_cast<const double*>(derivatives), n, index);
  add(reinterpret_cast<const float*>(derivatives), n, index);
}

char* GradientWriter::derivatives_of(size_t index, const Tile& tile, const GradientRows& rows, size_t worker) {
  char* derivatives = scratch_.data() + worker * worker_bytes_;
  double factors[kRowTile + kSlack];
  const Batch& batch = evaluation_.batch;
  evaluation_.loss.row_factors({rows.weights, rows.sums, tile.rows}, divisor_, batch.parameters, factors);
  const bool substitutes = evaluation_.reader.substitute() != Substitute::none;
  if (substitutes) std::transform(factors, factors + tile.rows, factors, [](double factor) { return -factor; });
  const Kernel& kernel = evaluation_.kernel();
  if (!kernel.gradient(tile, {factors, rows.sums.maxes, rows.ties}, derivatives)) {
    double ties[kRowTile + kSlack];
    kernel.count_ties(tile, rows.sums.maxes, ties);
    kernel.gradient(tile, {factors, rows.sums.maxes, ties}, derivatives);
  }
  if (substitutes) {
    finish_class_gradient(batch, evaluation_.set, {tile, index, evaluation_.reader.ids(worker)}, derivatives);
  }
  const size_t row_bytes = tile.width * size_of(computed_in(batch.compute));
  for (size_t row = 0; rows.ignored != nullptr && row < tile.rows; ++row) {
    if (rows.ignored[row]) std::memset(derivatives + row * row_bytes, 0, row_bytes);
  }
  return derivatives;
}

template <class T>
void GradientWriter::add(const T* derivatives, size_t n, size_t index) const {
  double* sums = static_cast<double*>(gradient_.values);
  axes_.each_run(index, n, [&](int64_t place, size_t count) {
    for (size_t i = 0; i < count; ++i, place += axes_.stride()) sums[place] += *derivatives++;
  });
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
