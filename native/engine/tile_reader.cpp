#include "engine/tile_reader.h"

#include <algorithm>
#include <cstdint>

#include "engine/row_weights.h"

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
  // Those that count are not known yet.
  if (batch.ignores) return true;
  const ValueSource labels(batch.labels, batch, batch.rank);
  alignas(8) char scratch[kLanes * sizeof(double)];
  const size_t begin = batch.first_row * batch.width, n = batch.size();
  const size_t sample = std::min(n, kLanes);
  const auto are_binary = [&](size_t index, size_t count) {
    return all_binary(labels.find(set, index, count, scratch), count, batch.compute);
  };
  // Both ends, as labels may be sorted.
  return are_binary(begin, sample) && are_binary(begin + n - sample, sample);
}

TileReader::TileReader(const Batch& batch, const InstructionSet& set, const ClassIds& classes, LabelEncoding encoding)
    : set_(set),
      batch_(batch),
      classes_(classes),
      compute_(batch.compute),
      end_(batch.end_row() * batch.width),
      substitute_(substitute_of(batch, set)),
      labels_{{batch.has_classes() ? Operand() : batch.labels, batch, batch.rank}, false},
      predictions_{{batch.predictions, batch, batch.rank}, false} {
  const LossKernels& loss = set.kernels_of(batch.loss, batch.parameters.is_squared);
  kernel_ = kernel_in_place(loss, {batch.labels.dtype, batch.predictions.dtype, compute_}, encoding);
  if (kernel_ == nullptr || reads_ids()) {
    const Dtype computed = computed_in(compute_);
    kernel_ = kernel_in_place(loss, {computed, computed, computed}, encoding);
    const auto is_converted = [&](Dtype dtype) { return dtype != computed || compute_ != computed; };
    labels_.is_converted = !batch.has_classes() && (is_converted(batch.labels.dtype) || batch.ignores);
    predictions_.is_converted = is_converted(batch.predictions.dtype);
  }
  copies_ = reads_ids() || labels_.is_copied() || predictions_.is_copied();
}

void TileReader::reserve(size_t values, size_t workers) {
  if (!copies_) return;
  // Kernels read whole blocks.
  capacity_ = std::min(end_, values) + kBlock;
  const Dtype computed = computed_in(compute_);
  const auto take = [&](bool is_needed, size_t bytes) {
    const size_t place = worker_bytes_;
    if (is_needed) worker_bytes_ += (bytes + kLine - 1) / kLine * kLine;
    return place;
  };
  for (Side* side : {&labels_, &predictions_}) {
    side->gathered_at = take(!side->source.is_in_place(), capacity_ * size_of(side->source.dtype()));
    side->converted_at = take(side->is_converted, capacity_ * size_of(computed));
  }
  const bool substitutes = substitute_ != Substitute::none;
  // The first and the last row may be cut off.
  ids_at_ = take(reads_ids(), (capacity_ / batch_.classes + 2) * sizeof(int32_t));
  substitutes_at_ = take(substitutes, (capacity_ + kSlack) * size_of(computed));
  // Zeros are labels too.
  scratch_.resize(workers * worker_bytes_ + kLine);
  aligned_ = scratch_.data() + (kLine - reinterpret_cast<uintptr_t>(scratch_.data()) % kLine) % kLine;
  if (!substitutes) return;
  ones_.resize(capacity_ * size_of(computed));
  if (is_wide(compute_)) std::fill_n(reinterpret_cast<double*>(ones_.data()), capacity_, 1.0);
  else std::fill_n(reinterpret_cast<float*>(ones_.data()), capacity_, 1.0f);
}

Tile TileReader::copied(size_t index, Tile tile, size_t worker) {
  char* scratch = aligned_ + worker * worker_bytes_;
  const size_t n = tile.rows * tile.width;
  auto* ids = reinterpret_cast<int32_t*>(scratch + ids_at_);
  if (reads_ids()) read_ids(index, n, ids);
  tile.predictions = read(predictions_, index, n, scratch);
  if (!batch_.has_classes()) {
    tile.labels = read(labels_, index, n, scratch);
    if (batch_.ignores) replace_ignored(ids, n, scratch + labels_.converted_at);
    return tile;
  }
  if (!predictions_.is_copied()) tile.readable = end_ - index;
  tile.labels = ids;
  if (substitute_ == Substitute::none) {
    // Long rows come in parts.
    if (tile.rows == 1) ids[0] -= static_cast<int32_t>(index % batch_.classes);
  } else {
    tile.predictions = substituted({tile, index, ids}, scratch);
    tile.labels = ones_.data();
    tile.readable = capacity_;
  }
  return tile;
}

const void* TileReader::read(const Side& side, size_t index, size_t n, char* scratch) const {
  const Values values = side.source.find(set_, index, n, scratch + side.gathered_at);
  if (!side.is_converted) return values.first;
  void* converted = scratch + side.converted_at;
  convert(set_, values, n, compute_, converted);
  return converted;
}

void TileReader::read_ids(size_t index, size_t n, int32_t* ids) {
  const size_t first = index / batch_.classes, count = (index + n - 1) / batch_.classes + 1 - first;
  if (!classes_.read(first, count, ids)) are_labels_valid_.store(false, std::memory_order_relaxed);
  // Any class will do: the row does not count.
  if (batch_.ignores && batch_.has_classes()) std::replace(ids, ids + count, kIgnored, 0);
}

// 1 is a label in every encoding.
void TileReader::replace_ignored(const int32_t* ids, size_t n, char* labels) const {
  for (size_t i = 0; i < n; ++i) {
    if (ids[i] != kIgnored) continue;
    if (is_wide(compute_)) reinterpret_cast<double*>(labels)[i] = 1.0;
    else reinterpret_cast<float*>(labels)[i] = 1.0f;
  }
}

const void* TileReader::substituted(const ClassTile& tile, char* scratch) const {
  void* to = scratch + substitutes_at_;
  if (substitute_ == Substitute::signed_predictions) {
    write_signed(batch_, set_, tile, to);
  } else {
    double own[kRowTile];
    if (tile.tile.width == batch_.classes) write_own(batch_, tile, own);
    else own[0] = prediction_of_class(tile);
    write_differences(batch_, set_, tile, own, to);
  }
  return to;
}

double TileReader::prediction_of_class(const ClassTile& part) const {
  const size_t start = part.index - part.index % batch_.classes;
  double gathered, wide;
  float narrow;
  const Values values = predictions_.source.find(set_, start + static_cast<size_t>(part.ids[0]), 1, &gathered);
  convert(set_, values, 1, compute_, is_wide(compute_) ? static_cast<void*>(&wide) : &narrow);
  return is_wide(compute_) ? wide : narrow;
}

}  // namespace maxmargin
