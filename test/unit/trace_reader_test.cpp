#include "tool/trace_reader.h"
#include "llvm/Support/MemoryBuffer.h"
#include <filesystem>
#include <gtest/gtest.h>
#include <random>

#define LLVMFuzzerTestOneInput trace_fuzz_one_input // every fuzz target has that name
#include "test/fuzz/trace_fuzz.cpp"
#undef LLVMFuzzerTestOneInput

using namespace snarl;

namespace {

const char kTrace[] = R"(V 1 64 63 18a0000000000000 /usr/bin/a program
M 555555555000 555555556000 1000 abcdef01 /usr/bin/a program
T 1 0 64 0 main
S 1 555555555010 555555555020
T 2 1 65 1 two\nlines
E 1 0 2 0 c
L 1 m 555555558100 1
L 2 W 5555555580c0 1
A 2 0 1 1 x 1 2 s t 1
N 2 worker
H 2 5
Z o 2 1 1 1 1
D 1
C situations_dropped 1
C situations_dropped c
K 1 c 2
k 1 1 l 2 0 x 0 1 1 1 1 x 1
k 1 2 j 0 1 x 0 1 1 0
G 1
X 2
E 2 0 1 1 j
Q
)";

Run read(llvm::StringRef text) {
  TraceReader reader("test.trace");
  EXPECT_FALSE(llvm::errorToBool(reader.feed(text)));
  return reader.finish();
}

std::string error_of(llvm::StringRef text) {
  TraceReader reader("test.trace");
  return llvm::toString(reader.feed(text));
}

TEST(TraceReader, EveryLine) {
  snarl::Run run = read(kTrace);
  EXPECT_EQ(run.pid, 0x64u);
  EXPECT_EQ(run.parent_pid, 0x63u);
  EXPECT_EQ(run.program, "/usr/bin/a program");
  ASSERT_EQ(run.modules.size(), 1u);
  EXPECT_EQ(run.modules[0].build_id, "abcdef01");
  EXPECT_EQ(run.modules[0].path, "/usr/bin/a program");
  ASSERT_EQ(run.threads.size(), 2u);
  EXPECT_EQ(run.threads[2].name, "worker");
  EXPECT_TRUE(run.threads[2].ended);
  EXPECT_EQ(run.threads[2].created, 1u);
  EXPECT_EQ(run.stacks[1].pcs, (std::vector<uint64_t>{0x555555555010, 0x555555555020}));
  EXPECT_EQ(run.locks[2].kind, RunLockKind::RwlockPreferWriter);
  ASSERT_EQ(run.situations.size(), 1u);
  EXPECT_EQ(run.situations[0].held.size(), 1u);
  EXPECT_EQ(run.situations[0].mode, LockMode::Shared);
  EXPECT_TRUE(run.situations[0].timed);
  ASSERT_EQ(run.misuses.size(), 1u);
  EXPECT_EQ(run.misuses[0].kind, MisuseKind::UnlockNotOwner);
  ASSERT_EQ(run.deadlocks.size(), 1u);
  ASSERT_EQ(run.deadlocks[0].threads.size(), 2u);
  EXPECT_EQ(run.deadlocks[0].threads[0].lock, 2u);
  EXPECT_EQ(run.deadlocks[0].threads[1].joins, 1u);
  EXPECT_EQ(run.order.size(), 2u);
  EXPECT_FALSE(run.tracked({2, 5}));
  EXPECT_TRUE(run.tracked({2, 4}));
  EXPECT_TRUE(run.ended);
  EXPECT_EQ(run.blind_spots, (std::vector<std::string>{"12 situations dropped"})) << "the last count of a name counts";
}

TEST(TraceReader, ThreadNameIsUnescaped) {
  snarl::Run run = read("V 1 1 0 0 x\nT 1 0 1 0 a\\nb\\\\c\n");
  EXPECT_EQ(run.threads[1].name, "a\nb\\c");
}

TEST(TraceReader, GrowingByteByByte) {
  TraceReader reader("test.trace");
  for (char c : llvm::StringRef(kTrace)) {
    size_t before = reader.so_far().deadlocks.size();
    ASSERT_FALSE(llvm::errorToBool(reader.feed(llvm::StringRef(&c, 1))));
    if (reader.so_far().deadlocks.size() > before) {
      EXPECT_EQ(reader.so_far().deadlocks[0].threads.size(), 2u) << "a deadlock is there when it is complete";
    }
  }
  snarl::Run run = reader.finish(), whole = read(kTrace);
  EXPECT_EQ(run.situations.size(), whole.situations.size());
  EXPECT_EQ(run.blind_spots, whole.blind_spots);
}

TEST(TraceReader, TruncatedLastLine) {
  snarl::Run run = read("V 1 1 0 0 x\nT 1 0 1 0 main\nL 1 m 10");
  EXPECT_TRUE(run.locks.empty());
  ASSERT_EQ(run.blind_spots.size(), 1u);
  EXPECT_NE(run.blind_spots[0].find("incomplete"), std::string::npos);
}

TEST(TraceReader, NonsenseIsCounted) {
  snarl::Run run = read("V 1 1 0 0 x\n"
                        "L 1 ? 10 0\n"                       // unknown kind
                        "A 1 0 ffffffffffffffff 1 x 1\n"     // absurd count
                        "A 1 0 1 1 x 1 2 x b\n"              // too short
                        "A 1 0 1 1 x 1 2 x b 1 9\n"          // too long
                        "S 1 zz\n"                           // no number
                        "S ffffffffffffffffffffffffffff 1\n" // overflow
                        "L 100000000 m 1 1\n"                // no lock id
                        "k 7 1 l 1 0 x 0 1 1 0\n"            // deadlock that was not begun
                        "G 7\n"
                        "\n"
                        "\x01\x02\x03\n");
  EXPECT_TRUE(run.locks.empty());
  EXPECT_TRUE(run.situations.empty());
  EXPECT_TRUE(run.stacks.empty());
  ASSERT_EQ(run.blind_spots.size(), 1u);
  EXPECT_NE(run.blind_spots[0].find("11 lines"), std::string::npos) << run.blind_spots[0];
}

TEST(TraceReader, SaidTwice) {
  snarl::Run run = read("V 1 1 0 0 x\nS 1 10 20\nS 1 10 20\nL 1 m 8000 1\nL 1 m 8000 1\n");
  EXPECT_TRUE(run.blind_spots.empty()) << "by two threads at once";
  run = read("V 1 1 0 0 x\nS 1 10 20\nS 1 10\nL 1 m 8000 1\nL 1 m 8040 1\n");
  EXPECT_EQ(run.blind_spots.size(), 1u);
  EXPECT_EQ(run.locks[1].address, 0x8000u);
}

TEST(TraceReader, MisuseOfAConditionVariable) {
  snarl::Run run = read(std::string(kTrace) + "Z m 2 1 1 1 1 555555558200\n");
  ASSERT_EQ(run.misuses.size(), 2u);
  EXPECT_EQ(run.misuses[0].object, 0u);
  EXPECT_EQ(run.misuses[1].kind, MisuseKind::TwoMutexes);
  EXPECT_EQ(run.misuses[1].object, 0x555555558200u);
}

TEST(TraceReader, AnnotationsNameLocksAndExcuseOrders) {
  std::string named = std::string(kTrace) + "J n 2 the table\n";
  snarl::Run run = read(named);
  EXPECT_EQ(run.lock_name(2), "the table");
  EXPECT_EQ(run.lock_class(2), "the table");
  EXPECT_EQ(run.situations.size(), 1u);
  EXPECT_FALSE(read(named + "J p 2 1\n").situations[0].held[0].on_purpose); // the other way round
  EXPECT_TRUE(read(named + "J p 1 2\n").situations[0].held[0].on_purpose);
}

TEST(TraceReader, WhatWasNotSeen) {
  snarl::Run run = read(std::string(kTrace) + "I f 1 1\nI f 20 1\n");
  EXPECT_EQ(run.futex_waits, 0x20u);
  EXPECT_EQ(run.first_futex_wait, 1u);
}

TEST(TraceReader, UnknownLettersAreLaterAdditions) {
  snarl::Run run = read("V 1 1 0 0 x\nq something new\nq 1 2 3\nT 1 0 1 0 main\n");
  EXPECT_EQ(run.threads.size(), 1u);
  EXPECT_TRUE(run.blind_spots.empty());
}

TEST(TraceReader, IncompleteDeadlockIsNoFinding) {
  snarl::Run run = read("V 1 1 0 0 x\nK 1 c 2\nk 1 1 l 2 0 x 0 1 0 0\n");
  EXPECT_TRUE(run.deadlocks.empty());
  EXPECT_EQ(run.blind_spots.size(), 1u);
}

TEST(TraceReader, Snapshots) {
  snarl::Run run = read("V 1 1 0 0 x\nT 1 0 1 0 main\nT 2 1 2 0 \nU 1 t 5 2\nk 1 1 j 0 2 x 0 0 0 0\n"
                        "k 1 2 - 0 0 x 0 0 0 0\nW 1 2 7 S 1 3 4 5 pipe:[9]\nW 1 0 8 R 0 0 0 0 \nG 1\n");
  EXPECT_TRUE(run.blind_spots.empty());
  EXPECT_TRUE(run.deadlocks.empty());
  ASSERT_EQ(run.snapshots.size(), 1u);
  const snarl::Snapshot &snapshot = run.snapshots[0];
  EXPECT_TRUE(snapshot.timed_out);
  EXPECT_EQ(snapshot.number, 5u);
  ASSERT_EQ(snapshot.threads.size(), 3u);
  EXPECT_EQ(snapshot.threads[0].joins, 2u);
  EXPECT_EQ(snapshot.threads[1].kernel.call, 0);
  EXPECT_EQ(snapshot.threads[1].kernel.arguments[0], 3u);
  EXPECT_EQ(snapshot.threads[1].kernel.file, "pipe:[9]");
  EXPECT_EQ(snapshot.threads[2].thread, 0u);
  EXPECT_EQ(snapshot.threads[2].kernel.os_id, 8u);
  EXPECT_EQ(snapshot.threads[2].kernel.call, -1);
}

TEST(TraceReader, NoSnapshots) {
  for (const char *bad : {"U 1 z 5 2\n", "U 1 t\n", "W 1 2 7 S 1 3 4 5 \n", "U 1 t 5 0\nW 1 9 7 S 1 3 4 5 \nG 1\n",
                          "U 1 t 5 0\nW 1 0 7 S fffffffff 3 4 5 \nG 1\n"})
    EXPECT_EQ(read(std::string("V 1 1 0 0 x\n") + bad).blind_spots.size(), 1u) << bad;
}

TEST(TraceReader, WrongBeginnings) {
  EXPECT_NE(error_of("V 2 1 0 0 x\n").find("version 2"), std::string::npos);
  EXPECT_NE(error_of("V 2 1 0 0 x\n").find("test.trace"), std::string::npos);
  EXPECT_NE(error_of("#!/bin/sh\n").find("not a trace"), std::string::npos);
  EXPECT_NE(error_of("\n").find("not a trace"), std::string::npos);
  EXPECT_NE(error_of("V\n").find("not a trace"), std::string::npos);
}

TEST(TraceReader, FuzzCorpus) {
  size_t inputs = 0;
  for (const auto &entry :
       std::filesystem::directory_iterator(std::filesystem::path(__FILE__).parent_path() / "../fuzz/trace")) {
    auto buffer = llvm::MemoryBuffer::getFile(entry.path().string());
    ASSERT_TRUE(buffer) << entry.path();
    llvm::StringRef text = (*buffer)->getBuffer();
    EXPECT_EQ(trace_fuzz_one_input(reinterpret_cast<const uint8_t *>(text.data()), text.size()), 0) << entry.path();
    ++inputs;
  }
  EXPECT_GE(inputs, 8u);
}

/// Whatever is changed in a trace, it is read, and every rule's questions have answers.
TEST(TraceReader, Mutations) {
  std::mt19937 random(3);
  std::string text = kTrace;
  size_t begin = text.find('\n') + 1;
  for (int round = 0; round < 3000; ++round) {
    std::string changed = text;
    for (int n = 1 + random() % 6; n; --n) {
      if (changed.size() <= begin + 1) break;
      size_t at = begin + random() % (changed.size() - begin);
      switch (random() % 4) {
      case 0: changed[at] = static_cast<char>(random()); break;
      case 1: changed.erase(at, random() % 9); break;
      case 2: changed.insert(at, changed.substr(begin + random() % (changed.size() - begin), random() % 20)); break;
      case 3: changed.resize(std::max(at, begin + 1)); break;
      }
    }
    snarl::Run run = read(changed);
    for (const Situation &s : run.situations) run.alone(s.segment);
    Findings findings;
    for (const Rule *rule : all_rules())
      if (rule->from_run) rule->from_run(run, findings);
  }
}

} // namespace
