// Circles that cannot close: nothing is reported, and the program's exit code is its own.
// RUN: %gcc -O1 -g -pthread %s -o %t
// RUN: for what in gate phases readers tried released one_thread handed_over reused; do %snarl run -- %t $what > %t.$what 2>&1; test $? = 5 || exit 1; done
// RUN: cat %t.gate %t.phases %t.readers %t.tried %t.released %t.one_thread %t.handed_over %t.reused | FileCheck %s --implicit-check-not=error
// The same without what excludes them is a finding, so the above has been looked at:
// RUN: %snarl run -- %t circle > %t.circle 2>&1; test $? = 1
// RUN: FileCheck %s --check-prefix=CIRCLE < %t.circle
// CIRCLE: [lock-order, ordered]
// CHECK-COUNT-8: snarl: no findings in 1 process
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER, a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t x = PTHREAD_RWLOCK_INITIALIZER, y = PTHREAD_RWLOCK_INITIALIZER;
static sem_t done;
static atomic_int first_done;
static const char *what;
static int n;
static int is(const char *name) { return !strcmp(what, name); }

static void two(pthread_mutex_t *first, pthread_mutex_t *second) {
  if (is("gate")) pthread_mutex_lock(&gate);
  pthread_mutex_lock(first);
  if (is("released")) pthread_mutex_unlock(first);
  if (!is("tried")) pthread_mutex_lock(second);
  if (!is("tried") || !pthread_mutex_trylock(second)) {
    ++n;
    pthread_mutex_unlock(second);
  }
  if (!is("released")) pthread_mutex_unlock(first);
  if (is("gate")) pthread_mutex_unlock(&gate);
}
static void read_both(pthread_rwlock_t *first, pthread_rwlock_t *second) {
  pthread_rwlock_rdlock(first);
  pthread_rwlock_rdlock(second);
  pthread_rwlock_unlock(second);
  pthread_rwlock_unlock(first);
}
struct pair {
  pthread_mutex_t one, two;
};
static void in_a_new_pair(int reversed) {
  struct pair *p = malloc(sizeof *p);
  pthread_mutex_init(&p->one, NULL);
  pthread_mutex_init(&p->two, NULL);
  if (reversed) two(&p->two, &p->one);
  else two(&p->one, &p->two);
  pthread_mutex_destroy(&p->one);
  pthread_mutex_destroy(&p->two);
  free(p);
}
static void *first(void *p) {
  if (is("readers")) read_both(&x, &y);
  else if (is("reused")) in_a_new_pair(0);
  else two(&a, &b);
  if (is("one_thread")) two(&b, &a);
  if (is("handed_over")) sem_post(&done);
  atomic_store(&first_done, 1);
  return p;
}
static void *second(void *p) {
  if (is("handed_over")) sem_wait(&done);
  else for (int i = 0; i < 5000 && !atomic_load(&first_done); ++i) usleep(1000);
  if (is("readers")) read_both(&y, &x);
  else if (is("reused")) in_a_new_pair(1);
  else if (is("one_thread")) pthread_mutex_lock(&a), ++n, pthread_mutex_unlock(&a);
  else two(&b, &a);
  return p;
}
int main(int argc, char **argv) {
  pthread_t t, u;
  what = argc > 1 ? argv[1] : "circle";
  sem_init(&done, 0, 0);
  pthread_create(&t, NULL, first, NULL);
  if (is("phases")) pthread_join(t, NULL);
  pthread_create(&u, NULL, second, NULL);
  if (!is("phases")) pthread_join(t, NULL);
  pthread_join(u, NULL);
  return 5;
}
