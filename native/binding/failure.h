// The errors of the addon, and the guard around its entries: a C++ exception that reached the engine, whose interface is C,
// would end the process.
#pragma once

#include <node_api.h>

#include <new>

namespace maxmargin {

// The reason why an entry throws, or a job's promise is rejected.
struct Failure {
  const char* message;
  const char* code = "ERR_MAXMARGIN_NATIVE";
  // A wrong value, rather than a value of a wrong kind.
  bool is_range_error = false;
};

inline constexpr Failure kNoMemory{"maxmargin: out of memory", "ERR_MAXMARGIN_MEMORY", true};
inline constexpr Failure kUnexpected{"maxmargin: the system refused a lock or a thread"};

inline bool create_error(napi_env env, const Failure& failure, napi_value* error) {
  napi_value code, message;
  if (napi_create_string_utf8(env, failure.code, NAPI_AUTO_LENGTH, &code) != napi_ok ||
      napi_create_string_utf8(env, failure.message, NAPI_AUTO_LENGTH, &message) != napi_ok) {
    return false;
  }
  const napi_status status = failure.is_range_error
                                 ? napi_create_range_error(env, code, message, error)
                                 : napi_create_type_error(env, code, message, error);
  return status == napi_ok;
}

// Throws in JavaScript. An environment that is about to end refuses the error, and runs no code that could miss it.
inline napi_value fail(napi_env env, const Failure& failure) {
  napi_value error;
  if (create_error(env, failure, &error)) napi_throw(env, error);
  return nullptr;
}

// Calls a function; returns null, or why it threw.
template <class Function>
const Failure* attempt(Function function) {
  try {
    function();
    return nullptr;
  } catch (const std::bad_alloc&) {
    return &kNoMemory;
  } catch (...) {
    return &kUnexpected;
  }
}

// Calls an entry for the engine, and makes a JavaScript error of an exception.
template <napi_value entry(napi_env, napi_callback_info)>
napi_value guarded(napi_env env, napi_callback_info info) {
  napi_value result = nullptr;
  const Failure* failure = attempt([&] { result = entry(env, info); });
  return failure == nullptr ? result : fail(env, *failure);
}

}  // namespace maxmargin
