// When the time is over, whatever the threads wait for is said, then the program is ended.
// RUN: %gcc -std=gnu11 -O0 -g -pthread -I%S/Inputs %s -o %t
// RUN: %snarl run --timeout 1s --trace %t.trace -- %t < /dev/null > %t.out 2>&1; test $? = 1
// RUN: FileCheck %s < %t.out
// Read again, it is there again.
// RUN: %snarl report %t.trace > %t.again 2>&1; test $? = 1
// RUN: FileCheck %s --check-prefix=AGAIN < %t.again
// RUN: rm -rf %t.trace
// A program that ignores SIGTERM is ended all the same; children are asked too; where nothing counts as a finding the
// exit code is that of timeout(1).
// RUN: %snarl run --timeout 1 --fail-on note -- bash -c '%t ignore; true' < /dev/null > %t.out 2>&1; test $? = 1
// RUN: FileCheck %s --check-prefix=CHILD < %t.out
// RUN: %snarl run --timeout 1s --checks=-hang -- %t alone > %t.out 2>&1; test $? = 124
// RUN: FileCheck %s --check-prefix=OFF < %t.out
// One that ends in time:
// RUN: %snarl run --timeout 10m -- %t quick > %t.out 2>&1; test $? = 7
// RUN: FileCheck %s --check-prefix=QUICK < %t.out
// No time:
// RUN: %snarl run --timeout 5x -- %t > %t.out 2>&1; test $? = 2
// RUN: FileCheck %s --check-prefix=BAD < %t.out
#include "meet.h"
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t tabs = PTHREAD_MUTEX_INITIALIZER;
static int line[2], both[2], word;
static volatile int turns;

static void *in_pipe(void *p) {
  char c;
  pthread_mutex_lock(&tabs);
  return read(line[0], &c, 1) == 1 ? p : NULL;
}
static void *in_socket(void *p) {
  char c;
  return recv(both[0], &c, 1, 0) == 1 ? p : NULL;
}
static void *in_futex(void *p) {
  syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
  return p;
}
static void turn(void) {
  for (;;) ++turns;
}
static void *in_a_loop(void *p) {
  turn();
  return p;
}
static void *asleep(void *p) {
  for (;;) sleep(100);
  return p;
}
static void *in_poll(void *p) {
  struct pollfd wanted = {line[0], POLLIN, 0};
  poll(&wanted, 1, -1);
  return p;
}
static void *for_child(void *p) {
  int status;
  wait(&status);
  return p;
}
static void *for_lock(void *p) {
  await_step(1);
  pthread_mutex_lock(&tabs);
  return p;
}
static void *with_time(void *p) {
  struct timespec later;
  pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  clock_gettime(CLOCK_REALTIME, &later);
  later.tv_sec += 1000;
  pthread_mutex_lock(&own);
  pthread_cond_timedwait(&never, &own, &later);
  return p;
}

int main(int argc, char **argv) {
  void *(*all[])(void *) = {in_pipe, in_socket, in_futex, in_a_loop, asleep, in_poll, for_child, for_lock, with_time};
  pthread_t thread;
  if (argc > 1 && !strcmp(argv[1], "quick")) return 7;
  if (argc > 1 && !strcmp(argv[1], "ignore")) signal(SIGTERM, SIG_IGN);
  if (argc > 1)
    for (;;) pause();
  if (pipe(line) || socketpair(AF_UNIX, SOCK_STREAM, 0, both)) return 2;
  if (fork() == 0) {
    pause();
    _exit(0);
  }
  for (int i = 0; i < 9; ++i) pthread_create(&thread, NULL, all[i], NULL);
  for (int i = 0; i < 3; ++i) pthread_create(&thread, NULL, asleep, NULL); // as workers do
  next_step();
  sem_t never;
  sem_init(&never, 0, 0);
  sem_wait(&never);
  return 0;
}
// CHECK:      error: hang: {{.*}} did not end in time: what its 13 threads were doing [hang, actual]
// CHECK:      note: main thread waits for a semaphore here
// CHECK:      #0 main at
// CHECK:      note: thread 2 took tabs here
// CHECK:      note: thread 2 waits in read({{[0-9]+}}) on a pipe here while it holds tabs
// CHECK:      #0 in_pipe at
// CHECK:      note: thread 3 waits in recv({{[0-9]+}}) on a socket here
// CHECK:      #0 in_socket at
// CHECK:      note: thread 4 waits in futex() here for a word in memory
// CHECK:      #0 in_futex at
// CHECK:      note: thread 5 runs here
// CHECK:      #0 turn at
// CHECK:      #1 in_a_loop at
// CHECK:      note: thread 6, thread 11, thread 12 and thread 13: each waits in clock_nanosleep() here for a time to pass
// CHECK:      #0 asleep at
// CHECK:      note: thread 7 waits in poll() here for an event
// CHECK:      #0 in_poll at
// CHECK:      note: thread 8 waits in wait4() here for a child process to end
// CHECK:      #0 for_child at
// CHECK:      note: thread 9 waits for tabs here
// CHECK:      #0 for_lock at
// CHECK:      note: thread 10 waits with a time-out for a condition variable here
// CHECK:      #0 with_time at
// CHECK:      note: thread 2, thread 3, thread 4, thread 5 and 5 others were created here
// CHECK:      what its only thread was doing
// CHECK:      note: main thread waits in pause() here for a signal
// CHECK:      warning: the program did not end in 1 s and was stopped
// CHECK:      snarl: 2 errors, 1 warning in 2 processes, 14 threads
// AGAIN:      what its 13 threads were doing [hang, actual]
// CHILD:      error: hang: bash did not end in time
// CHILD:      waits in wait4() here for a child process to end
// CHILD:      error: hang: timeout{{.*}} did not end in time
// CHILD:      waits in pause() here for a signal
// OFF-NOT:    error
// OFF:        warning: the program did not end in 1 s and was stopped
// OFF:        snarl: no findings
// QUICK-NOT:  hang
// QUICK:      snarl: no findings
// BAD:        snarl: error: {{.*}}'5x' is no time: 30, 30s, 10m or 2h
