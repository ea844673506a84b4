// With LD_PRELOAD alone: findings come on stderr when the process ends, nothing at all when there are none.
// RUN: %gcc -O1 -g -pthread %s -o %t && rm -rf %t.dir && mkdir -p %t.dir && cd %t.dir
// RUN: env -u SNARL_OPTIONS LD_PRELOAD=%rt %t > %t.out 2> %t.err ; test $? = 3 && echo out | cmp - %t.out && test ! -s %t.err && test ! -e snarl.trace
// RUN: env -u SNARL_OPTIONS LD_PRELOAD=%rt %t nested > %t.out 2> %t.err ; test $? = 3 && test ! -s %t.err && ls snarl.trace | count 1
// RUN: rm -rf snarl.trace && env -u SNARL_OPTIONS LD_PRELOAD=%rt %t single > %t.out 2> %t.err ; test $? = 3 && test ! -s %t.err && test ! -e snarl.trace
// RUN: env -u SNARL_OPTIONS LD_PRELOAD=%rt %t circle > %t.out 2> %t.err ; test $? = 3 && echo out | cmp - %t.out && FileCheck %s < %t.err
// RUN: env -u SNARL_OPTIONS LD_PRELOAD=%rt %t again > %t.out 2> %t.err ; test $? = 3 && FileCheck %s --check-prefix=AGAIN < %t.err
// RUN: env SNARL_OPTIONS=print=0 LD_PRELOAD=%rt %t again > %t.out 2> %t.err ; test $? = 3 && test ! -s %t.err
// Where there is no command, the path of the trace is said. Options that are not understood are said, the rest counts.
// RUN: mkdir -p away && cp %rt away/rt.so && (env PATH=/nowhere LD_PRELOAD=./away/rt.so %t again 2>&1 > %t.out || true) | FileCheck %s --check-prefix=WHERE
// RUN: (env SNARL_OPTIONS=prnt=0:print=0 LD_PRELOAD=%rt %t again 2>&1 > %t.out || true) | FileCheck %s --check-prefix=BAD
// RUN: (env SNARL_OPTIONS=help=1 LD_PRELOAD=%rt %t 2>&1 > %t.out || true) | FileCheck %s --check-prefix=HELP
// A folder that cannot be written changes nothing for the program, and is said.
// RUN: env SNARL_OPTIONS=trace=/proc/nowhere LD_PRELOAD=%rt %t circle > %t.out 2> %t.err ; test $? = 3 && echo out | cmp - %t.out && FileCheck %s --check-prefix=NONE < %t.err
// The trace is where the program was started, and the command is found from there, wherever the program goes later.
// RUN: rm -rf snarl.trace && (env -u SNARL_OPTIONS PATH=/nowhere LD_PRELOAD=./away/rt.so %t away 2>&1 > %t.out || true) | FileCheck %s --check-prefix=WHERE && ls snarl.trace | count 1
// RUN: ln -sf %rt away/linked.so && ln -sfn %snarl away/snarl && env -u SNARL_OPTIONS LD_PRELOAD=./away/linked.so %t away 2> %t.err > %t.out ; test $? = 3 && FileCheck %s --check-prefix=AGAIN < %t.err
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static atomic_int through; // the second thread waits for the first, by what the library cannot see
static void *nest(void *p) {
  while (!p && !atomic_load(&through)) sched_yield();
  pthread_mutex_lock(p ? &a : &b);
  pthread_mutex_lock(p ? &b : &a);
  pthread_mutex_unlock(&a);
  pthread_mutex_unlock(&b);
  atomic_store(&through, 1);
  return p;
}

int main(int argc, char **argv) {
  pthread_t t, u;
  const char *what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "away") && chdir("/")) return 2;
  if (!strcmp(what, "single")) {
    nest(&a);
  } else if (*what) {
    pthread_create(&t, NULL, nest, &a);
    if (!strcmp(what, "nested")) pthread_join(t, NULL);
    pthread_create(&u, NULL, nest, strcmp(what, "circle") ? &a : NULL);
    pthread_join(u, NULL);
    if (strcmp(what, "nested")) pthread_join(t, NULL);
  }
  if (!strcmp(what, "again") || !strcmp(what, "away")) {
    pthread_mutex_unlock(&a);
  }
  puts("out");
  return 3;
}
// CHECK: error: {{.*}}[lock-order, ordered]
// AGAIN: error: {{.*}}[unreleased-lock, actual]
// WHERE: snarl report {{/.*}}/snarl.trace/{{[0-9]+}}.0.trace
// NONE: no trace could be written in /proc/nowhere
// BAD: SNARL_OPTIONS{{.*}}prnt=0
// HELP: halt_on_deadlock
