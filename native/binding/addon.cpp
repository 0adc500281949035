// Node-API: the module and its entries. They unpack, check what memory safety needs, call, and return. Entries use the C API
// itself: its calls cost half of those of node-addon-api's wrappers, which abort the process where an environment that is
// about to end refuses an error.
#include <napi.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "binding/arguments.h"
#include "binding/background_job.h"
#include "binding/environment.h"
#include "binding/failure.h"
#include "binding/typed_array.h"

namespace maxmargin {
namespace {

// ---- Evaluation

// evaluate(labels, predictions, losses?, gradient?, weights?, mask?, classWeights?): numbers go through the frame of initialize().
napi_value evaluate_entry(napi_env env, napi_callback_info info) {
  napi_value arguments[kArguments];
  size_t count = kArguments;
  void* data;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok) return nullptr;
  const Environment& environment = environment_of(data);
  if (environment.frame == nullptr) return fail(env, kBadFrame);
  Call call;
  const Failure* failure = read_call(env, *environment.frame, arguments, std::min(count, kArguments), &call);
  if (failure != nullptr) return fail(env, *failure);
  evaluate(call.request, machine_of(environment), &call.result);
  write_result(call, environment.frame);
  return nullptr;
}

// The arguments of an entry with a frame of its own.
struct FramedArguments {
  napi_value values[1 + kArguments];
  size_t count = 1 + kArguments;
  const Environment* environment;
  CallFrame* frame;

  bool read(napi_env env, napi_callback_info info) {
    void* data;
    if (napi_get_cb_info(env, info, &count, values, nullptr, &data) != napi_ok || count == 0 ||
        !get_frame(env, values[0], &frame)) {
      return false;
    }
    count = std::min(count, 1 + kArguments);
    environment = &environment_of(data);
    return true;
  }

  const Failure* read_call(napi_env env, Call* call) const {
    return maxmargin::read_call(env, *frame, values + 1, count - 1, call);
  }
};

// evaluateWith(frame, labels, ...): the same with a frame of its own.
napi_value evaluate_with_entry(napi_env env, napi_callback_info info) {
  FramedArguments arguments;
  if (!arguments.read(env, info)) return fail(env, kBadFrame);
  Call call;
  const Failure* failure = arguments.read_call(env, &call);
  if (failure != nullptr) return fail(env, *failure);
  evaluate(call.request, machine_of(*arguments.environment), &call.result);
  write_result(call, arguments.frame);
  return nullptr;
}

// evaluateInBackground(frame, labels, ...): the same in another thread. Returns a promise. All arrays have to lie in shared
// memory, or in memory that nobody else has.
napi_value evaluate_in_background_entry(napi_env env, napi_callback_info info) {
  FramedArguments arguments;
  if (!arguments.read(env, info)) return fail(env, kBadFrame);
  auto job = std::make_unique<BackgroundJob>(machine_of(*arguments.environment));
  const Failure* failure = arguments.read_call(env, &job->call());
  napi_value promise;
  if (failure == nullptr) {
    failure = BackgroundJob::start(env, std::move(job), arguments.values, arguments.count, &promise);
  }
  return failure == nullptr ? promise : fail(env, *failure);
}

// ---- Memory

bool is_shared(napi_env env, napi_value array) {
  napi_value buffer, text;
  char name[32];
  size_t length;
  // Of any realm.
  return napi_get_named_property(env, array, "buffer", &buffer) == napi_ok &&
         napi_coerce_to_string(env, buffer, &text) == napi_ok &&
         napi_get_value_string_utf8(env, text, name, sizeof(name), &length) == napi_ok &&
         std::string(name) == "[object SharedArrayBuffer]";
}

// initialize(frame): returns the Float64Array through which the numbers of evaluate() go: the first that was offered, for all
// copies of the library in this thread. Its memory has to be shared, which nobody can detach.
napi_value initialize_entry(napi_env env, napi_callback_info info) {
  napi_value frame;
  size_t count = 1;
  void* data;
  CallFrame* offered;
  if (napi_get_cb_info(env, info, &count, &frame, nullptr, &data) != napi_ok ||
      !get_frame(env, frame, &offered) || !is_shared(env, frame)) {
    return fail(env, kBadFrame);
  }
  Environment& environment = environment_of(data);
  if (environment.frame == nullptr) {
    if (napi_create_reference(env, frame, 1, &environment.frame_reference) != napi_ok) return nullptr;
    environment.frame = offered;
  }
  return napi_get_reference_value(env, environment.frame_reference, &frame) == napi_ok ? frame : nullptr;
}

// overlaps(a, b): whether two typed arrays have memory in common, whatever their buffers are.
napi_value overlaps_entry(napi_env env, napi_callback_info info) {
  napi_value arguments[2], result;
  size_t count = 2;
  View a, b;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      !get_view(env, arguments[0], &a) || !get_view(env, arguments[1], &b)) {
    return fail(env, {"maxmargin: only typed arrays have memory to compare"});
  }
  return napi_get_boolean(env, overlap(a, b), &result) == napi_ok ? result : nullptr;
}

// ---- What this machine has, and what is chosen of it

template <class Names>
napi_value array_of(napi_env env, const Names& names) {
  napi_value array;
  if (napi_create_array(env, &array) != napi_ok) return nullptr;
  uint32_t i = 0;
  for (const char* name : names) {
    napi_value text;
    if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text) != napi_ok ||
        napi_set_element(env, array, i++, text) != napi_ok) {
      return nullptr;
    }
  }
  return array;
}

napi_value kernels_entry(napi_env env, napi_callback_info) {
  std::vector<const char*> names;
  for (const InstructionSet* set : supported()) names.push_back(set->name);
  return array_of(env, names);
}

// useKernel(name): false where this machine has no kernel of that name.
napi_value use_kernel_entry(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  size_t count = 1, length;
  void* data;
  // A longer name is cut off, and then that of no kernel.
  char name[16];
  const InstructionSet* set = nullptr;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, &data) != napi_ok) return nullptr;
  if (napi_get_value_string_utf8(env, argument, name, sizeof(name), &length) == napi_ok) {
    set = find({name, length});
  }
  if (set != nullptr) environment_of(data).set = set;
  return napi_get_boolean(env, set != nullptr, &result) == napi_ok ? result : nullptr;
}

napi_value set_threads_entry(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t argument_count = 1;
  int64_t count;
  if (napi_get_cb_info(env, info, &argument_count, &argument, nullptr, nullptr) == napi_ok &&
      napi_get_value_int64(env, argument, &count) == napi_ok) {
    set_threads(static_cast<size_t>(std::max<int64_t>(1, count)));
  }
  return nullptr;
}

napi_value threads_entry(napi_env env, napi_callback_info) {
  napi_value result;
  return napi_create_double(env, static_cast<double>(threads()), &result) == napi_ok ? result : nullptr;
}

// losses(): their names, in the order of the frame's numbers.
napi_value losses_entry(napi_env env, napi_callback_info) {
  return array_of(env, kLossNames);
}

// callFrame(): for the name of each slot of the frame its index, and how many numbers it has.
napi_value call_frame_entry(napi_env env, napi_callback_info) {
  napi_value slots;
  if (napi_create_object(env, &slots) != napi_ok) return nullptr;
  for (const Slot& slot : kSlots) {
    napi_value pair, index, count;
    if (napi_create_array(env, &pair) != napi_ok ||
        napi_create_double(env, static_cast<double>(slot.index), &index) != napi_ok ||
        napi_create_double(env, static_cast<double>(slot.count), &count) != napi_ok ||
        napi_set_element(env, pair, 0, index) != napi_ok ||
        napi_set_element(env, pair, 1, count) != napi_ok ||
        napi_set_named_property(env, slots, slot.name, pair) != napi_ok) {
      return nullptr;
    }
  }
  return slots;
}

// ---- The module

template <napi_value entry(napi_env, napi_callback_info)>
constexpr napi_property_descriptor method(const char* name, Environment* environment) {
  return {name, nullptr, guarded<entry>, nullptr, nullptr, nullptr, napi_default, environment};
}

constexpr Failure kNoEntries{"maxmargin: the addon's functions could not be defined"};

bool define_entries(napi_env env, napi_value exports) {
  auto own = std::make_unique<Environment>();
  Environment* environment = own.get();
  if (napi_add_env_cleanup_hook(
          env, [](void* data) { delete &environment_of(data); }, environment) != napi_ok) {
    return false;
  }
  own.release();
  const napi_property_descriptor entries[] = {
      method<evaluate_entry>("evaluate", environment),
      method<evaluate_with_entry>("evaluateWith", environment),
      method<evaluate_in_background_entry>("evaluateInBackground", environment),
      method<initialize_entry>("initialize", environment),
      method<overlaps_entry>("overlaps", environment),
      method<kernels_entry>("kernels", environment),
      method<use_kernel_entry>("useKernel", environment),
      method<set_threads_entry>("setThreads", environment),
      method<threads_entry>("threads", environment),
      method<losses_entry>("losses", environment),
      method<call_frame_entry>("callFrame", environment),
  };
  return napi_define_properties(env, exports, std::size(entries), entries) == napi_ok;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  bool is_defined = false;
  const Failure* failure = attempt([&] { is_defined = define_entries(env, exports); });
  if (is_defined) return exports;
  fail(env, failure == nullptr ? kNoEntries : *failure);
  return {};
}

}  // namespace

NODE_API_MODULE(maxmargin, initialize)

}  // namespace maxmargin
