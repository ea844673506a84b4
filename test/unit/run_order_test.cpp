// happens_before against vector clocks computed the plain way.
#include "checks/run.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>

using namespace snarl;

namespace {

Run with_order(std::vector<OrderEdge> order, uint32_t threads) {
  snarl::Run run;
  run.order = std::move(order);
  std::sort(run.order.begin(), run.order.end());
  for (uint32_t t = 1; t <= threads; ++t) run.threads[t] = {t, t > 1 ? 1u : 0u, t, "", 0, true};
  return run;
}

TEST(RunOrder, CreateAndJoin) {
  snarl::Run run = with_order({{{1, 0}, {2, 0}}, {{2, 0}, {1, 2}}, {{1, 2}, {3, 0}}}, 3);
  EXPECT_TRUE(run.happens_before({1, 0}, {2, 0}));
  EXPECT_FALSE(run.happens_before({1, 1}, {2, 0}));
  EXPECT_TRUE(run.may_overlap({1, 1}, {2, 0}));
  EXPECT_TRUE(run.happens_before({2, 0}, {1, 2}));
  EXPECT_TRUE(run.happens_before({2, 0}, {3, 0})) << "through the main thread";
  EXPECT_FALSE(run.may_overlap({2, 0}, {3, 0}));
  EXPECT_FALSE(run.may_overlap({1, 0}, {1, 5})) << "one thread";
}

TEST(RunOrder, Alone) {
  // main: 0, creates 2, 1, joins it, 2
  snarl::Run run = with_order({{{1, 0}, {2, 0}}, {{2, 0}, {1, 2}}}, 2);
  EXPECT_TRUE(run.alone({1, 0}));
  EXPECT_FALSE(run.alone({1, 1}));
  EXPECT_TRUE(run.alone({1, 2}));
  EXPECT_FALSE(run.alone({2, 0}));
  // never joined
  run = with_order({{{1, 0}, {2, 0}}}, 2);
  EXPECT_TRUE(run.alone({1, 0}));
  EXPECT_FALSE(run.alone({1, 1}));
}

TEST(RunOrder, AgreesWithVectorClocks) {
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    // A schedule: events one after the other; an edge goes from an earlier segment end to a later segment begin.
    uint32_t threads = 2 + random() % 4;
    std::vector<uint32_t> now(threads + 1);
    std::map<SegmentId, std::map<uint32_t, uint32_t>> clock; ///< thread -> segments that are over, as of the begin
    auto advance = [&](uint32_t t) {
      auto old = clock[{t, now[t]}];
      old[t] = ++now[t];
      clock[{t, now[t]}] = old;
    };
    std::vector<OrderEdge> order;
    for (int n = random() % 40; n; --n) {
      uint32_t from = 1 + random() % threads, to = 1 + random() % threads;
      if (from == to) continue;
      SegmentId first{from, now[from]};
      auto seen = clock[first];
      seen[from] = std::max(seen[from], now[from] + 1);
      advance(from);
      advance(to);
      SegmentId second{to, now[to]};
      for (auto [t, over] : seen) clock[second][t] = std::max(clock[second][t], over);
      order.push_back({first, second});
    }
    snarl::Run run = with_order(order, threads);
    for (uint32_t a = 1; a <= threads; ++a)
      for (uint32_t i = 0; i <= now[a]; ++i)
        for (uint32_t b = 1; b <= threads; ++b)
          for (uint32_t j = 0; j <= now[b]; ++j) {
            bool expected = a == b ? i < j : clock[{b, j}][a] > i;
            ASSERT_EQ(run.happens_before({a, i}, {b, j}), expected)
                << "round " << round << ": " << a << "/" << i << " " << b << "/" << j;
          }
  }
}

TEST(RunOrder, ThousandsOfThreads) {
  std::vector<OrderEdge> order;
  for (uint32_t t = 2; t < 5000; ++t) { // one after the other
    order.push_back({{1, 2 * t}, {t, 0}});
    order.push_back({{t, 0}, {1, 2 * t + 1}});
  }
  snarl::Run run = with_order(order, 5000);
  for (uint32_t t = 2; t < 300; ++t) ASSERT_FALSE(run.may_overlap({t, 0}, {5000 - t, 0}));
}

} // namespace
