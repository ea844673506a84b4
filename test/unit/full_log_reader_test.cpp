// What the reader of full logs makes of good bytes, and that bad ones do no harm.
#include "runtime/trace_format.h"
#include "tool/full_log_reader.h"
#include <gtest/gtest.h>
#include <random>

using namespace snarl;

namespace {

using Kind = LogEvent::Kind;

std::string block(uint32_t thread, uint32_t number, const std::string &records) {
  std::string out;
  for (uint32_t word : {SNARL_FULL_BLOCK, thread, number, uint32_t(records.size())})
    for (int i = 0; i < 4; ++i) out += static_cast<char>(word >> 8 * i);
  return out + records;
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values) out += static_cast<char>(value);
  return out;
}

// Thread 1 takes lock 300 twice at one site, and lock 2 in between, given back out of order; creates thread 2.
std::string good() {
  return block(1, 0,
               bytes({SNARL_FULL_LOCK, 0xac, 2, 'm', 0x80, 1, 4, SNARL_FULL_ACQUIRE, 9, 0xac, 2, 0, 4, 1}) +
                   bytes({SNARL_FULL_ACQUIRE, 3, 2, SNARL_FULL_SHARED, 5, 7, SNARL_FULL_RELEASE_LOCK, 0xac, 2})) +
         block(1, 1, bytes({SNARL_FULL_RELEASE, SNARL_FULL_SITE | 9, 2, SNARL_FULL_RELEASE, SNARL_FULL_CREATE, 2})) +
         block(2, 0, bytes({SNARL_FULL_WAKE, 'c', 8, 1, SNARL_FULL_END}));
}

FullLog decode(const std::string &text, size_t &damaged) {
  snarl::Run run;
  return decode_full_log(text, run, damaged);
}

TEST(FullLogReader, Reads) {
  snarl::Run run;
  size_t damaged = 0;
  FullLog log = decode_full_log(good(), run, damaged);
  EXPECT_EQ(damaged, 0u);
  ASSERT_EQ(log.threads.size(), 2u);
  const auto &events = log.threads[0].events;
  ASSERT_EQ(events.size(), 7u);
  EXPECT_EQ(log.locks, (std::vector<uint32_t>{300, 2}));
  EXPECT_EQ(events[0].partner, 2u);
  EXPECT_EQ(events[1].partner, 3u);
  EXPECT_TRUE(events[1].shared);
  EXPECT_EQ(events[4].number, 3u) << "two more than the first time there";
  EXPECT_EQ(events[4].stack, 4u);
  EXPECT_EQ(events[6].kind, Kind::Create);
  EXPECT_FALSE(log.threads[0].whole);
  EXPECT_TRUE(log.threads[1].whole);
  ASSERT_EQ(run.locks.count(300), 1u);
  EXPECT_EQ(run.locks[300].address, 128u);
}

TEST(FullLogReader, AMissingBlockEndsItsThread) {
  size_t damaged = 0;
  FullLog log =
      decode(block(1, 0, bytes({SNARL_FULL_CREATE, 2})) + block(1, 2, bytes({SNARL_FULL_CREATE, 3})), damaged);
  EXPECT_EQ(damaged, 1u);
  EXPECT_EQ(log.threads[0].events.size(), 1u);
}

TEST(FullLogReader, BadBytesDoNoHarm) {
  std::mt19937 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string text = good();
    for (int n = 1 + random() % 3; n; --n) text[random() % text.size()] = static_cast<char>(random());
    if (random() % 2) text.resize(random() % text.size());
    size_t damaged = 0;
    FullLog log = decode(text, damaged);
    log.link();
    for (const LogThread &thread : log.threads) {
      for (const LogEvent &e : thread.events) {
        bool locks = e.kind == Kind::Acquire || e.kind == Kind::Release;
        ASSERT_TRUE(!locks || e.lock < log.locks.size());
        ASSERT_TRUE(e.kind != Kind::Release || e.partner < thread.events.size());
        bool ends = e.kind == Kind::Acquire && e.partner != LogEvent::none;
        ASSERT_TRUE(!ends || e.partner < thread.events.size());
      }
      for (const LogEdge &edge : thread.edges) {
        ASSERT_LT(edge.to, thread.events.size());
        ASSERT_LT(edge.index, log.threads[edge.thread].events.size());
      }
    }
  }
}

} // namespace
