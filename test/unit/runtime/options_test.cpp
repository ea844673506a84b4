#include "runtime/options.h"
#include "runtime/writer.h"
#include <gtest/gtest.h>
#include <string>

using namespace snarl_rt;

TEST(RuntimeOptions, AllTypes) {
  Options o;
  EXPECT_EQ(parse_options("trace=/tmp/a b:print=0:halt_on_deadlock=1:watch_ms=250", o), nullptr);
  EXPECT_EQ(std::string(o.trace.start, o.trace.length), "/tmp/a b");
  EXPECT_FALSE(o.print);
  EXPECT_TRUE(o.halt_on_deadlock);
  EXPECT_EQ(o.watch_ms, 250u);
  EXPECT_EQ(o.max_trace_mb, 512u);
}

TEST(RuntimeOptions, LaterWinsAndEmptyWordsDoNotMatter) {
  Options o;
  EXPECT_EQ(parse_options("print=0::print=1:", o), nullptr);
  EXPECT_TRUE(o.print);
  EXPECT_EQ(parse_options(nullptr, o), nullptr);
}

TEST(RuntimeOptions, WhatIsNotUnderstoodIsPointedAt) {
  for (const char *bad :
       {"prin=1", "print=2", "print", "watch_ms=-1", "watch_ms=", "watch_ms=12345678901234567890", "trace="}) {
    Options o;
    std::string text = "print=0:" + std::string(bad) + ":halt_on_deadlock=1";
    const char *at = parse_options(text.c_str(), o);
    ASSERT_NE(at, nullptr) << bad;
    EXPECT_EQ(at - text.c_str(), 8) << bad;
    EXPECT_TRUE(o.halt_on_deadlock) << "the rest still counts";
  }
}

TEST(RuntimeOptions, Environment) {
  const char *environment[] = {"PATH_X=1", "PATH=/bin", "EMPTY=", nullptr};
  auto **e = const_cast<char **>(environment);
  EXPECT_STREQ(find_variable(e, "PATH"), "/bin");
  EXPECT_STREQ(find_variable(e, "EMPTY"), "");
  EXPECT_EQ(find_variable(e, "PAT"), nullptr);
  EXPECT_EQ(find_variable(nullptr, "PATH"), nullptr);
}

TEST(TraceLine, Fields) {
  Line line('T');
  line.hex(0).hex(0x1f).hex(~uint64_t{0}).letter('x').text("a\nb\\c d");
  EXPECT_EQ(std::string(line.data(), line.size()), "T 0 1f ffffffffffffffff x a\\nb\\\\c d");
}

TEST(TraceLine, LongLinesStayWhole) {
  Line line('A');
  std::string expected = "A";
  for (int i = 0; i < 5000; ++i) {
    line.hex(0xabc);
    expected += " abc";
  }
  EXPECT_EQ(std::string(line.data(), line.size()), expected);
}
