#include "thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "kernels/target.h"

#if defined(MAXMARGIN_X64)
#include <immintrin.h>
#endif

namespace maxmargin {
namespace {

// What several threads work on at once. Lives on the stack of the thread that asked for it.
struct Job {
  Task task;
  void* context;
  size_t count;
  size_t helpers_wanted;
  std::atomic<size_t> next{0};
  std::atomic<size_t> workers{0};
  std::atomic<size_t> helpers_busy{0};

  void work() {
    const size_t worker = workers.fetch_add(1, std::memory_order_relaxed);
    for (size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      task(context, i, worker);
    }
  }
};

void pause() {
#if defined(MAXMARGIN_X64)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// Sleeping and waking cost more than most jobs: what is about to happen is awaited for some ten
// microseconds before a thread goes to sleep.
template <class Condition>
bool happens_soon(Condition condition) {
  for (int i = 0; i < 400; ++i) {
    if (condition()) return true;
    pause();
  }
  return false;
}

class Pool {
 public:
  void run(Job& job) {
    size_t helpers = job.helpers_wanted;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      helpers = start_threads(helpers);
      jobs_.push_back(&job);
      waiting_.store(jobs_.size(), std::memory_order_relaxed);
    }
    for (size_t i = 0; i < helpers; ++i) job_arrived_.notify_one();
    job.work();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      withdraw(job);
    }
    const auto alone = [&job] { return job.helpers_busy.load(std::memory_order_acquire) == 0; };
    if (happens_soon(alone)) return;
    std::unique_lock<std::mutex> lock(mutex_);
    helper_left_.wait(lock, alone);
  }

  // Threads that a job starts meanwhile are of the next generation, and stay.
  void stop() {
    std::vector<std::thread> threads;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++generation_;
      threads.swap(threads_);
    }
    job_arrived_.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

 private:
  // How many of the wanted threads there are: a machine that gives no more makes a job slower, not
  // impossible.
  size_t start_threads(size_t wanted) {
    try {
      while (threads_.size() < wanted) {
        threads_.emplace_back([this, generation = generation_] { serve(generation); });
      }
    } catch (const std::system_error&) {
    }
    return std::min(wanted, threads_.size());
  }

  void withdraw(Job& job) {
    jobs_.erase(std::remove(jobs_.begin(), jobs_.end(), &job), jobs_.end());
    waiting_.store(jobs_.size(), std::memory_order_relaxed);
  }

  void serve(size_t generation) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto is_over = [this, generation] { return generation != generation_; };
    for (;;) {
      if (jobs_.empty() && !is_over()) {
        lock.unlock();
        happens_soon([this] { return waiting_.load(std::memory_order_relaxed) != 0; });
        lock.lock();
      }
      job_arrived_.wait(lock, [&] { return is_over() || !jobs_.empty(); });
      if (is_over()) return;
      Job& job = *jobs_.front();
      job.helpers_busy.fetch_add(1, std::memory_order_relaxed);
      if (--job.helpers_wanted == 0) withdraw(job);
      lock.unlock();
      job.work();
      lock.lock();
      // Under the lock: the job's owner may not look, find itself alone and leave in between.
      if (job.helpers_busy.fetch_sub(1, std::memory_order_release) == 1) helper_left_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable job_arrived_, helper_left_;
  std::vector<Job*> jobs_;
  std::vector<std::thread> threads_;
  std::atomic<size_t> waiting_{0};
  size_t generation_ = 0;
};

// Never destroyed: threads that are still running when the process exits must not find it gone.
Pool& pool() {
  static Pool* const pool = new Pool;
  return *pool;
}

}  // namespace

void run_parallel(size_t count, size_t threads, Task task, void* context) {
  const size_t useful = std::min(count, threads);
  if (useful <= 1) {
    for (size_t i = 0; i < count; ++i) task(context, i, 0);
    return;
  }
  Job job{task, context, count, useful - 1};
  pool().run(job);
}

void stop_threads() { pool().stop(); }

}  // namespace maxmargin
