#include "engine/gradient_writer.h"

#include <cstring>

namespace maxmargin {
namespace {

struct Ones {
  double values[kRowTile];

  constexpr Ones() : values() {
    for (double& value : values) value = 1.0;
  }
};
constexpr Ones kOnes;

}  // namespace

GradientWriter::GradientWriter(const Batch& batch, const InstructionSet& set, const Kernel& kernel,
                               const Output& gradient, double divisor, size_t workers, size_t most)
    : batch_(batch),
      set_(set),
      kernel_(kernel),
      gradient_(gradient),
      divisor_(divisor),
      // What the caches do not hold until it is used need not go through them.
      streams_(batch.rows * batch.width * size_of(gradient.dtype) > kCachedBytes),
      worker_bytes_((most + kSlack) * size_of(computed_in(batch.compute))),
      scratch_(workers * worker_bytes_) {}

void GradientWriter::write(size_t start, const Values& values, size_t rows, size_t width,
                           const double* weights, const RowParts& parts, const double* ties,
                           size_t worker) {
  double factors[kRowTile + kSlack];
  set_.row_factors[static_cast<int>(batch_.loss)](weights == nullptr ? kOnes.values : weights,
                                                  divisor_, parts, rows, factors);
  char* slopes = scratch_.data() + worker * worker_bytes_;
  kernel_.slopes(values.labels, values.predictions, rows, width, values.readable,
                 {factors, parts.maxes, ties}, slopes);
  store(slopes, rows * width, start);
}

void GradientWriter::store(const char* slopes, size_t n, size_t start) const {
  char* to = static_cast<char*>(gradient_.values) + start * size_of(gradient_.dtype);
  const Dtype computed = computed_in(batch_.compute);
  if (gradient_.dtype != computed) {
    if (is_wide(gradient_.dtype)) {
      convert(set_, computed, slopes, n, gradient_.dtype, to);
    } else {
      round_to(gradient_.dtype, reinterpret_cast<const float*>(slopes), n, to);
    }
  } else if (streams_) {
    set_.stream(slopes, n * size_of(computed), to);
  } else {
    std::memcpy(to, slopes, n * size_of(computed));
  }
}

}  // namespace maxmargin
