// State that the passes over a batch share.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "engine/evaluate.h"
#include "engine/row_weights.h"
#include "engine/tile_reader.h"
#include "platform/parallel.h"
#include "platform/thread_pool.h"

namespace maxmargin {

// The nanoseconds that it takes to prepare for another thread: memory and sums of its own, and scratch memory for derivatives.
constexpr int64_t preparing_for_thread(Operation operation) { return operation == Operation::gradient ? 1500 : 200; }

// The most threads for which it makes sense to get memory. `alone`, `each`: see threads_worth.
inline size_t useful_threads(const Batch& batch, const Machine& machine, int64_t alone, int64_t each) {
  // Below this many values no second thread can pay.
  constexpr size_t kValuesPerThread = 12 * 1024;
  return threads_worth(std::min(machine.threads, batch.size() / kValuesPerThread), alone, each);
}

// The nanoseconds that one thread takes for a thousand values, about. Without AVX-512 it takes longer: then batches are shared a
// little less than they could be.
inline int64_t per_thousand_of(const LossKernels& loss, Operation operation) {
  if (loss.family == Family::class_max) return operation == Operation::gradient ? 600 : 200;
  return operation == Operation::gradient ? 270 : operation == Operation::rows ? 120 : 70;
}

// A batch with one reading of its labels.
class Evaluation {
 public:
  Evaluation(const Batch& batch, const Machine& machine, LabelEncoding encoding, Operation operation)
      : batch(batch),
        set(*machine.set),
        loss(set.kernels_of(batch.loss, batch.parameters.is_squared)),
        per_thousand(per_thousand_of(loss, operation)),
        threads(useful_threads(batch, machine, nanoseconds(batch.size()), preparing_for_thread(operation))),
        classes(batch, set),
        sources(batch, classes),
        reader(batch, set, classes, encoding) {}

  bool has_max() const { return loss.family == Family::class_max; }
  bool is_wide() const { return maxmargin::is_wide(batch.compute); }
  const Kernel& kernel() const { return reader.kernel(); }

  // How long one thread takes for some values, about.
  int64_t nanoseconds(size_t values) const { return nanoseconds_for(values, per_thousand); }

  // The answers of kernels. Where one was false, labels were taken for 0 and 1 that are neither: all results are void.
  void check(bool are_labels_valid) {
    if (!are_labels_valid) is_valid_.store(false, std::memory_order_relaxed);
  }
  bool is_valid() const { return is_valid_.load(std::memory_order_relaxed) && reader.are_labels_valid(); }

  const Batch& batch;
  const InstructionSet& set;
  const LossKernels& loss;
  const int64_t per_thousand;
  const size_t threads;
  ClassIds classes;
  const RowSources sources;
  TileReader reader;

 private:
  std::atomic<bool> is_valid_{true};
};

}  // namespace maxmargin
