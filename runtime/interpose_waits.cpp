// Wrapped functions that wait for another thread's doing: semaphores, barriers, once.
//
// Most are cancellation points: nothing here has a destructor or must be undone if the real call never returns.
#include "conditions.h"
#include "real.h"
#include <fcntl.h>
#include <stdarg.h>

using namespace snarl_rt;

namespace {
/// glibc's struct new_sem: value, then the number of threads that sleep.
uint32_t sleepers(const sem_t *s) {
  return load(reinterpret_cast<const uint32_t *>(s)[1]);
}
} // namespace

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
  Thread *self = enter();
  if (self && sleepers(s)) object_ends(*self, s, sizeof(int), 'p', SNARL_CALLER);
  semaphore_made(self, s, true, 0);
  return real::sem_destroy(s);
}
/// Opened again it is the same object, at the same address; what it was seen to be used for stays.
SNARL_EXPORT sem_t *sem_open(const char *name, int flags, ...) {
  mode_t mode = 0;
  unsigned value = 0;
  if (flags & O_CREAT) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    value = va_arg(rest, unsigned);
    va_end(rest);
  }
  sem_t *s = real::sem_open(name, flags, mode, value);
  if (s != SEM_FAILED && semaphore_use(s) == SemaphoreUse::Unknown)
    semaphore_made(enter(), s, false, static_cast<unsigned>(load(*reinterpret_cast<int *>(s))));
  return s;
}
SNARL_EXPORT int sem_close(sem_t *s) {
  int result = real::sem_close(s);
  char probe;
  if (result == 0 && !read_memory(&probe, s, 1)) semaphore_made(enter(), s, true, 0); // that was the last one
  return result;
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

/// Waits, inside libc, for those who are just leaving it.
SNARL_EXPORT int pthread_barrier_destroy(pthread_barrier_t *b) {
  if (Thread *self = enter()) object_ends(*self, b, sizeof *b, 'b', SNARL_CALLER);
  return real::pthread_barrier_destroy(b);
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
