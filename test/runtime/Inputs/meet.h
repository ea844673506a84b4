// How the tests fix the order of threads: by atomics, which the library cannot see and must not need.
#pragma once
#include <sched.h>
#include <stdatomic.h>

static atomic_int step_;

/// Waits until step `n` was reached.
static inline void await_step(int n) {
  while (atomic_load(&step_) < n) sched_yield();
}
/// Reaches the next step.
static inline void next_step(void) { atomic_fetch_add(&step_, 1); }
/// Waits until `n` threads are here.
static inline void meet(int n) {
  next_step();
  await_step(n);
}
