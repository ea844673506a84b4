// The call graph, contexts and phases of the linked program.
#include "link_builder.h"
#include "llvm/ADT/STLExtras.h"
#include <gtest/gtest.h>

using namespace snarl;
using namespace snarl::test;

static std::string callees(const Program &p, llvm::StringRef function) {
  std::vector<std::string> names;
  for (const CallEdge &e : info(p, function).edges) names.push_back(p.name_of(e.callee));
  llvm::sort(names);
  std::string text;
  for (const std::string &n : names) text += (text.empty() ? "" : " ") + n;
  return text;
}

TEST(LinkProgram, VirtualCallReachesAllOverriders) {
  Facts facts;
  {
    Fn f(facts, "A::on");
    f.f.overrides = {sym("Base::on")};
  }
  {
    Fn f(facts, "B::on");
    f.f.overrides = {sym("Base::on")};
  }
  {
    Fn f(facts, "use", 1);
    f.call("Base::on", param(0)).is_virtual = true;
  }
  {
    Fn f(facts, "Base::on");
    f.f.is_virtual = true;
    f.f.blocks.clear();
    f.f.blocks.resize(2);
  }
  facts.functions.back().blocks.clear(); // declared only
  EXPECT_EQ(callees(linked(std::move(facts)), "use"), "A::on B::on");
}

// A table of function pointers in a structure, called through a field.
TEST(LinkProgram, PointerInField) {
  Facts facts;
  { Fn f(facts, "store"); }
  {
    Fn f(facts, "init", 1);
    f.assign(param(0) / "receive", function_value("store"));
  }
  {
    Fn f(facts, "use", 1);
    Op &c = f.op(OpKind::Call);
    c.path = param(0) / "ops" / "receive";
  }
  EXPECT_EQ(callees(linked(std::move(facts)), "use"), "store");
}

TEST(LinkProgram, CallbackRunsUnderTheLocksOfWhoCallsIt) {
  Facts facts;
  {
    Fn f(facts, "forEach", 1);
    f.f.is_method = true;
    f.lock(self() / "mu");
    f.op(OpKind::Call).path = param(0);
    f.unlock(self() / "mu");
  }
  {
    Fn f(facts, "lambda");
    f.f.is_lambda = true;
    f.f.enclosing = sym("use");
    f.access(self() / "x", true);
  }
  {
    Fn f(facts, "use");
    f.f.is_method = true;
    f.call("forEach", self(), {function_value("lambda")});
  }
  declare(facts, "x", "C");
  declare(facts, "mu", "C", true);
  Program p = linked(std::move(facts));
  ASSERT_EQ(info(p, "lambda").contexts.size(), 1u);
  const Context &c = info(p, "lambda").contexts[0];
  ASSERT_EQ(c.holds.size(), 1u);
  EXPECT_EQ(to_string(c.holds[0].lock), "T.mu");
  EXPECT_TRUE(c.holds[0].must);
}

// main: init(); spawn; use(); join; report();
TEST(LinkProgram, PhasesOfMain) {
  Facts facts;
  for (const char *name : {"init", "during", "after", "work"}) {
    Fn f(facts, name);
    f.access(variable("x"), true);
  }
  {
    Fn f(facts, "main");
    f.f.is_main = true;
    f.call("init");
    f.spawn(local(0), "work");
    f.call("during");
    f.join(local(0));
    f.call("after");
  }
  declare(facts, "x");
  Program p = linked(std::move(facts));
  EXPECT_TRUE(p.closed);
  EXPECT_FALSE(info(p, "init").contexts[0].concurrent);
  EXPECT_TRUE(info(p, "during").contexts[0].concurrent);
  EXPECT_FALSE(info(p, "after").contexts[0].concurrent);
  const Context &work = info(p, "work").contexts[0];
  EXPECT_TRUE(work.concurrent);
  EXPECT_TRUE(p.may_overlap(work.agents, info(p, "during").contexts[0].agents));
  EXPECT_FALSE(p.may_overlap(work.agents, work.agents)); // started once
}

// A server object whose start() and stop() hold the thread in a member.
TEST(LinkProgram, ThreadInMemberJoinedByStop) {
  Facts facts;
  { Fn f(facts, "loop"); }
  {
    Fn f(facts, "start");
    f.f.is_method = true;
    f.spawn(self() / "thread", "loop");
  }
  {
    Fn f(facts, "stop");
    f.f.is_method = true;
    f.join(self() / "thread");
  }
  { Fn f(facts, "report"); }
  { Fn f(facts, "poll"); }
  {
    Fn f(facts, "main");
    f.f.is_main = true;
    f.call("start", local(0));
    f.call("poll");
    f.call("stop", local(0));
    f.call("report");
  }
  Program p = linked(std::move(facts));
  EXPECT_TRUE(info(p, "poll").contexts[0].concurrent);
  EXPECT_FALSE(info(p, "report").contexts[0].concurrent);
}

TEST(LinkProgram, ThreadsStartedInALoopRepeat) {
  Facts facts;
  { Fn f(facts, "work"); }
  {
    Fn f(facts, "main");
    f.f.is_main = true;
    uint32_t body = f.new_block(), end = f.new_block();
    f.go(body);
    f.in(body);
    f.spawn(local(0), "work");
    f.branch(body, end, {});
    f.in(end);
  }
  Program p = linked(std::move(facts));
  const Context &work = info(p, "work").contexts[0];
  EXPECT_TRUE(p.may_overlap(work.agents, work.agents));
}

TEST(LinkProgram, FreshObjectIsOwnUntilPublished) {
  Facts facts;
  {
    Fn f(facts, "reset");
    f.f.is_method = true;
    f.access(self() / "x", true);
  }
  {
    Fn f(facts, "make");
    Value fresh;
    fresh.fresh = true;
    f.assign(local(0), fresh);
    f.f.locals.resize(1);
    f.call("reset", local(0));
    f.assign(variable("board") / "slot", object(local(0)));
    f.call("reset", local(0));
  }
  declare(facts, "x", "C");
  Program p = linked(std::move(facts));
  unsigned own = 0, shared = 0;
  for (const Context &c : info(p, "reset").contexts) ++(c.own_this ? own : shared);
  EXPECT_EQ(own, 1u);
  EXPECT_EQ(shared, 1u);
}

TEST(LinkProgram, OrderOfUnitsDoesNotMatter) {
  auto unit = [](const char *caller, const char *callee) {
    Facts facts;
    {
      Fn f(facts, caller);
      f.f.site.line = 1;
      f.lock(variable("mu"));
      f.call(callee);
      f.unlock(variable("mu"));
      for (Op &op : f.f.blocks[0].ops) op.site.line = op.id;
    }
    declare(facts, "mu", "", true);
    return facts;
  };
  auto describe = [](std::vector<Facts> units) {
    Program p = link(std::move(units));
    std::string text;
    for (FunctionId i = 0; i < p.functions.size(); ++i) {
      text += p.name_of(i) + ":";
      for (const LockPair &pair : p.info[i].pairs) text += to_string(pair.wanted.lock) + "@" + std::to_string(pair.wanted.chain.back().site.line) + " ";
      text += std::to_string(p.info[i].contexts.size()) + "\n";
    }
    return text;
  };
  std::vector<Facts> one, two;
  one.push_back(unit("a", "b"));
  one.push_back(unit("b", "c"));
  one.push_back(unit("c", "a"));
  two.push_back(unit("c", "a"));
  two.push_back(unit("a", "b"));
  two.push_back(unit("b", "c"));
  EXPECT_EQ(describe(std::move(one)), describe(std::move(two)));
}
