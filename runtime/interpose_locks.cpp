// Wrapped functions of mutexes, rwlocks and spin locks: verb, real call, verb.
#include "event.h"
#include "process.h"
#include "real.h"

using namespace snarl_rt;

namespace {
pthread_mutex_t *as_mutex(mtx_t *m) {
  return reinterpret_cast<pthread_mutex_t *>(m);
} // glibc: the same object
int from_c11(int result) {
  return result == thrd_success ? 0 : result == thrd_busy ? EBUSY : result == thrd_timedout ? ETIMEDOUT : EINVAL;
}
} // namespace

#define TIMED true
#define BLOCKING false

namespace {
/// Out of line: nothing of it burdens who finds the mutex free.
SNARL_COLD int lock_by_call(Thread &self, pthread_mutex_t *m, LockId id, Caller caller) {
  await(self, m, id, 'x', BLOCKING, caller, 'l');
  int result = real::pthread_mutex_lock(m);
  return after_lock(enter(), m, id, 'x', caller, result);
}
} // namespace

/// Mutex, may block for ever. Most often it is free.
SNARL_EXPORT int pthread_mutex_lock(pthread_mutex_t *m) {
  Thread *self = enter();
  if (SNARL_UNLIKELY(!self)) return real::pthread_mutex_lock(m);
  LockId id = want(*self, m, 'x', BLOCKING, SNARL_CALLER);
  int result = 0;
  if (SNARL_LIKELY(load(takes_itself) && take_free(m, self->tid)))
    hold(*self, m, id, 'm', 'x', SNARL_CALLER);
  else
    result = lock_by_call(*self, m, id, SNARL_CALLER);
  compiler_barrier(); // no tail call: the frame is read while the thread waits
  return result;
}
/// Cannot block, so it orders nothing; it joins the held set if it succeeds.
SNARL_EXPORT int pthread_mutex_trylock(pthread_mutex_t *m) {
  return after_lock(enter(), m, 0, 'x', SNARL_CALLER, real::pthread_mutex_trylock(m));
}
/// Blocks for a while: an order, but no part of a deadlock.
SNARL_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *m, const timespec *t) {
  LockId id = before_lock(enter(), m, 'x', TIMED, SNARL_CALLER);
  int result = real::pthread_mutex_timedlock(m, t);
  return after_lock(enter(), m, id, 'x', SNARL_CALLER, result);
}
/// As timedlock, on a clock of the caller's choice.
SNARL_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t c, const timespec *t) {
  LockId id = before_lock(enter(), m, 'x', TIMED, SNARL_CALLER);
  int result = real::pthread_mutex_clocklock(m, c, t);
  return after_lock(enter(), m, id, 'x', SNARL_CALLER, result);
}
/// Gives the lock back; told before, since afterwards it may be gone.
SNARL_EXPORT int pthread_mutex_unlock(pthread_mutex_t *m) {
  before_unlock(enter(), m, SNARL_CALLER);
  return real::pthread_mutex_unlock(m);
}
/// A new lock at this address.
SNARL_EXPORT int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a) {
  Thread *self = enter();
  if (self && quick_id(m)) initialised_again(*self, ref_to(m), SNARL_CALLER);
  lock_made(self, m, &slot_in(m)->word);
  return real::pthread_mutex_init(m, a);
}
/// EBUSY says that somebody holds it.
SNARL_EXPORT int pthread_mutex_destroy(pthread_mutex_t *m) {
  Thread *self = enter();
  int result = real::pthread_mutex_destroy(m);
  if (self && result == EBUSY) destroy_refused(*self, ref_to(m), SNARL_CALLER);
  if (self && result == 0) lock_made(self, m, &slot_in(m)->word);
  return result;
}

/// C11: the same object, other names for the results.
SNARL_EXPORT int mtx_init(mtx_t *m, int type) {
  Thread *self = enter();
  if (self && quick_id(as_mutex(m))) initialised_again(*self, ref_to(as_mutex(m)), SNARL_CALLER);
  lock_made(self, m, &slot_in(as_mutex(m))->word);
  return real::mtx_init(m, type);
}
SNARL_EXPORT void mtx_destroy(mtx_t *m) {
  Thread *self = enter();
  if (self && load(as_mutex(m)->__data.__owner)) destroy_refused(*self, ref_to(as_mutex(m)), SNARL_CALLER);
  real::mtx_destroy(m);
  lock_made(self, m, &slot_in(as_mutex(m))->word);
}
SNARL_EXPORT int mtx_lock(mtx_t *m) {
  Thread *self = enter();
  LockId id = before_lock(self, as_mutex(m), 'x', BLOCKING, SNARL_CALLER);
  int result = real::mtx_lock(m);
  after_lock(self, as_mutex(m), id, 'x', SNARL_CALLER, from_c11(result));
  return result;
}
SNARL_EXPORT int mtx_trylock(mtx_t *m) {
  int result = real::mtx_trylock(m);
  after_lock(enter(), as_mutex(m), 0, 'x', SNARL_CALLER, from_c11(result));
  return result;
}
SNARL_EXPORT int mtx_timedlock(mtx_t *m, const timespec *t) {
  Thread *self = enter();
  LockId id = before_lock(self, as_mutex(m), 'x', TIMED, SNARL_CALLER);
  int result = real::mtx_timedlock(m, t);
  after_lock(self, as_mutex(m), id, 'x', SNARL_CALLER, from_c11(result));
  return result;
}
SNARL_EXPORT int mtx_unlock(mtx_t *m) {
  before_unlock(enter(), as_mutex(m), SNARL_CALLER);
  return real::mtx_unlock(m);
}

/// Shared mode. Readers do not exclude each other, which is for the command to weigh.
SNARL_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *l) {
  LockId id = before_lock(enter(), l, 's', BLOCKING, SNARL_CALLER);
  int result = real::pthread_rwlock_rdlock(l);
  return after_lock(enter(), l, id, 's', SNARL_CALLER, result);
}
SNARL_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *l) {
  return after_lock(enter(), l, 0, 's', SNARL_CALLER, real::pthread_rwlock_tryrdlock(l));
}
SNARL_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const timespec *t) {
  LockId id = before_lock(enter(), l, 's', TIMED, SNARL_CALLER);
  int result = real::pthread_rwlock_timedrdlock(l, t);
  return after_lock(enter(), l, id, 's', SNARL_CALLER, result);
}
SNARL_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t c, const timespec *t) {
  LockId id = before_lock(enter(), l, 's', TIMED, SNARL_CALLER);
  int result = real::pthread_rwlock_clockrdlock(l, c, t);
  return after_lock(enter(), l, id, 's', SNARL_CALLER, result);
}
/// Exclusive mode.
SNARL_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *l) {
  LockId id = before_lock(enter(), l, 'x', BLOCKING, SNARL_CALLER);
  int result = real::pthread_rwlock_wrlock(l);
  return after_lock(enter(), l, id, 'x', SNARL_CALLER, result);
}
SNARL_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *l) {
  return after_lock(enter(), l, 0, 'x', SNARL_CALLER, real::pthread_rwlock_trywrlock(l));
}
SNARL_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const timespec *t) {
  LockId id = before_lock(enter(), l, 'x', TIMED, SNARL_CALLER);
  int result = real::pthread_rwlock_timedwrlock(l, t);
  return after_lock(enter(), l, id, 'x', SNARL_CALLER, result);
}
SNARL_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t c, const timespec *t) {
  LockId id = before_lock(enter(), l, 'x', TIMED, SNARL_CALLER);
  int result = real::pthread_rwlock_clockwrlock(l, c, t);
  return after_lock(enter(), l, id, 'x', SNARL_CALLER, result);
}
SNARL_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *l) {
  before_unlock(enter(), l, SNARL_CALLER);
  return real::pthread_rwlock_unlock(l);
}
SNARL_EXPORT int pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *a) {
  Thread *self = enter();
  if (self && quick_id(l)) initialised_again(*self, ref_to(l), SNARL_CALLER);
  lock_made(self, l, &l->__data.__pad2);
  return real::pthread_rwlock_init(l, a);
}
/// glibc never refuses this: it is asked before whether somebody holds it.
SNARL_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *l) {
  Thread *self = enter();
  if (self && (load(l->__data.__cur_writer) || load(l->__data.__readers) >> 3))
    destroy_refused(*self, ref_to(l), SNARL_CALLER);
  lock_made(self, l, &l->__data.__pad2);
  return real::pthread_rwlock_destroy(l);
}

/// Spin locks wait without sleeping; for order and deadlock that is the same.
SNARL_EXPORT int pthread_spin_lock(pthread_spinlock_t *s) {
  LockId id = before_lock(enter(), s, 'x', BLOCKING, SNARL_CALLER);
  int result = real::pthread_spin_lock(s);
  return after_lock(enter(), s, id, 'x', SNARL_CALLER, result);
}
SNARL_EXPORT int pthread_spin_trylock(pthread_spinlock_t *s) {
  return after_lock(enter(), s, 0, 'x', SNARL_CALLER, real::pthread_spin_trylock(s));
}
SNARL_EXPORT int pthread_spin_unlock(pthread_spinlock_t *s) {
  before_unlock(enter(), s, SNARL_CALLER);
  return real::pthread_spin_unlock(s);
}
SNARL_EXPORT int pthread_spin_init(pthread_spinlock_t *s, int shared) {
  Thread *self = enter();
  if (self) initialised_again(*self, ref_to(s), SNARL_CALLER);
  lock_made(self, const_cast<int *>(s), nullptr);
  return real::pthread_spin_init(s, shared);
}
SNARL_EXPORT int pthread_spin_destroy(pthread_spinlock_t *s) {
  Thread *self = enter();
  if (self && load(*s) != spin_unlocked()) destroy_refused(*self, ref_to(s), SNARL_CALLER);
  lock_made(self, const_cast<int *>(s), nullptr);
  return real::pthread_spin_destroy(s);
}
