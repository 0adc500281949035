#include "binding/arguments.h"

#include "binding/typed_array.h"
#include "platform/huge_pages.h"

namespace maxmargin {
namespace {

constexpr Failure kBadValues{
    "maxmargin: labels and predictions are not two typed arrays of the batch's length (a buffer that was "
    "detached or resized has another length)"};
constexpr Failure kBadColumns{
    "maxmargin: weights or mask are no typed arrays of one value a row (a buffer that was detached or resized "
    "has another length)"};
constexpr Failure kBadOutput{
    "maxmargin: the output is no array of one value a row, or a prediction, in the batch's dtype or float64"};
constexpr Failure kOverlap{"maxmargin: the output has memory in common with what is read, or another output",
                           "ERR_MAXMARGIN_OVERLAP", true};

// A whole number below `end`; NaN is none.
bool get_number(double value, double end, size_t* number) {
  if (!(value >= 0 && value < end)) return false;
  *number = static_cast<size_t>(value);
  return static_cast<double>(*number) == value;
}

template <class Enum>
bool get_enum(double value, int count, Enum* result) {
  size_t number;
  if (!get_number(value, count, &number)) return false;
  *result = static_cast<Enum>(number);
  return true;
}

bool get_dtype(double code, Dtype* dtype) { return get_enum(code, kDtypes, dtype); }

// A batch has at least one value, and no more than a double counts.
bool read_shape(const CallFrame& frame, Batch* batch) {
  constexpr double kMost = 0x1p53;
  return get_number(frame.width, kMost, &batch->width) &&
         get_number(frame.batch_rows, kMost, &batch->batch_rows) &&
         get_number(frame.first_row, kMost, &batch->first_row) &&
         get_number(frame.rows, kMost, &batch->rows) && frame.batch_rows * frame.width < kMost &&
         batch->width > 0 && batch->rows > 0 && batch->rows <= batch->batch_rows &&
         batch->first_row <= batch->batch_rows - batch->rows;
}

bool read_numbers(const CallFrame& frame, Request* request) {
  Batch& batch = request->batch;
  request->divisor = frame.divisor;
  return get_enum(frame.operation, kOperations, &request->operation) &&
         get_enum(frame.loss, kLosses, &batch.loss) &&
         get_enum(frame.encoding, kLabelEncodings, &batch.encoding) &&
         get_dtype(frame.compute_dtype, &batch.compute) && batch.compute >= Dtype::float16 &&
         frame.is_strided == 0 && read_shape(frame, &batch);
}

// The arguments of a call, of which the last may be missing.
class Arguments {
 public:
  Arguments(napi_env env, const napi_value* values, size_t count)
      : env_(env), values_(values), count_(count) {}

  // False if an argument is wrong; an operand that is undefined has no values.
  bool read(Argument argument, double code, size_t n, Operand* operand) {
    operand->values = nullptr;
    if (is_undefined(argument)) return true;
    View& view = views_[argument];
    if (!get_dtype(code, &operand->dtype) || !get_view(env_, values_[argument], &view) ||
        view.bytes / size_of(operand->dtype) != n || !is_aligned(view, operand->dtype)) {
      return false;
    }
    operand->values = view.data;
    return true;
  }

  bool read(Argument argument, double code, size_t n, Dtype compute, Output* output) {
    Operand operand{};
    if (!read(argument, code, n, &operand)) return false;
    output->values = views_[argument].data;
    if (output->values == nullptr) return true;
    output->dtype = operand.dtype;
    expect_writes(output->values, views_[argument].bytes);
    return operand.dtype == compute || operand.dtype == Dtype::float64;
  }

  // Whether outputs have memory of their own.
  bool are_apart() const {
    for (const Argument output : {kLossesOut, kGradientOut}) {
      for (size_t other = 0; other < output; ++other) {
        if (overlap(views_[output], views_[other])) return false;
      }
    }
    return true;
  }

 private:
  bool is_undefined(Argument argument) const {
    napi_valuetype type;
    return argument >= count_ ||
           (napi_typeof(env_, values_[argument], &type) == napi_ok && type == napi_undefined);
  }

  const napi_env env_;
  const napi_value* const values_;
  const size_t count_;
  View views_[kArguments];
};

bool has_all(const Request& request) {
  switch (request.operation) {
    case Operation::rows:
      return request.losses.values != nullptr;
    case Operation::gradient:
      return request.gradient.values != nullptr;
    default:
      return true;
  }
}

void write_sum(const ExactSum& sum, double* rounded, double (&exact)[kSumSlots]) {
  *rounded = sum.value();
  exact[0] = static_cast<double>(sum.write(exact + 1));
}

}  // namespace

bool get_frame(napi_env env, napi_value value, CallFrame** frame) {
  View view;
  if (!get_view(env, value, &view) || view.bytes < sizeof(CallFrame) || !is_aligned(view, Dtype::float64)) {
    return false;
  }
  *frame = reinterpret_cast<CallFrame*>(view.data);
  return true;
}

const Failure* read_call(napi_env env, const CallFrame& frame, const napi_value* values, size_t count,
                         Call* call) {
  Request& request = call->request;
  Batch& batch = request.batch;
  if (!read_numbers(frame, &request)) return &kBadFrame;
  Arguments arguments(env, values, count);
  const size_t rows = batch.batch_rows, n = rows * batch.width;
  if (request.operation != Operation::weights &&
      !(arguments.read(kLabels, frame.label_dtype, n, &batch.labels) && batch.labels.values != nullptr &&
        arguments.read(kPredictions, frame.prediction_dtype, n, &batch.predictions) &&
        batch.predictions.values != nullptr)) {
    return &kBadValues;
  }
  if (!arguments.read(kWeights, frame.weight_dtype, rows, &batch.weights) ||
      !arguments.read(kMask, frame.mask_dtype, rows, &batch.mask) ||
      (request.operation == Operation::weights && !batch.is_weighted())) {
    return &kBadColumns;
  }
  if (!arguments.read(kLossesOut, frame.losses_dtype, rows, batch.compute, &request.losses) ||
      !arguments.read(kGradientOut, frame.gradient_dtype, n, batch.compute, &request.gradient) ||
      !has_all(request)) {
    return &kBadOutput;
  }
  return arguments.are_apart() ? nullptr : &kOverlap;
}

void write_result(const Result& result, CallFrame* frame) {
  write_sum(result.totals.losses, &frame->losses, frame->losses_sum);
  write_sum(result.totals.weights, &frame->weights, frame->weights_sum);
  write_sum(result.totals.kept, &frame->kept, frame->kept_sum);
  frame->was_binary = result.was_binary ? 1 : 0;
}

}  // namespace maxmargin
