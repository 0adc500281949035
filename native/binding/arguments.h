// From the arguments and the frame of a call to a request: checks everything that memory safety needs.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "binding/call_frame.h"
#include "binding/failure.h"
#include "engine/evaluate.h"

namespace maxmargin {

// In this order. Weights, mask, losses and gradient may be undefined.
enum Argument { kLabels, kPredictions, kWeights, kMask, kLossesOut, kGradientOut };
constexpr size_t kArguments = 6;

struct Call {
  Request request;
  Result result;
};

inline constexpr Failure kBadFrame{"maxmargin: the frame is no Float64Array of enough values, or one of its numbers is wrong"};

// False if it is no array of enough bytes.
bool get_frame(napi_env env, napi_value value, CallFrame** frame);

// Null, or what is wrong with the `count` arguments.
const Failure* read_call(napi_env env, const CallFrame& frame, const napi_value* arguments, size_t count,
                         Call* call);

void write_result(const Result& result, CallFrame* frame);

}  // namespace maxmargin
