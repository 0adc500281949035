#include "reader.h"

#include <algorithm>

namespace maxmargin {
namespace {

template <class Value>
bool all_binary(const Value* values, size_t n) {
  return std::all_of(values, values + n, [](Value y) { return y == 0 || y == 1; });
}

bool all_binary(const Batch& batch, size_t start, size_t n) {
  const void* labels = at(batch.labels, batch.label_dtype, start);
  double wide[kLanes];
  float narrow[kLanes];
  cast(batch.label_dtype, labels, n, batch.as, is_wide(batch.as) ? static_cast<void*>(wide) : narrow);
  return is_wide(batch.as) ? all_binary(wide, n) : all_binary(narrow, n);
}

}  // namespace

void convert(const InstructionSet& set, Dtype dtype, const void* values, size_t n, Dtype as,
             void* to) {
  const Convert native = set.convert[static_cast<size_t>(dtype)][float_index(as)];
  if (native != nullptr) {
    native(values, n, to);
  } else {
    cast(dtype, values, n, as, to);
  }
}

bool looks_binary(const Batch& batch) {
  if (batch.label_dtype == Dtype::boolean) return true;
  const size_t n = batch.rows * batch.width;
  const size_t sample = std::min<size_t>(n, kLanes);
  // Both ends, as labels may be sorted. Half of the time the first one tells.
  return all_binary(batch, 0, 1) && all_binary(batch, 0, sample) &&
         all_binary(batch, n - sample, sample);
}

Plan Plan::of(const Batch& batch, const InstructionSet& set, LabelEncoding encoding) {
  const LossKernels& loss = set.kernels_of(batch.loss);
  const Kernel* in_place =
      kernel_in_place(loss, {batch.label_dtype, batch.prediction_dtype, batch.as}, encoding);
  if (in_place != nullptr) return {in_place, false, false};
  const Dtype computed = computed_in(batch.as);
  const auto is_converted = [&](Dtype dtype) { return dtype != computed || batch.as != computed; };
  return {kernel_in_place(loss, {computed, computed, computed}, encoding), is_converted(batch.label_dtype),
          is_converted(batch.prediction_dtype)};
}

Reader::Reader(const Batch& batch, const InstructionSet& set, const Plan& plan, size_t workers,
               size_t most)
    : batch_(batch),
      set_(set),
      plan_(plan),
      capacity_(std::min(batch.rows * batch.width, most) + kBlock),
      // Memory is taken here, where running out of it is no end of a thread. Zeros are labels too.
      scratch_(workers * worker_bytes()) {}

size_t Reader::bytes() const { return capacity_ * size_of(computed_in(batch_.as)); }

size_t Reader::worker_bytes() const {
  return bytes() * (plan_.converts_labels + plan_.converts_predictions);
}

Tile Reader::read(size_t start, size_t rows, size_t width, size_t worker) {
  char* labels = scratch_.data() + worker * worker_bytes();
  char* predictions = plan_.converts_labels ? labels + bytes() : labels;
  Tile tile = read_values(batch_, set_, plan_, start, rows * width, labels, predictions);
  tile.rows = rows;
  tile.width = width;
  if (plan_.copies()) tile.readable = std::min(tile.readable, capacity_);
  return tile;
}

Tile read_values(const Batch& batch, const InstructionSet& set, const Plan& plan, size_t start, size_t n,
                 void* labels, void* predictions) {
  Tile tile{at(batch.labels, batch.label_dtype, start),
            at(batch.predictions, batch.prediction_dtype, start), 1, n, batch.rows * batch.width - start};
  if (plan.converts_labels) {
    convert(set, batch.label_dtype, tile.labels, n, batch.as, labels);
    tile.labels = labels;
  }
  if (plan.converts_predictions) {
    convert(set, batch.prediction_dtype, tile.predictions, n, batch.as, predictions);
    tile.predictions = predictions;
  }
  return tile;
}

}  // namespace maxmargin
