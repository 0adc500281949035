// From the arguments and the frame of a call to a request: checks everything that memory safety needs.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "binding/failure.h"
#include "binding/request.h"

namespace maxmargin {

inline constexpr Failure kBadFrame{"maxmargin: the frame is no Float64Array of enough values, or one of its numbers is wrong"};

// False if it is no array of enough bytes.
bool get_frame(napi_env env, napi_value value, CallFrame** frame);

// Null, or what is wrong with the `count` arguments.
const Failure* read_call(napi_env env, const CallFrame& frame, const napi_value* arguments, size_t count,
                         Call* call);

}  // namespace maxmargin
