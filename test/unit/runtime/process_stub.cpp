// What runtime/process.cpp and runtime/hang.cpp do in a preloaded process; in a test the process is the test's own.
#include "runtime/event.h"
#include "runtime/process.h"
#include <pthread.h>
#include <unistd.h>

namespace snarl_rt {

void prepare_process() {}
void something_found() {}
void start_watcher() {}
void watch_orphan(Thread &, const LockRef &, LockId, StackId) {}
int process_id() {
  return getpid();
}
int spin_unlocked() {
  pthread_spinlock_t s;
  pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE);
  return s;
}

} // namespace snarl_rt
