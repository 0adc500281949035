// State that the passes over a batch share.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "engine/row_weights.h"
#include "engine/tile_reader.h"
#include "platform/thread_pool.h"

namespace maxmargin {

inline size_t useful_threads(const Batch& batch, const Machine& machine) {
  // Below this many values no second thread can pay.
  constexpr size_t kValuesPerThread = 16 * 1024;
  return std::max<size_t>(1, std::min({machine.threads, batch.size() / kValuesPerThread, kMaxWorkers}));
}

// A batch with one reading of its labels.
class Evaluation {
 public:
  Evaluation(const Batch& batch, const Machine& machine, LabelEncoding encoding)
      : batch(batch),
        set(*machine.set),
        loss(set.kernels_of(batch.loss, batch.parameters.is_squared)),
        threads(useful_threads(batch, machine)),
        classes(batch, set),
        sources(batch, classes),
        reader(batch, set, classes, encoding) {}

  bool has_max() const { return loss.family == Family::class_max; }
  bool is_wide() const { return maxmargin::is_wide(batch.compute); }
  const Kernel& kernel() const { return reader.kernel(); }

  // The answers of kernels. Where one was false, labels were taken for 0 and 1 that are neither: all results are void.
  void check(bool are_labels_valid) {
    if (!are_labels_valid) is_valid_.store(false, std::memory_order_relaxed);
  }
  bool is_valid() const { return is_valid_.load(std::memory_order_relaxed) && reader.are_labels_valid(); }

  const Batch& batch;
  const InstructionSet& set;
  const LossKernels& loss;
  const size_t threads;
  ClassIds classes;
  const RowSources sources;
  TileReader reader;

 private:
  std::atomic<bool> is_valid_{true};
};

}  // namespace maxmargin
