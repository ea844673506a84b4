// What a judgement is kept as comes back as it was, and what is damaged is refused.
#include "tool/judgement.h"
#include <gtest/gtest.h>

namespace snarl {
namespace {

Judgement example() {
  Judgement j;
  Finding f;
  f.rule = "lock-order";
  f.severity = Severity::Error;
  f.tier = Tier::Confirmed;
  f.message = "\"a\" before b, \xc3\xa4";
  f.place = {"/src/a b.cpp", 12, 3};
  f.function = "Bus::emit";
  f.names = {"a", "b"};
  f.key = "lock-order a b";
  f.schedule = "one | two\n";
  Step step;
  step.place = {"/src/x.h", 4294967295u, 1};
  step.message = "takes a";
  step.side = "one side";
  step.main = false;
  f.steps = {step};
  f.fixes = {{{"/src/x.h", 1, 2}, {"/src/x.h", 1, 9}, "std::scoped_lock lock(a, b);\n"}};
  j.findings = {f};
  j.bounds = {"3 functions"};
  j.main_files = {"/src/a b.cpp"};
  j.notices = {{Severity::Error, "unknown type name 'X'", {"/src/b.cpp", 3, 0}}};
  j.failed = 1;
  return j;
}

TEST(Judgement, ComesBackAsItWas) {
  std::optional<std::string> text = write_judgement(example());
  ASSERT_TRUE(text);
  std::optional<Judgement> back = read_judgement(*text);
  ASSERT_TRUE(back);
  const Judgement original = example();
  const Finding &f = back->findings.at(0), &g = original.findings[0];
  EXPECT_EQ(f.message, g.message);
  EXPECT_EQ(f.severity, g.severity);
  EXPECT_EQ(f.tier, g.tier);
  EXPECT_EQ(f.place, g.place);
  EXPECT_EQ(f.names, g.names);
  EXPECT_EQ(f.steps.at(0).place, g.steps[0].place);
  EXPECT_EQ(f.steps.at(0).main, false);
  EXPECT_EQ(f.fixes.at(0).replacement, g.fixes[0].replacement);
  EXPECT_EQ(back->notices.at(0).message, example().notices[0].message);
  EXPECT_EQ(back->failed, 1u);
  EXPECT_EQ(*write_judgement(*back), *text); // and nothing else is lost
}

TEST(Judgement, EveryCutIsRefused) {
  std::string text = *write_judgement(example());
  for (size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(read_judgement(text.substr(0, size))) << size;
}

TEST(Judgement, OutOfRangeIsRefused) {
  std::string text = *write_judgement(example());
  size_t at = text.find("\"tier\":3");
  ASSERT_NE(at, std::string::npos);
  EXPECT_FALSE(read_judgement(std::string(text).replace(at, 8, "\"tier\":9")));
}

TEST(Judgement, WhatJsonCannotHoldIsNotKept) {
  Judgement j = example();
  j.findings[0].place.file = "/src/\xff.cpp";
  EXPECT_FALSE(write_judgement(j));
}

} // namespace
} // namespace snarl
