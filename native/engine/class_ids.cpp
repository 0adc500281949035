#include "engine/class_ids.h"

#include <algorithm>
#include <atomic>

#include "platform/parallel.h"

namespace maxmargin {
namespace {

// Labels that are converted at a time.
constexpr size_t kLabels = 256;

// The axes of labels: those of the rows for class ids, all of them for one label a value.
size_t axes_of_labels(const Batch& batch) {
  if (batch.rank == 0 || batch.reading != LabelReading::class_ids) return batch.rank;
  return batch.is_flat() ? batch.rank - 2 : batch.rank - 1;
}

// Whole numbers from 0, below the number of classes.
bool to_ids(const double* labels, size_t n, size_t classes, int32_t* ids) {
  const double end = static_cast<double>(classes);
  int is_valid = 1;
  for (size_t i = 0; i < n; ++i) {
    const bool is_inside = labels[i] >= 0.0 && labels[i] < end;
    ids[i] = static_cast<int32_t>(is_inside ? labels[i] : 0.0);
    is_valid &= is_inside && static_cast<double>(ids[i]) == labels[i];
  }
  return is_valid != 0;
}

// -1 or 0 are the first of two classes, 1 is the second.
bool to_two_classes(const double* labels, size_t n, int32_t* ids) {
  int is_valid = 1;
  for (size_t i = 0; i < n; ++i) {
    ids[i] = labels[i] > 0.0 ? 1 : 0;
    is_valid &= labels[i] == -1.0 || labels[i] == 0.0 || labels[i] == 1.0;
  }
  return is_valid != 0;
}

}  // namespace

ClassIds::ClassIds(const Batch& batch, const InstructionSet& set)
    : batch_(batch), set_(set), labels_(batch.labels, batch, axes_of_labels(batch)) {}

bool ClassIds::decode(size_t threads) {
  if (batch_.reading != LabelReading::one_hot) return true;
  decoded_.resize(batch_.rows);
  std::atomic<bool> is_valid{true};
  const size_t rows = rows_of_group(batch_);
  parallel(ceil_div(batch_.rows, rows), threads, batch_.size(), [&](size_t i, size_t) {
    const size_t first = i * rows, end = std::min(first + rows, batch_.rows);
    for (size_t row = first; row < end; ++row) {
      if (!decode_row(batch_.first_row + row, &decoded_[row])) is_valid.store(false, std::memory_order_relaxed);
    }
  });
  return is_valid.load();
}

bool ClassIds::decode_row(size_t row, int32_t* id) const {
  double gathered[kLabels], labels[kLabels];
  size_t ones = 0, zeros = 0;
  *id = 0;
  for (size_t column = 0, n; column < batch_.width; column += n) {
    n = std::min(kLabels, batch_.width - column);
    convert(set_, labels_.find(row * batch_.width + column, n, gathered), n, Dtype::float64, labels);
    for (size_t i = 0; i < n; ++i) {
      if (labels[i] == 1.0) *id = static_cast<int32_t>(column + i);
      ones += labels[i] == 1.0;
      zeros += labels[i] == 0.0;
    }
  }
  return ones == 1 && ones + zeros == batch_.width;
}

bool ClassIds::read(size_t row, size_t count, int32_t* ids) const {
  if (!decoded_.empty()) {
    std::copy_n(&decoded_[row - batch_.first_row], count, ids);
    return true;
  }
  bool is_valid = true;
  double gathered[kLabels], labels[kLabels];
  for (size_t i = 0, n; i < count; i += n) {
    n = std::min(kLabels, count - i);
    convert(set_, labels_.find(row + i, n, gathered), n, Dtype::float64, labels);
    bool is_ignored[kLabels];
    if (batch_.ignores) {
      // An ignored label need be no class.
      for (size_t k = 0; k < n; ++k) {
        is_ignored[k] = labels[k] == batch_.ignored;
        if (is_ignored[k]) labels[k] = 0.0;
      }
    }
    if (batch_.has_classes()) {
      is_valid &= to_ids(labels, n, batch_.classes, ids + i);
    } else {
      is_valid &= to_two_classes(labels, n, ids + i) || batch_.class_weights == nullptr;
    }
    for (size_t k = 0; batch_.ignores && k < n; ++k) {
      if (is_ignored[k]) ids[i + k] = kIgnored;
    }
  }
  return is_valid;
}

}  // namespace maxmargin
