// WebAssembly: the module's exports. JavaScript writes the rows of a batch, row-major, into memory that the module reserves,
// calls, and copies the results out: lib/backend/wasm/.
#include <iterator>

#include "binding/request.h"
#include "platform/arena.h"

#define MAXMARGIN_EXPORT(name) extern "C" __attribute__((export_name(name)))

namespace maxmargin {
namespace {

CallFrame own_frame;

// The whole module has one thread.
constexpr size_t kThreads = 1;

// Sets an operand or an output. The dtype of one that is missing has no meaning.
template <class Array, class Values>
bool read_array(Values* values, double dtype, Array* array) {
  array->values = values;
  return values == nullptr || get_dtype(dtype, &array->dtype);
}

}  // namespace

// The numbers of a call and of its result: see call_frame.h.
MAXMARGIN_EXPORT("frame") CallFrame* frame() { return &own_frame; }

// A slot of the frame, or null: they are numbered from 0.
MAXMARGIN_EXPORT("frameSlot") const Slot* frame_slot(size_t i) { return i < std::size(kSlots) ? &kSlots[i] : nullptr; }

// The name of a loss, or null: they are numbered from 0.
MAXMARGIN_EXPORT("lossName") const char* loss_name(size_t loss) { return loss < kLosses ? kLossNames[loss] : nullptr; }

// Memory for the arrays of a call, on a cache line, in place of that before; null if there is not enough.
MAXMARGIN_EXPORT("reserve") void* reserve(size_t bytes) { return reserve_arrays(bytes); }

// Evaluates a batch, whose arrays are where the addresses tell, or missing where these are null. False if numbers of the frame
// are wrong.
MAXMARGIN_EXPORT("evaluate")
bool evaluate_batch(const void* labels, const void* predictions, void* losses, void* gradient, const void* weights,
                    const void* mask, const double* class_weights) {
  Call call;
  Request& request = call.request;
  Batch& batch = request.batch;
  if (!read_request(own_frame, &call) || !can_evaluate(batch) ||
      !read_array(labels, own_frame.label_dtype, &batch.labels) ||
      !read_array(predictions, own_frame.prediction_dtype, &batch.predictions) ||
      !read_array(weights, own_frame.weight_dtype, &batch.weights) ||
      !read_array(mask, own_frame.mask_dtype, &batch.mask) ||
      !read_array(losses, own_frame.losses_dtype, &request.losses) ||
      !read_array(gradient, own_frame.gradient_dtype, &request.gradient)) {
    return false;
  }
  batch.class_weights = class_weights;
  evaluate(request, {kWasm128, kThreads}, &call.result);
  write_result(call, &own_frame);
  release_allocations();
  return true;
}

}  // namespace maxmargin
