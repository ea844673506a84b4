// The profile of locks: a lock that is waited for, one that is not, in a table, as stacks, as JSON; after kill -9; in a
// forked child.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t && rm -rf %t.traces
// RUN: %snarl run --blocked-ms 0 --contention --trace %t.traces -- %t > %t.out 2>&1
// RUN: FileCheck %s < %t.out
// CHECK: lock contention: 5 locks, 1 process, {{.*s$}}
// CHECK-NEXT: {{^ waited  cont.      taken  wait50 wait99  hold50 hold99  lock$}}
// CHECK-DAG: {{^ *[0-9.]+ (m|u)?s +67 % +3 .* crowded$}}
// CHECK-DAG: {{^ *[0-9.]+ (m|u)?s +50 % +2 .* plan$}}
// CHECK-DAG: {{^ *[0-9.]+ (m|u)?s +50 % +2 .* late$}}
// CHECK-DAG: {{^      -    0 %       1000       -      -  .* calm$}}
// CHECK-DAG: {{^      -    0 %          3       -      -  .* given$}}
// No line of the table is wider than a terminal:
// RUN: sed -n '/^lock contention/,/given$/p' %t.out > %t.table && not grep -E '^.{81}' %t.table
// The report has the stacks:
// RUN: %snarl report --contention --folded %t.folded %t.traces > %t.report && FileCheck %s --check-prefix=REPORT < %t.report
// REPORT: lock contention: 5 locks, 1 process
// REPORT: contention.c:[[@LINE+51]]:{{.*}} note: threads waited {{[0-9.]+ m?s}} in sum for crowded: somebody had it at 67 % of 3 acquisitions [lock-contention, actual]
// REPORT: note: the longest wait was here, by thread {{[23]}}: {{.*}} (median of all waits {{.*}})
// REPORT-NEXT: #0 want at
// REPORT: note: taken here, main thread held it longest: {{.*}} (median {{.*}})
// REPORT-NEXT: #0 main at
// RUN: grep -E '^want;crowded [1-9][0-9]+$' %t.folded && grep -E '^want_plan;plan [1-9]' %t.folded && not grep calm %t.folded
// RUN: %snarl report --contention --format=json %t.traces > %t.json
// RUN: %python -c "import json; d = json.load(open('%t.json')); l = {x['lock']: x for x in d['locks']}; c = l['crowded']; w = c['wait']; assert d['format'] == 'snarl-contention' and c['taken'] == 3 and c['contended'] == w['count'] == 2, c; assert 40e6 < w['p50'] <= w['p99'] <= 1.07 * w['longest']['time'] and w['total'] >= 80e6, c; assert c['hold']['count'] == 3 and c['hold']['longest']['stack'][0]['function'] == 'main', c; assert c['waitedAt'][0]['times'] == 2 and l['calm']['taken'] == l['calm']['hold']['count'] == 1000 and l['calm']['contended'] == 0, l"
// A note fails nothing, and is a finding like others:
// RUN: %snarl report --format=json %t.traces > %t.json && grep -q '"rule": "lock-contention"' %t.json
// Nothing is profiled unless it is asked for:
// RUN: rm -rf %t.none && %snarl run --blocked-ms 0 --trace %t.none -- %t && not %snarl report --contention %t.none 2>&1 | grep "no profile of locks in these traces: .snarl run --contention"
// With the child of a fork, which has numbers of its own:
// RUN: rm -rf %t.forked && %snarl run --blocked-ms 0 --contention --trace %t.forked -- %t forked > %t.out 2>&1 && grep -q "5 locks, 2 processes" %t.out && grep -E "^ *[0-9.]+ (m|u)?s +50 % +4 .* crowded$" %t.out
// RUN: for trace in %t.forked/*.trace; do %snarl report --contention $trace > %t.one || exit 1; grep -E " (1000|300)  .* calm$" %t.one || exit 1; done
// A process that is killed loses the last second:
// RUN: rm -rf %t.killed; (%snarl run --blocked-ms 0 --contention --trace %t.killed -- %t for-ever > /dev/null 2>&1 & for i in {1..600}; do test "$(cat %t.killed/*.trace 2> /dev/null | grep -c "^P t")" -ge 2 && break; sleep 0.1; done; kill -9 $(basename %t.killed/*.trace | cut -d. -f1); wait)
// RUN: %snarl report --contention %t.killed | grep -E "  +[0-9]{3,} .* calm$"
#define _GNU_SOURCE
#include "meet.h"
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t crowded = PTHREAD_MUTEX_INITIALIZER, calm = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t late = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t plan = PTHREAD_RWLOCK_INITIALIZER;
static sem_t given;
static atomic_int waiters[3];

/// Sleeps in a lock: futex is system call 202.
static void await_sleeper(atomic_int *tid) {
  for (;;) {
    char path[64], text[64] = {0};
    while (!atomic_load(tid)) sched_yield();
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", atomic_load(tid));
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    if (n <= 0 || !strncmp(text, "202 ", 4)) return;
    sched_yield();
  }
}
__attribute__((noinline)) void *want(void *tid) {
  atomic_store((atomic_int *)tid, (int)syscall(SYS_gettid));
  pthread_mutex_lock(&crowded);
  pthread_mutex_unlock(&crowded);
  return tid;
}
__attribute__((noinline)) void *want_plan(void *tid) {
  struct timespec soon;
  atomic_store((atomic_int *)tid, (int)syscall(SYS_gettid));
  pthread_rwlock_rdlock(&plan);
  pthread_rwlock_unlock(&plan);
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec += soon.tv_nsec < 900000000 ? 50000000 : 0;
  return pthread_mutex_timedlock(&late, &soon) ? tid : NULL; // given up: a wait all the same
}
static void pass(int times) {
  while (times--) {
    pthread_mutex_lock(&calm);
    pthread_mutex_unlock(&calm);
  }
}
int main(int argc, char **argv) {
  pthread_t t[3];
  const char *what = argc > 1 ? argv[1] : "";
  sem_init(&given, 0, 1);
  for (int i = 0; i < 3; ++i) {
    sem_wait(&given);
    sem_post(&given);
  }
  if (!strcmp(what, "for-ever")) {
    pthread_create(&t[0], NULL, want, &waiters[0]);
    for (;;) pass(100);
  }
  pthread_mutex_lock(&crowded);
  pthread_rwlock_wrlock(&plan);
  pthread_mutex_lock(&late);
  pthread_create(&t[0], NULL, want, &waiters[0]);
  pthread_create(&t[1], NULL, want, &waiters[1]);
  pthread_create(&t[2], NULL, want_plan, &waiters[2]);
  for (int i = 0; i < 3; ++i) await_sleeper(&waiters[i]);
  usleep(50000); // so long they wait
  pthread_rwlock_unlock(&plan);
  pthread_mutex_unlock(&crowded);
  for (int i = 0; i < 3; ++i) pthread_join(t[i], NULL);
  pthread_mutex_unlock(&late);
  pid_t child = !strcmp(what, "forked") ? fork() : -1;
  if (!child) {
    want(&waiters[0]);
    pass(300);
    return 0;
  }
  pass(1000);
  return child > 0 && waitpid(child, NULL, 0) != child;
}
