// What the kernel says of this process. For the watcher: system calls only.
#pragma once
#include "base.h"

namespace snarl_rt {

/// Is the thread asleep on a futex in these bytes? Tells a condition wait that has been signalled, and now wants its
/// mutex back, from one that sleeps.
bool asleep_on(int tid, const void *address, size_t bytes = 1);

/// Number of threads of this process, ours and those nobody told us of; 0 if it cannot be told.
uint32_t count_tasks();

/// Does the program handle signals that somebody may still send? Then a handler may wake a thread.
bool handles_signals();

} // namespace snarl_rt
