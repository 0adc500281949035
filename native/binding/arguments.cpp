#include "binding/arguments.h"

#include "binding/numbers.h"
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

bool get_dtype(double code, Dtype* dtype) { return get_enum(code, kDtypes, dtype); }

// A batch has at least one value, and no more than a double counts.
bool read_shape(const CallFrame& frame, Batch* batch) {
  return get_number(frame.width, kLargest, &batch->width) &&
         get_number(frame.batch_rows, kLargest, &batch->all_rows) &&
         get_number(frame.first_row, kLargest, &batch->first_row) &&
         get_number(frame.rows, kLargest, &batch->rows) && frame.batch_rows * frame.width < kLargest &&
         batch->width > 0 && batch->rows > 0 && batch->rows <= batch->all_rows &&
         batch->first_row <= batch->all_rows - batch->rows;
}

// Reads the encoding of the labels. Class ids have to fit into int32. Other labels can be ignored only if each row has one.
bool read_classes(const CallFrame& frame, Batch* batch) {
  batch->ignored = frame.ignored;
  if (!get_enum(frame.encoding, kLabelReadings, &batch->reading) || !get_enum(frame.ignores, 2, &batch->ignores)) {
    return false;
  }
  if (!batch->has_classes()) {
    batch->classes = batch->width;
    return !batch->ignores || batch->width == 1;
  }
  constexpr double kMostClasses = 0x1p31;
  if (!get_number(frame.classes, kMostClasses, &batch->classes) || batch->classes == 0) return false;
  return !batch->is_flat() || (batch->reading == LabelReading::class_ids && batch->width == 1 &&
                               batch->all_rows % batch->classes == 0 && !batch->ignores);
}

// Everything but the arrays.
bool read_numbers(const CallFrame& frame, Call* call) {
  Request& request = call->request;
  Batch& batch = request.batch;
  bool is_strided;
  request.divisor = frame.divisor;
  if (!get_enum(frame.operation, kOperations, &request.operation) ||
      !get_enum(frame.loss, kLosses, &batch.loss) || !get_enum(frame.is_squared, 2, &batch.parameters.is_squared) ||
      !get_dtype(frame.compute_dtype, &batch.compute) || batch.compute < Dtype::float16 ||
      !read_shape(frame, &batch) || !read_classes(frame, &batch) || !get_enum(frame.is_strided, 2, &is_strided)) {
    return false;
  }
  batch.parameters.margin = frame.margin;
  if (!is_strided) return true;
  if (!call->strided.read(frame, batch)) return false;
  batch.rank = call->strided.rank();
  batch.shape = call->strided.shape();
  return !batch.is_flat() || (batch.rank > 1 && batch.shape[batch.rank - 2] == batch.classes);
}

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
    const bool is_row_of_classes = batch->has_classes() || kScalar->family_of(batch->loss) == Family::class_max;
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
      for (size_t other = 0; views_[output].bytes > 0 && other < output; ++other) {
        if (overlap(views_[output], views_[other])) return false;
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
  if (!read_numbers(frame, call) || !can_evaluate(batch)) return &kBadFrame;
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

void write_result(const Call& call, CallFrame* frame) {
  const Totals& totals = call.result.totals;
  write_sum(totals.losses, &frame->losses, frame->losses_sum);
  if (call.request.batch.is_weighted()) {
    write_sum(totals.weights, &frame->weights, frame->weights_sum);
    write_sum(totals.kept, &frame->kept, frame->kept_sum);
  }
  frame->was_binary = call.result.was_binary ? 1 : 0;
  frame->are_labels_valid = call.result.are_labels_valid ? 1 : 0;
}

}  // namespace maxmargin
