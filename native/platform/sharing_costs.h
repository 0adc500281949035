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

  // Returns the number of helpers, up to `most`, with which a job ends first. `alone` is about what its owner would take without
  // any, and `each` what the owner does more for each helper, besides the job.
  size_t helpers_worth(size_t most, int64_t alone, int64_t each) const {
    const double own = corrected(alone);
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

  // Learns from a shared job, of which `idle` nanoseconds were lost before the last helper began and after the owner had nothing
  // left to do. Awake helpers take a while to see a job, and its owner to see that it is done; values may have to change caches; a
  // helper may lose its processor in the middle; and processors that are halves of one are slower together. That depends on the
  // machine, on who else uses it, and on the number of helpers.
  void note(size_t helpers, int64_t alone, int64_t measured, int64_t idle) {
    double cost = static_cast<double>(idle);
    if (is_small(alone)) {
      cost = std::max(cost, static_cast<double>(measured) - corrected(alone) / static_cast<double>(helpers + 1));
    }
    learn(costs_[helpers], std::min(cost, kMostCost), kLearning);
  }

  // Whether a job's time is known well enough to tell what sharing cost: its values are in a cache. For others it matters little.
  static bool is_small(int64_t alone) { return alone < kSmall; }

  // Learns from a job without helpers, if it is small: estimates may take it for longer or shorter than it is.
  void note_alone(int64_t alone, int64_t measured) {
    if (!is_small(alone)) return;
    constexpr double kMostPace = 8, kPaceLearning = 64;
    const double pace = static_cast<double>(measured) / static_cast<double>(std::max<int64_t>(1, alone));
    learn(pace_, std::min(pace, kMostPace), kPaceLearning);
  }

 private:
  static void learn(std::atomic<double>& known, double measured, double slowness) {
    const double before = known.load(std::memory_order_relaxed);
    known.store(before + (measured - before) / slowness, std::memory_order_relaxed);
  }

  double corrected(int64_t alone) const {
    return static_cast<double>(alone) * (is_small(alone) ? pace_.load(std::memory_order_relaxed) : 1.0);
  }

  // Of jobs of up to about as long, values are in a cache.
  static constexpr int64_t kSmall = 30'000;
  // The part of the time alone in which a shared job has to end.
  static constexpr double kWorthSharing = 0.85;
  // The initial cost of each helper.
  static constexpr double kAtFirst = 300;
  // The initial cost of a helper without a processor of its own: it delays another thread by taking its processor.
  static constexpr double kCrowded = 1e6;
  // The most that one job can teach, and its part in what is known: small, because rare failures cost a thousand times as much as
  // other jobs, which have to make up for them before they are repeated.
  static constexpr double kMostCost = 4e6;
  static constexpr double kLearning = 16384;
  // The time of jobs in which a nanosecond of cost is forgotten: failures cost 1 % of the time.
  static constexpr double kForgetting = 128 * kLearning;

  const size_t processors_;
  // The time of small jobs without helpers, by what it was estimated to be.
  std::atomic<double> pace_{1.0};
  // By the number of helpers.
  std::atomic<double> costs_[kMaxWorkers];
};

}  // namespace maxmargin
