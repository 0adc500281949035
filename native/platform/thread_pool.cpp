#include "platform/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "platform/processors.h"
#include "platform/sharing_costs.h"
#include "simd/target.h"

#if defined(MAXMARGIN_X64)
#include <immintrin.h>
#endif

namespace maxmargin {
namespace {

void pause() {
#if defined(MAXMARGIN_X64)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// Makes what a thread wrote past the caches visible to others.
void end_streams() {
#if defined(MAXMARGIN_X64)
  _mm_sfence();
#endif
}

using Clock = std::chrono::steady_clock;

// Since some fixed point in time.
int64_t nanoseconds() {
  return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
}

// Waking a thread takes longer than many a job: a helper looks out for the next one before it sleeps.
constexpr int64_t kAwake = 40'000;
// The cost of waking a helper, including the time until it begins to work.
constexpr int64_t kWaking = 80'000;
// The least time between two helpers that are woken for later jobs: waking costs the owner some microseconds.
constexpr int64_t kBetweenWakes = 500'000;
// The owner of a job waits for a helper's last task, which is short unless something else took its processor.
constexpr int kPausesBeforeSleep = 2000;

// One worker's share of a job: threads of other shares that have nothing left to do take from it too.
struct alignas(64) Share {
  std::atomic<size_t> next;
  size_t end;
  int64_t began;  // when the worker did; 0 if it has not
};

// A loop that several threads share. It lives on the stack of the thread that started it, aligned so that twice the number of a
// worker can be added to its address.
struct alignas(2 * kMaxWorkers) Job {
  Task task;
  void* context;
  size_t workers;
  Share shares[kMaxWorkers];

  Job(Task task, void* context, size_t count, size_t workers)
      : task(task), context(context), workers(workers) {
    for (size_t i = 0; i < workers; ++i) {
      shares[i].next.store(count * i / workers, std::memory_order_relaxed);
      shares[i].end = count * (i + 1) / workers;
      shares[i].began = 0;
    }
  }

  // Neighbouring tasks read neighbouring memory: each worker has a stretch of its own, the same one whenever
  // the same batch comes again, for the sake of its caches.
  void work(size_t worker) {
    shares[worker].began = nanoseconds();
    for (size_t i = 0; i < workers; ++i) {
      Share& share = shares[(worker + i) % workers];
      // A look costs less than taking in vain.
      if (share.next.load(std::memory_order_relaxed) >= share.end) continue;
      for (size_t k; (k = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;) {
        task(context, k, worker);
      }
    }
    // Once, because it waits for all of it.
    end_streams();
  }
};

// A thread that works for one job at a time.
class Helper {
 public:
  Helper() : thread_([this] { serve(); }) {}

  ~Helper() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      is_over_ = true;
    }
    woken_.notify_one();
    thread_.join();
  }

  bool is_asleep() const { return is_asleep_.load(std::memory_order_relaxed); }

  // False if it is busy.
  bool offer(Job& job, size_t worker) {
    uintptr_t idle = kIdle;
    if (!state_.compare_exchange_strong(idle, offered(job, worker))) return false;
    if (is_asleep_.load()) {
      // Without the lock it could have looked for a job before, and begin to wait after, this.
      {
        std::lock_guard<std::mutex> lock(mutex_);
        is_called_ = true;
        caller_ = current_processor();
      }
      woken_.notify_one();
    }
    return true;
  }

  // Returns when the helper has left the job, or has not begun and never will.
  void dismiss(Job& job, size_t worker) {
    uintptr_t own = offered(job, worker);
    if (state_.load() == own && state_.compare_exchange_strong(own, kIdle)) return;
    const auto has_left = [&] { return state_.load() != accepted(job, worker); };
    for (int i = 0; i < kPausesBeforeSleep; ++i) {
      if (has_left()) return;
      pause();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    // There may be a later owner that waits too before an earlier one has noticed that it need not any more.
    owners_waiting_.fetch_add(1);
    left_.wait(lock, has_left);
    owners_waiting_.fetch_sub(1);
  }

 private:
  // A job's address and twice the number of a worker where a share is offered, that plus 1 while it is worked on, or nothing.
  static constexpr uintptr_t kIdle = 0;
  static uintptr_t offered(const Job& job, size_t worker) { return reinterpret_cast<uintptr_t>(&job) + 2 * worker; }
  static uintptr_t accepted(const Job& job, size_t worker) { return offered(job, worker) + 1; }
  static bool is_offer(uintptr_t state) { return state != kIdle && (state & 1) == 0; }

  bool has_offer() const { return is_offer(state_.load()); }

  void serve() {
    for (;;) {
      if (!comes_soon()) {
        std::unique_lock<std::mutex> lock(mutex_);
        is_asleep_.store(true);
        // It stays awake for the next job if it comes too late for this one.
        woken_.wait(lock, [this] { return is_over_ || is_called_; });
        is_called_ = false;
        is_asleep_.store(false);
        if (is_over_) return;
        const int caller = caller_;
        lock.unlock();
        // Operating systems like to wake a thread where its caller runs, whose processor it would take.
        leave_processor(caller);
      }
      uintptr_t state = state_.load(std::memory_order_acquire);
      if (!is_offer(state) || !state_.compare_exchange_strong(state, state + 1)) continue;
      const size_t worker = state % alignof(Job) / 2;
      reinterpret_cast<Job*>(state - 2 * worker)->work(worker);
      state_.store(kIdle);
      if (owners_waiting_.load() > 0) {
        { std::lock_guard<std::mutex> lock(mutex_); }
        left_.notify_all();
      }
    }
  }

  bool comes_soon() const {
    const int64_t end = nanoseconds() + kAwake;
    do {
      for (int i = 0; i < 16; ++i) {
        if (has_offer()) return true;
        pause();
      }
    } while (nanoseconds() < end);
    return false;
  }

  std::atomic<uintptr_t> state_{kIdle};
  std::atomic<bool> is_asleep_{false};
  std::atomic<int> owners_waiting_{0};
  bool is_over_ = false, is_called_ = false;
  int caller_ = -1;  // the processor of the one who called
  std::mutex mutex_;
  std::condition_variable woken_, left_;
  std::thread thread_;  // the last: it uses the others from the start
};

class Pool {
 public:
  // `alone`: the nanoseconds that the owner would take by itself, about.
  void run(Job& job, int64_t alone) {
    const int64_t start = nanoseconds();
    const bool may_wake_one = has_been_busy(start) && start - last_wake_.load(std::memory_order_relaxed) > kBetweenWakes;
    if (alone > kWaking || may_wake_one) start_helpers(job.workers - 1);
    // Helpers that others keep busy are left alone: what they would have done, the owner does.
    Helper* own[kMaxWorkers];
    size_t count = 0, woken = 0;
    const size_t started = started_.load(std::memory_order_acquire);
    const size_t wanted = is_trial(alone) ? 0 : costs_.helpers_worth(std::min(started, job.workers - 1), alone, 0);
    for (size_t i = 0; i < started && count < wanted; ++i) {
      Helper* helper = helpers_[i].get();
      const bool is_asleep = helper->is_asleep();
      if (is_asleep && !is_worth_waking(alone, count, may_wake_one && woken == 0)) continue;
      if (helper->offer(job, count + 1)) own[count++] = helper, woken += is_asleep;
    }
    if (woken > 0) last_wake_.store(start, std::memory_order_relaxed);
    job.work(0);
    const int64_t worked = nanoseconds();
    int64_t last = start;
    for (size_t i = 0; i < count; ++i) {
      own[i]->dismiss(job, i + 1);
      const int64_t began = job.shares[i + 1].began;
      last = std::max(last, began == 0 ? worked : began);
    }
    const int64_t end = nanoseconds();
    if (count == 0) costs_.note_alone(alone, end - start);
    if (count > 0 && woken == 0) costs_.note(count, alone, end - start, (last - start) + (end - worked));
    busy_.fetch_add(end - start, std::memory_order_relaxed);
    last_end_.store(end, std::memory_order_relaxed);
  }

  // The number of helpers, up to `most`, with which a job will end first: see SharingCosts.
  size_t choose_helpers(size_t most, int64_t alone, int64_t each) {
    const size_t best = costs_.helpers_worth(most, alone, each);
    if (best < most) costs_.forget(best + 1, alone);
    return best;
  }

  void stop() {
    std::lock_guard<std::mutex> lock(mutex_);
    const size_t started = started_.exchange(0);
    for (size_t i = 0; i < started; ++i) helpers_[i].reset();
  }

 private:
  // Whether a job is run without helpers to learn how long that takes.
  bool is_trial(int64_t alone) {
    constexpr size_t kBetweenTrials = 64;
    return SharingCosts::is_small(alone) && jobs_.fetch_add(1, std::memory_order_relaxed) % kBetweenTrials == 0;
  }

  // Whether jobs have followed each other so closely, and for so long, that who is woken now will pay.
  bool has_been_busy(int64_t now) {
    if (now - last_end_.load(std::memory_order_relaxed) > kAwake) {
      busy_.store(0, std::memory_order_relaxed);
    }
    return busy_.load(std::memory_order_relaxed) > kWaking;
  }

  // Whether a sleeping helper would be in time for a job that `count` others share with its owner. Where jobs follow each other,
  // each wakes one that later ones find awake.
  static bool is_worth_waking(int64_t alone, size_t count, bool is_for_later) {
    return is_for_later || alone / static_cast<int64_t>(count + 1) > kWaking;
  }

  // A machine that gives no more threads makes a job slower, not impossible.
  void start_helpers(size_t wanted) {
    if (started_.load(std::memory_order_relaxed) >= wanted) return;
    std::lock_guard<std::mutex> lock(mutex_);
    try {
      for (size_t i = started_.load(); i < wanted; ++i) {
        helpers_[i] = std::make_unique<Helper>();
        started_.store(i + 1, std::memory_order_release);
      }
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
  }

  SharingCosts costs_;
  std::mutex mutex_;
  std::unique_ptr<Helper> helpers_[kMaxWorkers];
  std::atomic<size_t> started_{0};
  std::atomic<size_t> jobs_{0};
  // Nanoseconds.
  std::atomic<int64_t> last_end_{0}, busy_{0}, last_wake_{0};
};

// Never destroyed: threads that are still running when the process exits must not find it gone. It lies in
// static memory: an environment that ends, and stops its threads, has nobody to tell that the heap is exhausted.
Pool& pool() {
  alignas(Pool) static char memory[sizeof(Pool)];
  static Pool* const pool = new (memory) Pool;
  return *pool;
}

}  // namespace

void run_parallel(size_t count, size_t threads, int64_t alone, Task task, void* context) {
  const size_t workers = std::min({count, threads, kMaxWorkers});
  if (workers <= 1) {
    for (size_t i = 0; i < count; ++i) task(context, i, 0);
    return end_streams();
  }
  Job job(task, context, count, workers);
  pool().run(job, alone);
}

size_t threads_worth(size_t most, int64_t alone, int64_t each) {
  return most < 2 ? 1 : 1 + pool().choose_helpers(std::min(most, kMaxWorkers) - 1, alone, each);
}

void stop_threads() { pool().stop(); }

}  // namespace maxmargin
