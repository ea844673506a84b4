// The program does what it does without us: descriptors, processes, signals, small stacks, early and late locks.
// RUN: %gcc -std=gnu11 -O0 -g -pthread -I%S/Inputs %s -o %t
// RUN: for what in closefds reusefd fork exec vfork spawn cancel smallstack smallmaker signals constructor atexit quickexit errno chdir manythreads detached; do %t $what > %t.native 2> %t.native.err; native=$?; rm -rf %t.trace; SNARL_OPTIONS=trace=%t.trace:print=0 LD_PRELOAD=%rt %t $what > %t.ours 2> %t.err; ours=$?; echo $what $native $ours; cmp %t.native %t.ours && cmp %t.native.err %t.err; ls %t.trace | wc -l; cat %t.trace/* | grep -c '^A'; done > %t.out
// RUN: FileCheck %s < %t.out
#include "meet.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *what;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
static int n;

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
static void two_threads(void) {
  pthread_t t, u;
  pthread_create(&t, NULL, nested, NULL);
  pthread_create(&u, NULL, nested, NULL);
  pthread_join(t, NULL);
  pthread_join(u, NULL);
}
__attribute__((constructor)) static void early(void) { nest(&b, &c); }
static void late(void) {
  nest(&a, &c);
  printf("late %d\n", n);
}
static void *deep(void *p) {
  volatile char frame[5000];
  memset((void *)frame, 1, sizeof frame);
  nest(&a, &b);
  nest(&b, &c);
  return frame[17] == 1 ? p : NULL;
}
/// Threads made by threads that have little room themselves.
static void *maker(void *p) {
  pthread_attr_t attributes;
  pthread_t t;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16384);
  for (int i = 0; i < 5; ++i) {
    if (pthread_create(&t, &attributes, *(int *)p ? maker : nested, &(int){0})) return NULL;
    pthread_join(t, NULL);
  }
  return p;
}
static volatile sig_atomic_t alarms;
static pthread_mutex_t in_handler = PTHREAD_MUTEX_INITIALIZER;
static void on_alarm(int s) {
  (void)s;
  if (!pthread_mutex_trylock(&in_handler)) pthread_mutex_unlock(&in_handler);
  ++alarms;
}
static void *endless(void *p) {
  for (;;) {
    nest(&a, &b);
    pthread_testcancel();
  }
  return p;
}
static int code(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  what = argv[1];
  pid_t child;
  pthread_t t;
  if (is("closefds")) { // a daemon closes whatever it finds
    nest(&a, &b);
    for (int fd = 3; fd < 4096; ++fd) close(fd);
    nest(&b, &a);
    int fd = open("/dev/null", O_RDONLY);
    printf("first free descriptor %d\n", fd);
  } else if (is("reusefd")) { // its own file gets the number that our file had
    nest(&a, &b);
    for (int fd = 3; fd < 4096; ++fd) close(fd);
    FILE *f = tmpfile();
    for (int fd = 3; fd < 2000; ++fd)
      if (fd != fileno(f)) dup2(fileno(f), fd);
    nest(&b, &a);
    nest(&c, &a);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    printf("bytes in it %ld\n", (long)lseek(fileno(f), 0, SEEK_END));
  } else if (is("fork")) {
    two_threads();
    pthread_mutex_lock(&c);
    fflush(stdout);
    if ((child = fork()) == 0) {
      pthread_mutex_unlock(&c);
      two_threads();
      exit(n);
    }
    pthread_mutex_unlock(&c);
    printf("child %d\n", code(child));
  } else if (is("exec")) {
    two_threads();
    execl("/bin/sh", "sh", "-c", "echo shell; exit 7", NULL);
  } else if (is("vfork")) {
    two_threads();
    if ((child = vfork()) == 0) {
      execl("/bin/sh", "sh", "-c", "exit 5", NULL);
      _exit(9);
    }
    int first = code(child);
    if ((child = vfork()) == 0) _exit(4);
    printf("%d %d\n", first, code(child));
    nest(&b, &a);
  } else if (is("spawn")) {
    extern char **environ;
    char *words[] = {"sh", "-c", "echo spawned; exit 3", NULL};
    two_threads();
    fflush(stdout);
    if (posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ)) return 1;
    printf("%d\n", code(child));
    printf("%d\n", system("exit 6") >> 8);
  } else if (is("cancel")) {
    void *value;
    pthread_create(&t, NULL, endless, NULL);
    usleep(20000);
    pthread_cancel(t);
    pthread_join(t, &value);
    printf("%d\n", value == PTHREAD_CANCELED);
  } else if (is("smallstack")) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, 16384)) return 1;
    for (int i = 0; i < 20; ++i) {
      void *value;
      if (pthread_create(&t, &attributes, deep, &t)) return 1;
      pthread_join(t, &value);
      if (!value) return 1;
    }
    puts("fits");
  } else if (is("smallmaker")) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    if (pthread_create(&t, &attributes, maker, &(int){1})) return 1;
    pthread_join(t, NULL);
    printf("%d\n", n);
  } else if (is("signals")) {
    struct itimerval often = {{0, 500}, {0, 500}}, off = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while (alarms < 300) {
      nest(&a, &b);
      nest(&a, &c);
    }
    setitimer(ITIMER_REAL, &off, NULL);
    puts("done");
  } else if (is("constructor")) {
    printf("%d\n", n);
  } else if (is("atexit")) {
    atexit(late);
  } else if (is("quickexit")) {
    nest(&a, &b);
    fflush(stdout);
    _exit(11);
  } else if (is("errno")) {
    sem_t s;
    sem_init(&s, 0, 0);
    errno = 77;
    two_threads();
    nest(&c, &a);
    printf("%d ", errno);
    printf("%d %d\n", sem_trywait(&s), errno);
  } else if (is("chdir")) {
    if (chdir("/")) return 1;
    nest(&a, &b);
  } else if (is("manythreads")) {
    for (int i = 0; i < 2000; ++i) {
      pthread_create(&t, NULL, nested, NULL);
      pthread_join(t, NULL);
    }
    printf("%d\n", n);
  } else if (is("detached")) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 50; ++i) pthread_create(&t, &attributes, nested, NULL);
    for (int there = 0; there < 51;) {
      pthread_mutex_lock(&a);
      pthread_mutex_lock(&b);
      there = n;
      pthread_mutex_unlock(&b);
      pthread_mutex_unlock(&a);
    }
    puts("all");
  }
  return 12;
}
// what, exit code without us, with us; traces; situations
// CHECK:      closefds 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 3
// CHECK-NEXT: reusefd 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 4
// CHECK-NEXT: fork 12 12
// CHECK-NEXT: 2
// CHECK-NEXT: 5
// CHECK-NEXT: exec 7 7
// CHECK-NEXT: 2
// CHECK-NEXT: 3
// CHECK-NEXT: vfork 12 12
// CHECK-NEXT: 2
// CHECK-NEXT: 4
// CHECK-NEXT: spawn 12 12
// CHECK-NEXT: 3
// CHECK-NEXT: 3
// CHECK-NEXT: cancel 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 2
// CHECK-NEXT: smallstack 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 41
// CHECK-NEXT: smallmaker 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 26
// CHECK-NEXT: signals 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 3
// CHECK-NEXT: constructor 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 1
// CHECK-NEXT: atexit 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 2
// CHECK-NEXT: quickexit 11 11
// CHECK-NEXT: 1
// CHECK-NEXT: 2
// CHECK-NEXT: errno 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 4
// CHECK-NEXT: chdir 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 2
// CHECK-NEXT: manythreads 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 2001
// CHECK-NEXT: detached 12 12
// CHECK-NEXT: 1
// CHECK-NEXT: 52
// CHECK-NOT:  differ
