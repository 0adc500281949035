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
#include "reduce.h"
#include "thread_pool.h"

namespace maxmargin {
namespace {

// What one JavaScript thread has chosen.
struct Environment {
  const InstructionSet* set = supported().front();
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

struct View {
  napi_typedarray_type type;
  size_t length;
  void* data;
};

bool get_view(napi_env env, napi_value value, View* view) {
  return napi_get_typedarray_info(env, value, &view->type, &view->length, &view->data, nullptr,
                                  nullptr) == napi_ok;
}

bool is_array_of(napi_typedarray_type type, Dtype dtype) {
  constexpr napi_typedarray_type kArrays[kDtypes] = {
      napi_uint8_array,  napi_int8_array,   napi_uint8_array,    napi_int16_array,
      napi_uint16_array, napi_int32_array,  napi_uint32_array,   napi_bigint64_array,
      napi_uint16_array, napi_uint16_array, napi_float32_array, napi_float64_array};
  const napi_typedarray_type expected = kArrays[static_cast<size_t>(dtype)];
  return type == expected ||
         (expected == napi_uint8_array && type == napi_uint8_clamped_array);
}

// lib/kernels.ts packs what a batch is into one number: loss, whether its labels are to be read as they
// are, dtypes of labels and predictions, and the one to which they are cast.
bool unpack(uint32_t kind, Batch* batch) {
  const uint32_t loss = kind & 3, label_dtype = kind >> 3 & 15, prediction_dtype = kind >> 7 & 15;
  const uint32_t as = kind >> 11;
  if (loss >= kLosses || label_dtype >= kDtypes || prediction_dtype >= kDtypes || as >= kDtypes ||
      as < static_cast<uint32_t>(Dtype::float16)) {
    return false;
  }
  batch->loss = static_cast<Loss>(loss);
  batch->label_dtype = static_cast<Dtype>(label_dtype);
  batch->prediction_dtype = static_cast<Dtype>(prediction_dtype);
  batch->as = static_cast<Dtype>(as);
  batch->may_be_binary = (kind & 4) == 0 && batch->loss != Loss::categorical_hinge;
  return true;
}

// Arguments: kind, labels, predictions, width.
constexpr size_t kBatchArguments = 4;

bool get_batch(napi_env env, const napi_value* arguments, Batch* batch) {
  uint32_t kind;
  double width;
  View labels, predictions;
  if (napi_get_value_uint32(env, arguments[0], &kind) != napi_ok || !unpack(kind, batch) ||
      !get_view(env, arguments[1], &labels) || !get_view(env, arguments[2], &predictions) ||
      napi_get_value_double(env, arguments[3], &width) != napi_ok ||
      !is_array_of(labels.type, batch->label_dtype) ||
      !is_array_of(predictions.type, batch->prediction_dtype) ||
      labels.length != predictions.length) {
    return false;
  }
  // NaN is not in this range either. A detached array has the length 0.
  const size_t n = predictions.length;
  if (!(width >= 1 && width <= static_cast<double>(n)) || n % static_cast<size_t>(width) != 0) {
    return false;
  }
  batch->labels = labels.data;
  batch->predictions = predictions.data;
  batch->width = static_cast<size_t>(width);
  batch->rows = n / batch->width;
  batch->weights.values = batch->mask.values = nullptr;
  return true;
}

bool get_column(napi_env env, napi_value value, uint32_t dtype, size_t rows, Column* column) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) return false;
  if (type == napi_undefined) return true;
  View view;
  if (dtype >= kDtypes || !get_view(env, value, &view) ||
      !is_array_of(view.type, static_cast<Dtype>(dtype)) || view.length != rows) {
    return false;
  }
  *column = {static_cast<Dtype>(dtype), view.data};
  return true;
}

// Arguments: the dtypes of both in one number, weights, mask; either may be undefined.
constexpr size_t kColumnArguments = 3;

bool get_columns(napi_env env, const napi_value* arguments, Batch* batch) {
  uint32_t dtypes;
  return napi_get_value_uint32(env, arguments[0], &dtypes) == napi_ok &&
         get_column(env, arguments[1], dtypes & 15, batch->rows, &batch->weights) &&
         get_column(env, arguments[2], dtypes >> 4, batch->rows, &batch->mask);
}

// All that a call gets: a batch, an array to write to, columns. Which of them there have to be, depends.
struct Call {
  napi_value arguments[kBatchArguments + 1 + kColumnArguments];
  size_t count = std::size(decltype(arguments){});
  void* data;

  bool read(napi_env env, napi_callback_info info, Batch* batch) {
    return napi_get_cb_info(env, info, &count, arguments, nullptr, &data) == napi_ok &&
           count >= kBatchArguments && get_batch(env, arguments, batch);
  }

  bool read_out(napi_env env, View* out) const {
    return count > kBatchArguments && get_view(env, arguments[kBatchArguments], out);
  }

  bool read_columns(napi_env env, Batch* batch) const {
    const size_t before = kBatchArguments + 1;
    return count == before ||
           (count >= before + kColumnArguments && get_columns(env, arguments + before, batch));
  }

  Machine machine() const { return {static_cast<Environment*>(data)->set, thread_count()}; }
};

constexpr const char* kBadBatch =
    "maxmargin: labels and predictions are not two typed arrays of one length and whole rows (a buffer "
    "that was detached or resized has another length)";
constexpr const char* kBadColumns =
    "maxmargin: weights or mask are no typed arrays of one value a row (a buffer that was detached or resized "
    "has another length)";
constexpr const char* kNoMemory = "maxmargin: out of memory";

// total(kind, labels, predictions, width)
napi_value total_entry(napi_env env, napi_callback_info info) {
  Call call;
  Batch batch;
  if (!call.read(env, info, &batch)) return fail(env, kBadBatch);
  napi_value result;
  try {
    if (napi_create_double(env, total(batch, call.machine()).losses, &result) != napi_ok) {
      return nullptr;
    }
  } catch (const std::bad_alloc&) {
    return fail(env, kNoMemory);
  }
  return result;
}

// weightedTotal(kind, labels, predictions, width, out, dtypes, weights, mask): out gets the sums of losses,
// of weights and of the mask.
napi_value weighted_total_entry(napi_env env, napi_callback_info info) {
  Call call;
  Batch batch;
  View out;
  if (!call.read(env, info, &batch)) return fail(env, kBadBatch);
  if (!call.read_out(env, &out) || out.type != napi_float64_array || out.length != 3) {
    return fail(env, "maxmargin: the output is no Float64Array of three values");
  }
  if (!call.read_columns(env, &batch) || !batch.is_weighted()) return fail(env, kBadColumns);
  try {
    const Total sums = total(batch, call.machine());
    auto* to = static_cast<double*>(out.data);
    to[0] = sums.losses;
    to[1] = sums.weights;
    to[2] = sums.kept;
  } catch (const std::bad_alloc&) {
    return fail(env, kNoMemory);
  }
  return nullptr;
}

// rowLosses(kind, labels, predictions, width, out, dtypes?, weights?, mask?): out has the dtype to which the
// batch is cast, or is a Float64Array.
napi_value row_losses_entry(napi_env env, napi_callback_info info) {
  Call call;
  Batch batch;
  View out;
  if (!call.read(env, info, &batch)) return fail(env, kBadBatch);
  if (!call.read_out(env, &out) || out.length != batch.rows ||
      (out.type != napi_float64_array && !is_array_of(out.type, batch.as))) {
    return fail(env, "maxmargin: the output is no array of one value a row in the batch's dtype");
  }
  if (!call.read_columns(env, &batch)) return fail(env, kBadColumns);
  try {
    if (out.type == napi_float64_array) {
      row_losses(batch, call.machine(), static_cast<double*>(out.data));
    } else if (batch.as == Dtype::float32) {
      row_losses(batch, call.machine(), static_cast<float*>(out.data));
    } else if (batch.as == Dtype::float16) {
      row_losses(batch, call.machine(), static_cast<Half*>(out.data));
    } else {
      row_losses(batch, call.machine(), static_cast<BFloat16*>(out.data));
    }
  } catch (const std::bad_alloc&) {
    return fail(env, kNoMemory);
  }
  return nullptr;
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
      a.type != napi_uint8_array || b.type != napi_uint8_array ||
      napi_get_value_bool(env, arguments[2], &prefetch) != napi_ok ||
      napi_get_value_bool(env, arguments[3], &blocks) != napi_ok) {
    return fail(env, "maxmargin: the probe takes two Uint8Arrays and two booleans");
  }
  const Machine machine{static_cast<Environment*>(data)->set, thread_count()};
  const bool seen = read_probe(a.data, a.length, b.data, b.length,
                               prefetch ? Prefetch::software : Prefetch::none,
                               blocks ? Sharing::blocks : Sharing::halves, machine);
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
      {"total", nullptr, total_entry, nullptr, nullptr, nullptr, napi_default, environment},
      {"weightedTotal", nullptr, weighted_total_entry, nullptr, nullptr, nullptr, napi_default,
       environment},
      {"rowLosses", nullptr, row_losses_entry, nullptr, nullptr, nullptr, napi_default, environment},
      {"readProbe", nullptr, read_probe_entry, nullptr, nullptr, nullptr, napi_default, environment},
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
