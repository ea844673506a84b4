// Plans as the library reads them, and noise as it is drawn.
#include "runtime/steer.h"
#include "runtime/steer_plan.h"
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <string>

using namespace snarl_rt;

namespace {

const std::string kGood = "snarl plan 1\n"
                          "about what people read: anything\n"
                          "delay 200\nbudget 2000\nfirst 1\n"
                          "module abcd /bin/prog\nmodule - /lib/my lib.so\n"
                          "side\nhold x 0 4000\nat 0 10\nwant s -\nat 1 20\nat 0 1f\noccurrence 3\n"
                          "side\nhold x -\nat 0 30\nwant x 0 5000\nat 0 40\n";

struct Parsed {
  bool ok;
  std::unique_ptr<Plan> plan = std::make_unique<Plan>();
  std::string text;
  explicit Parsed(std::string from) : text(std::move(from)) { ok = parse_plan(text.data(), *plan); }
};

} // namespace

TEST(SteerPlan, readsWhatTheCommandWrites) {
  Parsed parsed(kGood);
  ASSERT_TRUE(parsed.ok);
  const Plan &plan = *parsed.plan;
  EXPECT_EQ(plan.delay_ms, 200u);
  EXPECT_EQ(plan.budget_ms, 2000u);
  EXPECT_EQ(plan.first, 1u);
  ASSERT_EQ(plan.module_count, 2u);
  EXPECT_STREQ(plan.modules[1].build_id, "-");
  EXPECT_STREQ(plan.modules[1].path, "/lib/my lib.so");
  ASSERT_EQ(plan.side_count, 2u);
  EXPECT_TRUE(plan.sides[0].hold.global);
  EXPECT_EQ(plan.sides[0].hold.distance, 0x4000);
  EXPECT_EQ(plan.sides[0].want.mode, 's');
  ASSERT_EQ(plan.sides[0].want.frame_count, 2u);
  EXPECT_EQ(plan.sides[0].want.frames[1].offset, 0x1fu);
  EXPECT_EQ(plan.sides[0].occurrence, 3u);
  EXPECT_FALSE(plan.sides[1].hold.global);
}

TEST(SteerPlan, anythingElseSteersNothing) {
  for (std::string bad : {"", "snarl plan 2\n", "V 1 2 3\n"}) EXPECT_FALSE(Parsed(bad).ok) << bad;
  for (std::string more : {"at 2 10\n", "at 0\n", "at 0 xyz\n", "side\n", "delay 99999999999999999999\n", "hold x -\n",
                           "walk\n", "module ab /late\n", "occurrence -1\n", "first 9\n", "at 0 1 2\n"})
    EXPECT_FALSE(Parsed(kGood + more).ok) << more;
  EXPECT_FALSE(Parsed(kGood + "first 3\n").ok) << "there are two sides";
  EXPECT_FALSE(Parsed(kGood.substr(0, kGood.rfind("side"))).ok) << "one side is no circle";
  EXPECT_TRUE(Parsed(kGood.substr(0, kGood.size() - 1)).ok) << "the last line may lack its end";
  for (size_t cut = 0; cut < kGood.size(); ++cut) Parsed(kGood.substr(0, cut)); // no crash, whatever is missing
  std::string frames = kGood;
  for (uint32_t i = 1; i < PlanPoint::kFrames; ++i) frames += "at 0 40\n";
  EXPECT_TRUE(Parsed(frames).ok);
  EXPECT_FALSE(Parsed(frames + "at 0 40\n").ok);
}

TEST(SteerNoise, dependsOnSeedThreadAndPointOnly) {
  std::set<uint64_t> drawn;
  for (uint64_t seed = 1; seed <= 20; ++seed)
    for (ThreadId thread = 1; thread <= 3; ++thread) {
      uint32_t falls = 0;
      for (uint64_t n = 1; n <= 256; ++n) {
        Noise a = noise_at(seed, thread, n), b = noise_at(seed, thread, n);
        EXPECT_EQ(a.microseconds, b.microseconds);
        EXPECT_EQ(a.yields, b.yields);
        EXPECT_LE(a.microseconds, 50'000u);
        falls += a.microseconds >= 5'000;
        if (a.microseconds) drawn.insert(seed * 1000000 + a.microseconds);
      }
      EXPECT_GE(falls, 1u) << "every thread falls behind now and then";
      EXPECT_LE(falls, 4u);
    }
  EXPECT_GT(drawn.size(), 200u) << "seeds and threads differ";
}

TEST(SteerNoise, thousandsOfShortThreadsStillEnd) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    uint64_t total = 0;
    for (ThreadId thread = 1; thread <= 10'000; ++thread)
      for (uint64_t n = 1; n <= 10; ++n) total += noise_at(seed, thread, n).microseconds;
    EXPECT_LT(total, 20'000'000u) << "microseconds, seed " << seed;
  }
}
