// What the threads of a running process wait for, asked from outside; it goes on as before.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: %python %S/Inputs/attach.py %t %rt %snarl %t.traces > %t.out 2>&1; FileCheck %s < %t.out
#include "meet.h"
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t tabs = PTHREAD_MUTEX_INITIALIZER, pages = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static int line[2];
static volatile int turns;

__attribute__((noinline)) static void *reader(void *p) {
  char c;
  pthread_mutex_lock(&tabs);
  next_step();
  if (read(line[0], &c, 1) != 1) return p;
  pthread_mutex_unlock(&tabs);
  return p;
}
__attribute__((noinline)) static void *writer(void *p) {
  await_step(1);
  pthread_setname_np(pthread_self(), "writer");
  next_step();
  pthread_mutex_lock(&tabs);
  pthread_mutex_unlock(&tabs);
  return p;
}
__attribute__((noinline)) static void *consumer(void *p) {
  pthread_mutex_lock(&pages);
  next_step();
  while (atomic_load(&step_) < 100) pthread_cond_wait(&filled, &pages);
  pthread_mutex_unlock(&pages);
  return p;
}
__attribute__((noinline)) static void *busy(void *p) {
  next_step();
  while (atomic_load(&step_) < 100) ++turns;
  return p;
}

__attribute__((noinline)) static void *joins(void *p) {
  await_step(1);
  pthread_mutex_lock(&tabs);
  return p;
}

/// Goes on when the other side has read what came before.
static int word_from_outside(void) {
  char c;
  return read(0, &c, 1) == 1;
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "alone")) {
    puts("up");
    fflush(stdout);
    if (!word_from_outside()) return 2;
    puts("alone goes on");
    return 0;
  }
  pthread_t thread[4];
  if (argc > 1 && !strcmp(argv[1], "deadlock")) {
    pthread_create(&thread[0], NULL, joins, thread);
    pthread_mutex_lock(&tabs);
    next_step();
    puts("up");
    fflush(stdout);
    pthread_join(thread[0], NULL);
  }
  if (pipe(line)) return 2;
  pthread_create(&thread[0], NULL, reader, NULL);
  pthread_create(&thread[1], NULL, writer, NULL);
  pthread_create(&thread[2], NULL, consumer, NULL);
  pthread_create(&thread[3], NULL, busy, NULL);
  await_step(4);
  puts("up");
  fflush(stdout);
  if (!word_from_outside()) return 2;
  if (write(line[1], "x", 1) != 1) return 2;
  pthread_mutex_lock(&pages);
  atomic_store(&step_, 100);
  pthread_cond_broadcast(&filled);
  pthread_mutex_unlock(&pages);
  for (int i = 0; i < 4; ++i) pthread_join(thread[i], NULL);
  puts("all go on");
  return 0;
}
// CHECK:     == threads
// CHECK:     note: process {{[0-9]+}} ({{.*}}): what its 5 threads are doing [hang, actual]
// CHECK:     note: main thread waits in read(0) on a pipe here
// CHECK:     #{{[0-9]}} main at
// CHECK:     note: thread 2 took tabs here
// CHECK:     note: thread 2 waits in read({{[0-9]+}}) on a pipe here while it holds tabs
// CHECK:     #0 reader at
// CHECK:     note: thread 3 (writer) waits for tabs here
// CHECK:     #0 writer at
// CHECK:     note: thread 4 waits for a condition variable (filled) here
// CHECK:     #0 consumer at
// CHECK:     note: thread 5 runs here
// CHECK:     #0 busy at
// CHECK:     exit 0
// CHECK:     all go on
// CHECK:     ended with 0
// CHECK:     == one thread
// CHECK:     what its only thread is doing
// CHECK:     note: main thread waits in read(0) on a pipe here
// CHECK:     exit 0
// again, now that somebody is there to answer
// CHECK:     note: main thread waits in read(0) on a pipe here
// CHECK:     exit 0
// CHECK:     alone goes on
// CHECK:     ended with 0
// CHECK:     == preloaded by hand, relative folder
// CHECK:     note: main thread waits in read(0) on a pipe here
// CHECK:     exit 0
// CHECK:     ended with 0
// CHECK:     == deadlock
// CHECK:     error: deadlock: {{.*}} [deadlock, actual]
// CHECK:     exit 1
// CHECK:     == not ours
// CHECK:     snarl: error: process {{[0-9]+}} ({{.*}}) does not carry libsnarl_rt.so: start it with `snarl run -- PROGRAM`, or with LD_PRELOAD=/{{.*}}libsnarl_rt.so
// CHECK:     exit 2
// CHECK:     == gone
// CHECK:     snarl: error: there is no process {{[0-9]+}}
// CHECK:     exit 2
// CHECK:     == stopped
// CHECK:     snarl: error: process {{[0-9]+}} does not answer: it is stopped
// CHECK:     exit 2
// CHECK:     == nonsense
// CHECK:     snarl: error: attach: name one process by its number: snarl attach PID
// CHECK:     exit 2
