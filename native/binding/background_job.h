// A call in one of libuv's threads.
#pragma once

#include <chrono>
#include <memory>

#include "binding/arguments.h"
#include "binding/environment.h"

namespace maxmargin {

inline constexpr Failure kNoJob{"maxmargin: there can be no job in the background"};

// References keep the arrays. The caller has seen to it that nobody can take their memory away.
class BackgroundJob {
 public:
  explicit BackgroundJob(const Machine& machine) : machine_(machine) {}

  Call& call() { return call_; }

  // Starts a job of a call that was read, which then owns itself. `values` are the frame and the arguments of the call. Null,
  // or why it could not be started.
  static const Failure* start(napi_env env, std::unique_ptr<BackgroundJob> job, const napi_value* values,
                              size_t count, napi_value* promise) {
    if (!job->queue(env, values, count, promise)) {
      job->release(env);
      return &kNoJob;
    }
    job.release();
    return nullptr;
  }

 private:
  bool queue(napi_env env, const napi_value* values, size_t count, napi_value* promise) {
    napi_value name;
    return keep(env, values, count) &&
           napi_create_string_utf8(env, "maxmargin", NAPI_AUTO_LENGTH, &name) == napi_ok &&
           napi_create_async_work(env, nullptr, name, execute, complete, this, &work_) == napi_ok &&
           napi_create_promise(env, &deferred_, promise) == napi_ok &&
           napi_queue_async_work(env, work_) == napi_ok;
  }

  bool keep(napi_env env, const napi_value* values, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      napi_valuetype type;
      if (napi_typeof(env, values[i], &type) != napi_ok) return false;
      if (type != napi_undefined && napi_create_reference(env, values[i], 1, &references_[i]) != napi_ok) {
        return false;
      }
    }
    return true;
  }

  void release(napi_env env) {
    for (napi_ref reference : references_) {
      if (reference != nullptr) napi_delete_reference(env, reference);
    }
    if (work_ != nullptr) napi_delete_async_work(env, work_);
  }

  static void execute(napi_env, void* data) {
    auto* job = static_cast<BackgroundJob*>(data);
    const auto start = std::chrono::steady_clock::now();
    job->failure_ = attempt([&] { evaluate(job->call_.request, job->machine_, &job->call_.result); });
    job->duration_ = std::chrono::steady_clock::now() - start;
  }

  // The frame may have lost its memory meanwhile.
  bool find_frame(napi_env env, CallFrame** frame) const {
    napi_value value;
    return napi_get_reference_value(env, references_[0], &value) == napi_ok && get_frame(env, value, frame);
  }

  // An environment that is about to end refuses to settle promises, and nobody waits for them there.
  static void complete(napi_env env, napi_status, void* data) {
    const std::unique_ptr<BackgroundJob> job(static_cast<BackgroundJob*>(data));
    CallFrame* frame;
    if (job->failure_ == nullptr && !job->find_frame(env, &frame)) job->failure_ = &kBadFrame;
    napi_value value;
    if (job->failure_ != nullptr) {
      if (create_error(env, *job->failure_, &value)) napi_reject_deferred(env, job->deferred_, value);
    } else {
      write_result(job->call_, frame);
      frame->milliseconds = job->duration_.count();
      if (napi_get_undefined(env, &value) == napi_ok) napi_resolve_deferred(env, job->deferred_, value);
    }
    job->release(env);
  }

  const User user_;
  const Machine machine_;
  Call call_;
  const Failure* failure_ = nullptr;
  std::chrono::duration<double, std::milli> duration_{};
  napi_async_work work_ = nullptr;
  napi_deferred deferred_ = nullptr;
  napi_ref references_[1 + kArguments] = {};
};

}  // namespace maxmargin
