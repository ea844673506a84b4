// Event loops that do not come back, and threads that only look like them.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for what in read compute raw nap poll select nested alone; do %snarl run -- %t $what > %t.$what 2>&1; echo $what $?; done > %t.out; FileCheck %s < %t.out --check-prefix=FOUND --match-full-lines
// FOUND: read 1
// FOUND-NEXT: compute 1
// FOUND-NEXT: raw 1
// FOUND-NEXT: nap 1
// FOUND-NEXT: poll 1
// FOUND-NEXT: select 1
// FOUND-NEXT: nested 1
// FOUND-NEXT: alone 1
// RUN: FileCheck %s --check-prefix=READ < %t.read
// READ: warning: the event loop of thread 2 did not come back for {{[0-9.]+ m?s}}: 'read' in handle blocked it [blocking-in-coroutine, actual]
// READ: note: thread 2 was here meanwhile, in 'read'
// READ-NEXT: #0 handle at
// READ: note: the loop waits for events here; away too long {{.*}}
// RUN: grep -q "did not come back for .*: it was in " %t.compute && grep -q "#. compute at" %t.compute && grep -q "'usleep' in handle blocked it" %t.nap && grep -q "'poll' in handle blocked it" %t.nested
// RUN: grep -q "'read' in handle blocked it" %t.poll && grep -q "'read' in handle blocked it" %t.select && grep -q "#0 handle" %t.raw
// One thread only, so no watcher: the thread itself remembers the call.
// RUN: grep -q "'read' in handle blocked it" %t.alone
// Another limit, and none:
// RUN: %snarl run --stall-ms 100000 -- %t read && %snarl run --stall-ms 0 -- %t read
// The program's own SIGURG is left alone:
// RUN: %snarl run -- %t urgent > %t.urgent 2>&1; grep -q "did not come back" %t.urgent && grep -q "urgent: 1" %t.urgent
// RUN: for what in idle once timer sleeper slow shutdown start; do %snarl run -- %t $what || exit 1; done
#define _GNU_SOURCE
#include "meet.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int wake[2], slow[2], also[2], urgent;
static const char *what;
static int is(const char *name) { return !strcmp(what, name); }
static long ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static void on_urgent(int s) { urgent += s == SIGURG; }

/// So many milliseconds of processor time, however busy the machine is.
__attribute__((noinline)) void compute(int time) {
  static volatile long n;
  for (long end = ms() + time; ms() < end;)
    for (int i = 0; i < 1000000; ++i) ++n;
}
__attribute__((noinline)) void handle(void) {
  char c;
  struct pollfd answer = {slow[0], POLLIN, 0};
  if (is("compute") || is("urgent")) compute(300);
  else if (is("nap")) usleep(300000);
  else if (is("nested")) poll(&answer, 1, 300);
  else if (is("raw")) {
    if (syscall(SYS_read, slow[0], &c, 1) != 1) _exit(3);
  } else if (read(slow[0], &c, 1) != 1)
    _exit(3);
}
/// Waits for a byte in one of two pipes. 0: time is over.
static char next(int epoll, int time) {
  char c = 0;
  struct epoll_event e;
  struct pollfd two[] = {{wake[0], POLLIN, 0}, {also[0], POLLIN, 0}};
  fd_set set;
  FD_ZERO(&set);
  FD_SET(wake[0], &set);
  FD_SET(also[0], &set);
  struct timeval limit = {time / 1000, time % 1000 * 1000};
  int n;
  if (is("poll")) n = poll(two, 2, time);
  else if (is("slow")) n = poll(two, 1, time);
  else if (is("select")) n = select(FD_SETSIZE, &set, NULL, NULL, time < 0 ? NULL : &limit);
  else n = epoll_wait(epoll, &e, 1, time);
  if (n > 0 && read(wake[0], &c, 1) != 1) _exit(3);
  return n > 0 ? c : 0;
}
static void *loop(void *p) {
  int epoll = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, wake[0], &e);
  if (is("start")) compute(100);
  for (char c; (c = next(epoll, is("timer") || is("sleeper") ? 20 : -1)) != 'e';) {
    next_step();
    if (c == 'Q') handle();
    if (c == 'w') compute(40); // all of its messages take long: a worker with a pipe
    if (is("sleeper") && !c) compute(60);
  }
  if (is("shutdown")) compute(100);
  close(epoll);
  return p;
}
static void say(char c, int step) {
  if (write(wake[1], &c, 1) != 1) _exit(3);
  if (step) await_step(step);
}
int main(int argc, char **argv) {
  pthread_t t;
  what = argc > 1 ? argv[1] : "";
  if (pipe(wake) || pipe(slow) || pipe(also)) return 2;
  if (is("urgent")) signal(SIGURG, on_urgent);
  if (is("alone")) { // the answer comes from another process
    if (write(wake[1], "ppppppppppQppe", 14) != 14) return 2;
    pid_t child = fork();
    if (!child) {
      usleep(300000);
      _exit(write(slow[1], "x", 1) != 1);
    }
    loop(NULL);
    return 0;
  }
  pthread_create(&t, NULL, loop, NULL);
  int n = 0;
  if (!is("start") && !is("sleeper"))
    for (int i = 0; i < (is("once") ? 1 : 10); ++i) say(is("slow") ? 'w' : 'p', ++n);
  if (is("idle") || is("once") || is("timer") || is("sleeper")) usleep(300000);
  else if (!is("slow") && !is("shutdown") && !is("start")) {
    say('Q', ++n);
    say('p', 0);
    usleep(300000);
    if (is("urgent")) pthread_kill(t, SIGURG);
    if (write(slow[1], "xx", 2) != 2) return 2;
    await_step(++n);
  }
  if (is("start")) say('p', 0);
  say('e', 0);
  pthread_join(t, NULL);
  if (urgent) fprintf(stderr, "urgent: %d\n", urgent);
  return 0;
}
