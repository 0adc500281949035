// edges: small batches of every loss, encoding, pair of dtypes and width up to a block, on every instruction set, whose arrays
// end where their allocation does: AddressSanitizer sees what is read behind them. scripts/sanitize.mjs builds and runs it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>

#include "engine/evaluate.h"
#include "platform/dispatch.h"

namespace maxmargin {
namespace {

// Kernels read up to 16 rows at once, and up to a block of each.
constexpr size_t kRows[] = {1, 2, 7, 8, 9, 15, 16, 17};
constexpr size_t kWidths[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
                              14, 15, 16, 17, 24, 25, 31, 32, 33, 48, 49, 63, 64, 65};

// Zeros, or a one and then zeros in each row.
std::unique_ptr<char[]> values_of(Dtype dtype, size_t rows, size_t width, bool has_ones) {
  const size_t size = size_of(dtype);
  std::unique_ptr<char[]> values(new char[rows * width * size]());
  for (size_t row = 0; has_ones && row < rows; ++row) {
    char* first = values.get() + row * width * size;
    const double one = 1.0;
    if (dtype >= Dtype::float16) round_to(dtype, &one, 1, first);
    else *first = 1;
  }
  return values;
}

// This and the following return the number of evaluations.
size_t evaluate_all(Batch batch) {
  const bool are_ids = batch.reading == LabelReading::class_ids;
  const auto labels = values_of(batch.labels.dtype, batch.rows, are_ids ? 1 : batch.width, !are_ids);
  const auto predictions = values_of(batch.predictions.dtype, batch.rows, batch.width, false);
  batch.labels.values = labels.get();
  batch.predictions.values = predictions.get();
  const auto losses = values_of(batch.compute, batch.rows, 1, false);
  const auto gradient = values_of(batch.compute, batch.rows, batch.width, false);
  size_t count = 0;
  for (const Operation operation : {Operation::sum, Operation::rows, Operation::gradient}) {
    for (const InstructionSet* set : supported()) {
      Request request;
      request.operation = operation;
      request.batch = batch;
      request.losses = {batch.compute, losses.get(), nullptr};
      request.gradient = {batch.compute, gradient.get(), nullptr};
      Result result;
      evaluate(request, {set, 1}, &result);
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
  for (const maxmargin::InstructionSet* set : maxmargin::supported()) std::printf("%s ", set->name);
  std::printf("read no further than %zu batches\n", count);
  return 0;
}
