// Condition variables: which mutex they are used with, and signals that found nobody waiting.
//
// What is known of one is kept by address in a table of fixed size; two that share a slot forget each other, which
// loses a remark and never makes one up. glibc's own counters say whether anybody waits, and whether the memory holds
// another condition variable than before, so none of this needs to see how one is made.
#pragma once
#include "event.h"

namespace snarl_rt {

/// About to wait: tells a mutex that is not held, and one that is not the mutex of those who wait now.
void wait_begins(Thread &self, const pthread_cond_t *cond, pthread_mutex_t *m, Caller caller);
/// A wait came back by a wake-up.
void wait_returned(const pthread_cond_t *cond);
/// Nobody waits, so the signal is lost. Cheap: a condition variable that has been waited for costs two loads.
void signal_lost(Thread &self, const pthread_cond_t *cond, Caller caller);
/// About to be destroyed: tells threads asleep on it, which nobody can wake any more.
void condition_ends(Thread &self, const pthread_cond_t *cond, Caller caller);
/// The same for a semaphore or a barrier; `bytes` is its size.
void object_ends(Thread &self, const void *object, size_t bytes, char wait, Caller caller);
/// For the watcher: `waiter` will wait for ever. Tells it if the last signal came just before, and was lost.
void tell_lost_signal(const void *cond, const Thread &waiter);
/// In a forked child.
void forget_conditions();

/// glibc's number of threads that wait, or have been woken and have not left yet (2.25 and later).
SNARL_INLINE uint32_t waiters(const pthread_cond_t *cond) {
  return load(cond->__data.__wrefs) >> 3;
}

} // namespace snarl_rt
