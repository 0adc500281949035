// The cost of sharing a job among threads, learned from earlier jobs. All times are in nanoseconds.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "platform/thread_pool.h"

namespace maxmargin {

class SharingCosts {
 public:
  // A machine that does not say how many processors it has may have enough.
  SharingCosts() : processors_(std::thread::hardware_concurrency() == 0 ? kMaxWorkers : std::thread::hardware_concurrency()) {
    for (size_t k = 0; k < kMaxWorkers; ++k) costs_[k].store(k < processors_ ? kAtFirst * static_cast<double>(k) : kCrowded);
  }

  // Returns the number of helpers, up to `most`, with which a job ends first. `alone` is what its owner would take without any,
  // and `each` what the owner does more for each helper, besides the job.
  size_t helpers_worth(size_t most, int64_t alone, int64_t each) const {
    const double own = static_cast<double>(alone);
    double least = kWorthSharing * own, cost = 0;
    size_t best = 0;
    for (size_t k = 1; k <= most; ++k) {
      cost = std::max(cost, costs_[k].load(std::memory_order_relaxed));
      const double time = own / static_cast<double>(k + 1) + cost + static_cast<double>(each) * static_cast<double>(k);
      if (time < least) least = time, best = k;
    }
    return best;
  }

  // Forgets the cost of a number of helpers with time, so that it is tried again: slowly enough that what a failure costs is a
  // small part of the time until then.
  void forget(size_t helpers, int64_t alone) {
    if (helpers >= processors_) return;
    std::atomic<double>& cost = costs_[helpers];
    const double less = cost.load(std::memory_order_relaxed) - static_cast<double>(alone) / kForgetting;
    cost.store(std::max(0.0, less), std::memory_order_relaxed);
  }

  // Learns from a job. Awake helpers take a while to see it, and its owner to see that it is done; values may have to change
  // caches; and a helper may lose its processor in the middle. That depends on the machine, on who else uses it, and on the number
  // of helpers.
  void note(size_t helpers, int64_t measured) {
    std::atomic<double>& cost = costs_[helpers];
    const double before = cost.load(std::memory_order_relaxed);
    const double bounded = static_cast<double>(std::min(measured, kMostCost));
    cost.store(before + (bounded - before) / kLearning, std::memory_order_relaxed);
  }

 private:
  // The part of the time alone in which a shared job has to end by the estimate: helpers share caches and more with each other,
  // which the estimate leaves out.
  static constexpr double kWorthSharing = 0.65;
  // The initial cost of each helper.
  static constexpr double kAtFirst = 300;
  // The initial cost of a helper without a processor of its own: it delays another thread by taking its processor.
  static constexpr double kCrowded = 1e6;
  // The most that one job can teach, and its part in what is known: small, because rare failures cost a hundred times as much as
  // all jobs between them.
  static constexpr int64_t kMostCost = 4'000'000;
  static constexpr double kLearning = 1024;
  // The time of jobs in which a nanosecond of cost is forgotten: failures cost 3 % of the time.
  static constexpr double kForgetting = 32 * kLearning;

  const size_t processors_;
  // By the number of helpers.
  std::atomic<double> costs_[kMaxWorkers];
};

}  // namespace maxmargin
