#include "gradient.h"

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
                               const Gradient& gradient, size_t workers, size_t most)
    : batch_(batch),
      set_(set),
      kernel_(kernel),
      gradient_(gradient),
      // What the caches do not hold until it is used need not go through them.
      streams_(batch.rows * batch.width * size_of(gradient.dtype) > kCachedBytes),
      worker_bytes_((most + kSlack) * size_of(computed_in(batch.as))),
      scratch_(workers * worker_bytes_) {}

void GradientWriter::write(size_t start, const Tile& tile, const double* weights, const RowSums& sums,
                           const double* ties, size_t worker) {
  double factors[kRowTile + kSlack];
  set_.kernels_of(batch_.loss).row_factors(weights == nullptr ? kOnes.values : weights,
                                           gradient_.divisor, sums, tile.rows, factors);
  char* slopes = scratch_.data() + worker * worker_bytes_;
  kernel_.gradient(tile, {factors, sums.maxes, ties}, slopes);
  store(slopes, tile.rows * tile.width, start);
}

void GradientWriter::store(const char* slopes, size_t n, size_t start) const {
  char* to = static_cast<char*>(gradient_.values) + start * size_of(gradient_.dtype);
  const Dtype computed = computed_in(batch_.as);
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
