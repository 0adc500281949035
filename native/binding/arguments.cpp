#include "binding/arguments.h"

#include "binding/typed_array.h"
#include "platform/huge_pages.h"

namespace maxmargin {
namespace {

constexpr Failure kBadValues{
    "maxmargin: labels and predictions are not two typed arrays of the batch's length (a buffer that was "
    "detached or resized has another length), or strides leave them"};
constexpr Failure kBadColumns{
    "maxmargin: weights or mask are no typed arrays of one value a row (a buffer that was detached or resized "
    "has another length), or strides leave them, or weights of classes are no Float64Array of one value a class"};
constexpr Failure kBadOutput{
    "maxmargin: the output is no array of one value a row, or a prediction, in the batch's dtype or float64"};
constexpr Failure kOverlap{"maxmargin: the output has memory in common with what is read, or another output",
                           "ERR_MAXMARGIN_OVERLAP", true};

// The description of one array in the frame: the code of its dtype, how many values it has if it is row-major, and otherwise where
// these are.
struct ArraySlots {
  double dtype;
  size_t n;
  StridedSlots strided;
};

// The arguments of a call, of which the last may be missing.
class Arguments {
 public:
  Arguments(napi_env env, const napi_value* values, size_t count, Call* call)
      : env_(env), values_(values), count_(count), call_(*call) {}

  // An array. False if the argument is no such.
  bool read(Argument argument, const ArraySlots& slots, Operand* operand) {
    View& view = views_[argument];
    if (argument >= count_ || !get_dtype(slots.dtype, &operand->dtype) ||
        !get_view(env_, values_[argument], &view) || !is_aligned(view, operand->dtype)) {
      return false;
    }
    operand->values = view.data;
    if (slots.strided.strides != nullptr) return read_strides(argument, slots.strided, operand);
    return view.bytes == slots.n * size_of(operand->dtype);
  }

  // The same, but of undefined there are no values.
  bool read_optional(Argument argument, const ArraySlots& slots, Operand* operand) {
    return is_undefined(argument) || read(argument, slots, operand);
  }

  // One weight for each class, or for each of two if a row has one label. They may be missing.
  bool read_class_weights(Batch* batch) {
    if (is_undefined(kClassWeights)) return true;
    const bool is_row_of_classes = batch->has_classes() || baseline().family_of(batch->loss) == Family::class_max;
    if (!is_row_of_classes && batch->width != 1) return false;
    const size_t classes = is_row_of_classes ? batch->classes : 2;
    Operand weights;
    if (batch->is_flat() || !read(kClassWeights, {static_cast<double>(Dtype::float64), classes, {nullptr, 0, 0}}, &weights)) {
      return false;
    }
    batch->class_weights = static_cast<const double*>(weights.values);
    return true;
  }

  // An output that may be missing. Where it has strides, results are added up, in double.
  bool read_output(Argument argument, const ArraySlots& slots, Output* output) {
    Operand operand;
    if (is_undefined(argument)) return true;
    if (!read(argument, slots, &operand)) return false;
    *output = {operand.dtype, const_cast<void*>(operand.values), operand.strides};
    expect_writes(views_[argument].data, views_[argument].bytes);
    return operand.dtype == Dtype::float64 ||
           (operand.dtype == call_.request.batch.compute && operand.strides == nullptr);
  }

  // Whether outputs have memory of their own.
  bool are_apart() const {
    for (const Argument output : {kLossesOut, kGradientOut}) {
      for (size_t other = 0; views_[output].bytes > 0 && other < kArguments; ++other) {
        if (other != output && overlap(views_[output], views_[other])) return false;
      }
    }
    return true;
  }

  bool is_undefined(Argument argument) const {
    if (argument >= count_) return true;
    napi_valuetype type;
    return napi_typeof(env_, values_[argument], &type) == napi_ok && type == napi_undefined;
  }

 private:
  bool read_strides(Argument argument, const StridedSlots& slots, Operand* operand) {
    int64_t* strides = call_.strides[argument];
    const size_t size = size_of(operand->dtype);
    size_t offset;
    if (!call_.strided.read(slots, views_[argument].bytes / size, strides, &offset)) return false;
    operand->values = views_[argument].data + offset * size;
    if (!call_.strided.is_row_major(strides, slots.rank)) operand->strides = strides;
    return true;
  }

  const napi_env env_;
  const napi_value* const values_;
  const size_t count_;
  Call& call_;
  View views_[kArguments];
};

// The labels of a batch: one a row for class ids, and otherwise one a value.
ArraySlots of_labels(const CallFrame& frame, const Batch& batch) {
  const bool are_ids = batch.reading == LabelReading::class_ids;
  const size_t n = batch.all_rows * batch.width;
  const size_t rank = !are_ids ? batch.rank : batch.is_flat() ? batch.rank - 2 : batch.rank - 1;
  const double* strides = batch.rank == 0 ? nullptr : frame.label_strides;
  return {frame.label_dtype, are_ids ? n / batch.classes : n, {strides, frame.label_offset, rank}};
}

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
  if (!read_request(frame, call) || !can_evaluate(batch)) return &kBadFrame;
  Arguments arguments(env, values, count, call);
  const size_t rows = batch.all_rows, n = rows * batch.width, rank = batch.rank;
  const auto of_values = [&](double dtype, const double* strides, double offset) {
    return ArraySlots{dtype, n, {rank == 0 ? nullptr : strides, offset, rank}};
  };
  const auto of_rows = [&](double dtype, const double* strides, double offset) {
    return ArraySlots{dtype, rows, {rank == 0 ? nullptr : strides, offset, rank - 1}};
  };
  const bool are_weights_alone = request.operation == Operation::weights;
  if ((!are_weights_alone || batch.ignores || !arguments.is_undefined(kClassWeights)) &&
      !arguments.read(kLabels, of_labels(frame, batch), &batch.labels)) {
    return &kBadValues;
  }
  if (!are_weights_alone &&
      !arguments.read(kPredictions,
                      of_values(frame.prediction_dtype, frame.prediction_strides, frame.prediction_offset),
                      &batch.predictions)) {
    return &kBadValues;
  }
  if (!arguments.read_optional(kWeights, of_rows(frame.weight_dtype, frame.weight_strides, frame.weight_offset),
                               &batch.weights) ||
      !arguments.read_optional(kMask, of_rows(frame.mask_dtype, frame.mask_strides, frame.mask_offset),
                               &batch.mask) ||
      !arguments.read_class_weights(&batch) ||
      (request.operation == Operation::weights && !batch.is_weighted())) {
    return &kBadColumns;
  }
  if (!arguments.read_output(kLossesOut, of_rows(frame.losses_dtype, nullptr, 0), &request.losses) ||
      !arguments.read_output(
          kGradientOut, of_values(frame.gradient_dtype, frame.gradient_strides, frame.gradient_offset),
          &request.gradient) ||
      !has_all(request)) {
    return &kBadOutput;
  }
  return arguments.are_apart() ? nullptr : &kOverlap;
}

}  // namespace maxmargin
