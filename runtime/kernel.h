// What the kernel says of this process. For the watcher: system calls only.
#pragma once
#include "base.h"

namespace snarl_rt {

/// Is the thread asleep on a futex in these bytes? Tells a condition wait that has been signalled, and now wants its
/// mutex back, from one that sleeps.
bool asleep_on(int tid, const void *address, size_t bytes = 1);

/// What the kernel says a thread of ours is doing.
struct SystemCall {
  enum State : uint8_t { Unknown, Running, Blocked } state = Unknown;
  int number = -1;
  uintptr_t sp = 0, pc = 0; ///< in the program, when blocked
};
SystemCall system_call_of(int tid);
/// Nanoseconds that the thread was ready to run but had no processor; 0 if nobody says.
uint64_t run_delay_of(int tid);
/// Is the signal blocked in that thread? Yes if nobody says.
bool blocks_signal(int tid, int signal);

/// Number of threads of this process, ours and those nobody told us of; 0 if it cannot be told.
uint32_t count_tasks();

/// Does the program handle signals that somebody may still send? Then a handler may wake a thread.
bool handles_signals();

} // namespace snarl_rt
