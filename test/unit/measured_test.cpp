// What runs say about time: buckets, lines of the trace, and the rules that read them.
#include "checks/lock_profiles.h"
#include "checks/rule.h"
#include "checks/run.h"
#include "runtime/trace_format.h"
#include "tool/trace_reader.h"
#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace snarl;

namespace {

struct PlainSymbols : Symbols {
  Stack frames(const snarl::Run &, const RunStack &stack) override {
    Stack frames;
    for (uint64_t pc : stack.pcs)
      frames.push_back({fmt::format("f{:x}", pc),
                        {pc < 0x100 ? "a.cpp" : "write.c", unsigned(pc), 0},
                        pc < 0x100 ? "/bin/a.out" : "/lib/libc.so.6",
                        pc,
                        false});
    return frames;
  }
  std::string variable(const snarl::Run &, uint64_t address, uint32_t) override {
    return fmt::format("g{:x}", address);
  }
};

snarl::Run run_of(const std::string &rest) {
  TraceReader reader("test.trace");
  EXPECT_FALSE(llvm::errorToBool(
      reader.feed("V 1 1 0 0 /bin/a.out\nS 1 11\nS 2 12\nS 3 13\nS 4 100 14 15\nT 1 0 1 0 main\nT 2 1 2 0 main\n"
                  "T 3 1 3 0 main\nL 1 m 1 1\nL 2 m 1 1\n" +
                  rest)));
  snarl::Run run = reader.finish();
  run.symbols = std::make_shared<PlainSymbols>();
  return run;
}

Findings judge(const std::string &rest) {
  snarl::Run run = run_of(rest);
  EXPECT_TRUE(run.blind_spots.empty()) << run.blind_spots[0];
  Findings findings;
  for (const Rule *rule : all_rules())
    if (rule->from_run) rule->from_run(run, findings);
  return findings;
}

TEST(Measured, BucketsAreWrongByASixteenth) {
  uint32_t last = 0;
  for (uint64_t value = 0; value < 100'000'000'000; value += 1 + value / 37) {
    uint32_t bucket = snarl_bucket_of(value);
    uint64_t start = snarl_bucket_start(bucket), end = snarl_bucket_start(bucket + 1);
    ASSERT_LE(start, value);
    ASSERT_GT(end, value);
    double middle = double(start) + double(end - start - 1) / 2;
    ASSERT_LE(std::abs(middle - double(value)), 0.0625 * double(value));
    ASSERT_GE(bucket, last);
    last = bucket;
  }
  EXPECT_EQ(snarl_bucket_of(UINT64_MAX), SNARL_BUCKETS - 1u);
}

TEST(Measured, Percentiles) {
  Histogram a, b;
  EXPECT_EQ(a.percentile(0.5), 0u);
  for (uint64_t value = 1; value <= 7; ++value) a.buckets[value] = {1, 1};
  b.buckets[1024] = {128, 3};
  a.add(b);
  EXPECT_EQ(a.count(), 10u);
  EXPECT_EQ(a.percentile(0.1), 1u);
  EXPECT_EQ(a.percentile(0.7), 7u);
  EXPECT_EQ(a.percentile(0.71), 1024u + 63);
  EXPECT_EQ(a.percentile(1), 1024u + 63);
}

TEST(Measured, Durations) {
  EXPECT_EQ(duration(999), "999 ns");
  EXPECT_EQ(duration(1000), "1.0 us");
  EXPECT_EQ(duration(9'960), "10 us");
  EXPECT_EQ(duration(12'400'000), "12 ms");
  EXPECT_EQ(duration(999'600'000), "1.0 s");
  EXPECT_EQ(duration(75'000'000'000), "75 s");
}

TEST(Measured, BlockedCallsOfOnePlaceAreOneFinding) {
  // Two instances of a class of locks, the second with the longer wait; the first lines are replaced by later ones.
  Findings found = judge("B 1 2 1 4 1 3 3 989680 989680 989680 1 read\n"
                         "B 1 2 1 4 1 3 3 1312d00 989680 b71b00 2 read\n"
                         "B 2 3 2 4 1 2 3 1312d00 1312d00 1312d00 1 read\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "blocking-under-lock");
  EXPECT_EQ(found[0].tier, Tier::Actual);
  EXPECT_EQ(found[0].message, "'read' blocks while g1 is held: others waited 40 ms for the lock meanwhile");
  EXPECT_EQ(found[0].place.line, 0x14u) << "libc's own frame is not where the user calls";
  ASSERT_GE(found[0].steps.size(), 3u);
  EXPECT_EQ(found[0].steps[1].message,
            "thread 3 calls 'read' here: 3 times while somebody waited, the longest call 20 ms");
  EXPECT_EQ(found[0].steps[2].message, "thread 2 waited for g1 here, 20 ms during one call");
  EXPECT_EQ(found[0].key, "read in f14 under g1 taken in f11");
}

TEST(Measured, UnfairWaits) {
  Findings found = judge("Y 1 w 2 1 x 2 1dcd6500 64 32 3 s 3\nY 2 l 3 1 x 3 3b9aca00 c c 2 x 1\n"
                         "Y 3 t 2 1 x 1 1dcd6500 40 41 3 x 2\n");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].message,
            "thread 2 waited 500 ms to write under g1: readers took it 100 times or more meanwhile, one "
            "before the other gave it back");
  EXPECT_EQ(found[1].message, "thread 3 waited 1.0 s for g1, which thread 2 took 12 times or more meanwhile");
  EXPECT_EQ(found[2].message,
            "thread 2 and thread 3 try for each other's lock and give up over and over: 64 and 65 failures in 500 ms");
}

TEST(Measured, LoopStalls) {
  Findings found = judge("y 1 2 3 4 2 3b9aca00 4190ab00 1 read\ny 2 2 3 0 1 1dcd6500 1dcd6500 1 -\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].rule, "blocking-in-coroutine");
  EXPECT_EQ(found[0].message, "the event loop of thread 2 did not come back for 500 ms: what held it was not seen");
  EXPECT_EQ(found[1].message, "the event loop of thread 2 did not come back for 1.0 s: 'read' in f14 blocked it");
  EXPECT_EQ(
      found[1].steps[1].message,
      "the loop waits for events here; away too long 2 times, 1.1 s in all; events were waiting 1 of these times");
}

TEST(Measured, DamagedLinesAreSkipped) {
  for (const char *line :
       {"B 1 2 1 4 1 3 3 9 9 9 1", "B x 2 1 4 1 3 3 9 9 9 1 read", "Y 1 q 2 1 x 2 1 1 1 3 s 3",
        "Y 1 w 2 1 x 2 1 1 1 3 s", "y 1 2 3 4 2", "P", "P l 1 1", "P t 1 1", "P w 1 ffff 1", "P s 1 1"}) {
    snarl::Run run = run_of(std::string(line) + "\n");
    EXPECT_EQ(run.blind_spots.size(), 1u) << line;
    EXPECT_TRUE(run.measured.blocked.empty() && run.measured.unfair.empty() && run.measured.stalls.empty()) << line;
  }
}

TEST(Measured, ProfilesReplaceEachOther) {
  snarl::Run run = run_of("P t 10\nP l 2 5 1 10 10 2 1 20 20 2 1\nP w 2 7 1\nP s 2 3 1 9\n"
                          "P t 20\nP l 2 a 2 100 80 2 1 200 100 3 2\nP w 2 8 1 10 2\nP h 2 20 a\nP s 2 3 2 100\n");
  ASSERT_TRUE(run.blind_spots.empty());
  EXPECT_EQ(run.measured.profiled, 0x20u);
  ASSERT_EQ(run.measured.locks.size(), 1u);
  const LockProfile &lock = run.measured.locks.at(2);
  EXPECT_EQ(lock.acquisitions, 10u);
  EXPECT_EQ(lock.longest_hold.thread, 3u);
  EXPECT_EQ(lock.waits.count(), 3u);
  EXPECT_EQ(lock.waited_at.at(3).waited, 0x100u);
}

TEST(Measured, ProfilesOfInstancesAndProcessesAreSummedUp) {
  // a lock of one name in two instances, and in another process; times in ms: 1 = 0xf4240
  std::vector<snarl::Run> runs;
  runs.push_back(run_of("P t 3b9aca00\nP l 1 64 a 989680 1e8480 2 1 989680 1e8480 2 1\nP w 1 a0 a\nP s 1 1 a 989680\n"
                        "P l 2 a 0 0 0 0 0 0 0 0 0\n"));
  runs.push_back(run_of("P t 1\nP l 1 a 2 f4240 f4240 3 3 0 0 0 0\nP w 1 90 2\nP s 1 3 2 f4240\n"));
  std::vector<ContendedLock> locks = contended_locks(runs);
  ASSERT_EQ(locks.size(), 1u);
  const ContendedLock &lock = locks[0];
  EXPECT_EQ(lock.name, "g1");
  EXPECT_EQ(lock.instances, 3u);
  EXPECT_EQ(lock.taken, 120u);
  EXPECT_EQ(lock.contended, 12u);
  EXPECT_EQ(lock.waited, 11'000'000u);
  EXPECT_EQ(lock.waits.count(), 12u);
  EXPECT_EQ(lock.longest_wait.time, 2'000'000u);
  EXPECT_EQ(lock.longest_wait.run, &runs[0]);
  EXPECT_LE(lock.wait_percentile(1), lock.longest_wait.time);
  EXPECT_EQ(lock.places.size(), 2u);
  Findings notes;
  contention_findings(runs, notes);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].severity, Severity::Note);
  EXPECT_EQ(notes[0].message, "threads waited 11 ms in sum for g1: somebody had it at 10 % of 120 acquisitions");
  EXPECT_EQ(notes[0].steps.size(), 2u);
}

TEST(Measured, ShortWaitsAreNotWorthANote) {
  // 9 ms of a second; less than a millisecond in all
  for (const char *profile : {"P t 3b9aca00\nP l 1 64 a 895440 1e8480 2 1 989680 1e8480 2 1\n",
                              "P t f4240\nP l 1 64 a f423f f423f 2 1 1 1 2 1\n", "P t 1\nP l 1 5 0 0 0 0 0 1 1 1 1\n"})
    EXPECT_TRUE(judge(profile).empty()) << profile;
  EXPECT_EQ(percent(0.34), "34 %");
  EXPECT_EQ(percent(0.002), "0.2 %");
  EXPECT_EQ(percent(0.00001), "<0.1 %");
  EXPECT_EQ(percent(0), "0 %");
}

} // namespace
