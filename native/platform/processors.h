// On which processors threads run.
#pragma once

namespace maxmargin {

// The processor that the thread runs on; negative where the operating system does not tell.
int current_processor();

// Moves the thread to another processor that it may run on, if it runs on this one and there is another.
void leave_processor(int processor);

}  // namespace maxmargin
