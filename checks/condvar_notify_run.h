// Wake-ups that were lost in a run.
#pragma once
#include "finding.h"
#include "run.h"

namespace snarl {

/// A wait that lasts for ever after a signal that found nobody, and a condition variable destroyed under a waiter.
void condvar_notify_from_run(const Run &run, Findings &out);

} // namespace snarl
