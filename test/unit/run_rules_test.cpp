// The rules that read runs, on traces written by hand. Functions are called f + hexadecimal address, variables below
// 0x100 g + address; everything else has no name.
#include "checks/lock_order_run.h"
#include "checks/rule.h"
#include "tool/trace_reader.h"
#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace snarl;

namespace {

struct PlainSymbols : Symbols {
  Stack frames(const snarl::Run &, const RunStack &stack) override {
    Stack frames;
    for (uint64_t pc : stack.pcs)
      frames.push_back({fmt::format("f{:x}", pc), {"a.cpp", unsigned(pc), 0}, "a.out", pc, false});
    return frames;
  }
  std::string variable(const snarl::Run &, uint64_t address, uint32_t) override {
    return address < 0x100 ? fmt::format("g{:x}", address) : "";
  }
};

/// Main (1), threads 2 and 3 that main creates; locks 1 and 2, globals g1 and g2; stacks 1 to 6.
const char kBegin[] = "V 1 1 0 0 /bin/a.out\n"
                      "S 1 11\nS 2 12\nS 3 13\nS 4 14\nS 5 15\nS 6 16\nS 7 12 99\nS 8 14 99\n"
                      "T 1 0 1 0 main\nT 2 1 2 5 main\nT 3 1 3 6 main\n"
                      "L 1 m 1 1\nL 2 m 2 2\nL 3 m 1000 3\nL 4 w 2000 4\n";
const char kBothAtOnce[] = "E 1 0 2 0 c\nE 1 0 3 0 c\nE 2 9 1 2 j\nE 3 9 1 3 j\n";
const char kOneAfterTheOther[] = "E 1 0 2 0 c\nE 2 9 1 1 j\nE 1 1 3 0 c\nE 3 9 1 2 j\n";

snarl::Run run_of(const std::string &text, const std::string &name = "test.trace") {
  TraceReader reader(name);
  EXPECT_FALSE(llvm::errorToBool(reader.feed(text)));
  snarl::Run run = reader.finish();
  EXPECT_TRUE(run.blind_spots.empty()) << run.blind_spots[0];
  run.symbols = std::make_shared<PlainSymbols>();
  return run;
}

Findings judge(const std::string &rest, const char *order = kBothAtOnce) {
  snarl::Run run = run_of(kBegin + std::string(order) + rest);
  Findings findings;
  for (const Rule *rule : all_rules())
    if (rule->from_run) rule->from_run(run, findings);
  return findings;
}

const char kForward[] = "A 2 0 1 1 x 1 2 x b 2\n";  // thread 2: g1, then g2
const char kBackward[] = "A 3 0 1 2 x 3 1 x b 4\n"; // thread 3: g2, then g1

TEST(RunRules, LockOrder) {
  Findings found = judge(std::string(kForward) + kBackward);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "lock-order");
  EXPECT_EQ(found[0].tier, Tier::Ordered);
  EXPECT_EQ(found[0].severity, Severity::Error);
  EXPECT_EQ(found[0].message, "g1 and g2 are taken in opposite orders by thread 2 and thread 3: they can deadlock");
  EXPECT_EQ(found[0].names, (std::vector<std::string>{"g1", "g2"}));
  EXPECT_EQ(found[0].key, "g1 at f11, g2 at f12; g2 at f13, g1 at f14");
  std::vector<unsigned> lines;
  for (const Step &step : found[0].steps) lines.push_back(step.place.line);
  EXPECT_EQ(lines, (std::vector<unsigned>{0x11, 0x12, 0x15, 0x13, 0x14, 0x16}))
      << "taken, wanted, created, on both sides";
  EXPECT_EQ(found[0].schedule, "  possible unsafe schedule:\n"
                               "    thread 2      thread 3\n"
                               "    takes g1\n"
                               "                  takes g2\n"
                               "    waits for g2\n"
                               "                  waits for g1\n");
}

TEST(RunRules, PhasesAreSilent) {
  EXPECT_TRUE(judge(std::string(kForward) + kBackward, kOneAfterTheOther).empty());
}

TEST(RunRules, OrderNoLongerRecorded) {
  // Thread 3's hand-overs are no longer known: a pattern, no more.
  Findings found = judge(std::string("H 3 0\n") + kForward + kBackward);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].tier, Tier::Possible);
  // What is ordered by create and join all the same is silent.
  EXPECT_TRUE(judge(std::string("H 3 0\n") + kForward + kBackward, kOneAfterTheOther).empty());
  // A witness from before the limit is as good as ever.
  found = judge(std::string("H 3 5\n") + kForward + "A 3 6 1 2 x 3 1 x b 4\n" + kBackward);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].tier, Tier::Ordered);
}

TEST(RunRules, WhatWasRecordedSpeaksForTheRest) {
  // Strict alternation by hand-over: 2 goes, then 3, then 2 ... and the record of order ends with segment 4.
  std::string text = kBothAtOnce;
  for (int i = 0; i < 8; ++i) {
    text += fmt::format("A 2 {0:x} 1 1 x 1 2 x b 2\nA 3 {1:x} 1 2 x 3 1 x b 4\n", i, i + 1);
    if (i < 4) text += fmt::format("E 2 {0:x} 3 {1:x} p\nE 3 {1:x} 2 {1:x} p\n", i, i + 1);
  }
  EXPECT_TRUE(judge(text + "H 2 4\nH 3 4\n", "").empty());
  // Another place, seen only afterwards, is another matter.
  Findings found = judge(text + "H 2 4\nH 3 4\nA 3 9 1 2 x 5 1 x b 6\n", "");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].tier, Tier::Possible);
}

TEST(RunRules, GateIsSilent) {
  EXPECT_TRUE(judge("A 2 0 2 3 x 1 1 x 1 2 x b 2\nA 3 0 2 3 x 1 2 x 3 1 x b 4\n").empty());
}

TEST(RunRules, GateForReadingOnBothSidesIsNoGate) {
  EXPECT_EQ(judge("A 2 0 2 4 s 1 1 x 1 2 x b 2\nA 3 0 2 4 s 1 2 x 3 1 x b 4\n").size(), 1u);
}

TEST(RunRules, TimedWaitIsAWarning) {
  Findings found = judge(std::string(kForward) + "A 3 0 1 2 x 3 1 x t 4\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::Warning);
  EXPECT_NE(found[0].message.find("until a timed wait gives up"), std::string::npos);
}

TEST(RunRules, OneFindingForManyInstances) {
  std::string text;
  for (int i = 0; i < 20; ++i) { // per-object locks without names, always at the same places
    int a = 0x10 + 2 * i, b = a + 1;
    text += fmt::format("L {0:x} m {1:x} 3\nL {2:x} m {3:x} 3\n", a, 0x1000 + 16 * a, b, 0x1000 + 16 * b);
    text += fmt::format("A 2 0 1 {0:x} x 1 {1:x} x b 2\nA 3 0 1 {1:x} x 3 {0:x} x b 4\n", a, b);
  }
  EXPECT_EQ(judge(text).size(), 1u);
}

TEST(RunRules, UnnamedLocks) {
  Findings found = judge("A 2 0 1 1 x 1 3 x b 2\nA 3 0 1 3 x 3 1 x b 4\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].message.find("mutex #3 (first taken in f13)"), std::string::npos);
  EXPECT_EQ(found[0].key.find("#3"), std::string::npos) << "numbers change from run to run";
}

// ---- hangs

const char kHang[] = "K 1 c 3\n"
                     "k 1 2 l 2 0 x 0 1 2 1 1 x 1\n"
                     "k 1 3 l 1 0 x 0 1 4 1 2 x 3\n"
                     "k 1 1 j 0 2 x 0 0 5 0\n"
                     "G 1\n";

TEST(RunRules, Deadlock) {
  Findings found = judge(kHang);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "deadlock");
  EXPECT_EQ(found[0].tier, Tier::Actual);
  EXPECT_EQ(found[0].message, "deadlock: thread 2 and thread 3 wait for each other");
  EXPECT_EQ(found[0].place.line, 0x12u);
  EXPECT_EQ(found[0].key, "f12 waits for g2; f14 waits for g1");
}

TEST(RunRules, DeadlockIsNoLockOrderBesides) {
  Findings found = judge(std::string(kForward) + kBackward + kHang);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "deadlock");
  // Another cycle is.
  found = judge(std::string(kForward) + kBackward + kHang + "A 2 0 1 1 x 5 3 x b 2\nA 3 0 1 3 x 3 1 x b 6\n");
  EXPECT_EQ(found.size(), 2u);
}

TEST(RunRules, OnceInTheCircle) {
  // The initialiser wants g1, whose holder waits for the initialiser: one finding, although the orders contradict too.
  std::string orders = "L 9 o 90 3\nA 2 0 1 9 x 3 1 x b 2\nA 3 0 1 1 x 1 9 x b 4\n";
  EXPECT_EQ(judge(orders).size(), 1u);
  Findings found = judge(orders + "K 1 c 2\nk 1 2 l 1 0 x 0 1 2 0\nk 1 3 o 90 0 x 0 1 4 1 1 x 1\nG 1\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "deadlock");
}

TEST(RunRules, JoinUnderALock) {
  Findings found = judge("K 1 c 2\nk 1 2 l 1 0 x 0 1 2 0\nk 1 1 j 0 2 x 0 1 4 1 1 x 1\nG 1\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message, "deadlock: thread 2 and main thread wait for each other");
  bool said = false;
  for (const Step &step : found[0].steps)
    said |= step.message == "main thread waits for the end of thread 2 here while it holds g1";
  EXPECT_TRUE(said);
}

TEST(RunRules, NobodyCanWake) {
  Findings found = judge("K 1 w 2\nk 1 2 c 7 0 x 0 1 2 0\nk 1 1 j 0 2 x 0 1 4 0\nG 1\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "deadlock");
  EXPECT_NE(found[0].message.find("no thread is left"), std::string::npos);
  EXPECT_EQ(found[0].names, (std::vector<std::string>{"g7"})) << "the condition variable";
}

TEST(RunRules, SelfDeadlockOnce) {
  // The library says it when the lock is taken again, and again when it looks at who waits.
  Findings found = judge("Z r 2 1 2 2 1\nK 1 c 2\nk 1 2 l 1 0 x 0 1 2 1 1 x 1\nk 1 1 j 0 2 x 0 0 5 0\nG 1\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "self-deadlock");
  EXPECT_EQ(found[0].tier, Tier::Actual);
  EXPECT_EQ(found[0].message, "thread 2 takes g1 again, which it already holds: it waits for itself for ever");
}

TEST(RunRules, SelfDeadlockRefused) {
  Findings found = judge("Z k 2 1 2 2 1\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "self-deadlock");
  EXPECT_NE(found[0].message.find("EDEADLK"), std::string::npos);
}

TEST(RunRules, Upgrade) {
  Findings found = judge("K 1 c 1\nk 1 2 l 4 0 x 0 1 2 1 4 s 1\nG 1\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].message.find("exclusively, which it already holds for reading"), std::string::npos);
}

TEST(RunRules, Unreleased) {
  Findings found = judge("Z o 3 1 2 2 1\nZ u 3 2 3 0 0\nZ d 3 1 4 2 1\nZ x 2 2 0 2 1\n");
  ASSERT_EQ(found.size(), 4u);
  for (const Finding &finding : found) EXPECT_EQ(finding.rule, "unreleased-lock");
  EXPECT_EQ(found[0].message, "thread 3 unlocks g1, which thread 2 holds");
  EXPECT_EQ(found[1].message, "thread 3 unlocks g2, which is not locked");
  EXPECT_EQ(found[2].message, "thread 3 destroys g1, which thread 2 holds");
  EXPECT_EQ(found[3].message, "thread 2 ends and still holds g2");
  EXPECT_EQ(found[3].place.line, 0x11u) << "where it was taken";
}

TEST(RunRules, ManyMisusesAtOnePlaceAreOneFinding) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "Z u 3 2 3 0 0\n";
  EXPECT_EQ(judge(text).size(), 1u);
}

// ---- several runs

Findings across(const std::vector<std::string> &texts) {
  std::vector<snarl::Run> runs;
  for (const std::string &text : texts) runs.push_back(run_of(kBegin + text));
  Findings findings;
  lock_order_across_runs(runs, findings);
  return findings;
}

TEST(AcrossRuns, OppositeOrders) {
  Findings found = across({std::string(kBothAtOnce) + kForward, std::string(kBothAtOnce) + kBackward});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].tier, Tier::Possible);
  EXPECT_NE(found[0].message.find("no single run did both"), std::string::npos);
}

TEST(AcrossRuns, OneRunIsNotSeveral) {
  EXPECT_TRUE(across({std::string(kBothAtOnce) + kForward + kBackward}).empty());
}

TEST(AcrossRuns, ARunThatSawTheirOrderCountsForAll) {
  std::string ordered = std::string(kOneAfterTheOther) + kForward + kBackward;
  EXPECT_TRUE(across({ordered, std::string(kBothAtOnce) + kForward}).empty());
}

TEST(AcrossRuns, WhatALoneThreadDid) {
  // Before the others begin, in both runs: start-up code of two tests.
  EXPECT_TRUE(
      across({std::string(kBothAtOnce) + "A 1 0 1 1 x 1 2 x b 2\n", std::string(kBothAtOnce) + kBackward}).empty());
}

TEST(AcrossRuns, OneThreadOnly) {
  // Threads created at the same place that run the same function are taken for one, unless two of them are there at
  // once.
  std::string alone = "E 1 0 2 0 c\nE 2 9 1 2 j\n";
  std::string forward = "A 2 0 1 1 x 1 2 x b 7\n", backward = "A 2 0 1 2 x 3 1 x b 8\n";
  EXPECT_TRUE(across({alone + forward, alone + backward}).empty());
  std::string twin = "T 4 1 4 5 main\nE 1 0 2 0 c\nE 1 0 4 0 c\nE 2 9 1 2 j\nE 4 9 1 2 j\n";
  EXPECT_EQ(across({twin + forward, twin + backward}).size(), 1u);
  // Other functions, other threads.
  EXPECT_EQ(across({alone + forward, alone + "A 2 0 1 2 x 3 1 x b 4\n"}).size(), 1u);
}

TEST(AcrossRuns, SeveralInstancesSayTooLittle) {
  // Two locks of one class in each run: which is which in the other run nobody knows.
  const char locks[] = "L 10 m 5000 3\nL 11 m 6000 3\nL 12 m 7000 4\nL 13 m 8000 4\n";
  std::string more = std::string(locks) + kBothAtOnce + "A 2 0 1 11 x 1 13 x b 2\n";
  EXPECT_TRUE(across({more + "A 2 0 1 10 x 1 12 x b 2\n", more + "A 3 0 1 12 x 3 10 x b 4\n"}).empty());
  // With one instance of each it is clear enough.
  const char single[] = "L 10 m 5000 3\nL 12 m 7000 4\n";
  EXPECT_EQ(across({std::string(single) + kBothAtOnce + "A 2 0 1 10 x 1 12 x b 2\n",
                    std::string(single) + kBothAtOnce + "A 3 0 1 12 x 3 10 x b 4\n"})
                .size(),
            1u);
}

} // namespace
