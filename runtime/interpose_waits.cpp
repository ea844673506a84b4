// Wrapped functions that wait for another thread's doing: condition variables, semaphores, barriers, once.
//
// Most are cancellation points: nothing here has a destructor or must be undone if the real call never returns.
#include "event.h"
#include "real.h"

using namespace snarl_rt;

/// Gives the mutex back and takes it again inside libc, where no wrapper sees it.
SNARL_EXPORT int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m) {
  Thread *self = enter();
  uint64_t since = wakes_so_far();
  before_cond_wait(self, c, m, false, SNARL_CALLER);
  int result = real::pthread_cond_wait(c, m);
  after_cond_wait(self, c, m, result == 0, SNARL_CALLER);
  if (result == 0) woken(self, c, since, 'v');
  return result;
}
/// A timed wait proves no order: the signal may not have been what ended it.
SNARL_EXPORT int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const timespec *t) {
  Thread *self = enter();
  before_cond_wait(self, c, m, true, SNARL_CALLER);
  int result = real::pthread_cond_timedwait(c, m, t);
  after_cond_wait(self, c, m, result == 0, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t k, const timespec *t) {
  Thread *self = enter();
  before_cond_wait(self, c, m, true, SNARL_CALLER);
  int result = real::pthread_cond_clockwait(c, m, k, t);
  after_cond_wait(self, c, m, result == 0, SNARL_CALLER);
  return result;
}
/// Told before: the woken thread may run at once.
SNARL_EXPORT int pthread_cond_signal(pthread_cond_t *c) {
  signal_condition(enter(), c, false, SNARL_CALLER);
  return real::pthread_cond_signal(c);
}
SNARL_EXPORT int pthread_cond_broadcast(pthread_cond_t *c) {
  signal_condition(enter(), c, true, SNARL_CALLER);
  return real::pthread_cond_broadcast(c);
}

/// C11: the same objects.
SNARL_EXPORT int cnd_wait(cnd_t *c, mtx_t *m) {
  Thread *self = enter();
  auto *mutex = reinterpret_cast<pthread_mutex_t *>(m);
  uint64_t since = wakes_so_far();
  before_cond_wait(self, c, mutex, false, SNARL_CALLER);
  int result = real::cnd_wait(c, m);
  after_cond_wait(self, c, mutex, result == thrd_success, SNARL_CALLER);
  if (result == thrd_success) woken(self, c, since, 'v');
  return result;
}
SNARL_EXPORT int cnd_timedwait(cnd_t *c, mtx_t *m, const timespec *t) {
  Thread *self = enter();
  auto *mutex = reinterpret_cast<pthread_mutex_t *>(m);
  before_cond_wait(self, c, mutex, true, SNARL_CALLER);
  int result = real::cnd_timedwait(c, m, t);
  after_cond_wait(self, c, mutex, result == thrd_success, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int cnd_signal(cnd_t *c) {
  signal_condition(enter(), c, false, SNARL_CALLER);
  return real::cnd_signal(c);
}
SNARL_EXPORT int cnd_broadcast(cnd_t *c) {
  signal_condition(enter(), c, true, SNARL_CALLER);
  return real::cnd_broadcast(c);
}

/// Returns -1 and sets errno, which no verb touches. A semaphore that is used as a lock gives no order, as no lock
/// does.
SNARL_EXPORT int sem_wait(sem_t *s) {
  before_semaphore(enter(), s, false, SNARL_CALLER);
  int result = real::sem_wait(s);
  after_semaphore(enter(), s, result == 0, SNARL_CALLER);
  if (result == 0 && !used_as_lock(s)) woken(enter(), s, 0, 'p');
  return result;
}
SNARL_EXPORT int sem_trywait(sem_t *s) {
  int result = real::sem_trywait(s);
  if (result) return result;
  after_semaphore(enter(), s, true, SNARL_CALLER);
  if (!used_as_lock(s)) woken(enter(), s, 0, 'p');
  return result;
}
SNARL_EXPORT int sem_timedwait(sem_t *s, const timespec *t) {
  before_semaphore(enter(), s, true, SNARL_CALLER);
  int result = real::sem_timedwait(s, t);
  after_semaphore(enter(), s, result == 0, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int sem_clockwait(sem_t *s, clockid_t c, const timespec *t) {
  before_semaphore(enter(), s, true, SNARL_CALLER);
  int result = real::sem_clockwait(s, c, t);
  after_semaphore(enter(), s, result == 0, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int sem_post(sem_t *s) {
  Thread *self = enter();
  before_post(self, s, SNARL_CALLER);
  if (!used_as_lock(s)) wake(self, s); // giving a lock back orders nothing: the next holder could have been the first
  return real::sem_post(s);
}
SNARL_EXPORT int sem_init(sem_t *s, int shared, unsigned value) {
  semaphore_made(enter(), s, shared, value);
  return real::sem_init(s, shared, value);
}
SNARL_EXPORT int sem_destroy(sem_t *s) {
  semaphore_made(enter(), s, true, 0);
  return real::sem_destroy(s);
}

/// Everything before it in any of the threads comes before everything after it in all of them.
SNARL_EXPORT int pthread_barrier_wait(pthread_barrier_t *b) {
  Thread *self = enter();
  barrier_arrives(self, b);
  block(self, 'b', b, false, SNARL_CALLER);
  int result = real::pthread_barrier_wait(b);
  bool all_came = result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD;
  unblock(self, 'b', b, all_came, SNARL_CALLER);
  if (all_came) barrier_left(self, b);
  return result;
}
SNARL_EXPORT int pthread_barrier_init(pthread_barrier_t *b, const pthread_barrierattr_t *a, unsigned n) {
  int result = real::pthread_barrier_init(b, a, n);
  if (Thread *self = enter(); self && result == 0) {
    Inside inside(*self);
    barrier_made(b, n);
  }
  return result;
}

namespace {

/// Runs in the one thread that libc chose, in place of the program's initialiser.
void run_once_initialiser() {
  Thread *self = current_thread;
  void (*init)() = self->once_init;
  const void *once = self->once_object;
  once_begins(*self, once, self->once_caller, true);
  init();
  once_ends(*self, once, true, self->once_caller);
}

constexpr int kOnceDone = 2; ///< glibc's value of a pthread_once_t that has run

} // namespace

/// Others wait until the first one's initialiser returns.
SNARL_EXPORT int pthread_once(pthread_once_t *once, void (*init)()) {
  Thread *self = enter();
  if (!self) return real::pthread_once(once, init);
  bool done = load_acquire(*once) == kOnceDone;
  if (self->held_count || !done) before_once(self, once, done, SNARL_CALLER);
  self->once_init = init;
  self->once_object = once;
  self->once_caller = SNARL_CALLER;
  int result = real::pthread_once(once, run_once_initialiser);
  after_once(self, once, SNARL_CALLER);
  return result;
}
SNARL_EXPORT void call_once(once_flag *flag, void (*init)()) {
  pthread_once(reinterpret_cast<pthread_once_t *>(flag), init);
}
