// More ways to hang, each beside a twin that only takes its time.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for kind in three philosophers missing lostwakeup monitor monitorpartial monitorhandler behindwriter joinheld afterexit semaphores forkedrw execed alonecond alonesem; do echo == $kind; %snarl run --halt-on-deadlock --timeout 5s -- %t $kind 2>&1; echo exit $?; done > %t.out; FileCheck %s < %t.out
// RUN: for kind in three philosophers missing lostwakeup monitor monitorpartial monitorhandler behindwriter joinheld afterexit semaphores forkedrw forkedonce execed alonecond alonesem idle sharedrw; do echo == $kind; %snarl run --checks=-*,deadlock,self-deadlock --halt-on-deadlock -- %t $kind twin 2>&1; echo exit $?; done > %t.twin; FileCheck %s --check-prefix=TWIN --implicit-check-not=error --implicit-check-not=warning < %t.twin
#include "meet.h"
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *kind;
static int twin;
static pthread_mutex_t lock[5], outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rw;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t sem1, sem2, stop;
static int ready;

static int is(const char *k) { return !strcmp(kind, k); }
// glibc begins a pthread_once again in a forked child, so "forkedonce" is no hang with or without a thread in it.

/// Longer than any report takes.
static void a_while(void) { usleep(1200000); }
/// Locks, in a twin for a second at most.
static void take(pthread_mutex_t *m) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  ++t.tv_sec;
  if (!twin)
    pthread_mutex_lock(m);
  else if (pthread_mutex_timedlock(m, &t))
    return;
  pthread_mutex_unlock(m);
}
static void wait_ready(void) {
  while (!ready) pthread_cond_wait(&changed, &inner);
}
static void set_ready(int value) {
  pthread_mutex_lock(&inner);
  ready = value;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&inner);
}
static void on_signal(int s) {
  (void)s;
  sem_post(&stop);
}

// ---- circles of n locks: each takes its own, then the next one's

static int members;
static void *in_circle(void *p) {
  long i = (long)p;
  int own = i, next = (i + 1) % members;
  if (twin && is("philosophers") && i == members - 1) own = next, next = i; // the way out: an order
  pthread_mutex_lock(&lock[own]);
  if (!(twin && is("philosophers"))) meet(members);
  if (twin && is("philosophers")) {
    pthread_mutex_lock(&lock[next]);
    usleep(200000);
    pthread_mutex_unlock(&lock[next]);
  } else {
    take(&lock[next]);
  }
  pthread_mutex_unlock(&lock[own]);
  return p;
}
static void circle(int n) {
  pthread_t t[5];
  members = n;
  for (long i = 0; i < n; ++i) pthread_create(&t[i], NULL, in_circle, (void *)i);
  for (int i = 0; i < n; ++i) pthread_join(t[i], NULL);
}

// ---- somebody forgets, or comes late

static void *forgets(void *p) {
  pthread_mutex_lock(&outer);
  next_step();
  if (twin) {
    a_while();
    pthread_mutex_unlock(&outer);
    return p;
  }
  pthread_mutex_lock(&inner); // forgot it, and waits for more to do
  wait_ready();
  return p;
}
static void *signals_too_early(void *p) {
  if (twin) {
    await_step(1);
    a_while();
    set_ready(1);
  } else {
    pthread_cond_signal(&changed);
    next_step();
  }
  return p;
}

// ---- nested monitors: who waits holds what who signals needs

static void *waits_inside(void *p) {
  pthread_mutex_lock(&outer);
  pthread_mutex_lock(&inner);
  next_step();
  wait_ready();
  pthread_mutex_unlock(&inner);
  pthread_mutex_unlock(&outer);
  return p;
}
static void *signals_inside(void *p) {
  if (!is("monitor")) set_ready(0); // has done so before
  next_step();
  await_step(2);
  pthread_mutex_lock(&outer);
  set_ready(1);
  pthread_mutex_unlock(&outer);
  return p;
}
static void *signals_elsewhere(void *p) {
  if (!is("monitor")) set_ready(0);
  next_step();
  await_step(3);
  a_while();
  set_ready(1);
  return p;
}
static void monitor(void) {
  pthread_t w, s, e;
  int others = 1;
  if (is("monitorhandler")) signal(SIGUSR1, on_signal);
  if (twin && !is("monitorhandler")) {
    pthread_create(&e, NULL, signals_elsewhere, NULL);
    await_step(others++);
  }
  pthread_create(&s, NULL, signals_inside, NULL);
  await_step(others);
  pthread_create(&w, NULL, waits_inside, NULL);
  if (twin && is("monitorhandler")) {
    a_while();
    set_ready(1);
  }
  if (is("monitorpartial") && !twin)
    for (;;) usleep(10000); // has other things to do
  pthread_join(w, NULL);
  pthread_join(s, NULL);
  if (twin && !is("monitorhandler")) pthread_join(e, NULL);
}

// ---- a reader who reads again, with a writer in between

static void *reads_twice(void *p) {
  pthread_rwlock_rdlock(&rw);
  meet(2);
  usleep(200000); // until the writer waits: nothing but the lock shows that he does
  pthread_rwlock_rdlock(&rw);
  pthread_rwlock_unlock(&rw);
  pthread_rwlock_unlock(&rw);
  return p;
}
static void *writes(void *p) {
  meet(2);
  pthread_rwlock_wrlock(&rw);
  pthread_rwlock_unlock(&rw);
  return p;
}

static void *wants_outer(void *p) {
  next_step();
  take(&outer);
  return p;
}
static pthread_t joined;
static void *takes_outer_and_joins(void *p) {
  pthread_mutex_lock(&outer);
  pthread_create(&joined, NULL, wants_outer, NULL);
  pthread_join(joined, NULL);
  pthread_mutex_unlock(&outer);
  return p;
}
static void *waits_for_more(void *p) {
  if (twin) a_while();
  pthread_mutex_lock(&inner);
  while (!twin) pthread_cond_wait(&changed, &inner);
  pthread_mutex_unlock(&inner);
  return p;
}
static void *joins(void *p) {
  pthread_join(*(pthread_t *)p, NULL);
  return NULL;
}

static void *first_semaphore(void *p) {
  sem_wait(&sem1);
  meet(2);
  if (twin) a_while();
  else sem_wait(&sem2);
  sem_post(&sem1);
  return p;
}
static void *second_semaphore(void *p) {
  sem_wait(&sem2);
  meet(2);
  sem_wait(&sem1);
  sem_post(&sem2);
  return p;
}

// ---- what fork leaves behind

static void slow_init(void) {
  next_step();
  await_step(2);
}
static void *holds_over_fork(void *p) {
  if (is("forkedonce")) {
    pthread_once(&once, slow_init);
  } else {
    pthread_rwlock_rdlock(&rw);
    next_step();
    await_step(2);
    pthread_rwlock_unlock(&rw);
  }
  return p;
}
static int fork_meanwhile(void) {
  pthread_t t;
  int status = 0;
  if (!twin) {
    pthread_create(&t, NULL, holds_over_fork, NULL);
    await_step(1);
  }
  if (fork() == 0) {
    alarm(20);
    if (is("forkedonce")) {
      atomic_store(&step_, 2);
      pthread_once(&once, slow_init);
    } else {
      pthread_rwlock_wrlock(&rw);
    }
    _exit(3);
  }
  next_step();
  wait(&status);
  return WEXITSTATUS(status);
}

int main(int argc, char **argv) {
  static pthread_t t, u; // outlive main
  if (argc < 2) return 2;
  kind = argv[1];
  twin = argc > 2;
  alarm(20);
  for (int i = 0; i < 5; ++i) pthread_mutex_init(&lock[i], NULL);
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  if (!twin) pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&rw, &attributes);
  sem_init(&sem1, 0, 1);
  sem_init(&sem2, 0, 1);
  sem_init(&stop, 0, 0);
  if (is("three")) circle(3);
  if (is("philosophers")) circle(5);
  if (is("missing")) {
    pthread_create(&t, NULL, forgets, NULL);
    await_step(1);
    pthread_create(&u, NULL, wants_outer, NULL);
    pthread_join(u, NULL);
    pthread_join(t, NULL);
  }
  if (is("lostwakeup")) {
    pthread_create(&t, NULL, signals_too_early, NULL);
    if (twin) next_step();
    else await_step(1);
    pthread_mutex_lock(&inner);
    wait_ready();
    pthread_mutex_unlock(&inner);
    pthread_join(t, NULL);
  }
  if (!strncmp(kind, "monitor", 7)) monitor();
  if (is("behindwriter")) {
    pthread_create(&t, NULL, reads_twice, NULL);
    pthread_create(&u, NULL, writes, NULL);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
  }
  if (is("joinheld")) {
    pthread_create(&t, NULL, takes_outer_and_joins, NULL);
    pthread_join(t, NULL);
  }
  if (is("afterexit")) {
    pthread_create(&t, NULL, waits_for_more, NULL);
    pthread_create(&u, NULL, joins, &t);
    pthread_exit(NULL);
  }
  if (is("semaphores")) { // nobody has given one back yet, and main is elsewhere
    pthread_create(&t, NULL, first_semaphore, NULL);
    pthread_create(&u, NULL, second_semaphore, NULL);
    while (!twin) usleep(10000);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
  }
  if (!strncmp(kind, "forked", 6)) return fork_meanwhile();
  if (is("execed")) { // it is another program that hangs
    int status = 0;
    if (fork() == 0) {
      execl("/proc/self/exe", argv[0], "three", twin ? "twin" : NULL, NULL);
      _exit(9);
    }
    wait(&status);
    return WEXITSTATUS(status);
  }
  if (is("alonecond")) {
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    ++soon.tv_sec;
    pthread_mutex_lock(&inner);
    if (twin) pthread_cond_timedwait(&changed, &inner, &soon);
    else wait_ready();
    pthread_mutex_unlock(&inner);
  }
  if (is("alonesem") || is("idle")) { // a twin has a handler, and somebody outside who sends the signal
    if (is("idle")) {
      pthread_create(&t, NULL, wants_outer, NULL);
      pthread_join(t, NULL);
    }
    pid_t me = getpid();
    if (twin) {
      signal(SIGUSR1, on_signal);
      if (fork() == 0) {
        a_while();
        kill(me, SIGUSR1);
        _exit(0);
      }
    }
    while (sem_wait(&stop)) {}
    wait(NULL);
  }
  if (is("sharedrw")) { // held by another process
    pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_rwlock_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sem_t *locked = (sem_t *)(shared + 1);
    pthread_rwlock_init(shared, &attributes);
    sem_init(locked, 1, 0);
    if (fork() == 0) {
      pthread_rwlock_wrlock(shared);
      sem_post(locked);
      a_while();
      pthread_rwlock_unlock(shared);
      _exit(0);
    }
    sem_wait(locked);
    pthread_create(&t, NULL, wants_outer, NULL);
    pthread_rwlock_wrlock(shared);
    pthread_rwlock_unlock(shared);
    pthread_join(t, NULL);
    wait(NULL);
  }
  return 3;
}
// CHECK:      == three
// CHECK:      error: deadlock: thread {{[2-4]}}, thread {{[2-4]}} and thread {{[2-4]}} wait for each other [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == philosophers
// CHECK:      [deadlock, actual]
// CHECK:      where they stand
// CHECK:      exit 86
// CHECK:      == missing
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == lostwakeup
// CHECK:      main thread waits, and no thread is left that could end that [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == monitor
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == monitorpartial
// CHECK:      wait for each other, as far as is known who ends such waits [deadlock, ordered]
// CHECK-DAG:  #{{[0-9]}} waits_inside
// CHECK-DAG:  #{{[0-9]}} signals_inside
// CHECK:      exit 1{{$}}
// CHECK:      == monitorhandler
// CHECK:      [deadlock, ordered]
// CHECK:      exit 86
// CHECK:      == behindwriter
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == joinheld
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == afterexit
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == semaphores
// CHECK:      [deadlock, ordered]
// CHECK:      exit 1{{$}}
// CHECK:      == forkedrw
// CHECK:      held at the fork: the child has no such thread to give it back [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == execed
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == alonecond
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == alonesem
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// TWIN:      == three
// TWIN:      exit 3
// TWIN:      == philosophers
// TWIN:      exit 3
// TWIN:      == missing
// TWIN:      exit 3
// TWIN:      == lostwakeup
// TWIN:      exit 3
// TWIN:      == monitor
// TWIN:      exit 3
// TWIN:      == monitorpartial
// TWIN:      exit 3
// TWIN:      == monitorhandler
// TWIN:      exit 3
// TWIN:      == behindwriter
// TWIN:      exit 3
// TWIN:      == joinheld
// TWIN:      exit 3
// TWIN:      == afterexit
// TWIN:      exit 0
// TWIN:      == semaphores
// TWIN:      exit 3
// TWIN:      == forkedrw
// TWIN:      exit 3
// TWIN:      == forkedonce
// TWIN:      exit 3
// TWIN:      == execed
// TWIN:      exit 3
// TWIN:      == alonecond
// TWIN:      exit 3
// TWIN:      == alonesem
// TWIN:      exit 3
// TWIN:      == idle
// TWIN:      exit 3
// TWIN:      == sharedrw
// TWIN:      exit 3
