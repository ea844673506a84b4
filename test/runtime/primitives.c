// Every function of every primitive returns what it returns without us, in the good case and in the bad ones.
// RUN: %gcc -std=gnu11 -O1 -g -pthread %s -o %t
// RUN: %t > %t.native; rm -rf %t.trace; SNARL_OPTIONS=trace=%t.trace:print=0 LD_PRELOAD=%rt %t > %t.ours; cmp %t.native %t.ours
// RUN: FileCheck %s < %t.ours
// RUN: %gcc -std=gnu11 -O1 -g -pthread -no-pie %s -o %t.fixed && SNARL_OPTIONS=trace=%t.trace:print=0 LD_PRELOAD=%rt %t.fixed | cmp - %t.native
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static void say(const char *what, int result) { printf("%s %s\n", what, result ? strerrorname_np(result) : "ok"); }
static int of(int result) { return result ? errno : 0; }
static struct timespec past, soon;
static void set_soon(clockid_t clock) {
  clock_gettime(clock, &soon);
  soon.tv_nsec += 20000000;
  soon.tv_sec += soon.tv_nsec / 1000000000;
  soon.tv_nsec %= 1000000000;
}

static pthread_mutex_t m;
static pthread_rwlock_t rw;
static pthread_spinlock_t spin;
static sem_t sem;
static pthread_barrier_t barrier;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static int events, state;

/// Runs it in another thread and waits.
static void elsewhere(void *(*f)(void *)) {
  pthread_t t;
  pthread_create(&t, NULL, f, NULL);
  pthread_join(t, NULL);
}
static void *contend(void *p) {
  say(" trylock", pthread_mutex_trylock(&m));
  say(" timedlock", pthread_mutex_timedlock(&m, &past));
  set_soon(CLOCK_MONOTONIC);
  say(" clocklock", pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &soon));
  return p;
}
static void *foreign(void *p) {
  say(" unlock elsewhere", pthread_mutex_unlock(&m));
  return p;
}
static void *leave_locked(void *p) {
  pthread_mutex_lock(&m);
  return p;
}
static void mutexes(void) {
  static const struct { const char *name; int type, robust, shared, protocol; } kinds[] = {
      {"normal", PTHREAD_MUTEX_NORMAL, 0, 0, PTHREAD_PRIO_NONE},
      {"recursive", PTHREAD_MUTEX_RECURSIVE, 0, 0, PTHREAD_PRIO_NONE},
      {"errorcheck", PTHREAD_MUTEX_ERRORCHECK, 0, 0, PTHREAD_PRIO_NONE},
      {"adaptive", PTHREAD_MUTEX_ADAPTIVE_NP, 0, 0, PTHREAD_PRIO_NONE},
      {"robust", PTHREAD_MUTEX_NORMAL, 1, 0, PTHREAD_PRIO_NONE},
      {"robust checked", PTHREAD_MUTEX_ERRORCHECK, 1, 0, PTHREAD_PRIO_NONE},
      {"shared", PTHREAD_MUTEX_NORMAL, 0, 1, PTHREAD_PRIO_NONE},
      {"robust shared recursive", PTHREAD_MUTEX_RECURSIVE, 1, 1, PTHREAD_PRIO_NONE},
      {"inherit", PTHREAD_MUTEX_NORMAL, 0, 0, PTHREAD_PRIO_INHERIT},
      {"inherit checked", PTHREAD_MUTEX_ERRORCHECK, 0, 0, PTHREAD_PRIO_INHERIT},
      {"inherit robust", PTHREAD_MUTEX_NORMAL, 1, 0, PTHREAD_PRIO_INHERIT},
      {"protect", PTHREAD_MUTEX_NORMAL, 0, 0, PTHREAD_PRIO_PROTECT},
      {"protect recursive", PTHREAD_MUTEX_RECURSIVE, 0, 0, PTHREAD_PRIO_PROTECT},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
    pthread_mutexattr_t a;
    printf("%s\n", kinds[i].name);
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, kinds[i].type);
    pthread_mutexattr_setrobust(&a, kinds[i].robust);
    pthread_mutexattr_setpshared(&a, kinds[i].shared);
    pthread_mutexattr_setprotocol(&a, kinds[i].protocol);
    say(" init", pthread_mutex_init(&m, &a));
    for (int round = 0; round < 2; ++round) {
      int locked = pthread_mutex_lock(&m); // priority protection may be refused
      say(" lock", locked);
      if (locked) continue;
      elsewhere(contend);
      if (kinds[i].type == PTHREAD_MUTEX_ERRORCHECK) {
        say(" relock", pthread_mutex_lock(&m));
        elsewhere(foreign);
      }
      if (kinds[i].type == PTHREAD_MUTEX_RECURSIVE) {
        say(" relock", pthread_mutex_lock(&m));
        say(" try again", pthread_mutex_trylock(&m));
        say(" unlock", pthread_mutex_unlock(&m));
        say(" unlock", pthread_mutex_unlock(&m));
      }
      say(" destroy held", kinds[i].robust ? EBUSY : pthread_mutex_destroy(&m));
      say(" unlock", pthread_mutex_unlock(&m));
      set_soon(CLOCK_REALTIME);
      say(" timed free", pthread_mutex_timedlock(&m, &soon));
      say(" unlock", pthread_mutex_unlock(&m));
      if (kinds[i].type == PTHREAD_MUTEX_ERRORCHECK) say(" unlock free", pthread_mutex_unlock(&m));
    }
    if (kinds[i].robust) {
      elsewhere(leave_locked);
      say(" after death", pthread_mutex_lock(&m));
      say(" consistent", pthread_mutex_consistent(&m));
      say(" unlock", pthread_mutex_unlock(&m));
      elsewhere(leave_locked);
      say(" after death", pthread_mutex_trylock(&m));
      say(" unlock", pthread_mutex_unlock(&m));
      say(" lost", pthread_mutex_lock(&m));
    }
    say(" destroy", pthread_mutex_destroy(&m));
  }
}

static void *read_or_write(void *p) {
  say(" tryrdlock", pthread_rwlock_tryrdlock(&rw) ? EBUSY : pthread_rwlock_unlock(&rw));
  say(" trywrlock", pthread_rwlock_trywrlock(&rw));
  say(" timedwrlock", pthread_rwlock_timedwrlock(&rw, &past));
  set_soon(CLOCK_MONOTONIC);
  say(" clockwrlock", pthread_rwlock_clockwrlock(&rw, CLOCK_MONOTONIC, &soon));
  return p;
}
static void *blocked_reader(void *p) {
  say(" timedrdlock", pthread_rwlock_timedrdlock(&rw, &past));
  set_soon(CLOCK_MONOTONIC);
  say(" clockrdlock", pthread_rwlock_clockrdlock(&rw, CLOCK_MONOTONIC, &soon));
  return p;
}
static void rwlocks(void) {
  static const int kinds[] = {PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP,
                              PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP};
  for (int i = 0; i < 6; ++i) {
    pthread_rwlockattr_t a;
    printf("rwlock %d %s\n", i / 2, i % 2 ? "shared" : "private");
    pthread_rwlockattr_init(&a);
    pthread_rwlockattr_setkind_np(&a, kinds[i / 2]);
    pthread_rwlockattr_setpshared(&a, i % 2);
    say(" init", pthread_rwlock_init(&rw, &a));
    say(" rdlock", pthread_rwlock_rdlock(&rw));
    say(" again", pthread_rwlock_rdlock(&rw));
    elsewhere(read_or_write);
    say(" unlock", pthread_rwlock_unlock(&rw));
    say(" unlock", pthread_rwlock_unlock(&rw));
    say(" wrlock", pthread_rwlock_wrlock(&rw));
    say(" own rdlock", pthread_rwlock_rdlock(&rw));
    say(" own wrlock", pthread_rwlock_wrlock(&rw));
    elsewhere(read_or_write);
    elsewhere(blocked_reader);
    say(" unlock", pthread_rwlock_unlock(&rw));
    say(" destroy", pthread_rwlock_destroy(&rw));
  }
}

static void *try_spin(void *p) {
  say(" trylock", pthread_spin_trylock(&spin));
  return p;
}
static void *post(void *p) {
  sem_post(&sem);
  return p;
}
static void semaphores(void) {
  int value;
  puts("spin");
  for (int shared = 0; shared < 2; ++shared) {
    say(" init", pthread_spin_init(&spin, shared));
    say(" lock", pthread_spin_lock(&spin));
    elsewhere(try_spin);
    say(" unlock", pthread_spin_unlock(&spin));
    say(" destroy", pthread_spin_destroy(&spin));
  }
  puts("semaphore");
  for (int initial = 0; initial < 3; ++initial) {
    say(" init", of(sem_init(&sem, 0, initial)));
    for (int i = 0; i < initial; ++i) say(" wait", of(sem_wait(&sem)));
    say(" trywait", of(sem_trywait(&sem)));
    say(" timedwait", of(sem_timedwait(&sem, &past)));
    set_soon(CLOCK_MONOTONIC);
    say(" clockwait", of(sem_clockwait(&sem, CLOCK_MONOTONIC, &soon)));
    elsewhere(post);
    say(" wait", of(sem_wait(&sem)));
    for (int i = 0; i < initial; ++i) say(" post", of(sem_post(&sem)));
    say(" getvalue", of(sem_getvalue(&sem, &value)));
    printf(" %d\n", value);
    say(" destroy", of(sem_destroy(&sem)));
  }
  say(" too much", of(sem_init(&sem, 0, -1)));
  char name[64];
  snprintf(name, sizeof name, "/snarl-test-%d", getpid());
  say(" open", of(sem_open(name, 0) == SEM_FAILED));
  for (int i = 0; i < 2; ++i) {
    sem_t *s = sem_open(name, O_CREAT | O_EXCL, 0600, 1), *again = sem_open(name, O_CREAT, 0600, 5);
    say(" exclusively", of(sem_open(name, O_CREAT | O_EXCL, 0600, 1) == SEM_FAILED));
    printf(" same %d\n", s == again);
    say(" wait", of(sem_wait(s)));
    say(" trywait", of(sem_trywait(again)));
    say(" post", of(sem_post(s)));
    say(" close", of(sem_close(s)));
    say(" wait", of(sem_wait(again)));
    say(" post", of(sem_post(again)));
    say(" close", of(sem_close(again)));
    say(" unlink", of(sem_unlink(name)));
  }
}

static void *signaller(void *p) {
  pthread_mutex_lock(&m);
  ++state;
  pthread_cond_signal(&cond);
  pthread_cond_broadcast(&cond);
  pthread_mutex_unlock(&m);
  return p;
}
static void give_back(void *p) {
  say(" clean-up unlock", pthread_mutex_unlock(p));
}
static void *wait_to_be_cancelled(void *p) {
  pthread_mutex_lock(&m);
  pthread_cleanup_push(give_back, &m);
  ++events;
  for (;;) pthread_cond_wait(&cond, &m);
  pthread_cleanup_pop(1);
  return p;
}
static void *cancelled_at_once(void *p) { // at any instruction
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  __atomic_store_n(&events, 7, __ATOMIC_SEQ_CST);
  for (;;)
    ;
  return p;
}
static void conditions(void) {
  pthread_t t;
  void *value;
  puts("condition");
  pthread_mutex_init(&m, NULL);
  pthread_mutex_lock(&m);
  say(" timedwait", pthread_cond_timedwait(&cond, &m, &past));
  set_soon(CLOCK_MONOTONIC);
  say(" clockwait", pthread_cond_clockwait(&cond, &m, CLOCK_MONOTONIC, &soon));
  pthread_create(&t, NULL, signaller, NULL);
  while (!state) say(" wait", pthread_cond_wait(&cond, &m));
  pthread_mutex_unlock(&m);
  pthread_join(t, NULL);
  events = 0;
  pthread_create(&t, NULL, wait_to_be_cancelled, NULL);
  for (int there = 0; !there;) {
    pthread_mutex_lock(&m);
    there = events;
    pthread_mutex_unlock(&m);
  }
  int cancelled = pthread_cancel(t);
  pthread_join(t, &value);
  say(" cancel", cancelled);
  printf(" cancelled %d\n", value == PTHREAD_CANCELED);
  say(" lock", pthread_mutex_lock(&m));
  say(" unlock", pthread_mutex_unlock(&m));
  pthread_create(&t, NULL, cancelled_at_once, NULL);
  while (__atomic_load_n(&events, __ATOMIC_SEQ_CST) != 7) sched_yield();
  pthread_cancel(t);
  pthread_join(t, &value);
  printf(" cancelled %d\n", value == PTHREAD_CANCELED);
  say(" destroy", pthread_cond_destroy(&cond));
}

static void *arrive(void *p) {
  int result = pthread_barrier_wait(&barrier);
  __atomic_fetch_add(&events, result == PTHREAD_BARRIER_SERIAL_THREAD ? 100 : 1, __ATOMIC_SEQ_CST);
  return p;
}
static void count_once(void) { ++events; }
static void on_exit_of_thread(void *p) {
  pthread_mutex_lock(p);
  ++events;
  pthread_mutex_unlock(p);
}
static void *leave_early(void *p) {
  pthread_setspecific(key, &m);
  pthread_exit(p ? p : (void *)5);
}
static void *slow(void *p) {
  sem_wait(&sem);
  return p;
}
static void threads_and_once(void) {
  pthread_t t[3];
  void *value;
  events = 0;
  puts("barrier");
  say(" of none", pthread_barrier_init(&barrier, NULL, 0));
  say(" init", pthread_barrier_init(&barrier, NULL, 3));
  for (int i = 0; i < 3; ++i) pthread_create(&t[i], NULL, arrive, NULL);
  for (int i = 0; i < 3; ++i) pthread_join(t[i], NULL);
  printf(" %d\n", events);
  say(" destroy", pthread_barrier_destroy(&barrier));
  puts("once");
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static once_flag flag = ONCE_FLAG_INIT;
  events = 0;
  for (int i = 0; i < 3; ++i) say(" once", pthread_once(&once, count_once)), call_once(&flag, count_once);
  printf(" %d\n", events);
  puts("threads");
  sem_init(&sem, 0, 0);
  pthread_key_create(&key, on_exit_of_thread);
  pthread_create(&t[0], NULL, leave_early, NULL);
  pthread_join(t[0], &value);
  printf(" value %ld, destructors %d\n", (long)value, events - 2);
  pthread_create(&t[0], NULL, slow, NULL);
  say(" tryjoin", pthread_tryjoin_np(t[0], NULL));
  say(" timedjoin", pthread_timedjoin_np(t[0], NULL, &past));
  set_soon(CLOCK_MONOTONIC);
  say(" clockjoin", pthread_clockjoin_np(t[0], NULL, CLOCK_MONOTONIC, &soon));
  say(" self", pthread_join(pthread_self(), NULL));
  sem_post(&sem);
  set_soon(CLOCK_REALTIME);
  soon.tv_sec += 60;
  say(" timedjoin", pthread_timedjoin_np(t[0], NULL, &soon));
  pthread_create(&t[0], NULL, slow, NULL);
  say(" detach", pthread_detach(t[0]));
  say(" join detached", pthread_join(t[0], NULL));
  say(" detach again", pthread_detach(t[0]));
  sem_post(&sem);
  say(" name", pthread_setname_np(pthread_self(), "a name that is too long"));
}

static thrd_t c11_thread;
static mtx_t c11;
static cnd_t c11_changed;
static tss_t c11_key;
static void c11_destructor(void *p) {
  mtx_lock(&c11);
  *(int *)p += 1;
  mtx_unlock(&c11);
}
static int c11_work(void *p) {
  tss_set(c11_key, p);
  mtx_lock(&c11);
  *(int *)p += 10;
  cnd_signal(&c11_changed);
  cnd_broadcast(&c11_changed);
  mtx_unlock(&c11);
  thrd_exit(42);
}
static int c11_try(void *p) {
  struct timespec t = past;
  printf(" try %d timed %d\n", mtx_trylock(&c11) == thrd_busy, mtx_timedlock(&c11, &t) == thrd_timedout);
  return p != NULL;
}
static int c11_idle(void *p) { return p != NULL; }
static void c11_all(void) {
  int seen = 0, result = 0;
  puts("c11");
  printf(" %d %d\n", mtx_init(&c11, mtx_timed | mtx_recursive), cnd_init(&c11_changed));
  printf(" %d %d\n", mtx_lock(&c11), mtx_trylock(&c11));
  printf(" %d\n", mtx_unlock(&c11));
  int made = thrd_create(&c11_thread, c11_try, &seen), joined = thrd_join(c11_thread, &result);
  printf(" %d %d", made, joined);
  printf(" %d\n", result);
  tss_create(&c11_key, c11_destructor);
  thrd_create(&c11_thread, c11_work, &seen);
  while (!seen) cnd_wait(&c11_changed, &c11);
  struct timespec t = past;
  printf(" %d\n", cnd_timedwait(&c11_changed, &c11, &t) == thrd_timedout);
  printf(" %d\n", mtx_unlock(&c11));
  printf(" %d", thrd_join(c11_thread, &result));
  printf(" %d %d\n", result, seen);
  printf(" %d", thrd_create(&c11_thread, c11_idle, NULL) + thrd_detach(c11_thread));
  cnd_destroy(&c11_changed);
  puts("");
}

static pthread_mutex_t in_handler = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t handled;
static void on_signal(int s) {
  (void)s;
  if (!pthread_mutex_trylock(&in_handler)) pthread_mutex_unlock(&in_handler);
  sem_post(&sem);
  ++handled;
}
static void signals_and_processes(void) {
  puts("signals");
  signal(SIGUSR1, on_signal);
  for (int i = 0; i < 100; ++i) {
    pthread_mutex_lock(&m);
    raise(SIGUSR1);
    sem_wait(&sem);
    pthread_mutex_unlock(&m);
  }
  printf(" %d\n", handled);
  errno = 0;
  say(" interrupted", of(sem_init(&sem, 0, 0)));
  puts("shared with a child");
  struct both { pthread_mutex_t m; pthread_cond_t c; sem_t s; pthread_barrier_t b; int n; } *both;
  both = mmap(NULL, sizeof *both, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t ma;
  pthread_condattr_t ca;
  pthread_barrierattr_t ba;
  pthread_mutexattr_init(&ma), pthread_mutexattr_setpshared(&ma, 1);
  pthread_condattr_init(&ca), pthread_condattr_setpshared(&ca, 1);
  pthread_barrierattr_init(&ba), pthread_barrierattr_setpshared(&ba, 1);
  pthread_mutex_init(&both->m, &ma);
  pthread_cond_init(&both->c, &ca);
  sem_init(&both->s, 1, 0);
  pthread_barrier_init(&both->b, &ba, 2);
  fflush(stdout);
  pid_t child = fork();
  if (!child) {
    sem_wait(&both->s);
    pthread_mutex_lock(&both->m);
    both->n = 1;
    pthread_cond_signal(&both->c);
    pthread_mutex_unlock(&both->m);
    pthread_barrier_wait(&both->b);
    _exit(3);
  }
  pthread_mutex_lock(&both->m);
  sem_post(&both->s);
  while (!both->n) pthread_cond_wait(&both->c, &both->m);
  pthread_mutex_unlock(&both->m);
  pthread_barrier_wait(&both->b);
  int status;
  waitpid(child, &status, 0);
  printf(" %d\n", WEXITSTATUS(status));
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  mutexes();
  rwlocks();
  semaphores();
  conditions();
  threads_and_once();
  c11_all();
  signals_and_processes();
  return 0;
}
// CHECK:      normal
// CHECK:       trylock EBUSY
// CHECK:       timedlock ETIMEDOUT
// CHECK:      errorcheck
// CHECK:       relock EDEADLK
// CHECK:       unlock elsewhere EPERM
// CHECK:      robust
// CHECK:       after death EOWNERDEAD
// CHECK:       lost ENOTRECOVERABLE
// CHECK:      condition
// CHECK:       clean-up unlock ok
// CHECK:       cancelled 1
// CHECK:      shared with a child
// CHECK-NEXT:  3
