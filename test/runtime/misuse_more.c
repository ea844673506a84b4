// Locks made anew, given back damaged or inherited held; condition variables without their mutex, with two, and signals
// that nobody waited for. And right use that looks like it.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for what in init_held rw_init_held spin_init_held init_again died fork_held wait_unlocked wait_foreign two_mutexes two_mutexes_c11 cond_destroyed sem_destroyed barrier_destroyed; do echo == $what; %snarl run --timeout 5 -- %t $what 2>&1; done > %t.out; FileCheck %s < %t.out
// RUN: for what in lost lost_between; do echo == $what; %snarl run --halt-on-deadlock -- %t $what 2>&1; done > %t.lost; FileCheck %s --check-prefix=LOST < %t.lost
// RUN: for what in reinit phases fork_reinit died_right mutex_after_mutex broadcast_destroyed queue posted recursive_wait; do echo == $what; %snarl run --timeout 10 -- %t $what 2>&1 || exit 1; done > %t.quiet; FileCheck %s --check-prefix=QUIET --implicit-check-not=error --implicit-check-not=warning < %t.quiet
// A hang that no signal could have prevented is not called a lost one:
// RUN: for what in never_signalled drained; do echo == $what; %snarl run --halt-on-deadlock -- %t $what 2>&1; done > %t.other; FileCheck %s --check-prefix=OTHER --implicit-check-not=condvar < %t.other
#define _GNU_SOURCE
#include "meet.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static const char *what;
static struct {
  pthread_mutex_t m, other;
  pthread_cond_t ready;
} state = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static sem_t sem;
static cnd_t changed;
static mtx_t one, two;
static int items, stop;

static int is(const char *k) { return !strcmp(what, k); }
static int starts(const char *k) { return !strncmp(what, k, strlen(k)); }

static struct timespec in_ms(int ms) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += ms * 1000000L;
  t.tv_sec += t.tv_nsec / 1000000000;
  t.tv_nsec %= 1000000000;
  return t;
}
/// In state S (sleeping), so that whoever looks finds it in its futex.
static void await_asleep(pid_t tid) {
  char path[64], text[256];
  for (char state_letter = 0; state_letter != 'S';) {
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    FILE *f = fopen(path, "r");
    if (f && fgets(text, sizeof text, f)) state_letter = strrchr(text, ')')[2];
    if (f) fclose(f);
    sched_yield();
  }
}
static atomic_int other_tid;

__attribute__((noinline)) static void use(pthread_mutex_t *m) {
  pthread_mutex_lock(m);
  ++items;
  pthread_mutex_unlock(m);
}
__attribute__((noinline)) static void *waiter(void *p) {
  if (starts("two_mutexes_c11")) {
    mtx_lock(&one);
    next_step();
    struct timespec t = in_ms(600);
    cnd_timedwait(&changed, &one, &t);
    mtx_unlock(&one);
  } else if (is("sem_destroyed")) {
    atomic_store(&other_tid, gettid());
    next_step();
    struct timespec t = in_ms(1500);
    sem_timedwait(&sem, &t);
  } else if (is("barrier_destroyed")) {
    atomic_store(&other_tid, gettid());
    next_step();
    pthread_barrier_wait(&barrier);
  } else if (is("broadcast_destroyed")) {
    pthread_mutex_lock(&state.m);
    next_step();
    while (!stop) pthread_cond_wait(&state.ready, &state.m);
    pthread_mutex_unlock(&state.m);
  } else if (is("mutex_after_mutex")) {
    pthread_mutex_t *m = p;
    pthread_mutex_lock(m);
    struct timespec t = in_ms(10);
    pthread_cond_timedwait(&state.ready, m, &t);
    pthread_mutex_unlock(m);
  } else if (is("queue") || is("drained")) {
    int last = is("drained");
    pthread_mutex_lock(&state.m);
    for (int got = 0; got < 20 + last; ++got) {
      while (!items) pthread_cond_wait(&state.ready, &state.m);
      --items;
    }
    pthread_mutex_unlock(&state.m);
  } else if (is("lost") || is("never_signalled")) {
    await_step(1);
    pthread_mutex_lock(&state.m);
    pthread_cond_wait(&state.ready, &state.m);
    pthread_mutex_unlock(&state.m);
  } else if (is("lost_between")) { // once it goes well; then the signal comes between the look at the state and the wait
    pthread_mutex_lock(&state.m);
    next_step();
    while (!stop) pthread_cond_wait(&state.ready, &state.m);
    next_step();
    await_step(3);
    pthread_cond_wait(&state.ready, &state.m);
    pthread_mutex_unlock(&state.m);
  } else {
    pthread_mutex_lock(&state.m);
    atomic_store(&other_tid, gettid());
    next_step();
    struct timespec t = in_ms(1000);
    pthread_cond_timedwait(&state.ready, &state.m, &t);
    pthread_mutex_unlock(&state.m);
  }
  return p;
}
static void *dies(void *p) {
  pthread_mutex_lock(&state.m);
  return p;
}
static void *holds(void *p) {
  pthread_mutex_lock(&state.m);
  next_step();
  await_step(2);
  pthread_mutex_unlock(&state.m);
  return p;
}
static void *idle(void *p) {
  await_step(1);
  return p;
}
static void before_fork(void) { pthread_mutex_lock(&state.m); }
static void in_parent(void) { pthread_mutex_unlock(&state.m); }
static void in_child(void) { pthread_mutex_init(&state.m, NULL); }

int main(int argc, char **argv) {
  pthread_mutexattr_t a;
  pthread_t t, u;
  if (argc < 2) return 2;
  what = argv[1];
  pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
  pthread_barrier_init(&barrier, NULL, 2);
  sem_init(&sem, 0, is("posted"));
  cnd_init(&changed);
  mtx_init(&one, mtx_plain);
  mtx_init(&two, mtx_plain);
  pthread_mutexattr_init(&a);
  if (starts("died")) {
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&state.m, &a);
    pthread_create(&t, NULL, dies, NULL);
    pthread_join(t, NULL);
    if (pthread_mutex_lock(&state.m) != EOWNERDEAD) return 1;
    if (is("died_right")) pthread_mutex_consistent(&state.m);
    pthread_mutex_unlock(&state.m);
    return pthread_mutex_lock(&state.m) == (is("died") ? ENOTRECOVERABLE : 0) ? 0 : 1;
  }
  if (is("init_held") || is("rw_init_held") || is("spin_init_held")) {
    pthread_create(&t, NULL, idle, NULL);
    use(&state.m);
    pthread_mutex_lock(&state.m);
    pthread_rwlock_rdlock(&rw);
    pthread_spin_lock(&spin);
    if (is("init_held")) pthread_mutex_init(&state.m, NULL);
    if (is("rw_init_held")) pthread_rwlock_init(&rw, NULL);
    if (is("spin_init_held")) pthread_spin_init(&spin, 0);
    next_step();
    pthread_join(t, NULL);
  } else if (is("init_again")) {
    pthread_create(&t, NULL, idle, NULL);
    use(&state.m);
    pthread_mutex_init(&state.m, NULL);
    next_step();
    pthread_join(t, NULL);
  } else if (is("reinit")) { // destroyed before; or on the stack; and before the first use
    pthread_create(&t, NULL, idle, NULL);
    for (int i = 0; i < 3; ++i) {
      pthread_mutex_t local;
      pthread_mutex_init(&local, NULL);
      use(&local);
      pthread_mutex_init(&state.m, NULL);
      use(&state.m);
      pthread_mutex_destroy(&state.m);
      pthread_mutex_init(&state.other, NULL);
    }
    next_step();
    pthread_join(t, NULL);
  } else if (is("phases")) { // starting all over, with nobody else about
    for (int i = 0; i < 3; ++i) {
      pthread_mutex_init(&state.m, NULL);
      use(&state.m);
      pthread_create(&t, NULL, idle, NULL);
      if (!i) next_step();
      pthread_join(t, NULL);
    }
  } else if (is("fork_held")) {
    pthread_create(&t, NULL, holds, NULL);
    await_step(1);
    pid_t child = fork();
    if (!child) {
      int result = pthread_mutex_trylock(&state.m);
      struct timespec soon = in_ms(50);
      result |= pthread_mutex_timedlock(&state.m, &soon);
      _exit(result == 0);
    }
    next_step();
    pthread_join(t, NULL);
    waitpid(child, NULL, 0);
  } else if (is("fork_reinit")) {
    pthread_atfork(before_fork, in_parent, in_child);
    pthread_create(&t, NULL, idle, NULL);
    use(&state.m);
    pid_t child = fork();
    if (!child) {
      use(&state.m);
      _exit(0);
    }
    next_step();
    pthread_join(t, NULL);
    waitpid(child, NULL, 0);
  } else if (is("wait_unlocked") || is("wait_foreign")) {
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK); // refuses, so that nothing is damaged
    pthread_mutex_init(&state.m, &a);
    if (is("wait_foreign")) {
      pthread_create(&t, NULL, holds, NULL);
      await_step(1);
    }
    if (pthread_cond_wait(&state.ready, &state.m) != EPERM) return 1;
    next_step();
    if (is("wait_foreign")) pthread_join(t, NULL);
  } else if (is("two_mutexes")) {
    pthread_create(&t, NULL, waiter, NULL);
    await_step(1);
    pthread_mutex_lock(&state.m); // it waits now
    pthread_mutex_unlock(&state.m);
    pthread_mutex_lock(&state.other);
    struct timespec soon = in_ms(10);
    pthread_cond_timedwait(&state.ready, &state.other, &soon);
    pthread_mutex_unlock(&state.other);
    pthread_join(t, NULL);
  } else if (is("two_mutexes_c11")) {
    pthread_create(&t, NULL, waiter, NULL);
    await_step(1);
    mtx_lock(&one);
    mtx_unlock(&one);
    mtx_lock(&two);
    struct timespec soon = in_ms(10);
    cnd_timedwait(&changed, &two, &soon);
    mtx_unlock(&two);
    pthread_join(t, NULL);
  } else if (is("mutex_after_mutex")) {
    for (int i = 0; i < 4; ++i) {
      pthread_create(&t, NULL, waiter, i % 2 ? &state.m : &state.other);
      pthread_join(t, NULL);
    }
  } else if (is("cond_destroyed") || is("sem_destroyed") || is("barrier_destroyed")) {
    pthread_create(&t, NULL, waiter, NULL);
    await_step(1);
    if (is("cond_destroyed")) use(&state.m);
    await_asleep(atomic_load(&other_tid));
    usleep(20000);
    await_asleep(atomic_load(&other_tid));
    if (is("cond_destroyed")) pthread_cond_destroy(&state.ready);
    if (is("sem_destroyed")) sem_destroy(&sem);
    if (is("barrier_destroyed")) pthread_barrier_destroy(&barrier); // libc waits for ever
    pthread_join(t, NULL);
  } else if (is("broadcast_destroyed")) {
    for (int i = 0; i < 200; ++i) {
      stop = 0;
      pthread_cond_init(&state.ready, NULL);
      pthread_create(&t, NULL, waiter, NULL);
      await_step(i + 1);
      pthread_mutex_lock(&state.m);
      stop = 1;
      pthread_cond_broadcast(&state.ready);
      pthread_mutex_unlock(&state.m);
      pthread_cond_destroy(&state.ready); // POSIX: as soon as all have been woken
      pthread_join(t, NULL);
    }
  } else if (is("posted")) {
    for (int i = 0; i < 200; ++i) {
      sem_t done;
      sem_init(&done, 0, 0);
      sem_post(&done);
      sem_wait(&done);
      sem_destroy(&done);
    }
  } else if (is("recursive_wait")) { // held twice: only POSIX's own trap, and no wait without the mutex
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&state.m, &a);
    pthread_mutex_lock(&state.m);
    struct timespec soon = in_ms(10);
    pthread_cond_timedwait(&state.ready, &state.m, &soon);
    pthread_mutex_unlock(&state.m);
  } else if (is("queue") || is("drained")) { // signals that nobody waits for, which the predicate makes up for
    pthread_create(&t, NULL, waiter, NULL);
    for (int i = 0; i < 20; ++i) {
      pthread_mutex_lock(&state.m);
      ++items;
      pthread_cond_signal(&state.ready);
      pthread_mutex_unlock(&state.m);
      if (i == 10) // it has waited at least once
        for (int left = 1; left;) {
          pthread_mutex_lock(&state.m);
          left = items;
          pthread_mutex_unlock(&state.m);
        }
      if (i == 10) usleep(20000);
    }
    pthread_join(t, NULL);
  } else if (is("lost") || is("never_signalled")) {
    pthread_create(&t, NULL, waiter, NULL);
    if (is("lost")) pthread_cond_signal(&state.ready);
    next_step();
    pthread_join(t, NULL);
  } else if (is("lost_between")) {
    pthread_create(&u, NULL, waiter, NULL);
    await_step(1);
    pthread_mutex_lock(&state.m);
    stop = 1;
    pthread_cond_signal(&state.ready);
    pthread_mutex_unlock(&state.m);
    await_step(2);
    pthread_cond_signal(&state.ready); // it holds the mutex, and is about to wait
    next_step();
    pthread_join(u, NULL);
  }
  return 0;
}
// CHECK:      == init_held
// CHECK:      error: main thread initialises state, which it still holds [unreleased-lock, actual]
// CHECK:      note: state was taken here by main thread
// CHECK:      == rw_init_held
// CHECK:      error: main thread initialises rw, which it still holds [unreleased-lock, actual]
// CHECK:      == spin_init_held
// CHECK:      error: main thread initialises spin, which it still holds [unreleased-lock, actual]
// CHECK:      == init_again
// CHECK:      warning: main thread initialises state again, which was not destroyed, while other threads are running [unreleased-lock, actual]
// CHECK:      note: state was first used here
// CHECK:      == died
// CHECK:      error: main thread gives back state, whose owner died, without declaring it consistent: nobody can take it any more [unreleased-lock, actual]
// CHECK:      == fork_held
// CHECK:      error: main thread of a forked process wants state, which another thread of the parent held when it forked [unreleased-lock, actual]
// CHECK:      #0 holds
// CHECK:      == wait_unlocked
// CHECK:      error: main thread waits on state+{{.*}} with state, which it does not hold [condvar-wait, actual]
// CHECK:      == wait_foreign
// CHECK:      error: main thread waits on state+{{.*}} with state, which it does not hold but thread 2 does [condvar-wait, actual]
// CHECK:      == two_mutexes
// CHECK:      error: main thread waits on state+{{.*}} with state+0x28 while thread 2 waits on it with another mutex [condvar-wait, actual]
// CHECK:      #0 main
// CHECK:      thread 2 waits on state
// CHECK:      #0 waiter
// CHECK:      == two_mutexes_c11
// CHECK:      error: main thread waits on changed with two while thread 2 waits on it with another mutex [condvar-wait, actual]
// CHECK:      == cond_destroyed
// CHECK:      error: main thread destroys state+{{.*}}, which thread 2 waits on [condvar-notify, actual]
// CHECK:      == sem_destroyed
// CHECK:      error: main thread destroys a semaphore or barrier, sem, which thread 2 waits for [unreleased-lock, actual]
// CHECK:      == barrier_destroyed
// CHECK:      error: main thread destroys a semaphore or barrier, barrier, which thread 2 waits for [unreleased-lock, actual]
// LOST:       == lost
// LOST-DAG:   [deadlock, actual]
// LOST-DAG:   error: thread 2 waits for ever on state+{{.*}}: the last signal, from main thread, came before, when nobody waited [condvar-notify, actual]
// LOST:       == lost_between
// LOST-DAG:   [deadlock, actual]
// LOST-DAG:   error: thread 2 waits for ever on state+{{.*}}: the last signal, from main thread, came before, when nobody waited [condvar-notify, actual]
// QUIET:      == reinit
// QUIET:      == phases
// QUIET:      == fork_reinit
// QUIET:      == died_right
// QUIET:      == mutex_after_mutex
// QUIET:      == broadcast_destroyed
// QUIET:      == queue
// QUIET:      == posted
// QUIET:      == recursive_wait
// OTHER:      == never_signalled
// OTHER:      [deadlock, actual]
// OTHER:      == drained
// OTHER:      [deadlock, actual]
