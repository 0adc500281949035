#include "binding/environment.h"

#include <atomic>
#include <mutex>

#include "platform/thread_pool.h"

namespace maxmargin {
namespace {

std::atomic<size_t> thread_count{0};

// Guards the count, so that no environment begins to compute while the last one stops the threads.
std::mutex users_mutex;
size_t users = 0;

}  // namespace

User::User() {
  std::lock_guard<std::mutex> lock(users_mutex);
  ++users;
}

User::~User() {
  std::lock_guard<std::mutex> lock(users_mutex);
  if (--users == 0) stop_threads();
}

size_t threads() { return thread_count.load(std::memory_order_relaxed); }

void set_threads(size_t count) { thread_count.store(count, std::memory_order_relaxed); }

}  // namespace maxmargin
