#include "engine/tile_reader.h"

#include <algorithm>
#include <cstdint>

namespace maxmargin {
namespace {

constexpr size_t kLine = 64;

template <class Value>
bool all_binary(const Value* values, size_t n) {
  return std::all_of(values, values + n, [](Value y) { return y == 0 || y == 1; });
}

bool all_binary(const Values& labels, size_t n, Dtype compute) {
  double wide[kLanes];
  float narrow[kLanes];
  cast(labels.dtype, labels.first, n, compute, is_wide(compute) ? static_cast<void*>(wide) : narrow);
  return is_wide(compute) ? all_binary(wide, n) : all_binary(narrow, n);
}

}  // namespace

bool look_binary(const Batch& batch, const InstructionSet& set) {
  if (batch.labels.dtype == Dtype::boolean) return true;
  const ValueSource labels(batch.labels, batch, batch.rank);
  alignas(8) char scratch[kLanes * sizeof(double)];
  const size_t begin = batch.first_row * batch.width, n = batch.size();
  const size_t sample = std::min(n, kLanes);
  const auto are_binary = [&](size_t index, size_t count) {
    return all_binary(labels.find(set, index, count, scratch), count, batch.compute);
  };
  // Both ends, as labels may be sorted. Half of the time the first one tells.
  return are_binary(begin, 1) && are_binary(begin, sample) && are_binary(begin + n - sample, sample);
}

TileReader::TileReader(const Batch& batch, const InstructionSet& set, LabelEncoding encoding)
    : set_(set),
      compute_(batch.compute),
      size_(batch.all_rows * batch.width),
      labels_{{batch.labels, batch, batch.rank}, false},
      predictions_{{batch.predictions, batch, batch.rank}, false} {
  const LossKernels& loss = set.kernels_of(batch.loss);
  kernel_ = kernel_in_place(loss, {batch.labels.dtype, batch.predictions.dtype, compute_}, encoding);
  if (kernel_ == nullptr) {
    const Dtype computed = computed_in(compute_);
    kernel_ = kernel_in_place(loss, {computed, computed, computed}, encoding);
    labels_.is_converted = batch.labels.dtype != computed || compute_ != computed;
    predictions_.is_converted = batch.predictions.dtype != computed || compute_ != computed;
  }
  copies_ = labels_.is_copied() || predictions_.is_copied();
}

void TileReader::reserve(size_t values, size_t workers) {
  if (!copies_) return;
  // Kernels read whole blocks.
  capacity_ = std::min(size_, values) + kBlock;
  for (Side* side : {&labels_, &predictions_}) {
    const auto take = [&](bool is_needed, Dtype dtype) {
      const size_t place = worker_bytes_;
      if (is_needed) worker_bytes_ += (capacity_ * size_of(dtype) + kLine - 1) / kLine * kLine;
      return place;
    };
    side->gathered_at = take(!side->source.is_in_place(), side->source.dtype());
    side->converted_at = take(side->is_converted, computed_in(compute_));
  }
  // Zeros are labels too.
  scratch_.resize(workers * worker_bytes_ + kLine);
  aligned_ = scratch_.data() + (kLine - reinterpret_cast<uintptr_t>(scratch_.data()) % kLine) % kLine;
}

Tile TileReader::copied(size_t index, Tile tile, size_t worker) {
  char* scratch = aligned_ + worker * worker_bytes_;
  tile.labels = read(labels_, tile, index, scratch);
  tile.predictions = read(predictions_, tile, index, scratch);
  return tile;
}

const void* TileReader::read(const Side& side, const Tile& tile, size_t index, char* scratch) const {
  const size_t n = tile.rows * tile.width;
  const Values values = side.source.find(set_, index, n, scratch + side.gathered_at);
  if (!side.is_converted) return values.first;
  void* converted = scratch + side.converted_at;
  convert(set_, values, n, compute_, converted);
  return converted;
}

}  // namespace maxmargin
