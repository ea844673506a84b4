// Predicted circles that can close are driven together; those that something unseen keeps apart are honestly not reached.
// RUN: rm -rf %t && mkdir %t && cd %t && %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o prog
// RUN: for what in two ring rwlock objects kth late crossing; do %snarl run --quiet --trace $what -- ./prog $what > record.txt 2>&1; test $? = 1 || exit 1; %snarl confirm $what -- ./prog $what > $what.txt 2>&1; test $? = 1 || exit 1; FileCheck %s < $what.txt || exit 1; done
// CHECK: snarl: run [[N:[0-9]+]] of 10: the circle closed
// CHECK-DAG: they can deadlock; run [[N]] of 10 was driven into it [lock-order, confirmed]
// CHECK-DAG: (in run [[N]] of 10, which was driven into it) [deadlock, actual]
// CHECK: snarl: again: snarl confirm --replay {{.*}}/confirmed-1.plan -- ./prog ...
// CHECK: snarl: 1 of 1 predicted deadlock confirmed
//
// RUN: %snarl confirm --replay two/confirmed-1.plan -- ./prog two > replay.txt 2>&1; test $? = 1
// RUN: FileCheck %s --check-prefix=REPLAY < replay.txt
// REPLAY: the circle closed
// REPLAY: [deadlock, actual]
//
// RUN: for what in flag gate; do %snarl run --quiet --trace $what -- ./prog $what > record.txt 2>&1; test $? = 1 || exit 1; %snarl confirm --runs 3 $what -- ./prog $what > $what.txt 2>&1 || exit 1; FileCheck %s --check-prefix=APART < $what.txt || exit 1; test ! -e $what/confirmed-1.plan || exit 1; done
// APART: snarl: run 3 of 3: not reached: {{.*}}came to
// APART-NOT: confirmed]
// APART: note: not reached in 3 runs, which proves nothing: 
// APART: snarl: 0 of 1 predicted deadlock confirmed
//
// What cannot be:
// RUN: %snarl run --quiet --trace timed -- ./prog timed > record.txt 2>&1; %snarl confirm timed -- ./prog timed 2>&1 | FileCheck %s --check-prefix=TIMED
// TIMED: note: not tried: {{.*}} waits with a time limit
//
// The program is its own: output and exit code are as ever, however long it is held up.
// RUN: ./prog flag > plain.txt; %snarl confirm --quiet --runs 1 flag -- ./prog flag > steered.txt 2> err.txt; cmp plain.txt steered.txt
#include "meet.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct object {
  int value;
  pthread_mutex_t mutex;
};

static const char *what;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t many[12];
static struct object *objects[4];
static atomic_int gate;

static int is(const char *w) { return !strcmp(what, w); }

/// Waits for the threads that should come first, but not for ever: nothing promises that they do.
static void wait_a_while(int step) {
  for (int i = 0; i < 60 && atomic_load(&step_) < step; ++i) usleep(1000);
}

static void nested(pthread_mutex_t *first, pthread_mutex_t *second) {
  pthread_mutex_lock(first);
  pthread_mutex_lock(second);
  pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
}

static void transfer(struct object *from, struct object *to) {
  pthread_mutex_lock(&from->mutex);
  pthread_mutex_lock(&to->mutex);
  from->value--, to->value++;
  pthread_mutex_unlock(&to->mutex);
  pthread_mutex_unlock(&from->mutex);
}

static void enter_gate(void) {
  while (atomic_exchange(&gate, 1)) sched_yield();
}
static void leave_gate(void) { atomic_store(&gate, 0); }

static void *one(void *p) {
  if (is("objects")) {
    for (int i = 0; i < 3; ++i) transfer(objects[i], objects[i + 1]);
  } else if (is("kth")) {
    for (int i = 0; i + 1 < 12; ++i) nested(&many[i], &many[i + 1]); // only 7, 8 is in the circle
  } else if (is("rwlock")) {
    pthread_rwlock_rdlock(&rw);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_rwlock_unlock(&rw);
  } else if (is("gate")) {
    enter_gate();
    nested(&a, &b);
    leave_gate();
  } else if (is("crossing")) {
    nested(&a, &b);
    nested(&a, &c); // only with this
  } else {
    nested(&a, &b);
  }
  next_step();
  return p;
}

static void *two(void *p) {
  if (is("flag"))
    await_step(1);
  else
    wait_a_while(1);
  if (is("objects")) {
    transfer(objects[3], objects[2]);
  } else if (is("kth")) {
    nested(&many[8], &many[7]);
  } else if (is("rwlock")) {
    pthread_mutex_lock(&a);
    pthread_rwlock_wrlock(&rw);
    pthread_rwlock_unlock(&rw);
    pthread_mutex_unlock(&a);
  } else if (is("ring")) {
    nested(&b, &c);
  } else if (is("gate")) {
    enter_gate();
    nested(&b, &a);
    leave_gate();
  } else if (is("late")) { // needs for a moment what the other holds
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    nested(&b, &a);
  } else if (is("crossing")) {
    nested(&c, &a);
  } else if (is("timed")) {
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec += 60;
    pthread_mutex_lock(&b);
    if (!pthread_mutex_timedlock(&a, &soon)) pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
  } else {
    nested(&b, &a);
  }
  next_step();
  return p;
}

static void *three(void *p) {
  wait_a_while(2);
  nested(&c, &a);
  return p;
}

int main(int argc, char **argv) {
  pthread_t t[3];
  int n = 2;
  if (argc < 2) return 2;
  what = argv[1];
  for (int i = 0; i < 12; ++i) pthread_mutex_init(&many[i], NULL);
  for (int i = 0; i < 4; ++i) {
    objects[i] = calloc(1, sizeof **objects);
    pthread_mutex_init(&objects[i]->mutex, NULL);
  }
  pthread_create(&t[0], NULL, one, NULL);
  pthread_create(&t[1], NULL, two, NULL);
  if (is("ring")) pthread_create(&t[n++], NULL, three, NULL);
  for (int i = 0; i < n; ++i) pthread_join(t[i], NULL);
  puts("done");
  return 0;
}
