// Lock states inside one function and through calls: aliases, guards, wrappers, outcomes of try_lock.
#include "link_builder.h"
#include <gtest/gtest.h>

using namespace snarl;
using namespace snarl::test;

TEST(LinkLocks, ManualAndGuard) {
  Facts facts;
  {
    Fn f(facts, "f");
    f.lock(self() / "mu");
    f.access(self() / "x", true);
    f.unlock(self() / "mu");
    f.access(self() / "x", true);
    f.guard(local(0), self() / "mu");
    f.access(self() / "x", true);
    f.destroy(local(0));
    f.access(self() / "x", true);
  }
  Program p = linked(std::move(facts));
  EXPECT_EQ(held_at(p, "f", 0), "T.mu");
  EXPECT_EQ(held_at(p, "f", 1), "");
  EXPECT_EQ(held_at(p, "f", 2), "T.mu");
  EXPECT_EQ(held_at(p, "f", 3), "");
}

TEST(LinkLocks, DeferUnlockRelock) {
  Facts facts;
  {
    Fn f(facts, "f");
    f.guard(local(0), self() / "mu", How::Defer);
    f.access(self() / "x", true);
    Op &lock = f.op(OpKind::Acquire);
    lock.dest = local(0);
    f.access(self() / "x", true);
    Op &unlock = f.op(OpKind::Release);
    unlock.dest = local(0);
    f.access(self() / "x", true);
    Op &again = f.op(OpKind::Acquire);
    again.dest = local(0);
    f.access(self() / "x", true);
  }
  Program p = linked(std::move(facts));
  EXPECT_EQ(held_at(p, "f", 0), "");
  EXPECT_EQ(held_at(p, "f", 1), "T.mu");
  EXPECT_EQ(held_at(p, "f", 2), "");
  EXPECT_EQ(held_at(p, "f", 3), "T.mu");
}

TEST(LinkLocks, TryBranches) {
  Facts facts;
  {
    Fn f(facts, "f");
    uint32_t id = f.lock(self() / "mu", How::Try).id;
    uint32_t got = f.new_block(), not_got = f.new_block();
    f.branch(got, not_got, on_result(id));
    f.in(got);
    f.access(self() / "x", true);
    f.unlock(self() / "mu");
    f.go(1);
    f.in(not_got);
    f.access(self() / "x", true);
  }
  Program p = linked(std::move(facts));
  EXPECT_EQ(held_at(p, "f", 0), "T.mu");
  EXPECT_EQ(held_at(p, "f", 1), "");
}

TEST(LinkLocks, CorrelatedFlag) {
  Facts facts;
  {
    Fn f(facts, "f", 1);
    uint32_t take = f.new_block(), use = f.new_block(), drop = f.new_block(), after = f.new_block();
    f.branch(take, use, on_flag(param(0)));
    f.in(take);
    f.lock(self() / "mu");
    f.go(use);
    f.in(use);
    f.access(self() / "x", false);
    f.branch(drop, after, on_flag(param(0)));
    f.in(drop);
    f.unlock(self() / "mu");
    f.go(after);
    f.in(after);
    f.access(self() / "x", false);
  }
  Program p = linked(std::move(facts));
  EXPECT_EQ(held_at(p, "f", 0), "T.mu?");
  EXPECT_EQ(held_at(p, "f", 1), "");
}

// lockAll(); x; unlockAll();
TEST(LinkLocks, WrapperFunctions) {
  Facts facts;
  {
    Fn f(facts, "take");
    f.f.is_method = true;
    f.lock(self() / "mu");
  }
  {
    Fn f(facts, "drop");
    f.f.is_method = true;
    f.unlock(self() / "mu");
  }
  {
    Fn f(facts, "use");
    f.f.is_method = true;
    f.call("take", self());
    f.access(self() / "x", true);
    f.call("drop", self());
    f.access(self() / "x", true);
  }
  Program p = linked(std::move(facts));
  EXPECT_EQ(held_at(p, "use", 0), "T.mu");
  EXPECT_EQ(held_at(p, "use", 1), "");
}

// A guard of the program's own: the constructor keeps a pointer and locks, the destructor unlocks through the pointer. It
// comes out of a factory, and a local of the caller owns it.
TEST(LinkLocks, InferredGuardFromFactory) {
  Facts facts;
  {
    Fn f(facts, "Write::Write", 1);
    f.f.is_method = f.f.is_constructor = true;
    f.assign(self() / "l_", object(param(0)));
    f.lock(self() / "l_" / "mu_");
  }
  {
    Fn f(facts, "Write::~Write");
    f.f.is_method = f.f.is_destructor = true;
    f.unlock(self() / "l_" / "mu_");
  }
  {
    Fn f(facts, "Locked::write");
    f.f.is_method = true;
    f.call("Write::Write", returned(), {object(self())});
  }
  {
    Fn f(facts, "use");
    f.f.is_method = true;
    Op &c = f.call("Locked::write", self() / "lots");
    c.dest = local(0);
    f.access(self() / "x", true);
    f.destroy(local(0), "Write::~Write");
    f.access(self() / "x", true);
  }
  Decl field;
  field.usr = sym("l_");
  field.is_field = true;
  field.by_value = false;
  facts.decls.push_back(field);
  Program p = linked(std::move(facts));
  EXPECT_EQ(held_at(p, "use", 0), "T.lots.mu_");
  EXPECT_EQ(held_at(p, "use", 1), "");
}

// bool enter() { if (!mu.try_lock()) return false; return true; }
TEST(LinkLocks, TryWrapper) {
  Facts facts;
  {
    Fn f(facts, "enter");
    f.f.is_method = true;
    uint32_t id = f.lock(self() / "mu", How::Try).id;
    uint32_t got = f.new_block(), not_got = f.new_block();
    f.branch(got, not_got, on_result(id));
    f.in(got);
    f.give(constant(true));
    f.go(1);
    f.in(not_got);
    f.give(constant(false));
  }
  {
    Fn f(facts, "use");
    f.f.is_method = true;
    uint32_t id = f.call("enter", self()).id;
    uint32_t in = f.new_block(), out = f.new_block();
    f.branch(in, out, on_result(id));
    f.in(in);
    f.access(self() / "x", true);
    f.unlock(self() / "mu");
    f.go(1);
    f.in(out);
    f.access(self() / "x", true);
  }
  Program p = linked(std::move(facts));
  EXPECT_EQ(held_at(p, "use", 0), "T.mu");
  EXPECT_EQ(held_at(p, "use", 1), "");
}

// lock(prev); while (n = prev->next) { lock(n); unlock(prev); prev = n; } unlock(prev);
TEST(LinkLocks, HandOverHand) {
  Facts facts;
  {
    Fn f(facts, "walk", 1);
    f.f.locals.resize(2);
    f.assign(local(0), object(param(0) / "head"));
    f.lock(local(0) / "mu");
    uint32_t head = f.new_block(), body = f.new_block(), end = f.new_block();
    f.go(head);
    f.in(head);
    f.assign(local(1), object(local(0) / "next"));
    f.branch(body, end, {});
    f.in(body);
    f.lock(local(1) / "mu");
    f.unlock(local(0) / "mu");
    f.assign(local(0), object(local(1)));
    f.go(head);
    f.in(end);
    f.unlock(local(0) / "mu");
    f.access(param(0) / "x", true);
  }
  Program p = linked(std::move(facts));
  EXPECT_EQ(held_at(p, "walk"), "");
  EXPECT_EQ(info(p, "walk").summary.exits.size(), 1u);
  for (const LockPair &pair : info(p, "walk").pairs)
    for (const Hold &h : pair.holds) EXPECT_FALSE(h.lock == pair.wanted.lock) << to_string(h.lock);
}

// f(bool locked) { if (!locked) lock(); ... }: with `true` nothing is wanted.
TEST(LinkLocks, SwitchParameter) {
  Facts facts;
  {
    Fn f(facts, "maybe", 1);
    f.f.signature = sym("void (bool)");
    uint32_t skip = f.new_block(), take = f.new_block(), end = f.new_block();
    f.branch(skip, take, on_flag(param(0)));
    f.in(skip);
    f.go(end);
    f.in(take);
    f.lock(variable("mu"));
    f.unlock(variable("mu"));
    f.go(end);
    f.in(end);
  }
  {
    Fn f(facts, "with");
    f.lock(variable("mu"));
    f.call("maybe", {}, {constant(true)});
    f.unlock(variable("mu"));
  }
  {
    Fn f(facts, "without");
    f.lock(variable("mu"));
    f.call("maybe", {}, {constant(false)});
    f.unlock(variable("mu"));
  }
  declare(facts, "mu", "", true);
  Program p = linked(std::move(facts));
  EXPECT_EQ(info(p, "with").pairs.size(), 0u);
  EXPECT_EQ(info(p, "without").pairs.size(), 1u);
}

// helper(std::unique_lock &lk) { lk.unlock(); other(); lk.lock(); }
TEST(LinkLocks, CalleeDropsTheCallersLock) {
  Facts facts;
  {
    Fn f(facts, "other");
    f.lock(variable("mu"));
    f.unlock(variable("mu"));
  }
  {
    Fn f(facts, "helper", 1);
    f.op(OpKind::Release).dest = param(0);
    f.call("other");
    f.op(OpKind::Acquire).dest = param(0);
  }
  {
    Fn f(facts, "use");
    f.guard(local(0), variable("mu"));
    f.call("helper", {}, {object(local(0))});
    f.access(variable("x"), true);
    f.destroy(local(0));
  }
  declare(facts, "mu", "", true);
  declare(facts, "x");
  Program p = linked(std::move(facts));
  EXPECT_EQ(held_at(p, "use"), "Vmu");
  EXPECT_EQ(info(p, "use").pairs.size(), 0u);
}
