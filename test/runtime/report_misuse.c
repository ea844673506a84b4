// Locks taken again, given back by others, or not at all; each with where it was taken.
// RUN: %gcc -O1 -g -pthread %s -o %t
// RUN: for what in again foreign unlocked kept checked; do %snarl run --timeout 2 -- %t $what > %t.$what 2>&1; test $? = 1 || exit 1; done
// RUN: FileCheck %s --check-prefix=AGAIN < %t.again
// RUN: FileCheck %s --check-prefix=FOREIGN < %t.foreign
// RUN: FileCheck %s --check-prefix=UNLOCKED < %t.unlocked
// RUN: FileCheck %s --check-prefix=KEPT < %t.kept
// RUN: FileCheck %s --check-prefix=CHECKED < %t.checked
// What is right stays silent: recursion, a semaphore given by another thread, all released.
// RUN: %snarl run -- %t right 2>&1 | FileCheck %s --check-prefix=RIGHT --implicit-check-not=error
// RIGHT: snarl: no findings
// A suppression by function, by file, by lock; a comment in the source:
// RUN: for name in keep '*report_misuse.c' plain; do echo "unreleased-lock:$name" > %t.supp; %snarl run --suppressions %t.supp -- %t kept 2>&1 | FileCheck %s --check-prefix=SUPPRESSED || exit 1; done
// SUPPRESSED: snarl: no findings (1 suppressed)
// RUN: sed 's|pthread_mutex_lock(&plain); // kept|pthread_mutex_lock(\&plain); // NOLINT(unreleased-lock): as a test|' %s > %t.nolint.c
// RUN: %gcc -O1 -g -pthread %t.nolint.c -o %t.nolint && %snarl run -- %t.nolint kept 2>&1 | FileCheck %s --check-prefix=SUPPRESSED
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t checked = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static sem_t given;
static const char *what;
static int n;
static int is(const char *name) { return !strcmp(what, name); }

__attribute__((noinline)) void inner(pthread_mutex_t *m) {
  pthread_mutex_lock(m);
  ++n;
  pthread_mutex_unlock(m);
}
__attribute__((noinline)) void outer(pthread_mutex_t *m) {
  pthread_mutex_lock(m);
  inner(m);
  if (m != &checked) pthread_mutex_unlock(m);
}
__attribute__((noinline)) void keep(void) {
  pthread_mutex_lock(&plain); // kept
  ++n;
}
__attribute__((noinline)) void *work(void *p) {
  if (is("again")) outer(&plain);
  if (is("foreign")) pthread_mutex_unlock(&plain);
  if (is("kept")) keep();
  if (is("checked")) outer(&checked);
  if (is("right")) {
    outer(&recursive);
    inner(&plain);
    sem_wait(&given);
  }
  return p;
}
int main(int argc, char **argv) {
  pthread_t t;
  what = argc > 1 ? argv[1] : "";
  sem_init(&given, 0, 0);
  if (is("unlocked")) pthread_mutex_unlock(&plain);
  if (is("foreign")) pthread_mutex_lock(&plain);
  pthread_create(&t, NULL, work, NULL);
  sem_post(&given);
  pthread_join(t, NULL);
  return 0;
}
// AGAIN: error: thread 2 takes plain again, which it already holds: it waits for itself for ever [self-deadlock, actual]
// AGAIN: note: thread 2 took plain here
// AGAIN: #0 outer
// AGAIN: note: thread 2 wants plain again here
// AGAIN: #0 inner
// AGAIN: #1 outer
// AGAIN-NOT: [deadlock
// AGAIN: snarl: 1 error
// FOREIGN: error: thread 2 unlocks plain, which main thread holds [unreleased-lock, actual]
// FOREIGN: note: plain was taken here by main thread
// FOREIGN: #0 main
// FOREIGN: note: thread 2: plain is unlocked here
// FOREIGN: #0 work
// UNLOCKED: error: main thread unlocks plain, which is not locked [unreleased-lock, actual]
// UNLOCKED: #0 main
// KEPT: error: thread 2 ends and still holds plain [unreleased-lock, actual]
// KEPT: note: plain was taken here by thread 2
// KEPT: #0 keep
// CHECKED: error: thread 2 takes checked again, which it already holds: refused (EDEADLK) [self-deadlock, actual]
// CHECKED: note: thread 2 took checked here
// CHECKED: #0 outer
// CHECKED: #0 inner
