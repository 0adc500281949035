#include "platform/dispatch.h"

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

const InstructionSet* find(const std::string& name) {
  for (const InstructionSet* set : supported()) {
    if (name == set->name) return set;
  }
  return nullptr;
}

}  // namespace maxmargin
