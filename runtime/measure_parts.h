// Between the measure*.cpp files. All of it runs in the watcher, or with `measuring` held when the process ends.
#pragma once
#include "event.h"
#include "kernel.h"
#include "measure.h"

namespace snarl_rt {

/// Nanoseconds, monotonic, by raw system call: the watcher has no thread-local storage that libc's could use.
uint64_t monotonic_now();
/// The stack of a thread that is in a wrapped function, by the wrapper's frame; numbered, not yet announced.
StackId stack_from(uintptr_t frame);
StackId stack_from(const Frame &frame);

/// Writes the L line of a lock that is held, with the stack of its first use where that can be read.
void tell_held_lock(LockId id, char kind, const void *address, StackId taken);

// Each looks at all threads and says whether it is worth looking again soon.
bool look_at_waiters(uint64_t now, uint64_t since_last);
extern bool saw_new_waiter; ///< whose wait may be long: worth one more look
bool look_at_loops(uint64_t now);
void look_at_tries(uint64_t now);
void finish_waiters();
void finish_loops();
void forget_waiters();
void forget_loops();

/// A call of a thread that runs an event loop took so many nanoseconds, and was not the loop's own.
void call_took_long(Thread &self, uint64_t time);

/// The watcher may be in a long pause: ends it. `Loops` always, `Calls` only when it was not in vain before.
enum class Attention : uint32_t { Loops = 1, Calls = 2 };
void call_attention(Attention why);

extern SpinLock measuring; ///< guards the records

} // namespace snarl_rt
