// Races without locks: which object is meant, and what orders two threads.
#include "checks/hand_over.h"
#include "checks/objects.h"
#include "checks/race_pairs.h"
#include "checks/shared_uses.h"
#include "checks/wrong_locks.h"
#include "link_builder.h"
#include <gtest/gtest.h>

using namespace snarl;
using namespace snarl::test;

namespace {

const SharedLocation *location(const Program &program, llvm::StringRef name) {
  for (const SharedLocation &l : program.locations)
    if (l.location.last_field() == sym(name)) return &l;
  return nullptr;
}

bool races(const Program &program, llvm::StringRef name) {
  const SharedLocation *l = location(program, name);
  return l && RacePairs(program).find(*l).one;
}

void declare_semaphore(Facts &facts, llvm::StringRef usr) {
  declare(facts, usr, "R");
  facts.decls.back().sync_object = true;
}

Op &acquire(Fn &f, Path p) {
  Op &o = f.op(OpKind::Block);
  o.path = std::move(p);
  o.block = BlockKind::ThreadWait;
  return o;
}
Op &signal(Fn &f, Path p) {
  Op &o = f.op(OpKind::Notify);
  o.path = std::move(p);
  return o;
}

/// A loop that may run any number of times.
template <typename Body> void again_and_again(Fn &f, Body body) {
  uint32_t head = f.new_block(), inside = f.new_block(), after = f.new_block();
  f.go(head);
  f.in(head);
  f.branch(inside, after, {});
  f.in(inside);
  body();
  f.go(head);
  f.in(after);
}

Fn &main_of(Fn &f) {
  f.f.is_main = true;
  return f;
}

} // namespace

TEST(RacePairs, ThreadAndMain) {
  Facts facts;
  declare(facts, "g");
  {
    Fn f(facts, "run");
    f.access(variable("g"), true);
  }
  {
    Fn f(facts, "main");
    main_of(f).access(variable("g"), true); // before the thread
    f.f.locals.resize(1);
    f.spawn(local(0), "run");
    f.access(variable("g"), false);
    f.join(local(0));
    f.access(variable("g"), true); // after it
  }
  Program p = linked(std::move(facts));
  ASSERT_TRUE(location(p, "g"));
  RacePair pair = RacePairs(p).find(*location(p, "g"));
  ASSERT_TRUE(pair.one);
  EXPECT_EQ(pair.same, Same::Yes);
  EXPECT_TRUE(pair.one->write);
  EXPECT_EQ(p.name_of(pair.one->function), "run");
}

TEST(RacePairs, JoinedIsNoRace) {
  Facts facts;
  declare(facts, "g");
  {
    Fn f(facts, "run");
    f.access(variable("g"), true);
  }
  {
    Fn f(facts, "main");
    main_of(f).f.locals.resize(1);
    f.spawn(local(0), "run");
    f.join(local(0));
    f.access(variable("g"), true);
  }
  Program p = linked(std::move(facts));
  EXPECT_FALSE(races(p, "g"));
}

// take(full); x; give(free) against take(free); x; give(full): in turns. What stands after give() is not.
TEST(RacePairs, SemaphoresInTurns) {
  for (bool after : {false, true}) {
    Facts facts;
    declare(facts, "x", "R");
    declare_semaphore(facts, "full");
    declare_semaphore(facts, "free");
    {
      Fn f(facts, "run", 1);
      again_and_again(f, [&] {
        acquire(f, param(0) / "full");
        f.access(param(0) / "x", true);
        signal(f, param(0) / "free");
      });
    }
    {
      Fn f(facts, "main");
      main_of(f).f.locals.resize(1);
      declare(facts, "v");
      f.spawn(local(0), "run", {object(variable("v"))});
      again_and_again(f, [&] {
        acquire(f, variable("v") / "free");
        if (!after) f.access(variable("v") / "x", true);
        signal(f, variable("v") / "full");
        if (after) f.access(variable("v") / "x", true);
      });
      f.join(local(0));
    }
    Program p = linked(std::move(facts));
    EXPECT_EQ(races(p, "x"), after);
  }
}

TEST(Signals, SinceTheLastWait) {
  Signals s;
  s.signal(sym("a"));
  s.wait(sym("b"));
  s.signal(sym("c"));
  EXPECT_EQ(s.given.size(), 2u);
  EXPECT_EQ(s.since.size(), 1u);
  Signals callee;
  callee.wait(sym("d"));
  s.then(callee);
  EXPECT_TRUE(s.since.empty());
  EXPECT_EQ(s.waited.size(), 2u);
  EXPECT_FALSE(s.merge(callee)) << "nothing new";
}

TEST(Objects, Elements) {
  Path a = variable("a");
  EXPECT_EQ(same_steps(at(a, "0") / "x", true, at(a, "0") / "x", false), Same::Yes);
  EXPECT_EQ(same_steps(at(a, "0") / "x", true, at(a, "1") / "x", false), Same::No);
  EXPECT_EQ(same_steps(at(a, "i") / "x", true, at(a, "i") / "x", false), Same::No) << "i of two threads";
  EXPECT_EQ(same_steps(at(a, "i") / "x", true, at(a, "*") / "x", false), Same::Perhaps) << "one goes over all";
  EXPECT_EQ(same_steps(a, true, at(a, "i"), false), Same::Yes) << "the container changes";
  EXPECT_EQ(same_steps(a, false, at(a, "i"), true), Same::No) << "the size is asked for";
  EXPECT_EQ(same_steps(a / "x", true, a / "y", true), Same::No);
}

// for (...) spawn(run, obj): all threads have one object if the loop's function was given it, and each its own
// otherwise.
TEST(RacePairs, OneObjectForAllThreads) {
  for (bool given : {false, true}) {
    Facts facts;
    declare(facts, "x", "R");
    {
      Fn f(facts, "run", 1);
      f.access(param(0) / "x", true);
    }
    {
      Fn f(facts, "start", 1);
      f.f.locals.resize(2);
      uint32_t head = f.new_block(), body = f.new_block();
      f.go(head);
      f.in(head);
      f.branch(body, 1, {});
      f.in(body);
      f.spawn(local(0), "run", {object(given ? param(0) : local(1))});
      f.go(head);
    }
    {
      Fn f(facts, "main");
      main_of(f).f.locals.resize(1);
      f.call("start", {}, {object(local(0))});
    }
    Program p = linked(std::move(facts));
    EXPECT_EQ(races(p, "x"), given);
  }
}

TEST(WrongLocks, AnotherInstanceAndAReadersLock) {
  Facts facts;
  declare(facts, "x", "R");
  declare(facts, "mu", "R", true);
  declare(facts, "v");
  auto method = [](Fn &f) {
    f.f.is_method = true;
    f.f.record = sym("R");
  };
  {
    Fn f(facts, "right");
    method(f);
    f.lock(self() / "mu");
    f.access(self() / "x", true);
    f.unlock(self() / "mu");
  }
  {
    Fn f(facts, "other", 1);
    method(f);
    f.lock(self() / "mu");
    f.access(param(0) / "x", true);
    f.unlock(self() / "mu");
  }
  {
    Fn f(facts, "reader");
    method(f);
    f.lock(self() / "mu").mode = Mode::Shared;
    f.access(self() / "x", true);
    f.unlock(self() / "mu");
  }
  Program p = linked(std::move(facts));
  ASSERT_TRUE(location(p, "x"));
  std::vector<WrongLock> wrong = wrong_locks(p, *location(p, "x"));
  ASSERT_EQ(wrong.size(), 2u);
  EXPECT_EQ(wrong[0].kind, WrongLock::OtherInstance);
  EXPECT_EQ(p.name_of(wrong[0].use->function), "other");
  EXPECT_EQ(wrong[1].kind, WrongLock::SharedForWrite);
}
