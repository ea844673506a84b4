// The verbs as the wrappers call them, on locks of the test's own; what they write is read back.
#include "runtime/event.h"
#include "runtime/real.h"
#include "trace_in_memory.h"
#include <gtest/gtest.h>
#include <memory>
#include <new>
#include <pthread.h>
#include <sstream>
#include <thread>

using namespace snarl_rt;

namespace {

std::vector<std::string> words(const std::string &line) {
  std::istringstream in(line);
  std::vector<std::string> result;
  for (std::string word; in >> word;) result.push_back(word);
  return result;
}

/// What a thread does, through the verbs.
struct Hands {
  Thread *self = nullptr;

  __attribute__((noinline)) int lock(pthread_mutex_t &m, bool timed = false) {
    LockId id = before_lock(self, &m, 'x', timed, SNARL_CALLER);
    return after_lock(self, &m, id, 'x', SNARL_CALLER, pthread_mutex_trylock(&m));
  }
  __attribute__((noinline)) int try_lock(pthread_mutex_t &m) {
    return after_lock(self, &m, 0, 'x', SNARL_CALLER, pthread_mutex_trylock(&m));
  }
  __attribute__((noinline)) void unlock(pthread_mutex_t &m) {
    before_unlock(self, &m, SNARL_CALLER);
    pthread_mutex_unlock(&m);
  }
  __attribute__((noinline)) void read_lock(pthread_rwlock_t &l) {
    LockId id = before_lock(self, &l, 's', false, SNARL_CALLER);
    after_lock(self, &l, id, 's', SNARL_CALLER, pthread_rwlock_rdlock(&l));
  }
  __attribute__((noinline)) void unlock(pthread_rwlock_t &l) {
    before_unlock(self, &l, SNARL_CALLER);
    pthread_rwlock_unlock(&l);
  }
};

class Verbs : public test::TraceTest, public Hands {
protected:
  void SetUp() override {
    TraceTest::SetUp();
    real::resolve_all();
    ASSERT_TRUE(layouts_hold());
    self = enter();
    ASSERT_NE(self, nullptr);
    ASSERT_EQ(self->held_count, 0u);
    end_segment(*self); // situations of other tests are another segment's
    roll_if_closed(*self);
  }

  void cond_wait_begins(pthread_cond_t &c, pthread_mutex_t &m) { before_cond_wait(self, &c, &m, false, SNARL_CALLER); }
  std::string id(pthread_mutex_t &m) {
    std::ostringstream out;
    out << std::hex << identity(ref_to(&m));
    return out.str();
  }

  pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
};

} // namespace

TEST_F(Verbs, OneLockIsNoSituation) {
  lock(a);
  EXPECT_EQ(self->held_count, 1u);
  unlock(a);
  EXPECT_EQ(self->held_count, 0u);
  EXPECT_TRUE(lines("AZ").empty());
}

TEST_F(Verbs, ASituationIsWrittenOnce) {
  for (int i = 0; i < 5; ++i) {
    lock(a);
    lock(b);
    unlock(b);
    unlock(a);
  }
  auto a_lines = lines("A");
  ASSERT_EQ(a_lines.size(), 1u);
  auto w = words(a_lines[0]); // A thread segment 1 lock x stack lock x b stack
  ASSERT_EQ(w.size(), 11u);
  EXPECT_EQ(w[3], "1");
  EXPECT_EQ(w[4], id(a));
  EXPECT_EQ(w[7], id(b));
  EXPECT_EQ(w[9], "b");
  EXPECT_NE(w[6], "0");
  EXPECT_NE(w[6], w[10]);
  EXPECT_EQ(lines("L").size(), 2u);
}

TEST_F(Verbs, TheOtherOrderIsAnotherSituation) {
  for (int i = 0; i < 2; ++i) {
    lock(i ? b : a);
    lock(i ? a : b);
    unlock(a);
    unlock(b);
  }
  EXPECT_EQ(lines("A").size(), 2u);
}

TEST_F(Verbs, TriedLocksAreHeldButNotWanted) {
  lock(a);
  try_lock(b);
  EXPECT_TRUE(lines("A").empty());
  lock(c);
  unlock(c);
  unlock(b);
  unlock(a);
  auto a_lines = lines("A");
  ASSERT_EQ(a_lines.size(), 1u);
  EXPECT_EQ(words(a_lines[0])[3], "2");
}

TEST_F(Verbs, UnlockingInAnyOrder) {
  lock(a);
  lock(b);
  lock(c);
  unlock(a);
  unlock(c);
  EXPECT_EQ(self->held_count, 1u);
  EXPECT_EQ(self->held[0].address, &b);
  EXPECT_EQ(self->held[0].chain, extend_chain(0, identity(ref_to(&b)), 'x'));
  unlock(b);
  EXPECT_TRUE(lines("Z").empty());
}

TEST_F(Verbs, ThousandsHeldAtOnce) {
  auto many = std::make_unique<pthread_mutex_t[]>(3000);
  for (int i = 0; i < 3000; ++i) many[i] = PTHREAD_MUTEX_INITIALIZER;
  for (int i = 0; i < 3000; ++i) try_lock(many[i]);
  EXPECT_EQ(self->held_count, 3000u);
  for (int i = 0; i < 3000; ++i) unlock(many[i]);
  EXPECT_EQ(self->held_count, 0u);
  EXPECT_TRUE(lines("ZC").empty());
}

TEST_F(Verbs, RecursiveMutexesCount) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_t r;
  pthread_mutex_init(&r, &attributes);
  for (int i = 0; i < 3; ++i) lock(r);
  EXPECT_EQ(self->held_count, 1u);
  EXPECT_EQ(self->held[0].kind, 'r');
  for (int i = 0; i < 3; ++i) unlock(r);
  EXPECT_EQ(self->held_count, 0u);
  EXPECT_TRUE(lines("AZ").empty());
}

TEST_F(Verbs, ReadLocksCount) {
  pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
  read_lock(l);
  read_lock(l);
  EXPECT_EQ(self->held_count, 1u);
  EXPECT_EQ(self->held[0].mode, 's');
  unlock(l);
  EXPECT_EQ(self->held_count, 1u);
  unlock(l);
  EXPECT_EQ(self->held_count, 0u);
  EXPECT_TRUE(lines("AZ").empty());
}

TEST_F(Verbs, AMutexMadeAtTheSameAddressIsAnother) {
  lock(a);
  lock(b);
  unlock(b);
  unlock(a);
  LockId before = identity(ref_to(&a));
  new (&a)
      pthread_mutex_t(PTHREAD_MUTEX_INITIALIZER); // what constructing a std::mutex does: no call that could be seen
  lock(a);
  EXPECT_NE(identity(ref_to(&a)), before);
  lock(b);
  unlock(b);
  unlock(a);
  EXPECT_EQ(lines("A").size(), 2u);
}

TEST_F(Verbs, ACopiedMutexIsAnother) {
  lock(a);
  unlock(a);
  b = a;
  EXPECT_EQ(identity(ref_to(&b)), 0u);
}

TEST_F(Verbs, DestroyingEndsTheGeneration) {
  lock(a);
  lock(b);
  unlock(b);
  unlock(a);
  lock_made(self, &b, &slot_in(&b)->word);
  EXPECT_EQ(lines("D").size(), 1u);
  EXPECT_EQ(identity(ref_to(&b)), 0u);
}

TEST_F(Verbs, UnlockOfUnlocked) {
  lock(a);
  unlock(a);
  unlock(a);
  unlock(a);
  auto z = lines("Z");
  ASSERT_EQ(z.size(), 2u) << "two places";
  EXPECT_EQ(words(z[0])[1], "u");
  EXPECT_EQ(words(z[0])[3], id(a));
}

TEST_F(Verbs, UnlockByAnotherThread) {
  std::thread([&] {
    Hands other{enter()};
    other.lock(a);
    pthread_mutex_t *mine = &a;
    std::thread([&] {
      Hands third{enter()};
      third.unlock(*mine);
    }).join();
    EXPECT_EQ(other.self->held_count, 1u);
    // The lock is not held any more, whatever the held array says: no situation with it.
    other.lock(b);
    EXPECT_EQ(other.self->held_count, 1u);
    other.unlock(b);
  }).join();
  auto z = lines("Z");
  ASSERT_EQ(z.size(), 1u);
  EXPECT_EQ(words(z[0])[1], "o");
  EXPECT_NE(words(z[0])[2], words(z[0])[5]);
  EXPECT_NE(words(z[0])[6], "0");
  EXPECT_TRUE(lines("A").empty());
}

TEST_F(Verbs, WhatWasLockedUnseenIsNotMisused) {
  pthread_mutex_lock(&a); // not through the verbs
  unlock(a);
  EXPECT_TRUE(lines("Z").empty());
}

TEST_F(Verbs, ACancelledConditionWaitKeepsTheMutex) {
  pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
  lock(a);
  cond_wait_begins(cond, a);
  EXPECT_EQ(self->wait.kind, 'c');
  unlock(a); // the clean-up handler: libc has taken the mutex again, no verb was called
  EXPECT_EQ(self->wait.kind, 0);
  EXPECT_EQ(self->held_count, 0u);
  EXPECT_TRUE(lines("Z").empty());
}

TEST_F(Verbs, WaitingWithAnotherLockHeldTakesTheMutexAgainUnderIt) {
  pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
  lock(a);
  lock(b);
  ASSERT_EQ(lines("A").size(), 1u);
  cond_wait_begins(cond, a);
  after_cond_wait(self, &cond, &a, true, SNARL_CALLER);
  unlock(b);
  unlock(a);
  auto a_lines = lines("A");
  ASSERT_EQ(a_lines.size(), 2u);
  auto w = words(a_lines[1]);
  EXPECT_EQ(w[3], "1");
  EXPECT_EQ(w[4], id(b));
  EXPECT_EQ(w[7], id(a));
}

TEST_F(Verbs, InsideOurOwnCodeNothingIsSeen) {
  Inside inside(*self);
  EXPECT_EQ(enter(), nullptr);
}

TEST_F(Verbs, SegmentsRollOnlyWhereSomethingWasRecorded) {
  uint32_t start = self->segment;
  end_segment(*self);
  end_segment(*self);
  EXPECT_EQ(self->segment, start);
  lock(a);
  lock(b); // recorded after an end: a new segment
  unlock(b);
  unlock(a);
  EXPECT_EQ(self->segment, start + 1);
  EXPECT_EQ(end_segment(*self), start + 1);
  EXPECT_EQ(self->segment, start + 2);
}
