// Locks taken by hand: which ways out keep them, and which unlocks have nothing to unlock.
#include "link_builder.h"
#include <gtest/gtest.h>

using namespace snarl;
using namespace snarl::test;

static std::vector<LockFault::Kind> faults(const Program &p, llvm::StringRef function) {
  std::vector<LockFault::Kind> kinds;
  for (const LockFault &f : p.info[p.by_usr.lookup(sym(function))].faults) kinds.push_back(f.kind);
  return kinds;
}
using Kinds = std::vector<LockFault::Kind>;

/// lock(mu); if (flag) return; unlock(mu), where `gives` says whether the early way gives it back too.
static Program early_return(bool gives) {
  Facts facts;
  {
    Fn f(facts, "f");
    f.lock(self() / "mu");
    uint32_t early = f.new_block(), late = f.new_block();
    f.branch(early, late, on_flag(param(0)));
    f.in(early);
    if (gives) f.unlock(self() / "mu");
    f.give(constant(true));
    f.go(1);
    f.in(late);
    f.unlock(self() / "mu");
    f.give(constant(false));
    f.go(1);
  }
  return linked(std::move(facts));
}

TEST(LinkBalance, EarlyReturn) {
  EXPECT_EQ(faults(early_return(false), "f"), Kinds{LockFault::Returned});
  EXPECT_EQ(faults(early_return(true), "f"), Kinds{});
}

TEST(LinkBalance, KeptOnEveryWayOut) {
  Facts facts;
  {
    Fn(facts, "f").lock(self() / "mu");
  }
  EXPECT_EQ(faults(linked(std::move(facts)), "f"), Kinds{LockFault::Kept});
}

TEST(LinkBalance, GivenBackTwice) {
  Facts facts;
  {
    Fn f(facts, "f");
    f.lock(self() / "mu");
    f.unlock(self() / "mu");
    f.unlock(self() / "mu");
  }
  {
    Fn f(facts, "g"); // entered with the lock, left with it
    f.unlock(self() / "mu");
    f.lock(self() / "mu");
    f.unlock(self() / "mu");
    f.lock(self() / "mu");
  }
  Program p = linked(std::move(facts));
  EXPECT_EQ(faults(p, "f"), Kinds{LockFault::GivenTwice});
  EXPECT_EQ(faults(p, "g"), Kinds{});
}

TEST(LinkBalance, OnlySomeWaysHaveTakenIt) {
  for (bool again : {false, true}) { // the unlock asks what the lock asked, or does not ask
    Facts facts;
    {
      Fn f(facts, "f");
      uint32_t take = f.new_block(), both = f.new_block(), give = f.new_block();
      f.branch(take, both, on_flag(param(0)));
      f.in(take);
      f.lock(self() / "mu");
      f.go(both);
      f.in(both);
      if (again)
        f.branch(give, 1, on_flag(param(0)));
      else
        f.go(give);
      f.in(give);
      f.unlock(self() / "mu");
      f.go(1);
    }
    EXPECT_EQ(faults(linked(std::move(facts)), "f"), again ? Kinds{} : Kinds{LockFault::NotHeld});
  }
}

TEST(LinkBalance, ExceptionsLeaveItHeld) {
  for (bool handled : {false, true}) {
    Facts facts;
    {
      Fn f(facts, "thrower");
      f.op(OpKind::Throw).api = sym("throw");
    }
    {
      Fn f(facts, "f");
      f.lock(self() / "mu");
      f.call("thrower").in_try = handled;
      f.unlock(self() / "mu");
    }
    {
      Fn f(facts, "guarded");
      f.guard(local(0), self() / "mu");
      f.call("thrower");
      f.destroy(local(0));
    }
    Program p = linked(std::move(facts));
    EXPECT_EQ(faults(p, "f"), handled ? Kinds{} : Kinds{LockFault::Thrown});
    EXPECT_EQ(faults(p, "guarded"), Kinds{});
    EXPECT_EQ(p.info[p.by_usr.lookup(sym("guarded"))].summary.throws.size(), 2u);
  }
}

TEST(LinkBalance, DestroyedWhileHeld) {
  Facts facts;
  {
    Fn f(facts, "f");
    f.lock(param(0) / "mu");
    f.op(OpKind::LockDestroy).args = {object(param(0) / "mu")};
    f.unlock(param(0) / "mu");
    f.op(OpKind::LockDestroy).args = {object(param(0) / "mu")};
  }
  EXPECT_EQ(faults(linked(std::move(facts)), "f"), Kinds{LockFault::DestroyedHeld});
}

TEST(LinkBalance, CallersThatGiveBackMakeAContract) {
  Facts facts;
  {
    Fn f(facts, "take");
    f.lock(self() / "mu");
  }
  {
    Fn f(facts, "use");
    f.call("take", self());
    f.unlock(self() / "mu");
  }
  facts.functions[0].is_method = true;
  Program p = linked(std::move(facts));
  EXPECT_EQ(p.info[p.by_usr.lookup(sym("use"))].relieved, std::vector<FunctionId>{p.by_usr.lookup(sym("take"))});
}

TEST(LinkBalance, WaitsUnderALock) {
  Facts facts;
  {
    Fn f(facts, "f");
    f.lock(self() / "mu");
    f.op(OpKind::Block).block = BlockKind::Sleep;
    f.unlock(self() / "mu");
    f.op(OpKind::Block).block = BlockKind::Sleep;
  }
  Program p = linked(std::move(facts));
  const FunctionInfo &info = p.info[p.by_usr.lookup(sym("f"))];
  ASSERT_EQ(info.waits.size(), 1u);
  EXPECT_EQ(to_string(info.waits[0].holds[0].lock), "T.mu");
}
