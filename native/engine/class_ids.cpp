#include "engine/class_ids.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <type_traits>

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

// Which labels are class ids, and which one is ignored, if there is one. Numbers of type T hold all labels, and the number of
// classes.
template <class T>
struct IdRule {
  T classes;
  bool ignores;
  T ignored;

  // A label of another type is equal to no T.
  static IdRule of(const Batch& batch) {
    const bool ignores = batch.ignores && is_value(batch.ignored);
    return {static_cast<T>(batch.classes), ignores, ignores ? static_cast<T>(batch.ignored) : T{}};
  }

 private:
  static bool is_value(double number) {
    if constexpr (std::is_floating_point_v<T>) return true;
    constexpr auto kLeast = static_cast<double>(std::numeric_limits<T>::lowest());
    return number >= kLeast && number < -kLeast && static_cast<double>(static_cast<T>(number)) == number;
  }
};

// All bits, or none.
constexpr uint32_t mask_of(bool is_set) { return 0u - static_cast<uint32_t>(is_set); }

// Whole numbers from 0, below the number of classes. Without branches, so that compilers use wide registers.
template <class T, class Label>
bool to_ids(const Label* labels, size_t n, const IdRule<T>& rule, int32_t* ids) {
  static_assert(mask_of(true) == static_cast<uint32_t>(kIgnored));
  const uint32_t ignores = mask_of(rule.ignores);
  uint32_t is_any_wrong = 0;
  for (size_t i = 0; i < n; ++i) {
    const T label = static_cast<T>(labels[i]);
    const uint32_t is_inside = mask_of(label >= T{0}) & mask_of(label < rule.classes);
    const auto id = static_cast<int32_t>(std::is_integral_v<T> || is_inside != 0 ? label : T{0});
    const uint32_t is_whole = std::is_integral_v<T> ? ~0u : mask_of(static_cast<T>(id) == label);
    const uint32_t is_ignored = mask_of(label == rule.ignored) & ignores;
    is_any_wrong |= ~(is_ignored | (is_inside & is_whole));
    ids[i] = static_cast<int32_t>((static_cast<uint32_t>(id) & is_inside) | is_ignored);
  }
  return is_any_wrong == 0;
}

// -1 or 0 are the first of two classes, 1 is the second.
bool to_two_classes(const double* labels, size_t n, const IdRule<double>& rule, int32_t* ids) {
  bool is_valid = true;
  for (size_t i = 0; i < n; ++i) {
    const double label = labels[i];
    const bool is_ignored = rule.ignores && label == rule.ignored;
    ids[i] = is_ignored ? kIgnored : label > 0.0 ? 1 : 0;
    is_valid &= is_ignored || label == -1.0 || label == 0.0 || label == 1.0;
  }
  return is_valid;
}

}  // namespace

ClassIds::ClassIds(const Batch& batch, const InstructionSet& set)
    : batch_(batch), set_(set), labels_(batch.labels, batch, axes_of_labels(batch)) {}

bool ClassIds::are_one_hot() const {
  if (batch_.reading == LabelReading::one_hot) return true;
  // Kernels read one label a value, but the weights of classes have to know the class.
  const bool weighs = !batch_.has_classes() && batch_.class_weights != nullptr;
  return weighs && set_.family_of(batch_.loss) == Family::class_max;
}

bool ClassIds::decode(size_t threads) {
  if (!are_one_hot()) return true;
  decoded_.resize(batch_.rows);
  std::atomic<bool> is_valid{true};
  const size_t rows = rows_of_group(batch_);
  parallel(ceil_div(batch_.rows, rows), threads, nanoseconds_for(batch_.size(), 500), [&](size_t i, size_t) {
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
    convert(set_, labels_.find(set_, row * batch_.width + column, n, gathered), n, Dtype::float64, labels);
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
  double gathered[kLabels];
  for (size_t i = 0, n; i < count; i += n) {
    n = std::min(kLabels, count - i);
    const Values labels = labels_.find(set_, row + i, n, gathered);
    // Another thread may write them between the check and the use of an id.
    if (labels.first != gathered) std::memcpy(gathered, labels.first, n * size_of(labels.dtype));
    is_valid &= to_ids({labels.dtype, gathered}, n, ids + i);
  }
  return is_valid;
}

bool ClassIds::to_ids(const Values& labels, size_t n, int32_t* ids) const {
  if (batch_.has_classes()) {
    switch (labels.dtype) {
      case Dtype::int8:
        return maxmargin::to_ids(static_cast<const int8_t*>(labels.first), n, IdRule<int32_t>::of(batch_), ids);
      case Dtype::uint8:
        return maxmargin::to_ids(static_cast<const uint8_t*>(labels.first), n, IdRule<int32_t>::of(batch_), ids);
      case Dtype::int32:
        return maxmargin::to_ids(static_cast<const int32_t*>(labels.first), n, IdRule<int32_t>::of(batch_), ids);
      case Dtype::int64:
        return maxmargin::to_ids(static_cast<const int64_t*>(labels.first), n, IdRule<int64_t>::of(batch_), ids);
      default:
        break;
    }
  }
  double wide[kLabels];
  const auto rule = IdRule<double>::of(batch_);
  convert(set_, labels, n, Dtype::float64, wide);
  if (batch_.has_classes()) return maxmargin::to_ids(wide, n, rule, ids);
  return to_two_classes(wide, n, rule, ids) || batch_.class_weights == nullptr;
}

}  // namespace maxmargin
