// An inversion is seen with every kind of lock, and with kinds mixed: one thread takes a then b, another, later, b then a.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for kind in mutex recursive checked adaptive inherit timed clock wrlock wrtimed wrclock rdlock rdtimed rdclock spin c11 c11timed semaphore robust shared; do echo == $kind; %snarl run -- %t $kind 2>&1; done > %t.out; FileCheck %s < %t.out
// RUN: for kind in tried rdonly; do echo == $kind; %snarl run -- %t $kind 2>&1 || exit 1; done > %t.silent; FileCheck %s --check-prefix=SILENT --implicit-check-not=error < %t.silent
#include "meet.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>
#include <time.h>

static const char *kind;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; // a; b is of the kind under test
static pthread_mutex_t m2;
static pthread_rwlock_t rw;
static pthread_spinlock_t spin;
static mtx_t c11;
static sem_t sem;
static struct timespec soon;

static int is(const char *k) { return !strcmp(kind, k); }

__attribute__((noinline)) static void lock_a(void) { pthread_mutex_lock(&m); }
__attribute__((noinline)) static void unlock_a(void) { pthread_mutex_unlock(&m); }

__attribute__((noinline)) static void lock_b(void) {
  if (is("timed")) pthread_mutex_timedlock(&m2, &soon);
  else if (is("clock")) pthread_mutex_clocklock(&m2, CLOCK_REALTIME, &soon);
  else if (is("tried")) pthread_mutex_trylock(&m2);
  else if (is("wrlock")) pthread_rwlock_wrlock(&rw);
  else if (is("wrtimed")) pthread_rwlock_timedwrlock(&rw, &soon);
  else if (is("wrclock")) pthread_rwlock_clockwrlock(&rw, CLOCK_REALTIME, &soon);
  else if (is("rdlock")) pthread_rwlock_rdlock(&rw);
  else if (is("rdtimed")) pthread_rwlock_timedrdlock(&rw, &soon);
  else if (is("rdclock")) pthread_rwlock_clockrdlock(&rw, CLOCK_REALTIME, &soon);
  else if (is("rdonly")) pthread_rwlock_rdlock(&rw);
  else if (is("spin")) pthread_spin_lock(&spin);
  else if (is("c11")) mtx_lock(&c11);
  else if (is("c11timed")) mtx_timedlock(&c11, &soon);
  else if (is("semaphore")) sem_wait(&sem);
  else pthread_mutex_lock(&m2);
}
__attribute__((noinline)) static void unlock_b(void) {
  if (!strncmp(kind, "rd", 2) || !strncmp(kind, "wr", 2)) pthread_rwlock_unlock(&rw);
  else if (is("spin")) pthread_spin_unlock(&spin);
  else if (!strncmp(kind, "c11", 3)) mtx_unlock(&c11);
  else if (is("semaphore")) sem_post(&sem);
  else pthread_mutex_unlock(&m2);
}

__attribute__((noinline)) static void *forward(void *p) {
  lock_a();
  lock_b();
  unlock_b();
  unlock_a();
  next_step();
  return p;
}
__attribute__((noinline)) static void *backward(void *p) {
  await_step(1);
  // of the readers' kinds, one side is a writer: two readers do not exclude each other
  int write = !strncmp(kind, "rd", 2) && !is("rdonly");
  if (write) pthread_rwlock_wrlock(&rw);
  else lock_b();
  if (is("tried")) {
    if (!pthread_mutex_trylock(&m)) unlock_a();
  } else if (is("rdonly")) {
  } else {
    lock_a();
    unlock_a();
  }
  unlock_b();
  return p;
}

int main(int argc, char **argv) {
  pthread_mutexattr_t a;
  pthread_t t, u;
  if (argc < 2) return 2;
  kind = argv[1];
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_sec += 60;
  pthread_mutexattr_init(&a);
  if (is("recursive")) pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
  if (is("checked")) pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
  if (is("adaptive")) pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ADAPTIVE_NP);
  if (is("inherit")) pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
  if (is("robust")) pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
  if (is("shared")) pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&m2, &a);
  pthread_rwlock_init(&rw, NULL);
  pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
  mtx_init(&c11, mtx_timed);
  sem_init(&sem, 0, 1);
  pthread_create(&t, NULL, forward, NULL);
  pthread_create(&u, NULL, backward, NULL);
  pthread_join(t, NULL);
  pthread_join(u, NULL);
  return 0;
}
// CHECK:      == mutex
// CHECK:      error: {{.*}}[lock-order, ordered]
// CHECK:      forward
// CHECK:      backward
// CHECK:      == recursive
// CHECK:      [lock-order, ordered]
// CHECK:      == checked
// CHECK:      [lock-order, ordered]
// CHECK:      == adaptive
// CHECK:      [lock-order, ordered]
// CHECK:      == inherit
// CHECK:      [lock-order, ordered]
// CHECK:      == timed
// CHECK:      [lock-order,
// CHECK:      == clock
// CHECK:      [lock-order,
// CHECK:      == wrlock
// CHECK:      [lock-order, ordered]
// CHECK:      == wrtimed
// CHECK:      [lock-order,
// CHECK:      == wrclock
// CHECK:      [lock-order,
// CHECK:      == rdlock
// CHECK:      [lock-order, ordered]
// CHECK:      == rdtimed
// CHECK:      [lock-order,
// CHECK:      == rdclock
// CHECK:      [lock-order,
// CHECK:      == spin
// CHECK:      [lock-order, ordered]
// CHECK:      == c11
// CHECK:      [lock-order, ordered]
// CHECK:      == c11timed
// CHECK:      [lock-order,
// CHECK:      == semaphore
// CHECK:      [lock-order, ordered]
// CHECK:      == robust
// CHECK:      [lock-order, ordered]
// CHECK:      == shared
// CHECK:      [lock-order, ordered]
// SILENT:     == tried
// SILENT:     == rdonly
