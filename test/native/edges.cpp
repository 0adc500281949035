// edges: small batches of every loss, encoding, pair of dtypes and width up to a block, on every instruction set. Their arrays
// end where their allocation does: AddressSanitizer sees what is read behind them. Or other rows follow, which are not evaluated:
// their labels are none that the encoding has, and must not matter. scripts/sanitize.mjs builds and runs it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>

#include "engine/evaluate.h"
#include "platform/dispatch.h"
#include "values.h"

namespace maxmargin {
namespace {

// Kernels read up to 16 rows at once, and up to a block of each.
constexpr size_t kRows[] = {1, 2, 7, 8, 9, 15, 16, 17};
constexpr size_t kWidths[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
                              14, 15, 16, 17, 24, 25, 31, 32, 33, 48, 49, 63, 64, 65};

// Not evaluated, though kernels could read them.
constexpr size_t kRowsBehind = 16;
constexpr double kNoLabel = 100.0;

// Values, of zeros at first.
class Array {
 public:
  Array(Dtype dtype, size_t n) : dtype_(dtype), bytes_(new char[n * size_of(dtype)]()) {}

  void put(size_t i, double value) { put_value(dtype_, value, data() + i * size_of(dtype_)); }

  char* data() const { return bytes_.get(); }

 private:
  Dtype dtype_;
  std::unique_ptr<char[]> bytes_;
};

// Labels of class 0, or a one and then zeros in each row, and behind the rows that are evaluated labels that are none.
Array labels_of(const Batch& batch) {
  const bool are_ids = batch.reading == LabelReading::class_ids;
  const size_t width = are_ids ? 1 : batch.width;
  Array labels(batch.labels.dtype, batch.all_rows * width);
  for (size_t row = 0; !are_ids && row < batch.rows; ++row) labels.put(row * width, 1.0);
  for (size_t i = batch.rows * width; i < batch.all_rows * width; ++i) labels.put(i, kNoLabel);
  return labels;
}

bool is_good = true;

void expect(bool holds, const Request& request, const InstructionSet& set) {
  if (holds) return;
  is_good = false;
  const Batch& batch = request.batch;
  std::printf("%s depends on labels of other rows: operation %d, loss %d, reading %d, dtypes %d %d as %d, %zu of [%zu, %zu]\n",
              set.name, static_cast<int>(request.operation), static_cast<int>(batch.loss), static_cast<int>(batch.reading),
              static_cast<int>(batch.labels.dtype), static_cast<int>(batch.predictions.dtype),
              static_cast<int>(batch.compute), batch.rows, batch.all_rows, batch.width);
}

// This and the following return the number of evaluations.
size_t evaluate_all(Batch batch) {
  const Array labels = labels_of(batch);
  const size_t values = batch.all_rows * batch.width;
  const Array predictions(batch.predictions.dtype, values);
  const Array losses(batch.compute, batch.all_rows), gradient(batch.compute, values);
  batch.labels.values = labels.data();
  batch.predictions.values = predictions.data();
  size_t count = 0;
  for (const Operation operation : {Operation::sum, Operation::rows, Operation::gradient}) {
    for (const InstructionSet* set : supported()) {
      Request request;
      request.operation = operation;
      request.batch = batch;
      request.losses = {batch.compute, losses.data(), nullptr};
      request.gradient = {batch.compute, gradient.data(), nullptr};
      Result result;
      evaluate(request, {set, 1}, &result);
      const bool is_signed = batch.reading == LabelReading::automatic && set->family_of(batch.loss) == Family::elementwise;
      expect(result.are_labels_valid && (!is_signed || result.was_binary), request, *set);
      ++count;
    }
  }
  return count;
}

size_t evaluate_shapes(Batch batch) {
  size_t count = 0;
  for (const size_t width : kWidths) {
    batch.width = batch.classes = width;
    if (!can_evaluate(batch)) continue;
    for (const size_t rows : kRows) {
      batch.rows = batch.all_rows = rows;
      count += evaluate_all(batch);
      batch.all_rows += kRowsBehind;
      count += evaluate_all(batch);
    }
  }
  return count;
}

size_t evaluate_losses(Batch batch) {
  size_t count = 0;
  for (size_t loss = 0; loss < kLosses; ++loss) {
    batch.loss = static_cast<Loss>(loss);
    for (size_t reading = 0; reading < kLabelReadings; ++reading) {
      batch.reading = static_cast<LabelReading>(reading);
      count += evaluate_shapes(batch);
    }
  }
  return count;
}

size_t run() {
  size_t count = 0;
  Batch batch;
  batch.parameters.margin = 1.0;
  for (const Dtype compute : {Dtype::float32, Dtype::float64}) {
    batch.compute = compute;
    for (size_t i = 0; i < kDtypes; ++i) {
      for (size_t k = 0; k < kDtypes; ++k) {
        batch.labels.dtype = static_cast<Dtype>(i);
        batch.predictions.dtype = static_cast<Dtype>(k);
        if (i == k || batch.labels.dtype == compute || batch.predictions.dtype == compute) count += evaluate_losses(batch);
      }
    }
  }
  return count;
}

}  // namespace
}  // namespace maxmargin

int main() {
  const size_t count = maxmargin::run();
  if (!maxmargin::is_good) return 1;
  for (const maxmargin::InstructionSet* set : maxmargin::supported()) std::printf("%s ", set->name);
  std::printf("read no further than %zu batches\n", count);
  return 0;
}
