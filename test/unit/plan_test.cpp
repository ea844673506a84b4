#include "tool/plan.h"
#include <gtest/gtest.h>

using namespace snarl;

static SteeringPlan example() {
  SteeringPlan plan;
  plan.delay_ms = 200;
  plan.budget_ms = 2000;
  plan.first = 2;
  plan.about = "a and b are taken\nin opposite orders";
  plan.key = "a at f, b at g";
  ModulePlace prog{"abcd", "/bin/prog", 0x10}, library{"", "/lib/my lib.so", 0x20};
  for (bool shared : {false, true}) {
    SteeredSide side;
    side.hold.frames = {prog};
    side.hold.global = ModulePlace{"abcd", "/bin/prog", 0x4000};
    side.want.frames = {library, prog};
    side.want.shared = shared;
    side.occurrence = shared ? 3 : 0;
    plan.sides.push_back(side);
  }
  return plan;
}

static std::string problem(const std::string &text) {
  auto plan = read_plan(text);
  return plan ? "" : llvm::toString(plan.takeError());
}

TEST(Plan, comesBackAsItWasWritten) {
  SteeringPlan plan = example();
  auto back = read_plan(write_plan(plan));
  ASSERT_TRUE(!!back) << llvm::toString(back.takeError());
  EXPECT_EQ(write_plan(*back), write_plan(plan));
  EXPECT_EQ(back->about, "a and b are taken in opposite orders"); // one line
  EXPECT_EQ(back->first, 2u);
  ASSERT_EQ(back->sides.size(), 2u);
  EXPECT_EQ(back->sides[0].want.frames, plan.sides[0].want.frames);
  EXPECT_EQ(back->sides[0].hold.global->offset, 0x4000u);
  EXPECT_FALSE(back->sides[0].want.global);
  EXPECT_TRUE(back->sides[1].want.shared);
  EXPECT_EQ(back->sides[1].occurrence, 3u);
  plan.occurrences = false;
  EXPECT_EQ(read_plan(write_plan(plan))->sides[1].occurrence, 0u);
}

TEST(Plan, saysWhichLineIsWrong) {
  std::string good = write_plan(example());
  EXPECT_EQ(problem(good), "");
  EXPECT_EQ(problem(good + "# a comment\n\n"), "");
  EXPECT_NE(problem("").find("it is empty"), std::string::npos);
  EXPECT_NE(problem("snarl plan 2\n").find("line 1: a plan of another version"), std::string::npos);
  EXPECT_NE(problem("V 1 2\n").find("not a plan"), std::string::npos);
  EXPECT_NE(problem("snarl plan 1\ndelay fast\n").find("line 2: 'fast' is no number"), std::string::npos);
  EXPECT_NE(problem("snarl plan 1\nhold x -\n").find("line 2: 'hold' before the first side"), std::string::npos);
  EXPECT_NE(problem(good + "at 7 10\n").find("'7 10' is no module and offset"), std::string::npos);
  EXPECT_NE(problem(good + "side\n").find("a side needs hold and want"), std::string::npos);
  EXPECT_NE(problem(good + "walk\n").find("unknown word 'walk'"), std::string::npos);
  EXPECT_NE(problem("snarl plan 1\ndelay 5\n").find("at least two sides"), std::string::npos);
}

TEST(Plan, framesMatchFromTheInside) {
  SteeredPoint point;
  ModulePlace a{"id", "/old/prog", 1}, b{"id", "/old/prog", 2}, moved{"id", "/new/prog", 1};
  EXPECT_FALSE(same_place(point, {a})) << "of no frames nothing is known";
  point.frames = {a};
  EXPECT_TRUE(same_place(point, {a, b}));
  EXPECT_TRUE(same_place(point, {moved})) << "the same build elsewhere";
  EXPECT_FALSE(same_place(point, {b, a}));
  EXPECT_FALSE(same_place(point, {}));
  point.frames = {ModulePlace{"", "/old/prog", 1}};
  EXPECT_FALSE(same_place(point, {ModulePlace{"", "/new/prog", 1}})) << "without a build id the path decides";
}
