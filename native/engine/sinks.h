// Sinks turn the rows of a batch into sums, losses, or derivatives. A pass has one sink, which evaluates tiles of values and
// takes the losses of tiles of rows.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>
#include <utility>

#include "engine/gradient_writer.h"
#include "engine/totals.h"

namespace maxmargin {

// Weighted losses, in whole groups of kLanes.
struct RowLosses {
  size_t row, count;
  const double* losses;
  const RowWeights& weights;
};

// Writes losses, rounded to a dtype.
class LossWriter {
 public:
  LossWriter(const InstructionSet& set, const Output& losses) : set_(set), losses_(losses) {}

  void write(const RowLosses& rows) const {
    if (losses_.values == nullptr) return;
    void* to = static_cast<char*>(losses_.values) + rows.row * size_of(losses_.dtype);
    if (losses_.dtype == Dtype::float32) return set_.narrow(rows.losses, rows.count, static_cast<float*>(to));
    round_to(losses_.dtype, rows.losses, rows.count, to);
  }

 private:
  const InstructionSet& set_;
  const Output losses_;
};

// Sums the losses of all rows, and their weights.
class SumSink {
 public:
  static constexpr bool kWritesGradient = false;
  using Group = LaneTotals;

  SumSink(Evaluation* evaluation, Totals* totals)
      : set_(evaluation->set), totals_(totals, evaluation->threads) {}

  void take(const RowLosses& rows, Group* group) const {
    set_.add_to_lanes(rows.losses, rows.count, group->losses);
    if (rows.weights.exist()) rows.weights.add_to(group->weights, group->kept);
  }
  void end_group(const Group& group, size_t worker) { group.add_to(&totals_.of(worker)); }
  void end() { totals_.merge(); }

 private:
  const InstructionSet& set_;
  WorkerTotals totals_;
};

// Writes the loss of each row.
class LossSink {
 public:
  static constexpr bool kWritesGradient = false;
  struct Group {};

  LossSink(Evaluation* evaluation, const Output& losses, Totals* totals)
      : writer_(evaluation->set, losses), totals_(*totals) {}

  void take(const RowLosses& rows, Group*) {
    writer_.write(rows);
    if (!rows.weights.is_mask()) is_mask_.store(false, std::memory_order_relaxed);
  }
  void end_group(const Group&, size_t) {}
  void end() {
    if (!is_mask_.load()) totals_.kept.add(std::numeric_limits<double>::quiet_NaN());
  }

 private:
  const LossWriter writer_;
  Totals& totals_;
  std::atomic<bool> is_mask_{true};
};

// Sums losses, writes them if they are asked for, and writes derivatives.
class GradientSink {
 public:
  static constexpr bool kWritesGradient = true;
  using Group = LaneTotals;

  GradientSink(SumSink sums, const LossWriter& losses, GradientWriter* gradient)
      : sums_(std::move(sums)), losses_(losses), gradient_(*gradient) {}

  GradientWriter& gradient() { return gradient_; }

  void take(const RowLosses& rows, Group* group) const {
    sums_.take(rows, group);
    losses_.write(rows);
  }
  void end_group(const Group& group, size_t worker) { sums_.end_group(group, worker); }
  void end() { sums_.end(); }

 private:
  SumSink sums_;
  const LossWriter losses_;
  GradientWriter& gradient_;
};

}  // namespace maxmargin
