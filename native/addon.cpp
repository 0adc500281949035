// Node-API: unpack, check what memory safety needs, call, return. The hot entries use the C API itself:
// it halves the cost of a call of node-addon-api's wrappers.
#include <napi.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <string>

#include "dispatch.h"
#include "pages.h"
#include "probe.h"
#include "reduce.h"
#include "thread_pool.h"

namespace maxmargin {
namespace {

// Numbers go in and out through an array that lib/backend.ts shares once: that costs a third of what numbers
// as arguments and results do.
struct Frame {
  double kind, width, column_dtypes, divisor;
  // Of a part of a batch, before the call: the sums over the parts before it.
  double results[3];
  // Of a part: whether its labels were 0/1.
  double is_binary;

  void give(const Total& total) {
    results[0] = total.losses;
    results[1] = total.weights;
    results[2] = total.kept;
  }
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

// Environments, and jobs in the background.
size_t users = 0;
// Guards the count, so that no environment begins to compute while the last one stops the threads.
std::mutex users_mutex;

void enter() {
  std::lock_guard<std::mutex> lock(users_mutex);
  ++users;
}

void leave() {
  // A library may be unloaded with its last environment, and no thread may then be left in it.
  std::lock_guard<std::mutex> lock(users_mutex);
  if (--users == 0) stop_threads();
}

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

// Whether values of a dtype can stand there. Whoever calls the addon by itself may hand over bytes from anywhere.
bool is_aligned(const View& view, Dtype dtype) {
  return reinterpret_cast<uintptr_t>(view.data) % size_of(dtype) == 0;
}

bool get_frame(napi_env env, napi_value value, Frame** frame) {
  View view;
  if (!get_view(env, value, &view) || view.bytes < sizeof(Frame) || !is_aligned(view, Dtype::float64)) {
    return false;
  }
  *frame = reinterpret_cast<Frame*>(view.data);
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
  batch->may_be_binary = (kind & 4) == 0;
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
  if (y.bytes / size_of(batch->label_dtype) != n || !is_aligned(y, batch->label_dtype) ||
      !is_aligned(p, batch->prediction_dtype) ||
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
      view.bytes / size_of(column->dtype) != rows || !is_aligned(view, column->dtype)) {
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
  if (out->bytes != n * size_of(*dtype) || !is_aligned(*out, *dtype)) return false;
  expect_writes(out->data, out->bytes);
  return true;
}

constexpr const char* kBadBatch =
    "maxmargin: labels and predictions are not two typed arrays of one length and whole rows (a buffer "
    "that was detached or resized has another length)";
constexpr const char* kBadColumns =
    "maxmargin: weights or mask are no typed arrays of one value a row (a buffer that was detached or resized "
    "has another length)";
constexpr const char* kBadOutput =
    "maxmargin: the output is no array of one value a row, or a prediction, in the batch's dtype";
constexpr const char* kBadFrame = "maxmargin: the frame is no Float64Array of enough values";
constexpr const char* kNoMemory = "maxmargin: out of memory";

// ---- What the entries compute. `read` unpacks arguments and checks them: null, or what is wrong with them. The batch
// has been read by then.

// total(labels, predictions): the frame gets the sum.
struct TotalOperation {
  static constexpr size_t kArguments = 2;

  const char* read(napi_env, const napi_value*, const Frame&, Batch*) { return nullptr; }

  Total run(const Batch& batch, const Machine& machine, Part* part) const {
    return total(batch, machine, part);
  }
};

// weightedTotal(labels, predictions, weights, mask): the frame gets the sums of losses, of weights and of the
// mask. columnTotal: of weights and of the mask.
template <Total total(const Batch&, const Machine&, Part*)>
struct WeightedOperation {
  static constexpr size_t kArguments = 4;

  const char* read(napi_env env, const napi_value* arguments, const Frame& frame, Batch* batch) {
    const bool is_good =
        get_columns(env, frame, arguments[2], arguments[3], batch) && batch->is_weighted();
    return is_good ? nullptr : kBadColumns;
  }

  Total run(const Batch& batch, const Machine& machine, Part* part) const {
    return total(batch, machine, part);
  }
};

// gradient(labels, predictions, out, losses?, weights?, mask?): out gets the derivatives, in the dtype to which the
// batch is cast or in double, losses those of the rows, and the frame the sums that total or weightedTotal give.
struct GradientOperation {
  static constexpr size_t kArguments = 6;
  Gradient gradient;

  const char* read(napi_env env, const napi_value* arguments, const Frame& frame, Batch* batch) {
    gradient = {frame.divisor, batch->as, nullptr, nullptr};
    View out, losses;
    if (!get_output(env, arguments[2], batch->rows * batch->width, batch->as, &out,
                    &gradient.dtype)) {
      return kBadOutput;
    }
    gradient.values = out.data;
    napi_valuetype type;
    if (napi_typeof(env, arguments[3], &type) != napi_ok) return kBadOutput;
    if (type != napi_undefined) {
      Dtype dtype;
      if (!get_output(env, arguments[3], batch->rows, batch->as, &losses, &dtype) ||
          dtype != batch->as) {
        return kBadOutput;
      }
      gradient.losses = losses.data;
    }
    return get_columns(env, frame, arguments[4], arguments[5], batch) ? nullptr : kBadColumns;
  }

  Total run(const Batch& batch, const Machine& machine, Part* part) const {
    return total_and_gradient(batch, machine, gradient, part);
  }
};

// rowLosses(labels, predictions, out, weights?, mask?): out has the dtype to which the batch is cast, or is a
// Float64Array.
struct RowLossesOperation {
  static constexpr size_t kArguments = 5;
  Dtype dtype;
  View out;

  const char* read(napi_env env, const napi_value* arguments, const Frame& frame, Batch* batch) {
    if (!get_output(env, arguments[2], batch->rows, batch->as, &out, &dtype)) return kBadOutput;
    return get_columns(env, frame, arguments[3], arguments[4], batch) ? nullptr : kBadColumns;
  }

  Total run(const Batch& batch, const Machine& machine, Part* part) const {
    row_losses(batch, machine, dtype, out.data, part);
    return {};
  }
};

// ---- The entries

Environment* environment_of(void* data) { return static_cast<Environment*>(data); }

// operation(...): of a whole batch. Numbers go through the frame that is shared.
template <class Operation>
napi_value entry(napi_env env, napi_callback_info info) {
  napi_value arguments[Operation::kArguments];
  size_t count = Operation::kArguments;
  void* data;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok) return nullptr;
  Frame* frame = environment_of(data)->frame;
  Batch batch;
  Operation operation;
  if (frame == nullptr || !get_batch(env, *frame, arguments[0], arguments[1], &batch)) {
    return fail(env, kBadBatch);
  }
  const char* wrong = operation.read(env, arguments, *frame, &batch);
  if (wrong != nullptr) return fail(env, wrong);
  try {
    frame->give(operation.run(batch, {environment_of(data)->set, thread_count()}, nullptr));
  } catch (const std::bad_alloc&) {
    return fail(env, kNoMemory);
  }
  return nullptr;
}

// A part of a batch with a frame of its own, which goes from part to part.
template <class Operation>
struct PartCall {
  // The frame, and what the operation takes.
  static constexpr size_t kArguments = 1 + Operation::kArguments;
  napi_value arguments[kArguments];
  Frame* frame;
  Machine machine;
  Batch batch;
  Operation operation;
  Part part;

  const char* read(napi_env env, napi_callback_info info) {
    size_t count = kArguments;
    void* data;
    if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok ||
        !get_frame(env, arguments[0], &frame)) {
      return kBadFrame;
    }
    machine = {environment_of(data)->set, thread_count()};
    if (!get_batch(env, *frame, arguments[1], arguments[2], &batch)) return kBadBatch;
    part = {{frame->results[0], frame->results[1], frame->results[2]}, LabelEncoding::unchanged};
    return operation.read(env, arguments + 1, *frame, &batch);
  }

  // Null, or what went wrong. Touches nothing of the engine's.
  const char* run() {
    try {
      part.before = operation.run(batch, machine, &part);
    } catch (const std::bad_alloc&) {
      return kNoMemory;
    }
    return nullptr;
  }

  void give() const {
    frame->give(part.before);
    frame->is_binary = part.reading == LabelEncoding::binary;
  }
};

// parts.operation(frame, ...): of a part of a batch.
template <class Operation>
napi_value part_entry(napi_env env, napi_callback_info info) {
  PartCall<Operation> call;
  const char* wrong = call.read(env, info);
  if (wrong == nullptr) wrong = call.run();
  if (wrong != nullptr) return fail(env, wrong);
  call.give();
  return nullptr;
}

// What another thread computes. References keep the arrays; that nobody can take their memory away, the caller
// has seen to.
template <class Operation>
struct BackgroundJob {
  PartCall<Operation> call;
  const char* error = nullptr;
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  napi_ref references[PartCall<Operation>::kArguments] = {};

  BackgroundJob() { enter(); }
  ~BackgroundJob() { leave(); }

  bool keep(napi_env env) {
    for (size_t i = 0; i < PartCall<Operation>::kArguments; ++i) {
      napi_valuetype type;
      if (napi_typeof(env, call.arguments[i], &type) != napi_ok) return false;
      if (type != napi_undefined &&
          napi_create_reference(env, call.arguments[i], 1, &references[i]) != napi_ok) {
        return false;
      }
    }
    return true;
  }

  void release(napi_env env) {
    for (napi_ref reference : references) {
      if (reference != nullptr) napi_delete_reference(env, reference);
    }
    if (work != nullptr) napi_delete_async_work(env, work);
  }

  bool queue(napi_env env, napi_value* promise) {
    napi_value name;
    return keep(env) && napi_create_string_utf8(env, "maxmargin", NAPI_AUTO_LENGTH, &name) == napi_ok &&
           napi_create_async_work(env, nullptr, name, execute, complete, this, &work) == napi_ok &&
           napi_create_promise(env, &deferred, promise) == napi_ok &&
           napi_queue_async_work(env, work) == napi_ok;
  }

  static void execute(napi_env, void* data) {
    auto* job = static_cast<BackgroundJob*>(data);
    job->error = job->call.run();
  }

  // The frame may have lost its memory meanwhile.
  bool find_frame(napi_env env) {
    napi_value frame;
    return napi_get_reference_value(env, references[0], &frame) == napi_ok &&
           get_frame(env, frame, &call.frame);
  }

  // An environment that is about to end refuses to settle promises, and nobody waits for them there.
  static void complete(napi_env env, napi_status, void* data) {
    const std::unique_ptr<BackgroundJob> job(static_cast<BackgroundJob*>(data));
    if (job->error == nullptr && !job->find_frame(env)) job->error = kBadFrame;
    napi_value value;
    if (job->error != nullptr) {
      napi_value message;
      if (napi_create_string_utf8(env, job->error, NAPI_AUTO_LENGTH, &message) == napi_ok &&
          napi_create_error(env, nullptr, message, &value) == napi_ok) {
        napi_reject_deferred(env, job->deferred, value);
      }
    } else {
      job->call.give();
      if (napi_get_undefined(env, &value) == napi_ok) {
        napi_resolve_deferred(env, job->deferred, value);
      }
    }
    job->release(env);
  }
};

// background.operation(frame, ...): of a part of a batch, in another thread. Returns a promise. All arrays have to lie in
// shared memory, or in memory that nobody else has.
template <class Operation>
napi_value background_entry(napi_env env, napi_callback_info info) {
  auto job = std::make_unique<BackgroundJob<Operation>>();
  const char* wrong = job->call.read(env, info);
  if (wrong != nullptr) return fail(env, wrong);
  napi_value promise;
  if (!job->queue(env, &promise)) {
    job->release(env);
    return fail(env, "maxmargin: there can be no job in the background");
  }
  job.release();
  return promise;
}

// share(frame): returns the Float64Array through which numbers go: the first that was offered, for all copies of
// the library in this thread. Its memory has to be shared, which nobody can detach.
napi_value share_entry(napi_env env, napi_callback_info info) {
  napi_value frame;
  size_t count = 1;
  void* data;
  Frame* offered;
  if (napi_get_cb_info(env, info, &count, &frame, nullptr, &data) != napi_ok ||
      !get_frame(env, frame, &offered)) {
    return fail(env, kBadFrame);
  }
  auto* environment = static_cast<Environment*>(data);
  if (environment->frame == nullptr) {
    if (napi_create_reference(env, frame, 1, &environment->frame_reference) != napi_ok) return nullptr;
    environment->frame = offered;
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
  const Machine machine{environment_of(data)->set, thread_count()};
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

void end(Environment* environment) {
  delete environment;
  leave();
}

// Where functions are found from JavaScript.
struct Entries {
  napi_env env;
  Napi::Object whole, parts, background;
  Environment* environment;

  void define(napi_value object, const char* name, napi_callback callback) const {
    const napi_property_descriptor property = {name,    nullptr, callback,     nullptr,
                                               nullptr, nullptr, napi_default, environment};
    napi_define_properties(env, object, 1, &property);
  }

  template <class Operation>
  void define(const char* name) const {
    define(whole, name, entry<Operation>);
    define(parts, name, part_entry<Operation>);
    define(background, name, background_entry<Operation>);
  }
};

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment;
  enter();
  env.AddCleanupHook(end, environment);

  Entries entries{env, exports, Napi::Object::New(env), Napi::Object::New(env), environment};
  entries.define<TotalOperation>("total");
  entries.define<WeightedOperation<&total>>("weightedTotal");
  entries.define<WeightedOperation<column_total>>("columnTotal");
  entries.define<GradientOperation>("gradient");
  entries.define<RowLossesOperation>("rowLosses");
  entries.define(exports, "share", share_entry);
  entries.define(exports, "readProbe", read_probe_entry);
  entries.define(exports, "writeProbe", write_probe_entry);
  exports.Set("parts", entries.parts);
  exports.Set("background", entries.background);
  exports.Set("kernels", Napi::Function::New(env, kernels));
  exports.Set("useKernel", Napi::Function::New(env, use_kernel, "useKernel", environment));
  exports.Set("setThreads", Napi::Function::New(env, set_threads));
  exports.Set("threads", Napi::Function::New(env, get_threads));
  return exports;
}

}  // namespace

NODE_API_MODULE(maxmargin, initialize)

}  // namespace maxmargin
