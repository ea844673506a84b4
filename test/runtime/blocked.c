// Blocking calls under a lock that somebody waits for; and what holds nobody up.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for what in read write sleep poll join semaphore printf raw shared once recursive nested; do %snarl run -- %t $what > %t.$what 2>&1; echo $what $?; done > %t.out; FileCheck %s < %t.out --check-prefix=FOUND --match-full-lines
// FOUND: read 1
// FOUND-NEXT: write 1
// FOUND-NEXT: sleep 1
// FOUND-NEXT: poll 1
// FOUND-NEXT: join 1
// FOUND-NEXT: semaphore 1
// FOUND-NEXT: printf 1
// FOUND-NEXT: raw 1
// FOUND-NEXT: shared 1
// FOUND-NEXT: once 1
// FOUND-NEXT: recursive 1
// FOUND-NEXT: nested 1
// RUN: FileCheck %s --check-prefix=READ < %t.read
// READ: blocked.c:[[@LINE+71]]:{{.*}} warning: 'read' blocks while desk is held: others waited {{[0-9.]+ m?s}} for the lock meanwhile [blocking-under-lock, actual]
// READ: note: thread 2 took desk here
// READ: #0 hold at
// READ: note: thread 2 calls 'read' here: once while somebody waited, the longest call {{[0-9.]+ m?s}}
// READ: #0 block at
// READ: #1 hold at
// READ: note: thread 3 waited for desk here, {{[0-9.]+ m?s}} during one call
// READ: #0 want at
// READ: snarl: 1 warning in 1 process
// RUN: grep -q "'write' blocks while desk is held" %t.write && grep -q "'usleep' blocks while desk is held" %t.sleep && grep -q "'poll' blocks while desk is held" %t.poll
// RUN: grep -q "'pthread_join' blocks while desk is held" %t.join && grep -q "'sem_wait' blocks while desk is held" %t.semaphore && grep -q "'write' blocks while desk is held" %t.printf
// RUN: grep -q "'read' blocks while desk is held" %t.raw && grep -q "'read' blocks while plan is held" %t.shared && grep -q "'read' blocks while desk is held" %t.once && grep -q "'read' blocks while desk is held" %t.recursive
// The lock that is waited for is named, not the other one that is held:
// RUN: grep -q "'read' blocks while desk is held" %t.nested && not grep "while other is held" %t.nested
// A threshold, and none at all:
// RUN: %snarl run --blocked-ms 100000 -- %t read && %snarl run --blocked-ms 0 -- %t read
// Written while the program runs, so a killed one has it:
// RUN: %snarl run -- %t killed > %t.killed 2>&1; grep -q "'read' blocks while desk is held" %t.killed
// RUN: for what in unwanted condition readers released trylock; do %snarl run -- %t $what || exit 1; done
// A comment in the source, a line in a file:
// RUN: for name in hold desk read; do echo "blocking-under-lock:$name" > %t.supp; %snarl run --suppressions %t.supp -- %t read || exit 1; done
#define _GNU_SOURCE
#include "meet.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t desk = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t again = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t plan = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t given;
static int line[2], full[2], ready;
enum { kPages = 200 }; // more than a pipe holds
static atomic_int waiter;
static const char *what;
static int is(const char *name) { return !strcmp(what, name); }

static void *idle(void *p) {
  char c;
  return syscall(SYS_read, line[0], &c, 1) == 1 ? p : NULL;
}
__attribute__((noinline)) static void block(void) {
  char c, page[4096] = {0};
  pthread_t t;
  struct pollfd end = {line[0], POLLIN, 0};
  if (is("write")) {
    while (write(full[1], page, sizeof page) > 0) {
    }
    fcntl(full[1], F_SETFL, 0);
    if (write(full[1], page, sizeof page) < 0) _exit(3);
  } else if (is("sleep")) {
    usleep(500000);
  } else if (is("poll")) {
    poll(&end, 1, -1);
  } else if (is("join")) {
    pthread_create(&t, NULL, idle, NULL);
    pthread_join(t, NULL);
  } else if (is("semaphore")) {
    sem_wait(&given);
  } else if (is("printf")) {
    for (int i = 0; i < kPages; ++i) fwrite(page, 1, sizeof page, stderr); // libc's own write
    fflush(stderr);
  } else if (is("raw")) {
    if (syscall(SYS_read, line[0], &c, 1) != 1) _exit(3);
  } else if (read(line[0], &c, 1) != 1) { // here
    _exit(3);
  }
}
__attribute__((noinline)) void *hold(void *p) {
  if (is("shared")) pthread_rwlock_rdlock(&plan);
  else if (is("nested")) pthread_mutex_lock(&other);
  if (!is("shared")) pthread_mutex_lock(is("recursive") ? &again : &desk);
  if (is("recursive")) {
    pthread_mutex_lock(&again);
    pthread_mutex_lock(&desk);
  }
  if (is("released")) pthread_mutex_unlock(&desk);
  next_step();
  if (is("condition")) {
    while (!ready) pthread_cond_wait(&cond, &desk);
  } else {
    block();
  }
  if (is("shared")) pthread_rwlock_unlock(&plan);
  else if (!is("released")) pthread_mutex_unlock(&desk);
  if (is("nested")) pthread_mutex_unlock(&other);
  if (is("recursive")) {
    pthread_mutex_unlock(&again);
    pthread_mutex_unlock(&again);
  }
  return p;
}
__attribute__((noinline)) void *want(void *p) {
  await_step(1);
  atomic_store(&waiter, (int)syscall(SYS_gettid));
  if (is("unwanted")) return p;
  if (is("shared")) {
    pthread_rwlock_wrlock(&plan);
    pthread_rwlock_unlock(&plan);
  } else if (is("readers")) {
    pthread_rwlock_rdlock(&plan);
    pthread_rwlock_unlock(&plan);
  } else if (is("trylock")) {
    while (pthread_mutex_trylock(&desk)) sched_yield();
    pthread_mutex_unlock(&desk);
  } else {
    pthread_mutex_lock(&desk);
    ready = 1;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&desk);
  }
  return p;
}
/// The waiter sleeps in the lock: futex is system call 202.
static int asleep(void) {
  char path[64], text[64] = {0};
  snprintf(path, sizeof path, "/proc/self/task/%d/syscall", atomic_load(&waiter));
  int fd = open(path, O_RDONLY);
  if (fd < 0) return 1;
  ssize_t n = syscall(SYS_read, fd, text, sizeof text - 1);
  close(fd);
  return n <= 0 || !strncmp(text, "202 ", 4);
}
int main(int argc, char **argv) {
  pthread_t a, b;
  char page[4096];
  what = argc > 1 ? argv[1] : "";
  sem_init(&given, 0, 0);
  if (pipe(line) || pipe2(full, is("write") ? O_NONBLOCK : 0)) return 2;
  if (is("printf")) dup2(full[1], 2), setvbuf(stderr, NULL, _IOFBF, 1 << 16);
  pthread_create(&a, NULL, hold, NULL);
  if (is("once")) await_step(1);
  pthread_create(&b, NULL, want, NULL);
  while (!atomic_load(&waiter)) sched_yield();
  int silent = is("unwanted") || is("condition") || is("readers") || is("released") || is("trylock");
  while (!silent && !asleep()) sched_yield();
  usleep(300000); // so long it lasts
  if (is("killed")) raise(SIGKILL);
  sem_post(&given);
  if (write(line[1], "x", 1) != 1) return 2;
  if (is("write")) fcntl(full[0], F_SETFL, O_NONBLOCK);
  for (ssize_t got = 0, left = kPages * sizeof page; (is("write") || is("printf")) && left > 0; left -= got)
    if ((got = read(full[0], page, sizeof page)) <= 0) break;
  pthread_join(a, NULL);
  pthread_join(b, NULL);
  return 0;
}
