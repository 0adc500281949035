#include "dispatch.h"

#include <cstring>

namespace maxmargin {

const std::vector<const InstructionSet*>& supported() {
  static const std::vector<const InstructionSet*> sets = [] {
    std::vector<const InstructionSet*> found;
    for (const InstructionSet* set : {kAvx512, kAvx2, kNeon, kScalar}) {
      if (set != nullptr && set->supported()) found.push_back(set);
    }
    return found;
  }();
  return sets;
}

const InstructionSet* find(const char* name) {
  for (const InstructionSet* set : supported()) {
    if (std::strcmp(set->name, name) == 0) return set;
  }
  return nullptr;
}

}  // namespace maxmargin
