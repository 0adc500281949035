// Sums over rows: of a group of rows by lanes, of groups exactly.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/exact_sum.h"
#include "engine/row_weights.h"

namespace maxmargin {

// Over all rows that are evaluated.
struct Totals {
  // The sum of the losses of the rows if they are weighted, written, or not elementwise; otherwise of their terms.
  ExactSum losses;
  // The sum of the weights where the mask is not 0, and the number of these rows, or NaN if the mask has other values than 0 and 1.
  // Only if there are weights, or a mask.
  ExactSum weights, kept;

  void add(const Totals& other) {
    losses.add(other.losses);
    weights.add(other.weights);
    kept.add(other.kept);
  }
};

// The sum of lanes, by halves.
inline double folded(const double (&lanes)[kLanes]) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

// The sum of values, value i in lane i modulo kLanes.
class LaneSum {
 public:
  // Calls after the first one continue in lane 0.
  template <class T>
  void add(const InstructionSet& set, const T* values, size_t n) {
    // A call would take longer than fewer additions.
    constexpr size_t kFew = 4 * kLanes;
    if (n > kFew) return set.add_values[sizeof(T) == sizeof(double)](values, n, lanes_);
    for (size_t i = 0; i < n; ++i) lanes_[i % kLanes] += static_cast<double>(values[i]);
  }

  double value() const { return folded(lanes_); }

 private:
  double lanes_[kLanes] = {};
};

// The sums of a group of rows, row i of the group in lane i modulo kLanes.
struct LaneTotals {
  double losses[kLanes] = {}, weights[kLanes] = {}, kept[kLanes] = {};

  void add_to(Totals* totals) const {
    totals->losses.add(folded(losses));
    totals->weights.add(folded(weights));
    totals->kept.add(folded(kept));
  }
};

// Totals that several workers add to.
class WorkerTotals {
 public:
  // The first worker adds to `own`.
  WorkerTotals(Totals* own, size_t workers) : own_(own), others_(workers - 1) {}

  Totals& of(size_t worker) { return worker == 0 ? *own_ : others_[worker - 1]; }

  void merge() {
    for (const Totals& totals : others_) own_->add(totals);
  }

 private:
  Totals* const own_;
  std::vector<Totals> others_;
};

}  // namespace maxmargin
