#include "binding/request.h"

#include "binding/numbers.h"

namespace maxmargin {
namespace {

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

void write_sum(const ExactSum& sum, double* rounded, double (&exact)[kSumSlots]) {
  *rounded = sum.value();
  exact[0] = static_cast<double>(sum.write(exact + 1));
}

}  // namespace

bool get_dtype(double code, Dtype* dtype) { return get_enum(code, kDtypes, dtype); }

bool read_request(const CallFrame& frame, Call* call) {
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
