#include "engine/tile_reader.h"

#include <algorithm>

namespace maxmargin {
namespace {

// The layout in which chunks can be read in place, if there is one.
bool find_layout(const Batch& batch, LabelReading reading, Layout* layout) {
  const Dtype labels = batch.labels.dtype, predictions = batch.predictions.dtype;
  if (predictions != batch.compute && batch.compute != Dtype::float32) return false;
  if (labels == predictions) {
    switch (labels) {
      case Dtype::float32:
        *layout = Layout::float32;
        return true;
      case Dtype::float16:
        *layout = Layout::float16;
        return true;
      case Dtype::bfloat16:
        *layout = Layout::bfloat16;
        return true;
      case Dtype::float64:
        *layout = Layout::float64;
        return is_wide(batch.compute);
      default:
        return false;
    }
  }
  if (predictions != Dtype::float32) return false;
  *layout = labels == Dtype::boolean ? Layout::bool_labels : Layout::int8_labels;
  // Among bytes, 0 and 1 are the same whether they have a sign or not.
  return labels == Dtype::boolean || labels == Dtype::int8 ||
         (labels == Dtype::uint8 && reading == LabelReading::binary);
}

const Kernel& kernel_of(const Batch& batch, const InstructionSet& set, LabelReading reading,
                        Layout layout) {
  return set.kernels[static_cast<int>(batch.loss)][static_cast<int>(layout)]
                    [static_cast<int>(reading)];
}

template <class Value>
bool all_binary(const Value* values, size_t n) {
  return std::all_of(values, values + n, [](Value y) { return y == 0 || y == 1; });
}

bool all_binary(const Batch& batch, size_t start, size_t n) {
  const void* labels = at(batch.labels.values, batch.labels.dtype, start);
  double wide[kLanes];
  float narrow[kLanes];
  cast(batch.labels.dtype, labels, n, batch.compute, is_wide(batch.compute) ? static_cast<void*>(wide) : narrow);
  return is_wide(batch.compute) ? all_binary(wide, n) : all_binary(narrow, n);
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
  if (batch.labels.dtype == Dtype::boolean) return true;
  const size_t n = batch.rows * batch.width;
  const size_t sample = std::min<size_t>(n, kLanes);
  // Both ends, as labels may be sorted. Half of the time the first one tells.
  return all_binary(batch, 0, 1) && all_binary(batch, 0, sample) &&
         all_binary(batch, n - sample, sample);
}

Plan Plan::for_chunks(const Batch& batch, const InstructionSet& set, LabelReading reading) {
  Layout layout;
  if (find_layout(batch, reading, &layout)) {
    const Kernel& in_place = kernel_of(batch, set, reading, layout);
    if (in_place.add != nullptr) return {&in_place, false, false, false};
  }
  return for_rows(batch, set, reading);
}

Plan Plan::for_rows(const Batch& batch, const InstructionSet& set, LabelReading reading) {
  const Dtype computed = computed_in(batch.compute);
  const auto is_converted = [&](Dtype dtype) { return dtype != computed || batch.compute != computed; };
  const Layout layout = is_wide(batch.compute) ? Layout::float64 : Layout::float32;
  return {&kernel_of(batch, set, LabelReading::as_is, layout), is_converted(batch.labels.dtype),
          reading == LabelReading::binary, is_converted(batch.predictions.dtype)};
}

Reader::Reader(const Batch& batch, const InstructionSet& set, const Plan& plan, size_t workers,
               size_t most)
    : batch_(batch),
      set_(set),
      plan_(plan),
      capacity_(std::min(batch.rows * batch.width, most) + kBlock),
      // Memory is taken here, where running out of it is no end of a thread. Zeros are labels too.
      scratch_(workers * worker_bytes()) {}

size_t Reader::bytes() const { return capacity_ * size_of(computed_in(batch_.compute)); }

size_t Reader::worker_bytes() const {
  return bytes() * (plan_.copies_labels() + plan_.converts_predictions);
}

Values Reader::read(size_t start, size_t n, size_t worker) {
  char* labels = scratch_.data() + worker * worker_bytes();
  char* predictions = plan_.copies_labels() ? labels + bytes() : labels;
  Values values = read_values(batch_, set_, plan_, start, n, labels, predictions);
  if (plan_.copies()) values.readable = std::min(values.readable, capacity_);
  return values;
}

Values read_values(const Batch& batch, const InstructionSet& set, const Plan& plan, size_t start, size_t n,
                   void* labels, void* predictions) {
  Values values{at(batch.labels.values, batch.labels.dtype, start),
                at(batch.predictions.values, batch.predictions.dtype, start), batch.rows * batch.width - start, true};
  if (plan.converts_labels) {
    convert(set, batch.labels.dtype, values.labels, n, batch.compute, labels);
    values.labels = labels;
  }
  if (plan.signs_labels) {
    values.pure = set.sign_labels[is_wide(batch.compute)](values.labels, n, labels);
    values.labels = labels;
  }
  if (plan.converts_predictions) {
    convert(set, batch.predictions.dtype, values.predictions, n, batch.compute, predictions);
    values.predictions = predictions;
  }
  return values;
}

}  // namespace maxmargin
