// Wrapped functions of condition variables: pthread's in both layouts, and C11's.
//
// glibc 2.3.2 changed the layout of pthread_cond_t; binaries of before still get the old functions by the old version
// of their names. An unversioned wrapper would catch their calls too and pass them on to the new functions, so both
// versions are exported here (runtime/exports.map), each for the real one of its own. Of an old condition variable only
// the address is looked at.
//
// Waits are cancellation points: nothing here has a destructor or must be undone if the real call never returns.
#include "conditions.h"
#include "real.h"

using namespace snarl_rt;

namespace {

int after_wait(Thread *self, const pthread_cond_t *c, pthread_mutex_t *m, int result, Caller caller) {
  after_cond_wait(self, c, m, result == 0, caller);
  if (self && result == 0) wait_returned(c);
  return result;
}

/// Told before: the woken thread may run at once.
SNARL_INLINE void before_signal(Thread *self, const pthread_cond_t *c, bool all, Caller caller) {
  signal_condition(self, c, all, caller);
  if (self && !waiters(c)) signal_lost(*self, c, caller);
}

pthread_mutex_t *as_mutex(mtx_t *m) {
  return reinterpret_cast<pthread_mutex_t *>(m);
} // glibc: the same objects
pthread_cond_t *as_cond(cnd_t *c) {
  return reinterpret_cast<pthread_cond_t *>(c);
}

} // namespace

/// Gives the mutex back and takes it again inside libc, where no wrapper sees it.
SNARL_EXPORT int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m) {
  Thread *self = enter();
  uint64_t since = wakes_so_far();
  if (self) wait_begins(*self, c, m, SNARL_CALLER);
  before_cond_wait(self, c, m, false, SNARL_CALLER);
  int result = real::pthread_cond_wait(c, m);
  after_wait(self, c, m, result, SNARL_CALLER);
  if (result == 0) woken(self, c, since, 'v');
  return result;
}
/// A timed wait proves no order: the signal may not have been what ended it.
SNARL_EXPORT int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const timespec *t) {
  Thread *self = enter();
  if (self) wait_begins(*self, c, m, SNARL_CALLER);
  before_cond_wait(self, c, m, true, SNARL_CALLER);
  int result = real::pthread_cond_timedwait(c, m, t);
  return after_wait(self, c, m, result, SNARL_CALLER);
}
SNARL_EXPORT int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t k, const timespec *t) {
  Thread *self = enter();
  if (self) wait_begins(*self, c, m, SNARL_CALLER);
  before_cond_wait(self, c, m, true, SNARL_CALLER);
  int result = real::pthread_cond_clockwait(c, m, k, t);
  return after_wait(self, c, m, result, SNARL_CALLER);
}
SNARL_EXPORT int pthread_cond_signal(pthread_cond_t *c) {
  before_signal(enter(), c, false, SNARL_CALLER);
  return real::pthread_cond_signal(c);
}
SNARL_EXPORT int pthread_cond_broadcast(pthread_cond_t *c) {
  before_signal(enter(), c, true, SNARL_CALLER);
  return real::pthread_cond_broadcast(c);
}
/// Waits, inside libc, until everybody has left.
SNARL_EXPORT int pthread_cond_destroy(pthread_cond_t *c) {
  if (Thread *self = enter()) condition_ends(*self, c, SNARL_CALLER);
  return real::pthread_cond_destroy(c);
}

/// C11: the same objects.
SNARL_EXPORT int cnd_wait(cnd_t *c, mtx_t *m) {
  Thread *self = enter();
  uint64_t since = wakes_so_far();
  if (self) wait_begins(*self, as_cond(c), as_mutex(m), SNARL_CALLER);
  before_cond_wait(self, c, as_mutex(m), false, SNARL_CALLER);
  int result = real::cnd_wait(c, m);
  after_wait(self, as_cond(c), as_mutex(m), result == thrd_success ? 0 : EINVAL, SNARL_CALLER);
  if (result == thrd_success) woken(self, c, since, 'v');
  return result;
}
SNARL_EXPORT int cnd_timedwait(cnd_t *c, mtx_t *m, const timespec *t) {
  Thread *self = enter();
  if (self) wait_begins(*self, as_cond(c), as_mutex(m), SNARL_CALLER);
  before_cond_wait(self, c, as_mutex(m), true, SNARL_CALLER);
  int result = real::cnd_timedwait(c, m, t);
  after_wait(self, as_cond(c), as_mutex(m), result == thrd_success ? 0 : ETIMEDOUT, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int cnd_signal(cnd_t *c) {
  before_signal(enter(), as_cond(c), false, SNARL_CALLER);
  return real::cnd_signal(c);
}
SNARL_EXPORT int cnd_broadcast(cnd_t *c) {
  before_signal(enter(), as_cond(c), true, SNARL_CALLER);
  return real::cnd_broadcast(c);
}
SNARL_EXPORT void cnd_destroy(cnd_t *c) {
  if (Thread *self = enter()) condition_ends(*self, as_cond(c), SNARL_CALLER);
  real::cnd_destroy(c);
}

// ---- the layout of before 2.3.2: a pointer, which must be the first thing in the object and is libc's own business

#define OLD(name)                                                                                                      \
  static decltype(real::name) found = nullptr;                                                                         \
  if (SNARL_UNLIKELY(!load(found))) store(found, reinterpret_cast<decltype(found)>(real::find(#name, "GLIBC_2.2.5")))

SNARL_EXPORT int snarl_rt_old_cond_wait(pthread_cond_t *c, pthread_mutex_t *m) {
  OLD(pthread_cond_wait);
  Thread *self = enter();
  uint64_t since = wakes_so_far();
  before_cond_wait(self, c, m, false, SNARL_CALLER);
  int result = found(c, m);
  after_cond_wait(self, c, m, result == 0, SNARL_CALLER);
  if (result == 0) woken(self, c, since, 'v');
  return result;
}
SNARL_EXPORT int snarl_rt_old_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const timespec *t) {
  OLD(pthread_cond_timedwait);
  Thread *self = enter();
  before_cond_wait(self, c, m, true, SNARL_CALLER);
  int result = found(c, m, t);
  after_cond_wait(self, c, m, result == 0, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int snarl_rt_old_cond_signal(pthread_cond_t *c) {
  OLD(pthread_cond_signal);
  signal_condition(enter(), c, false, SNARL_CALLER);
  return found(c);
}
SNARL_EXPORT int snarl_rt_old_cond_broadcast(pthread_cond_t *c) {
  OLD(pthread_cond_broadcast);
  signal_condition(enter(), c, true, SNARL_CALLER);
  return found(c);
}
SNARL_EXPORT int snarl_rt_old_cond_destroy(pthread_cond_t *c) {
  OLD(pthread_cond_destroy);
  return found(c);
}
__asm__(".symver snarl_rt_old_cond_wait, pthread_cond_wait@GLIBC_2.2.5\n"
        ".symver snarl_rt_old_cond_timedwait, pthread_cond_timedwait@GLIBC_2.2.5\n"
        ".symver snarl_rt_old_cond_signal, pthread_cond_signal@GLIBC_2.2.5\n"
        ".symver snarl_rt_old_cond_broadcast, pthread_cond_broadcast@GLIBC_2.2.5\n"
        ".symver snarl_rt_old_cond_destroy, pthread_cond_destroy@GLIBC_2.2.5\n");
