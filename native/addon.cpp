// Node-API: unpack, check what memory safety needs, call, return. The hot entries use the C API itself:
// it halves the cost of a call of node-addon-api's wrappers.
#include <napi.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <new>
#include <string>

#include "dispatch.h"
#include "pages.h"
#include "reduce.h"
#include "thread_pool.h"

namespace maxmargin {
namespace {

// Numbers go in and out through an array that lib/backend.ts shares once: that costs a third of what numbers
// as arguments and results do.
struct Frame {
  double kind, width, column_dtypes, divisor;
  double results[3];
};

// What one JavaScript thread has chosen.
struct Environment {
  const InstructionSet* set = supported().front();
  Frame* frame = nullptr;
  napi_ref frame_reference = nullptr;
};

// 0 until set.
std::atomic<size_t> threads{0};

size_t thread_count() { return std::max<size_t>(1, threads.load(std::memory_order_relaxed)); }

// Guards the count, so that no environment begins to compute while the last one stops the threads.
std::mutex environments_mutex;
size_t environments = 0;

napi_value fail(napi_env env, const char* message) {
  napi_throw_type_error(env, "ERR_MAXMARGIN_NATIVE", message);
  return nullptr;
}

size_t size_of_element(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 0;
  }
}

// A typed array. Of what kind it is, the frame says: a wrong one would be read wrongly, but not beyond its end.
struct View {
  char* data;
  size_t bytes;
};

bool get_view(napi_env env, napi_value value, View* view) {
  bool is_array = false;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array) return false;
  void* data = nullptr;
  // Half as expensive as napi_get_typedarray_info, but not every runtime takes all arrays for buffers.
  if (napi_get_buffer_info(env, value, &data, &view->bytes) != napi_ok) {
    napi_typedarray_type type;
    size_t length;
    if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) {
      return false;
    }
    view->bytes = length * size_of_element(type);
  }
  view->data = static_cast<char*>(data);
  return true;
}

// A whole number below `end`; NaN is none.
bool get_number(double value, double end, size_t* number) {
  if (!(value >= 0 && value < end)) return false;
  *number = static_cast<size_t>(value);
  return true;
}

bool get_dtype(size_t code, Dtype* dtype) {
  *dtype = static_cast<Dtype>(code);
  return code < kDtypes;
}

// lib/kernels.ts packs what a batch is into one number: loss, whether its labels are to be read as they
// are, dtypes of labels and predictions, and the one to which they are cast.
bool unpack(double packed, Batch* batch) {
  size_t kind;
  if (!get_number(packed, 1 << 15, &kind)) return false;
  batch->loss = static_cast<Loss>(kind & 3);
  batch->may_be_binary = (kind & 4) == 0 && batch->loss != Loss::categorical_hinge;
  return (kind & 3) < kLosses && get_dtype(kind >> 3 & 15, &batch->label_dtype) &&
         get_dtype(kind >> 7 & 15, &batch->prediction_dtype) && get_dtype(kind >> 11, &batch->as) &&
         batch->as >= Dtype::float16;
}

bool get_batch(napi_env env, const Frame& frame, napi_value labels, napi_value predictions,
               Batch* batch) {
  View y, p;
  if (!unpack(frame.kind, batch) || !get_view(env, labels, &y) || !get_view(env, predictions, &p)) {
    return false;
  }
  // A detached array has no bytes.
  const size_t n = p.bytes / size_of(batch->prediction_dtype);
  if (y.bytes / size_of(batch->label_dtype) != n ||
      !get_number(frame.width, static_cast<double>(n) + 1, &batch->width) || batch->width == 0 ||
      n % batch->width != 0) {
    return false;
  }
  batch->labels = y.data;
  batch->predictions = p.data;
  batch->rows = n / batch->width;
  batch->weights.values = batch->mask.values = nullptr;
  return true;
}

bool get_column(napi_env env, napi_value value, size_t code, size_t rows, Column* column) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) return false;
  if (type == napi_undefined) return true;
  View view;
  if (!get_dtype(code, &column->dtype) || !get_view(env, value, &view) ||
      view.bytes / size_of(column->dtype) != rows) {
    return false;
  }
  column->values = view.data;
  return true;
}

// Weights and mask, either of which may be undefined.
bool get_columns(napi_env env, const Frame& frame, napi_value weights, napi_value mask,
                 Batch* batch) {
  size_t dtypes;
  return get_number(frame.column_dtypes, 1 << 8, &dtypes) &&
         get_column(env, weights, dtypes & 15, batch->rows, &batch->weights) &&
         get_column(env, mask, dtypes >> 4, batch->rows, &batch->mask);
}

// An array for n results in the dtype `as`, or for as many doubles.
bool get_output(napi_env env, napi_value value, size_t n, Dtype as, View* out, Dtype* dtype) {
  if (!get_view(env, value, out)) return false;
  *dtype = out->bytes == n * size_of(Dtype::float64) ? Dtype::float64 : as;
  if (out->bytes != n * size_of(*dtype)) return false;
  expect_writes(out->data, out->bytes);
  return true;
}

// Labels and predictions, and what else an entry gets.
template <size_t kArguments>
struct Call {
  napi_value arguments[kArguments];
  Environment* environment;
  Batch batch;

  bool read(napi_env env, napi_callback_info info) {
    size_t count = kArguments;
    void* data;
    if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok) return false;
    environment = static_cast<Environment*>(data);
    return environment->frame != nullptr &&
           get_batch(env, *environment->frame, arguments[0], arguments[1], &batch);
  }

  bool read_columns(napi_env env, size_t first) {
    return get_columns(env, *environment->frame, arguments[first], arguments[first + 1], &batch);
  }

  void give(const Total& total) const {
    double* results = environment->frame->results;
    results[0] = total.losses;
    results[1] = total.weights;
    results[2] = total.kept;
  }

  Machine machine() const { return {environment->set, thread_count()}; }
};

constexpr const char* kBadBatch =
    "maxmargin: labels and predictions are not two typed arrays of one length and whole rows (a buffer "
    "that was detached or resized has another length)";
constexpr const char* kBadColumns =
    "maxmargin: weights or mask are no typed arrays of one value a row (a buffer that was detached or resized "
    "has another length)";
constexpr const char* kBadOutput =
    "maxmargin: the output is no array of one value a row, or a prediction, in the batch's dtype";
constexpr const char* kNoMemory = "maxmargin: out of memory";

// total(labels, predictions): the frame gets the sum.
napi_value total_entry(napi_env env, napi_callback_info info) {
  Call<2> call;
  if (!call.read(env, info)) return fail(env, kBadBatch);
  try {
    call.environment->frame->results[0] = total(call.batch, call.machine()).losses;
  } catch (const std::bad_alloc&) {
    return fail(env, kNoMemory);
  }
  return nullptr;
}

// weightedTotal(labels, predictions, weights, mask): the frame gets the sums of losses, of weights and of the
// mask. columnTotal: of weights and of the mask.
template <Total total(const Batch&, const Machine&)>
napi_value weighted_entry(napi_env env, napi_callback_info info) {
  Call<4> call;
  if (!call.read(env, info)) return fail(env, kBadBatch);
  if (!call.read_columns(env, 2) || !call.batch.is_weighted()) return fail(env, kBadColumns);
  try {
    call.give(total(call.batch, call.machine()));
  } catch (const std::bad_alloc&) {
    return fail(env, kNoMemory);
  }
  return nullptr;
}

// gradient(labels, predictions, out, losses?, weights?, mask?): out gets the derivatives, in the dtype to which the
// batch is cast or in double, losses those of the rows, and the frame the sums that total or weightedTotal give.
napi_value gradient_entry(napi_env env, napi_callback_info info) {
  Call<6> call;
  if (!call.read(env, info)) return fail(env, kBadBatch);
  const Batch& batch = call.batch;
  Gradient gradient{call.environment->frame->divisor, batch.as, nullptr, nullptr};
  View out, losses;
  if (!get_output(env, call.arguments[2], batch.rows * batch.width, batch.as, &out, &gradient.dtype)) {
    return fail(env, kBadOutput);
  }
  gradient.values = out.data;
  napi_valuetype type;
  if (napi_typeof(env, call.arguments[3], &type) != napi_ok) return fail(env, kBadOutput);
  if (type != napi_undefined) {
    Dtype dtype;
    if (!get_output(env, call.arguments[3], batch.rows, batch.as, &losses, &dtype) ||
        dtype != batch.as) {
      return fail(env, kBadOutput);
    }
    gradient.losses = losses.data;
  }
  if (!call.read_columns(env, 4)) return fail(env, kBadColumns);
  try {
    call.give(total_and_gradient(batch, call.machine(), gradient));
  } catch (const std::bad_alloc&) {
    return fail(env, kNoMemory);
  }
  return nullptr;
}

// rowLosses(labels, predictions, out, weights?, mask?): out has the dtype to which the batch is cast, or is a
// Float64Array.
napi_value row_losses_entry(napi_env env, napi_callback_info info) {
  Call<5> call;
  View out;
  if (!call.read(env, info)) return fail(env, kBadBatch);
  const Batch& batch = call.batch;
  Dtype dtype;
  if (!get_output(env, call.arguments[2], batch.rows, batch.as, &out, &dtype)) {
    return fail(env, kBadOutput);
  }
  if (!call.read_columns(env, 3)) return fail(env, kBadColumns);
  try {
    row_losses(batch, call.machine(), dtype, out.data);
  } catch (const std::bad_alloc&) {
    return fail(env, kNoMemory);
  }
  return nullptr;
}

// share(frame): returns the Float64Array through which numbers go: the first that was offered, for all copies of
// the library in this thread. Its memory has to be shared, which nobody can detach.
napi_value share_entry(napi_env env, napi_callback_info info) {
  napi_value frame;
  size_t count = 1;
  void* data;
  View view;
  if (napi_get_cb_info(env, info, &count, &frame, nullptr, &data) != napi_ok ||
      !get_view(env, frame, &view) || view.bytes < sizeof(Frame)) {
    return fail(env, "maxmargin: the frame is no Float64Array of enough values");
  }
  auto* environment = static_cast<Environment*>(data);
  if (environment->frame == nullptr) {
    if (napi_create_reference(env, frame, 1, &environment->frame_reference) != napi_ok) return nullptr;
    environment->frame = reinterpret_cast<Frame*>(view.data);
  }
  return napi_get_reference_value(env, environment->frame_reference, &frame) == napi_ok ? frame : nullptr;
}

// readProbe(a, b, prefetch, blocks): loads both arrays with the chosen kernel and thread count, and does
// nothing else.
napi_value read_probe_entry(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  size_t count = 4;
  void* data;
  View a, b;
  bool prefetch, blocks;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok || count != 4 ||
      !get_view(env, arguments[0], &a) || !get_view(env, arguments[1], &b) ||
      napi_get_value_bool(env, arguments[2], &prefetch) != napi_ok ||
      napi_get_value_bool(env, arguments[3], &blocks) != napi_ok) {
    return fail(env, "maxmargin: the probe takes two typed arrays and two booleans");
  }
  const Machine machine{static_cast<Environment*>(data)->set, thread_count()};
  const bool seen = read_probe(a.data, a.bytes, b.data, b.bytes,
                               prefetch ? Prefetch::software : Prefetch::none,
                               blocks ? Sharing::blocks : Sharing::halves, machine);
  napi_value result;
  return napi_get_boolean(env, seen, &result) == napi_ok ? result : nullptr;
}

// writeProbe(a, b, to, streams): loads two arrays, and copies the second.
napi_value write_probe_entry(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  size_t count = 4;
  void* data;
  View a, b, to;
  bool streams;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok || count != 4 ||
      !get_view(env, arguments[0], &a) || !get_view(env, arguments[1], &b) ||
      !get_view(env, arguments[2], &to) || to.bytes != b.bytes ||
      napi_get_value_bool(env, arguments[3], &streams) != napi_ok) {
    return fail(env, "maxmargin: the probe takes three typed arrays, two of one length, and a boolean");
  }
  const Machine machine{static_cast<Environment*>(data)->set, thread_count()};
  const bool seen = write_probe(a.data, a.bytes, b.data, b.bytes, to.data, streams, machine);
  napi_value result;
  return napi_get_boolean(env, seen, &result) == napi_ok ? result : nullptr;
}

Napi::Value kernels(const Napi::CallbackInfo& info) {
  const auto& sets = supported();
  Napi::Array names = Napi::Array::New(info.Env(), sets.size());
  for (size_t i = 0; i < sets.size(); ++i) {
    names.Set(static_cast<uint32_t>(i), Napi::String::New(info.Env(), sets[i]->name));
  }
  return names;
}

// useKernel(name): false where this machine has no kernel of that name.
Napi::Value use_kernel(const Napi::CallbackInfo& info) {
  const InstructionSet* set =
      info[0].IsString() ? find(info[0].As<Napi::String>().Utf8Value()) : nullptr;
  if (set != nullptr) static_cast<Environment*>(info.Data())->set = set;
  return Napi::Boolean::New(info.Env(), set != nullptr);
}

void set_threads(const Napi::CallbackInfo& info) {
  if (info[0].IsNumber()) {
    threads = std::max<int64_t>(1, info[0].As<Napi::Number>().Int64Value());
  }
}

Napi::Value get_threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(threads.load()));
}

void enter() {
  std::lock_guard<std::mutex> lock(environments_mutex);
  ++environments;
}

void leave(Environment* environment) {
  delete environment;
  // A library may be unloaded with its last environment, and no thread may then be left in it.
  std::lock_guard<std::mutex> lock(environments_mutex);
  if (--environments == 0) stop_threads();
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment;
  enter();
  env.AddCleanupHook(leave, environment);

  const napi_property_descriptor hot[] = {
      {"share", nullptr, share_entry, nullptr, nullptr, nullptr, napi_default, environment},
      {"total", nullptr, total_entry, nullptr, nullptr, nullptr, napi_default, environment},
      {"weightedTotal", nullptr, weighted_entry<total>, nullptr, nullptr, nullptr, napi_default,
       environment},
      {"columnTotal", nullptr, weighted_entry<column_total>, nullptr, nullptr, nullptr, napi_default,
       environment},
      {"gradient", nullptr, gradient_entry, nullptr, nullptr, nullptr, napi_default, environment},
      {"rowLosses", nullptr, row_losses_entry, nullptr, nullptr, nullptr, napi_default, environment},
      {"readProbe", nullptr, read_probe_entry, nullptr, nullptr, nullptr, napi_default, environment},
      {"writeProbe", nullptr, write_probe_entry, nullptr, nullptr, nullptr, napi_default, environment},
  };
  napi_define_properties(env, exports, std::size(hot), hot);
  exports.Set("kernels", Napi::Function::New(env, kernels));
  exports.Set("useKernel", Napi::Function::New(env, use_kernel, "useKernel", environment));
  exports.Set("setThreads", Napi::Function::New(env, set_threads));
  exports.Set("threads", Napi::Function::New(env, get_threads));
  return exports;
}

}  // namespace

NODE_API_MODULE(maxmargin, initialize)

}  // namespace maxmargin
