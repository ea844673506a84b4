// The system refuses memory at any of our requests for it: locks work as before, and what was not recorded is counted.
#include "runtime/event.h"
#include "runtime/real.h"
#include "trace_in_memory.h"
#include <gtest/gtest.h>
#include <memory>
#include <pthread.h>
#include <thread>

using namespace snarl_rt;

namespace {

constexpr int kLocks = 200; // more than a thread has room for at first, and long lines

__attribute__((noinline)) int lock(Thread *self, pthread_mutex_t &m) {
  LockId id = before_lock(self, &m, 'x', false, SNARL_CALLER);
  return after_lock(self, &m, id, 'x', SNARL_CALLER, pthread_mutex_trylock(&m));
}
__attribute__((noinline)) int lock(Thread *self, pthread_spinlock_t &s) {
  LockId id = before_lock(self, &s, 'x', false, SNARL_CALLER);
  return after_lock(self, &s, id, 'x', SNARL_CALLER, pthread_spin_trylock(&s));
}
template <class Lock> int unlock(Thread *self, Lock &l, int (*real)(Lock *)) {
  before_unlock(self, &l, SNARL_CALLER);
  return real(&l);
}
int give_back(pthread_mutex_t *m) {
  return pthread_mutex_unlock(m);
}
int give_back_spin(pthread_spinlock_t *s) {
  return pthread_spin_unlock(s);
}

/// Takes new locks, all at once, in a thread that has no record yet. How many calls failed.
int use_locks() {
  struct Locks {
    pthread_mutex_t mutex[kLocks];
    pthread_spinlock_t spin[kLocks];
  };
  auto locks = std::make_unique<Locks>();
  int failed = 0;
  for (int i = 0; i < kLocks; ++i) {
    pthread_mutex_init(&locks->mutex[i], nullptr);
    pthread_spin_init(&locks->spin[i], PTHREAD_PROCESS_PRIVATE);
  }
  for (int i = 0; i < kLocks; ++i) {
    failed += lock(enter(), locks->mutex[i]) != 0;
    failed += lock(enter(), locks->spin[i]) != 0;
  }
  for (int i = kLocks; i-- > 0;) {
    failed += unlock(enter(), locks->spin[i], give_back_spin) != 0;
    failed += unlock(enter(), locks->mutex[i], give_back) != 0;
  }
  for (int i = 0; i < kLocks; ++i) failed += pthread_mutex_destroy(&locks->mutex[i]) != 0;
  if (current_thread) threads.ended(*current_thread);
  return failed;
}

class Faults : public test::TraceTest {
protected:
  void SetUp() override {
    TraceTest::SetUp();
    real::resolve_all();
    ASSERT_TRUE(layouts_hold());
  }
  void TearDown() override { grants_left = ~uint64_t{0}; }
};

TEST_F(Faults, MemoryEndsAnywhere) {
  for (uint64_t grants = 0; grants < 40; ++grants) {
    int failed = -1;
    grants_left = grants;
    std::thread([&] { failed = use_locks(); }).join();
    grants_left = ~uint64_t{0};
    ASSERT_EQ(failed, 0) << grants;
  }
  trace.write_counters();
  bool dropped = false;
  for (const std::string &line : lines("C")) dropped |= line.find("dropped") != std::string::npos;
  EXPECT_TRUE(dropped) << "nothing was refused";
  for (const std::string &line : lines("ALST")) ASSERT_EQ(line[1], ' ') << line;

  std::thread([&] { EXPECT_EQ(use_locks(), 0); }).join(); // there is memory again
  EXPECT_FALSE(lines("A").empty());
}

TEST_F(Faults, SilentMeansNoSystemCall) {
  silent = true;
  int failed = -1;
  size_t before = lines("ALSTC").size();
  std::thread([&] { failed = use_locks(); }).join();
  EXPECT_EQ(raw_syscall(SYS_getpid), -ENOSYS);
  silent = false;
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(lines("ALSTC").size(), before);
  EXPECT_GT(raw_syscall(SYS_getpid), 0);
}

} // namespace
