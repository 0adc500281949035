// Node-API: unpack, check what memory safety needs, call, return. The hot entries use the C API itself:
// it halves the cost of a call of node-addon-api's wrappers.
#include <napi.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
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

std::atomic<size_t> environments{0};

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
  batch->weights = nullptr;
  return true;
}

// All that a call gets, of `expected` arguments and those that may be left out.
struct Call {
  napi_value arguments[kBatchArguments + 1];
  size_t count = kBatchArguments + 1;
  void* data;

  bool read(napi_env env, napi_callback_info info, Batch* batch) {
    return napi_get_cb_info(env, info, &count, arguments, nullptr, &data) == napi_ok &&
           count >= kBatchArguments && get_batch(env, arguments, batch);
  }

  Machine machine() const { return {static_cast<Environment*>(data)->set, thread_count()}; }
};

constexpr const char* kBadBatch =
    "maxmargin: labels and predictions are not two typed arrays of one length and whole rows (a buffer "
    "that was detached or resized has another length)";

// total(kind, labels, predictions, width, weights?)
napi_value total_entry(napi_env env, napi_callback_info info) {
  Call call;
  Batch batch;
  if (!call.read(env, info, &batch)) return fail(env, kBadBatch);
  if (call.count > kBatchArguments) {
    View weights;
    if (!get_view(env, call.arguments[kBatchArguments], &weights) ||
        weights.type != napi_float64_array || weights.length != batch.rows) {
      return fail(env, "maxmargin: the weights are no Float64Array of one value a row");
    }
    batch.weights = static_cast<const double*>(weights.data);
  }
  napi_value result;
  try {
    if (napi_create_double(env, total(batch, call.machine()), &result) != napi_ok) return nullptr;
  } catch (const std::bad_alloc&) {
    return fail(env, "maxmargin: out of memory");
  }
  return result;
}

// rowLosses(kind, labels, predictions, width, out): out has the dtype to which the batch is cast, or is a
// Float64Array.
napi_value row_losses_entry(napi_env env, napi_callback_info info) {
  Call call;
  Batch batch;
  View out;
  if (!call.read(env, info, &batch)) return fail(env, kBadBatch);
  if (call.count <= kBatchArguments || !get_view(env, call.arguments[kBatchArguments], &out) ||
      out.length != batch.rows ||
      (out.type != napi_float64_array && !is_array_of(out.type, batch.as))) {
    return fail(env, "maxmargin: the output is no array of one value a row in the batch's dtype");
  }
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
    return fail(env, "maxmargin: out of memory");
  }
  return nullptr;
}

// readProbe(a, b): loads both arrays with the chosen kernel and thread count, and does nothing else.
napi_value read_probe_entry(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  void* data;
  View a, b;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok || count != 2 ||
      !get_view(env, arguments[0], &a) || !get_view(env, arguments[1], &b) ||
      a.type != napi_uint8_array || b.type != napi_uint8_array) {
    return fail(env, "maxmargin: the probe takes two Uint8Arrays");
  }
  const Machine machine{static_cast<Environment*>(data)->set, thread_count()};
  napi_value result;
  if (napi_get_boolean(env, read_probe(a.data, a.length, b.data, b.length, machine), &result) !=
      napi_ok) {
    return nullptr;
  }
  return result;
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

void leave(Environment* environment) {
  delete environment;
  // A library may be unloaded with its last environment, and no thread may then be left in it.
  if (environments.fetch_sub(1) == 1) stop_threads();
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment;
  environments.fetch_add(1);
  env.AddCleanupHook(leave, environment);

  const napi_property_descriptor hot[] = {
      {"total", nullptr, total_entry, nullptr, nullptr, nullptr, napi_default, environment},
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
