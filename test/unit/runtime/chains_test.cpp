#include "runtime/chains.h"
#include <gtest/gtest.h>
#include <random>
#include <set>

using namespace snarl_rt;

TEST(KeySet, RemembersEveryKeyOverGrowth) {
  KeySet set;
  std::set<uint64_t> oracle;
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    uint64_t key = random() | 1;
    ASSERT_FALSE(set.contains(key) && !oracle.count(key));
    ASSERT_TRUE(set.insert(key));
    oracle.insert(key);
    ASSERT_TRUE(set.contains(key));
  }
  EXPECT_EQ(set.size(), oracle.size());
  for (uint64_t key : oracle) EXPECT_TRUE(set.contains(key));
  set.clear();
  for (uint64_t key : oracle) EXPECT_FALSE(set.contains(key));
}

TEST(KeySet, KeysThatCollideAreApart) {
  KeySet set;
  for (uint64_t low = 1; low < 100; ++low) ASSERT_TRUE(set.insert(uint64_t{0xabc} << 52 | low)); // the same first slot
  for (uint64_t low = 1; low < 100; ++low) EXPECT_TRUE(set.contains(uint64_t{0xabc} << 52 | low));
  EXPECT_FALSE(set.contains(uint64_t{0xabc} << 52 | 100));
}

TEST(KeySet, IsFullAtLastAndSaysSo) {
  KeySet set;
  uint64_t key = 1;
  while (set.insert(key * kChainFactor | 1) && key < 4000000) ++key;
  EXPECT_LT(key, 4000000u);
  EXPECT_GT(key, 900000u);
  EXPECT_TRUE(set.contains(1 * kChainFactor | 1));
}

TEST(Chains, EverythingThatMattersChangesTheKey) {
  uint64_t ab = extend_chain(extend_chain(0, 1, 'x'), 2, 'x');
  std::set<uint64_t> keys = {
      situation_key(ab, 5, 3, 'x', false),
      situation_key(extend_chain(extend_chain(0, 2, 'x'), 1, 'x'), 5, 3, 'x', false), // order
      situation_key(extend_chain(extend_chain(0, 1, 's'), 2, 'x'), 5, 3, 'x', false), // mode of a held lock
      situation_key(extend_chain(0, 2, 'x'), 5, 3, 'x', false),                       // one lock less
      situation_key(ab, 6, 3, 'x', false),                                            // segment
      situation_key(ab, 5, 4, 'x', false),                                            // wanted lock
      situation_key(ab, 5, 3, 's', false),                                            // its mode
      situation_key(ab, 5, 3, 'x', true),                                             // timed
  };
  EXPECT_EQ(keys.size(), 8u);
  EXPECT_EQ(keys.count(0), 0u);
}

TEST(OrderSketch, FindsCirclesOnly) {
  OrderSketch sketch;
  EXPECT_FALSE(sketch.has_cycle());
  for (uint32_t i = 1; i < 50; ++i) sketch.add(i, i + 1);
  sketch.add(3, 40);
  EXPECT_FALSE(sketch.has_cycle());
  sketch.add(50, 20);
  EXPECT_TRUE(sketch.has_cycle());
}

TEST(OrderSketch, AgreesWithDepthFirstSearch) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    OrderSketch sketch;
    bool reaches[8][8] = {};
    for (int e = 0; e < 7; ++e) {
      uint32_t a = random() % 8, b = random() % 8;
      if (a == b) continue;
      sketch.add(a + 1, b + 1);
      reaches[a][b] = true;
    }
    for (int k = 0; k < 8; ++k)
      for (int i = 0; i < 8; ++i)
        for (int j = 0; j < 8; ++j) reaches[i][j] |= reaches[i][k] && reaches[k][j];
    bool circle = false;
    for (int i = 0; i < 8; ++i) circle |= reaches[i][i];
    EXPECT_EQ(sketch.has_cycle(), circle);
  }
}
