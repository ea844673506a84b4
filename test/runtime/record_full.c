// What --record=full proves, what it does not, and what is left of its log when things go wrong.
// RUN: mkdir -p %t.dir && gcc -g -O1 -pthread %s -o %t
//
// RUN: not %snarl run --record=full --sarif %t.sarif -- %t opposite 2>&1 | FileCheck --check-prefix=PROVEN %s
// PROVEN: [lock-order, feasible]
// PROVEN: this schedule of the run ends so:
// PROVEN: takes first
// PROVEN: takes second
// PROVEN-DAG: waits for second
// PROVEN-DAG: waits for first
// RUN: grep -q executionOrder %t.sarif
// Not recorded in full, it is a guess.
// RUN: not %snarl run -- %t opposite 2>&1 | FileCheck --check-prefix=GUESSED %s
// GUESSED: [lock-order, ordered]
//
// In every schedule that keeps the sections of each lock in order, the first thread has left before the second comes.
// RUN: not %snarl run --record=full -- %t drained 2>&1 | FileCheck --check-prefix=ORDERED %s
// ORDERED: [lock-order, ordered]
//
// Two readers are in each other's way only with a writer between them.
// RUN: not %snarl run --record=full -- %t readers-and-writer 2>&1 | FileCheck --check-prefix=WRITER %s
// WRITER: [lock-order, feasible]
// WRITER-DAG: waits for door for reading
// WRITER-DAG: waits for door for writing
//
// Joined before the other begins: nothing.
// RUN: %snarl run --record=full -- %t joined 2>&1 | FileCheck --check-prefix=SILENT %s
// SILENT: no findings
//
// A forked child has a log of its own.
// RUN: not %snarl run --record=full -- %t forked 2>&1 | FileCheck --check-prefix=PROVEN %s
//
// Killed: what was written until then is there.
// RUN: rm -rf %t.killed && not %snarl run --record=full --trace %t.killed -- %t killed 2>&1 \
// RUN:   | FileCheck --check-prefix=KILLED %s
// KILLED: [lock-order, feasible]
//
// A limit is said, and what came before it counts.
// RUN: not %snarl run --record=full --record-limit 1 -- %t much 2>&1 | FileCheck --check-prefix=LIMIT %s
// LIMIT-DAG: full log limit reached
// LIMIT-DAG: full log events dropped
// LIMIT-DAG: [lock-order, feasible]
//
// Cut anywhere, it is read as far as it goes.
// RUN: rm -rf %t.cut && not %snarl run --record=full --trace %t.cut -- %t opposite
// RUN: for n in 0 5 17 20 33 40; do for f in %t.cut/*.full; do truncate -s $n $f; done; \
// RUN:   not %snarl report %t.cut 2>&1 | FileCheck --check-prefix=GUESSED %s || exit 1; done
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t third = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t door = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int turn;

// The tool cannot see this, and must not need to.
static void await_turn(int mine) {
  while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != mine) usleep(100);
}
static void pass_turn(void) { __atomic_add_fetch(&turn, 1, __ATOMIC_RELEASE); }

static void both(pthread_mutex_t *a, pthread_mutex_t *b) {
  pthread_mutex_lock(a);
  pthread_mutex_lock(b);
  pthread_mutex_unlock(b);
  pthread_mutex_unlock(a);
}

static void *one_way(void *unused) {
  await_turn(0);
  both(&first, &second);
  pass_turn();
  return unused;
}
static void *other_way(void *unused) {
  await_turn(1);
  both(&second, &first);
  pass_turn();
  return unused;
}
// Has taken `first` for itself before: its sections come after the other's.
static void *other_way_after_first(void *unused) {
  await_turn(1);
  pthread_mutex_lock(&first);
  pthread_mutex_unlock(&first);
  both(&second, &first);
  return unused;
}
static void *reads_door_first(void *unused) {
  await_turn(0);
  pthread_rwlock_rdlock(&door);
  pthread_mutex_lock(&third);
  pthread_mutex_unlock(&third);
  pthread_rwlock_unlock(&door);
  pass_turn();
  return unused;
}
static void *reads_door_second(void *unused) {
  await_turn(1);
  pthread_mutex_lock(&third);
  pthread_rwlock_rdlock(&door);
  pthread_rwlock_unlock(&door);
  pthread_mutex_unlock(&third);
  pass_turn();
  return unused;
}
static void *writes_door(void *unused) {
  await_turn(2);
  pthread_rwlock_wrlock(&door);
  pthread_rwlock_unlock(&door);
  return unused;
}
static void *many(void *unused) {
  await_turn(2);
  for (int i = 0; i < 1000000; ++i) {
    pthread_mutex_lock(&third);
    pthread_mutex_unlock(&third);
  }
  return unused;
}

static void run(int n, void *(**start)(void *)) {
  pthread_t threads[4];
  for (int i = 0; i < n; ++i) pthread_create(&threads[i], 0, start[i], 0);
  for (int i = 0; i < n; ++i) pthread_join(threads[i], 0);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  void *(*opposite[])(void *) = {one_way, other_way};
  void *(*drained[])(void *) = {one_way, other_way_after_first};
  void *(*doors[])(void *) = {reads_door_first, reads_door_second, writes_door};
  void *(*much[])(void *) = {one_way, other_way, many};
  if (!strcmp(what, "opposite")) run(2, opposite);
  if (!strcmp(what, "drained")) run(2, drained);
  if (!strcmp(what, "readers-and-writer")) run(3, doors);
  if (!strcmp(what, "much")) run(3, much);
  if (!strcmp(what, "joined")) {
    run(1, opposite);
    run(1, opposite + 1);
  }
  if (!strcmp(what, "forked")) {
    pthread_mutex_lock(&third);
    if (fork() == 0) {
      pthread_mutex_unlock(&third);
      run(2, opposite);
      return 0;
    }
    wait(0);
  }
  if (!strcmp(what, "killed")) {
    run(2, opposite);
    raise(SIGKILL);
  }
  return 0;
}
