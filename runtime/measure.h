// What threads lose by each other: calls that block while others wait for a lock of the caller, event loops that do not
// come back, threads that never get their turn.
//
// Nothing is measured by the threads themselves but the time away of an event loop. They publish: the lock they wait
// for (Thread::wait, which the live deadlock detection needs anyway), and the blocking call they are in, if they hold a
// lock or run an event loop. The watcher looks at what is published, a few times a second while nothing is worth
// watching and every kMeasureTick while something is, and adds up the time between two looks that show the same wait
// for the same call. So the time lost is measured from below, to within a tick for each wait, and programs in which
// nobody waits pay for one test in each blocking call.
#pragma once
#include "calls.h"
#include "thread.h"
#include <time.h>

namespace snarl_rt {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kMeasureTick = 5 * kMillisecond;

/// Nanoseconds, monotonic, in steps of the kernel's clock tick (1 to 10 ms): a few nanoseconds to read.
SNARL_INLINE uint64_t coarse_now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 * kMillisecond + static_cast<uint64_t>(now.tv_nsec);
}

// ---- for wrappers. `begin_*` gives null when there is nothing to measure; `end_*` takes it.

void publish_call(Thread &self, uint8_t name, Caller caller);
SNARL_INLINE Thread *begin_call(uint8_t name, Caller caller) {
  Thread *self = current_thread;
  if (SNARL_LIKELY(!self || !(self->held_count | self->loop.turns)) || load(self->inside)) return nullptr;
  publish_call(*self, name, caller);
  return self;
}
/// Forgets the call; a long one is remembered with its stack if it kept an event loop away.
void finish_call(Thread &self);
SNARL_INLINE void end_call(Thread *self) {
  if (SNARL_UNLIKELY(self != nullptr)) finish_call(*self);
}

/// Before a call that event loops are made of; `descriptors`: how many it waits for (0: it only sleeps).
Thread *begin_poll(uint8_t name, long descriptors, Caller caller);
/// Did the loop stay away too long? Then `ready` says whether events are waiting: told to `loop_came_back`.
bool loop_was_away(Thread *self, Caller caller);
void loop_came_back(Thread *self, bool ready, Caller caller);
/// The call is about to be made, and has returned.
void enter_poll(Thread *self, Caller caller);
void end_poll(Thread *self, int result, Caller caller);

/// A trylock failed. Cheap: a thread may do it in a loop.
void note_failed_try(Thread &self, const void *lock, LockId id, char kind, Caller caller);

// ---- for the watcher and the process

/// Passes the time between two of the watcher's looks, measuring.
void measure_for(uint64_t milliseconds);
/// Writes what is known; the process is ending.
void finish_measuring(Thread *self);
void measure_after_fork();
/// The handler that unwinds running threads: none of the program's.
bool is_sampling_handler(const void *handler);

} // namespace snarl_rt
