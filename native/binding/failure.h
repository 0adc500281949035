// Errors of the addon's entries, and the guard that no C++ exception passes on its way to JavaScript: between the two is the
// engine's C interface, and an exception that reaches it ends the process.
#pragma once

#include <node_api.h>

#include <new>

namespace maxmargin {

// Why an entry throws, or a job's promise is rejected.
struct Failure {
  const char* message;
  const char* code = "ERR_MAXMARGIN_NATIVE";
  // Of a value that is wrong, rather than its kind.
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

// Throws in JavaScript. An environment that is about to end refuses errors, and runs nothing that could miss them.
inline napi_value fail(napi_env env, const Failure& failure) {
  napi_value error;
  if (create_error(env, failure, &error)) napi_throw(env, error);
  return nullptr;
}

// Null, or why the function threw.
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

// An entry as the engine gets it.
template <napi_value entry(napi_env, napi_callback_info)>
napi_value guarded(napi_env env, napi_callback_info info) {
  napi_value result = nullptr;
  const Failure* failure = attempt([&] { result = entry(env, info); });
  return failure == nullptr ? result : fail(env, *failure);
}

}  // namespace maxmargin
