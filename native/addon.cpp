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

// Added to a loss whose labels are not to be taken for 0/1.
constexpr uint32_t kAsIs = 4;

// Arguments: loss, label type, labels, predictions, width.
constexpr size_t kBatchArguments = 5;

bool get_batch(napi_env env, const napi_value* arguments, Batch* batch) {
  uint32_t loss, label_type;
  double width;
  View labels, predictions;
  if (napi_get_value_uint32(env, arguments[0], &loss) != napi_ok ||
      napi_get_value_uint32(env, arguments[1], &label_type) != napi_ok ||
      !get_view(env, arguments[2], &labels) || !get_view(env, arguments[3], &predictions) ||
      napi_get_value_double(env, arguments[4], &width) != napi_ok) {
    return false;
  }
  constexpr napi_typedarray_type kLabelArrays[kLabelTypes] = {napi_float32_array, napi_int8_array,
                                                              napi_uint8_array, napi_uint8_array};
  const bool clamped = label_type == 2 && labels.type == napi_uint8_clamped_array;
  const bool as_is = (loss & kAsIs) != 0;
  loss &= ~kAsIs;
  if (loss >= kLosses || label_type >= kLabelTypes ||
      (labels.type != kLabelArrays[label_type] && !clamped) ||
      predictions.type != napi_float32_array || labels.length != predictions.length) {
    return false;
  }
  // NaN is not in this range either. A detached array has the length 0.
  const size_t n = predictions.length;
  if (!(width >= 1 && width <= static_cast<double>(n)) || n % static_cast<size_t>(width) != 0) {
    return false;
  }
  const size_t columns = static_cast<size_t>(width);
  *batch = {static_cast<Loss>(loss), static_cast<LabelType>(label_type),
            labels.data,             static_cast<const float*>(predictions.data),
            n / columns,             columns,
            !as_is};
  return true;
}

constexpr const char* kBadBatch =
    "maxmargin: labels and predictions are not two typed arrays of one length and whole rows (a buffer "
    "that was detached or resized has another length)";

napi_value total_entry(napi_env env, napi_callback_info info) {
  napi_value arguments[kBatchArguments];
  size_t count = kBatchArguments;
  void* data;
  Batch batch;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok ||
      count != kBatchArguments || !get_batch(env, arguments, &batch)) {
    return fail(env, kBadBatch);
  }
  napi_value result;
  try {
    const Machine machine{static_cast<Environment*>(data)->set, thread_count()};
    if (napi_create_double(env, total(batch, machine), &result) != napi_ok) return nullptr;
  } catch (const std::bad_alloc&) {
    return fail(env, "maxmargin: out of memory");
  }
  return result;
}

napi_value row_losses_entry(napi_env env, napi_callback_info info) {
  napi_value arguments[kBatchArguments + 1];
  size_t count = kBatchArguments + 1;
  void* data;
  Batch batch;
  View losses{napi_uint8_array, 0, nullptr};
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok ||
      count != kBatchArguments + 1 || !get_batch(env, arguments, &batch)) {
    return fail(env, kBadBatch);
  }
  const bool floats = get_view(env, arguments[kBatchArguments], &losses) &&
                      losses.type == napi_float32_array;
  if ((!floats && losses.type != napi_float64_array) || losses.length != batch.rows) {
    return fail(env, "maxmargin: the output is no Float32Array or Float64Array of one value a row");
  }
  const Machine machine{static_cast<Environment*>(data)->set, thread_count()};
  try {
    if (floats) {
      row_losses(batch, machine, static_cast<float*>(losses.data));
    } else {
      row_losses(batch, machine, static_cast<double*>(losses.data));
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
      a.type != napi_float32_array || b.type != napi_float32_array || a.length != b.length) {
    return fail(env, "maxmargin: the probe takes two Float32Arrays of one length");
  }
  const Machine machine{static_cast<Environment*>(data)->set, thread_count()};
  napi_value result;
  const double seen = read_probe(static_cast<const float*>(a.data),
                                 static_cast<const float*>(b.data), a.length, machine);
  if (napi_create_double(env, seen, &result) != napi_ok) return nullptr;
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
