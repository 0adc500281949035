// The choices of one JavaScript thread, and a count of these threads.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "binding/call_frame.h"
#include "platform/dispatch.h"

namespace maxmargin {

// Counts an environment or a job in the background: when the last one ends, the threads of the pool are stopped, as the
// library may then be unloaded.
class User {
 public:
  User();
  ~User();
  User(const User&) = delete;
  User& operator=(const User&) = delete;
};

struct Environment {
  const User user;
  const InstructionSet* set = supported().front();
  // In memory that nobody can detach. Null until initialize() is called.
  CallFrame* frame = nullptr;
  napi_ref frame_reference = nullptr;
};

inline Environment& environment_of(void* data) { return *static_cast<Environment*>(data); }

// For the whole process; 0 until set.
size_t threads();
void set_threads(size_t count);

inline Machine machine_of(const Environment& environment) {
  const size_t count = threads();
  return {environment.set, count == 0 ? 1 : count};
}

}  // namespace maxmargin
