// Recording modes that are not always on, behind one test in the verbs: full log, measurements, steering.
//
// While no bit of `extras` is set, a lock pair pays for three tests of one word that nobody writes. With a bit set, the
// verbs call the functions below, which pass what happened on to each mode that is on (full*.cpp, measure*.cpp,
// steer*.cpp). They are called with none of our spin locks held; the thread's guard (`Inside`) may be set or not, so a
// mode sets it itself where it needs it. `extra_want` and `extra_block` always come without it.
#pragma once
#include "thread.h"

namespace snarl_rt {

constexpr uint32_t kRecordFull = 1, kMeasure = 2, kSteer = 4;

/// The modes that are on. Set once by start_extras, never changed in a process and its forked children.
extern uint32_t extras;

/// Sets `extras` from the options. The first record may have been made before.
void start_extras();

// ---- locks. Outermost acquisitions only: a recursive mutex taken again, or a read lock, is not told.

/// Before a call that may wait for the lock. Not for trylock. Steering may delay the thread here.
SNARL_COLD void extra_want(Thread &self, const void *lock, LockId id, char kind, char mode, bool timed, Caller caller);
/// Granted; `entry` is on the held array. Preceded by `extra_want` of the same lock unless it was tried.
SNARL_COLD void extra_got(Thread &self, const Held &entry, Caller caller);
/// Not granted: `result` is what the call returned (EBUSY, ETIMEDOUT, EDEADLK, ...).
SNARL_COLD void extra_refused(Thread &self, const void *lock, LockId id, char mode, int result, Caller caller);
/// Before it is given back; `entry` is still on the held array. Also when it was taken before a mode was on.
SNARL_COLD void extra_release(Thread &self, const Held &entry, Caller caller);
/// It is not held any more though this thread did not give it back (unlocked by another thread, freed).
void extra_lost(Thread &self, const Held &entry);

// ---- waits, `kind` as in the trace's k lines: j join, o once, c condition, p semaphore, b barrier

/// Before a call that may wait. For conditions `mutex` is the entry that the wait gives back, if we saw it taken.
void extra_block(Thread &self, char kind, const void *object, bool timed, const Held *mutex, Caller caller);
/// After it, also after one that was tried and needed no wait. `done`: what was waited for has come, not a time-out, an
/// error or a cancellation. For conditions `mutex` is held again.
void extra_unblock(Thread &self, char kind, const void *object, bool done, const Held *mutex, Caller caller);
/// Before a signal or broadcast ('c', 'C'), a post ('p'), or at the end of an initialiser ('o').
void extra_wake(Thread &self, char kind, const void *object, Caller caller);

// ---- threads

/// In the creator, before the thread exists. It may still fail.
void extra_create(Thread &self, Thread &child, Caller caller);
/// First and last thing in a thread. The last comes after its destructors.
void extra_start(Thread &self);
void extra_end(Thread &self);
/// `child` was joined: everything in it has happened.
void extra_joined(Thread &self, ThreadId child, Caller caller);
/// In the child of a fork, whose only thread is `self`. All memory is a copy of the parent's.
void extra_forked(Thread &self);
/// By the watcher, which is no thread of the program's: about every second, and when it has found a deadlock.
void extra_tick();
/// The process ends in order. Other threads may still be running.
void extra_exit(Thread *self);

} // namespace snarl_rt
