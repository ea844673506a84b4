// Whatever is taken away from the library, the program does what it does without it, and the trace says what is missing.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: rm -rf %t.dir && mkdir %t.dir
// RUN: %python %S/Inputs/as_native.py %t.dir %rt %snarl %t closerange dup2 nofiles fsize removed memory deep altstack everyms strict errno_filter killing_filter tsync probe child_filter vfork_filter > %t.out
// RUN: FileCheck %s --implicit-check-not=DIFFERENT --implicit-check-not=torn --implicit-check-not=UNREADABLE < %t.out
// What is written over is also seen by who has read it before:
// RUN: %snarl run -- %t fsize x > %t.run 2>&1; FileCheck %s --check-prefix=LIVE < %t.run
// LIVE: {{[0-9]+}} lines lost
#define _GNU_SOURCE
#include "meet.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kLocks = 48 };
static const char *what;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, lock[kLocks];
static _Atomic long n;

static int is(const char *k) { return !strcmp(what, k); }

static void nest(pthread_mutex_t *x, pthread_mutex_t *y) {
  pthread_mutex_lock(x);
  pthread_mutex_lock(y);
  ++n;
  pthread_mutex_unlock(y);
  pthread_mutex_unlock(x);
}
static void *nested(void *p) {
  nest(&a, &b);
  return p;
}
/// Always new situations: each pair of locks once.
static void *pairs(void *p) {
  for (int i = 0; i < kLocks; ++i)
    for (int k = i + 1; k < kLocks; ++k) nest(&lock[i], &lock[k]);
  return p;
}
static void threads(void *(*work)(void *), int count) {
  pthread_t t[8];
  for (int i = 0; i < count; ++i)
    if (pthread_create(&t[i], NULL, work, NULL)) exit(90);
  for (int i = 0; i < count; ++i) pthread_join(t[i], NULL);
}
static void set_limit(int resource, rlim_t value) {
  struct rlimit limit;
  getrlimit(resource, &limit);
  limit.rlim_cur = value;
  if (setrlimit(resource, &limit)) exit(91);
}

/// Descends so far that hardly any stack is left, and locks there.
__attribute__((noinline)) static long descend(int depth) {
  volatile char frame[256];
  memset((void *)frame, depth, sizeof frame);
  if (depth == 0) return nest(&a, &b), frame[3];
  return descend(depth - 1) + frame[7];
}
static void *descends(void *p) {
  descend(*(int *)p);
  return NULL;
}

static pthread_mutex_t checked, other = PTHREAD_MUTEX_INITIALIZER, third = PTHREAD_MUTEX_INITIALIZER;
static volatile long in_handler, refused;
static void on_signal(int s) {
  (void)s;
  int saved = errno;
  if (pthread_mutex_trylock(&checked) == 0) {
    if (pthread_mutex_lock(&checked) == EDEADLK) ++refused;
    if (pthread_mutex_lock(&third) == 0) ++in_handler, pthread_mutex_unlock(&third);
    pthread_mutex_unlock(&checked);
  }
  errno = saved;
}

// ---- filters

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define GIVE(action) BPF_STMT(BPF_RET | BPF_K, action)
#define CALL(name, action) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), GIVE(action)

/// What the library would call and the program does not: answered with EPERM, or with death.
static int filter(unsigned action, unsigned flags, int by_prctl) {
  struct sock_filter code[] = {
      LOAD(nr), CALL(writev, action), CALL(openat, action), CALL(clone, action), CALL(process_vm_readv, action),
      CALL(ptrace, action), CALL(newfstatat, action), CALL(gettid, action), CALL(getpid, action),
      CALL(tgkill, action), CALL(clock_gettime, action), CALL(nanosleep, action), CALL(sched_yield, action),
      CALL(prlimit64, action), CALL(pwrite64, action), CALL(readlinkat, action), CALL(wait4, action),
      GIVE(SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return -1;
  return by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)
                  : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}
static void result(int code) {
  char text[32];
  int size = snprintf(text, sizeof text, "%d %ld\n", code, n);
  if (write(1, text, (size_t)size) != size) _exit(92);
}
static atomic_int stop;
static void *until_stopped(void *p) {
  next_step();
  while (!atomic_load(&stop)) pthread_mutex_lock(&a), ++n, pthread_mutex_unlock(&a);
  pairs(NULL);
  return p;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  what = argv[1];
  for (int i = 0; i < kLocks; ++i) pthread_mutex_init(&lock[i], NULL);
  pthread_t t;
  int status;
  nested(NULL);
  if (is("closerange")) {
    threads(nested, 2);
    close_range(3, ~0u, 0);
    threads(pairs, 1);
    printf("%ld, next descriptor %d\n", n, open("/dev/null", O_RDONLY));
  } else if (is("dup2")) { // over ours, wherever it is
    threads(nested, 2);
    FILE *own = tmpfile();
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    for (int fd = 3; fd < 2048 && (rlim_t)fd < limit.rlim_cur; ++fd)
      if (fd != fileno(own)) dup2(fileno(own), fd);
    threads(pairs, 1);
    printf("%ld, %ld bytes\n", n, (long)lseek(fileno(own), 0, SEEK_END));
  } else if (is("nofiles")) {
    close_range(3, ~0u, 0);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    set_limit(RLIMIT_NOFILE, 3);
    threads(pairs, 2);
    printf("%ld %d\n", n, open("/dev/null", O_RDONLY));
    set_limit(RLIMIT_NOFILE, limit.rlim_cur);
  } else if (is("fsize")) {
    set_limit(RLIMIT_FSIZE, 4096);
    threads(pairs, 1);
    printf("%ld\n", n);
  } else if (is("removed")) { // the folder of the traces, and the descriptor too
    char command[4096];
    snprintf(command, sizeof command, "unset LD_PRELOAD; rm -rf '%s'", argv[2]);
    status = system(command);
    threads(pairs, 1);
    close_range(3, ~0u, 0);
    threads(pairs, 1);
    printf("%d %ld\n", status, n);
  } else if (is("memory")) { // what there is, and not a page more
    pthread_create(&t, NULL, until_stopped, NULL);
    await_step(1);
    static char pages[4096]; // stdout's buffer comes from no heap
    setvbuf(stdout, pages, _IOFBF, sizeof pages);
    set_limit(RLIMIT_AS, 1 << 20);
    pairs(NULL);
    atomic_store(&stop, 1);
    pthread_join(t, NULL);
    printf("%d\n", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  } else if (is("deep")) {
    printf("%d\n", descend(20000) != 12345);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    for (int depth = 0; depth < 16; ++depth) {
      if (pthread_create(&t, &attributes, descends, &depth)) return 1;
      pthread_join(t, NULL);
    }
    printf("%ld\n", n);
  } else if (is("altstack") || is("everyms")) {
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&checked, &kind);
    stack_t stack = {.ss_sp = malloc(16384), .ss_size = 16384};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | (is("altstack") ? SA_ONSTACK : 0)};
    sigaltstack(&stack, NULL);
    sigaction(SIGALRM, &action, NULL);
    struct itimerval often = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    long rounds = 0, before = n;
    for (; in_handler < 200; ++rounds) {
      nest(&lock[rounds % kLocks], &other);
      nest(&lock[rounds % 7], &lock[8 + rounds % 40]);
    }
    setitimer(ITIMER_REAL, &off, NULL);
    // handlers hold nothing of the loop's, and the loop nothing of theirs, so each of them came through
    printf("%d %d\n", n - before == 2 * rounds, refused == in_handler);
  } else if (is("strict")) { // nothing but read, write and the end
    threads(nested, 2);
    result(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
    pairs(NULL);
    result(0);
    syscall(SYS_exit, 12);
  } else if (is("errno_filter")) {
    threads(nested, 2);
    result(filter(SECCOMP_RET_ERRNO | EPERM, 0, 1));
    pairs(NULL);
    threads(nested, 3);
    result(0);
  } else if (is("killing_filter")) {
    threads(nested, 2);
    result(filter(SECCOMP_RET_KILL_PROCESS, 0, 1));
    pairs(NULL);
    nest(&b, &a);
    threads(pairs, 1);
    result(0);
    _exit(13);
  } else if (is("tsync")) { // for all threads, ours included
    pthread_create(&t, NULL, until_stopped, NULL);
    await_step(1);
    int code = filter(SECCOMP_RET_KILL_PROCESS, SECCOMP_FILTER_FLAG_TSYNC, 0);
    atomic_store(&stop, 1);
    pthread_join(t, NULL);
    n = 0;
    result(code);
  } else if (is("probe")) { // refused: everything goes on
    threads(nested, 2);
    printf("%d ", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0));
    printf("%d\n", errno);
    struct sock_fprog empty = {0, (struct sock_filter *)&n};
    printf("%ld ", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &empty));
    printf("%d\n", errno);
    threads(pairs, 2);
  } else if (is("child_filter")) {
    threads(nested, 2);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      int code = filter(SECCOMP_RET_KILL_PROCESS, 0, 0);
      pairs(NULL);
      result(code);
      _exit(0);
    }
    waitpid(child, &status, 0);
    threads(pairs, 1);
    printf("%d %ld\n", status, n);
  } else if (is("vfork_filter")) { // on its parent's memory
    threads(nested, 2);
    pid_t child = vfork();
    if (child == 0) {
      if (filter(SECCOMP_RET_KILL_PROCESS, 0, 1)) _exit(3);
      _exit(4);
    }
    waitpid(child, &status, 0);
    threads(pairs, 1);
    printf("%d %ld\n", status >> 8, n);
  }
  return 12;
}
// CHECK:      == closerange: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: == dup2: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: == nofiles: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: {{[0-9]+}} lines lost
// CHECK-NEXT: == fsize: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: {{[0-9]+}} lines lost
// CHECK-NEXT: == removed: 12 as native
// CHECK-NEXT: no traces
// CHECK-NEXT: == memory: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: {{[0-9]+}} situations dropped
// CHECK-NEXT: == deep: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: == altstack: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: == everyms: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: == strict: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: what came after the program had restricted its system calls (seccomp) was not recorded
// CHECK-NEXT: == errno_filter: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: what came after the program had restricted its system calls (seccomp) was not recorded
// CHECK-NEXT: == killing_filter: 13 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: what came after the program had restricted its system calls (seccomp) was not recorded
// CHECK-NEXT: == tsync: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: what came after the program had restricted its system calls (seccomp) was not recorded
// CHECK-NEXT: == probe: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NEXT: == child_filter: 12 as native
// CHECK-NEXT: whole lines
// CHECK-NEXT: whole lines
// CHECK-NEXT: what came after the program had restricted its system calls (seccomp) was not recorded
// CHECK-NEXT: == vfork_filter: 12 as native
// CHECK-NEXT: whole lines with situations
// CHECK-NOT: {{.}}
