// Which instruction sets this machine can run.
#pragma once

#include <string>
#include <vector>

#include "kernels/kernel_table.h"

namespace maxmargin {

// The best first; never empty.
const std::vector<const InstructionSet*>& supported();

// Null where this machine has none of that name.
const InstructionSet* find(const std::string& name);

}  // namespace maxmargin
