// From the arguments and the frame of a call to a request: checks everything that memory safety needs.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "binding/call_frame.h"
#include "binding/failure.h"
#include "binding/strided_shape.h"
#include "engine/evaluate.h"

namespace maxmargin {

// In this order. All but labels and predictions may be undefined.
enum Argument { kLabels, kPredictions, kWeights, kMask, kClassWeights, kLossesOut, kGradientOut };
constexpr size_t kArguments = 7;

// Refers to its own layout, and so stays where it is.
struct Call {
  Request request;
  Result result;
  // Used by strided calls only.
  StridedShape strided;
  int64_t strides[kArguments][kMaxRank];

  Call() {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
};

inline constexpr Failure kBadFrame{"maxmargin: the frame is no Float64Array of enough values, or one of its numbers is wrong"};

// False if it is no array of enough bytes.
bool get_frame(napi_env env, napi_value value, CallFrame** frame);

// Null, or what is wrong with the `count` arguments.
const Failure* read_call(napi_env env, const CallFrame& frame, const napi_value* arguments, size_t count,
                         Call* call);

// Sums of weights and mask are written only if there are any.
void write_result(const Call& call, CallFrame* frame);

}  // namespace maxmargin
