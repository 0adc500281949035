// Node-API: unpack, check what memory safety needs, call, return. Entries use the C API itself: its calls cost half of
// those of node-addon-api's wrappers, which abort the process where an environment that is about to end refuses an error.
#include <napi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>

#include "dispatch.h"
#include "failure.h"
#include "pages.h"
#include "probe.h"
#include "reduce.h"
#include "thread_pool.h"
#include "view.h"

namespace maxmargin {
namespace {

// Numbers go in and out through an array that lib/backend.ts shares once: that costs a third of what numbers
// as arguments and results do.
struct Frame {
  double kind, width, column_dtypes, divisor;
  // Of a part of a batch, before the call: the sums over the parts before it.
  double results[3];
  // Of a part: whether its labels were 0/1, and how long it took. JavaScript hears late of the end of a job in the
  // background if it is busy, and cannot tell.
  double is_binary, milliseconds;

  void give(const Total& total) {
    results[0] = total.losses;
    results[1] = total.weights;
    results[2] = total.kept;
  }
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

// What one JavaScript thread has chosen.
struct Environment {
  const InstructionSet* set = supported().front();
  Frame* frame = nullptr;
  napi_ref frame_reference = nullptr;

  Environment() { enter(); }
  ~Environment() { leave(); }
};

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

// Returns whether results are written to memory from which nothing is read. Addresses are compared, as two buffers may
// stand for the same memory.
bool is_apart(const View& out, const Batch& batch) {
  const size_t n = batch.rows * batch.width;
  const auto overlaps = [&](const void* values, Dtype dtype, size_t count) {
    return overlap(out.data, out.bytes, values, count * size_of(dtype));
  };
  const auto overlaps_column = [&](const Column& column) {
    return column.values != nullptr && overlaps(column.values, column.dtype, batch.rows);
  };
  return !overlaps(batch.labels, batch.label_dtype, n) &&
         !overlaps(batch.predictions, batch.prediction_dtype, n) && !overlaps_column(batch.weights) &&
         !overlaps_column(batch.mask);
}

// An array for n results in the dtype `as`, or for as many doubles.
bool get_output(napi_env env, napi_value value, size_t n, Dtype as, View* out, Dtype* dtype) {
  if (!get_view(env, value, out)) return false;
  *dtype = out->bytes == n * size_of(Dtype::float64) ? Dtype::float64 : as;
  if (out->bytes != n * size_of(*dtype) || !is_aligned(*out, *dtype)) return false;
  expect_writes(out->data, out->bytes);
  return true;
}

constexpr Failure kBadBatch{
    "maxmargin: labels and predictions are not two typed arrays of one length and whole rows (a buffer "
    "that was detached or resized has another length)"};
constexpr Failure kBadColumns{
    "maxmargin: weights or mask are no typed arrays of one value a row (a buffer that was detached or resized "
    "has another length)"};
constexpr Failure kBadOutput{
    "maxmargin: the output is no array of one value a row, or a prediction, in the batch's dtype"};
constexpr Failure kOverlap{"maxmargin: the output has memory in common with what is read, or another output",
                           "ERR_MAXMARGIN_OVERLAP", true};
constexpr Failure kBadViews{"maxmargin: only typed arrays have memory to compare"};
constexpr Failure kBadFrame{"maxmargin: the frame is no Float64Array of enough values"};
constexpr Failure kNoJob{"maxmargin: there can be no job in the background"};
constexpr Failure kNoExports{"maxmargin: the addon's functions could not be defined"};

// ---- What the entries compute. `read` unpacks arguments and checks them: null, or what is wrong with them. The batch
// has been read by then.

// total(labels, predictions): the frame gets the sum.
struct TotalOperation {
  static constexpr size_t kArguments = 2;

  const Failure* read(napi_env, const napi_value*, const Frame&, Batch*) { return nullptr; }

  Total run(const Batch& batch, const Machine& machine, Part* part) const {
    return total(batch, machine, part);
  }
};

// weightedTotal(labels, predictions, weights, mask): the frame gets the sums of losses, of weights and of the
// mask. columnTotal: of weights and of the mask.
template <Total total(const Batch&, const Machine&, Part*)>
struct WeightedOperation {
  static constexpr size_t kArguments = 4;

  const Failure* read(napi_env env, const napi_value* arguments, const Frame& frame, Batch* batch) {
    const bool is_good =
        get_columns(env, frame, arguments[2], arguments[3], batch) && batch->is_weighted();
    return is_good ? nullptr : &kBadColumns;
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

  const Failure* read(napi_env env, const napi_value* arguments, const Frame& frame, Batch* batch) {
    gradient = {frame.divisor, batch->as, nullptr, nullptr};
    View out, losses{nullptr, 0};
    if (!get_output(env, arguments[2], batch->rows * batch->width, batch->as, &out,
                    &gradient.dtype)) {
      return &kBadOutput;
    }
    gradient.values = out.data;
    napi_valuetype type;
    if (napi_typeof(env, arguments[3], &type) != napi_ok) return &kBadOutput;
    if (type != napi_undefined) {
      Dtype dtype;
      if (!get_output(env, arguments[3], batch->rows, batch->as, &losses, &dtype) ||
          dtype != batch->as) {
        return &kBadOutput;
      }
      gradient.losses = losses.data;
    }
    if (!get_columns(env, frame, arguments[4], arguments[5], batch)) return &kBadColumns;
    const bool are_apart = is_apart(out, *batch) && is_apart(losses, *batch) && !overlap(out, losses);
    return are_apart ? nullptr : &kOverlap;
  }

  Total run(const Batch& batch, const Machine& machine, Part* part) const {
    return total_and_gradient(batch, machine, gradient, part);
  }
};

// rowLosses(labels, predictions, out, weights?, mask?): out has the dtype to which the batch is cast, or is a
// Float64Array. The frame gets NaN for the sum of a mask with other values than 0 and 1.
struct RowLossesOperation {
  static constexpr size_t kArguments = 5;
  Dtype dtype;
  View out;

  const Failure* read(napi_env env, const napi_value* arguments, const Frame& frame, Batch* batch) {
    if (!get_output(env, arguments[2], batch->rows, batch->as, &out, &dtype)) return &kBadOutput;
    if (!get_columns(env, frame, arguments[3], arguments[4], batch)) return &kBadColumns;
    return is_apart(out, *batch) ? nullptr : &kOverlap;
  }

  Total run(const Batch& batch, const Machine& machine, Part* part) const {
    Total total = part == nullptr ? Total{} : part->before;
    const bool is_mask = row_losses(batch, machine, dtype, out.data, part);
    if (!is_mask) total.kept = std::numeric_limits<double>::quiet_NaN();
    return total;
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
  const Failure* wrong = operation.read(env, arguments, *frame, &batch);
  if (wrong != nullptr) return fail(env, *wrong);
  frame->give(operation.run(batch, {environment_of(data)->set, thread_count()}, nullptr));
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
  double milliseconds;

  const Failure* read(napi_env env, napi_callback_info info) {
    size_t count = kArguments;
    void* data;
    if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok ||
        !get_frame(env, arguments[0], &frame)) {
      return &kBadFrame;
    }
    machine = {environment_of(data)->set, thread_count()};
    if (!get_batch(env, *frame, arguments[1], arguments[2], &batch)) return &kBadBatch;
    part = {{frame->results[0], frame->results[1], frame->results[2]}, LabelReading::as_is};
    return operation.read(env, arguments + 1, *frame, &batch);
  }

  // Touches nothing of the engine's.
  void run() {
    const auto start = std::chrono::steady_clock::now();
    part.before = operation.run(batch, machine, &part);
    milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }

  void give() const {
    frame->give(part.before);
    frame->is_binary = part.reading == LabelReading::binary;
    frame->milliseconds = milliseconds;
  }
};

// parts.operation(frame, ...): of a part of a batch.
template <class Operation>
napi_value part_entry(napi_env env, napi_callback_info info) {
  PartCall<Operation> call;
  const Failure* wrong = call.read(env, info);
  if (wrong != nullptr) return fail(env, *wrong);
  call.run();
  call.give();
  return nullptr;
}

// What another thread computes. References keep the arrays; that nobody can take their memory away, the caller
// has seen to.
template <class Operation>
struct BackgroundJob {
  PartCall<Operation> call;
  const Failure* failure = nullptr;
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
    job->failure = attempt([&] { job->call.run(); });
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
    if (job->failure == nullptr && !job->find_frame(env)) job->failure = &kBadFrame;
    napi_value value;
    if (job->failure != nullptr) {
      if (create_error(env, *job->failure, &value)) napi_reject_deferred(env, job->deferred, value);
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
  const Failure* wrong = job->call.read(env, info);
  if (wrong != nullptr) return fail(env, *wrong);
  napi_value promise;
  if (!job->queue(env, &promise)) {
    job->release(env);
    return fail(env, kNoJob);
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
    return fail(env, {"maxmargin: the probe takes two typed arrays and two booleans"});
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
    return fail(env, {"maxmargin: the probe takes three typed arrays, two of one length, and a boolean"});
  }
  const Machine machine{static_cast<Environment*>(data)->set, thread_count()};
  const bool seen = write_probe(a.data, a.bytes, b.data, b.bytes, to.data, streams, machine);
  napi_value result;
  return napi_get_boolean(env, seen, &result) == napi_ok ? result : nullptr;
}

// overlaps(a, b): returns whether two typed arrays have memory in common, whatever their buffers are.
napi_value overlaps_entry(napi_env env, napi_callback_info info) {
  napi_value arguments[2], result;
  size_t count = 2;
  View a, b;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      !get_view(env, arguments[0], &a) || !get_view(env, arguments[1], &b)) {
    return fail(env, kBadViews);
  }
  return napi_get_boolean(env, overlap(a, b), &result) == napi_ok ? result : nullptr;
}

napi_value kernels_entry(napi_env env, napi_callback_info) {
  const auto& sets = supported();
  napi_value names;
  if (napi_create_array_with_length(env, sets.size(), &names) != napi_ok) return nullptr;
  for (size_t i = 0; i < sets.size(); ++i) {
    napi_value name;
    if (napi_create_string_utf8(env, sets[i]->name, NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_set_element(env, names, static_cast<uint32_t>(i), name) != napi_ok) {
      return nullptr;
    }
  }
  return names;
}

// useKernel(name): false where this machine has no kernel of that name.
napi_value use_kernel_entry(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  void* data;
  // A longer name is cut off, and is no kernel's name even so.
  char name[16];
  size_t length;
  const InstructionSet* set = nullptr;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, &data) != napi_ok) return nullptr;
  if (napi_get_value_string_utf8(env, argument, name, sizeof(name), &length) == napi_ok) {
    set = find({name, length});
  }
  if (set != nullptr) environment_of(data)->set = set;
  napi_value result;
  return napi_get_boolean(env, set != nullptr, &result) == napi_ok ? result : nullptr;
}

napi_value set_threads_entry(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t argument_count = 1;
  int64_t count;
  if (napi_get_cb_info(env, info, &argument_count, &argument, nullptr, nullptr) == napi_ok &&
      napi_get_value_int64(env, argument, &count) == napi_ok) {
    threads = std::max<int64_t>(1, count);
  }
  return nullptr;
}

napi_value threads_entry(napi_env env, napi_callback_info) {
  napi_value result;
  const auto count = static_cast<double>(threads.load());
  return napi_create_double(env, count, &result) == napi_ok ? result : nullptr;
}

// ---- The module

void end(void* environment) { delete environment_of(environment); }

// Defines what JavaScript finds in the module. Each step returns false where the engine refuses it.
struct Entries {
  napi_env env;
  Environment* environment;
  napi_value whole, parts, background;

  template <napi_value callback(napi_env, napi_callback_info)>
  bool define(napi_value object, const char* name) const {
    return define(object, {name, nullptr, guarded<callback>, nullptr, nullptr, nullptr, napi_default,
                           environment});
  }

  bool define(napi_value object, const char* name, napi_value value) const {
    return define(object, {name, nullptr, nullptr, nullptr, nullptr, value, napi_default, nullptr});
  }

  bool define(napi_value object, const napi_property_descriptor& property) const {
    return napi_define_properties(env, object, 1, &property) == napi_ok;
  }

  template <class Operation>
  bool define(const char* name) const {
    return define<entry<Operation>>(whole, name) && define<part_entry<Operation>>(parts, name) &&
           define<background_entry<Operation>>(background, name);
  }

  bool define_all() {
    return napi_create_object(env, &parts) == napi_ok &&
           napi_create_object(env, &background) == napi_ok &&
           define(whole, "parts", parts) &&
           define(whole, "background", background) &&
           define<TotalOperation>("total") &&
           define<WeightedOperation<&total>>("weightedTotal") &&
           define<WeightedOperation<column_total>>("columnTotal") &&
           define<GradientOperation>("gradient") &&
           define<RowLossesOperation>("rowLosses") &&
           define<share_entry>(whole, "share") &&
           define<overlaps_entry>(whole, "overlaps") &&
           define<read_probe_entry>(whole, "readProbe") &&
           define<write_probe_entry>(whole, "writeProbe") &&
           define<kernels_entry>(whole, "kernels") &&
           define<use_kernel_entry>(whole, "useKernel") &&
           define<set_threads_entry>(whole, "setThreads") &&
           define<threads_entry>(whole, "threads");
  }
};

bool define_exports(napi_env env, napi_value exports) {
  auto environment = std::make_unique<Environment>();
  if (napi_add_env_cleanup_hook(env, end, environment.get()) != napi_ok) return false;
  return Entries{env, environment.release(), exports, nullptr, nullptr}.define_all();
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  bool is_good = false;
  const Failure* failure = attempt([&] { is_good = define_exports(env, exports); });
  if (is_good) return exports;
  fail(env, failure == nullptr ? kNoExports : *failure);
  return {};
}

}  // namespace

NODE_API_MODULE(maxmargin, initialize)

}  // namespace maxmargin
