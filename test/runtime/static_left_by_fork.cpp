// A thread is initialising a function-local static while another one forks: in the child nobody will ever finish it.
// RUN: %gxx -std=c++17 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: %snarl run --halt-on-deadlock -- %t left > %t.out 2>&1; test $? = 86; FileCheck %s --implicit-check-not='not seen' < %t.out
// CHECK: error: deadlock: thread 2 waits for a lock that a thread of the parent process held at the fork
// Finished before the fork, or not begun: the child goes on.
// RUN: for what in finished fresh; do %t $what > %t.native; native=$?; %snarl run -- %t $what > %t.ours 2> %t.err; test $? = $native -a $native = 12 && cmp %t.native %t.ours && FileCheck %s --check-prefix=QUIET < %t.err || exit 1; done
// QUIET: no findings in 2 processes
#include "meet_cpp.h"
#include <cstdio>
#include <cstring>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static bool slow;

struct Table {
  Table() {
    if (!slow) return;
    next();
    await(2);
  }
  int value = 7;
};
__attribute__((noinline)) static Table &table() {
  static Table one;
  return one;
}
static void *use(void *) {
  table();
  return nullptr;
}
static void *nothing(void *) {
  return nullptr;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  slow = !std::strcmp(argv[1], "left");
  pthread_t t;
  if (!std::strcmp(argv[1], "finished")) table();
  pthread_create(&t, nullptr, slow ? use : nothing, nullptr);
  if (slow) await(1);
  pid_t child = fork();
  if (child == 0) {
    pthread_t other; // with two threads somebody looks
    pthread_create(&other, nullptr, use, nullptr);
    pthread_join(other, nullptr);
    std::printf("%d\n", table().value);
    std::fflush(stdout);
    _exit(5);
  }
  int status = 0;
  waitpid(child, &status, 0);
  next();
  next();
  pthread_join(t, nullptr);
  std::printf("%d\n", WEXITSTATUS(status));
  return 12;
}
