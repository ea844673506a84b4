// A hang is reported while it lasts: within a second of closing, on stderr and in the trace; the program is left as it is.
// RUN: %gcc -O1 -g -pthread %s -o %t && rm -rf %t.trace
// RUN: %snarl run --trace %t.trace --timeout 3 --sarif %t.sarif -- %t > %t.out 2> %t.err; test $? = 1
// RUN: FileCheck %s < %t.err
// RUN: echo waiting | cmp - %t.out
// RUN: grep -q '"ruleId": "deadlock"' %t.sarif
// RUN: %snarl report %t.trace > %t.again 2>&1; test $? = 1
// RUN: FileCheck %s --check-prefix=AGAIN < %t.again
// Whoever asks for it gets it ended:
// RUN: bash -c 'time -p %snarl run --halt-on-deadlock -- %t' > %t.out 2> %t.err; test $? = 86
// RUN: FileCheck %s --check-prefix=HALT < %t.err
// Killed by somebody, the report comes all the same:
// RUN: %snarl run --sarif %t.sarif -- bash -c '%t & sleep 1.5; kill -9 $!; wait $!' > %t.out 2> %t.err; test $? = 1
// RUN: FileCheck %s --check-prefix=AGAIN < %t.err
// RUN: grep -q '"ruleId": "deadlock"' %t.sarif
// A wait that ends by itself is none:
// RUN: %snarl run --checks=-lock-order -- %t timed 2>&1 | FileCheck %s --check-prefix=NONE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t screen = PTHREAD_MUTEX_INITIALIZER, images = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;
static int timed, n;

static void take(pthread_mutex_t *m, int hasty) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  ++t.tv_sec;
  if (!hasty) pthread_mutex_lock(m);
  else if (pthread_mutex_timedlock(m, &t)) return;
  ++n;
  pthread_mutex_unlock(m);
}
__attribute__((noinline)) void *draw(void *p) {
  pthread_mutex_lock(&screen);
  pthread_barrier_wait(&both);
  take(&images, timed);
  pthread_mutex_unlock(&screen);
  return p;
}
__attribute__((noinline)) void *load(void *p) {
  pthread_mutex_lock(&images);
  pthread_barrier_wait(&both);
  take(&screen, 0);
  pthread_mutex_unlock(&images);
  return p;
}
int main(int argc, char **argv) {
  (void)argv;
  pthread_t t, u;
  timed = argc > 1;
  puts("waiting");
  fflush(stdout);
  pthread_barrier_init(&both, NULL, 2);
  pthread_create(&t, NULL, draw, NULL);
  pthread_create(&u, NULL, load, NULL);
  pthread_join(t, NULL);
  pthread_join(u, NULL);
  return 0;
}
// CHECK: error: deadlock: thread {{[23]}} and thread {{[23]}} wait for each other [deadlock, actual]
// CHECK-DAG: note: thread 2 took screen here
// CHECK-DAG: #0 draw at
// CHECK-DAG: note: thread 2 waits for images here while it holds screen
// CHECK-DAG: note: thread 3 took images here
// CHECK-DAG: #1 load at
// CHECK-DAG: note: thread 3 waits for screen here while it holds images
// CHECK-DAG: note: main thread waits for the end of thread 2 here
// CHECK-NOT: lock-order
// CHECK: warning: the program did not end in 3 s and was stopped
// CHECK: snarl: 1 error in 1 process, 3 threads, 2 locks
// AGAIN: [deadlock, actual]
// AGAIN-NOT: lock-order
// HALT: [deadlock, actual]
// HALT: real {{[01]\.}}
// NONE: snarl: no findings in 1 process, 3 threads, 2 locks
