// Between the numbers of a frame and a request of the engine, for every way into it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "binding/call_frame.h"
#include "binding/strided_shape.h"
#include "engine/evaluate.h"

namespace maxmargin {

// In this order. All but labels and predictions may be undefined. Most calls have no weights, which therefore come last and are
// left out: asking Node-API whether an argument is undefined is slow.
enum Argument { kLabels, kPredictions, kLossesOut, kGradientOut, kWeights, kMask, kClassWeights };
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

// The dtype with a code. False if it is that of none.
bool get_dtype(double code, Dtype* dtype);

// Reads everything but the arrays. False if a number is wrong.
bool read_request(const CallFrame& frame, Call* call);

// Sums of weights and mask are written only if there are any.
void write_result(const Call& call, CallFrame* frame);

}  // namespace maxmargin
