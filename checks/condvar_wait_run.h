// Waits on condition variables that went wrong in a run.
#pragma once
#include "finding.h"
#include "run.h"

namespace snarl {

/// Waits without the mutex, and at once with two different ones.
void condvar_wait_from_run(const Run &run, Findings &out);

} // namespace snarl
