#include "runtime/wait_graph.h"
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace snarl_rt;

namespace {

struct Graph {
  std::vector<WaitNode> nodes;
  std::vector<uint32_t> peers;

  uint32_t add(WaitNode::Need need, std::vector<uint32_t> needed = {}) {
    WaitNode node;
    node.need = need;
    node.first_peer = static_cast<uint32_t>(peers.size());
    node.peers = static_cast<uint32_t>(needed.size());
    peers.insert(peers.end(), needed.begin(), needed.end());
    nodes.push_back(node);
    return static_cast<uint32_t>(nodes.size() - 1);
  }
  std::vector<bool> stuck(bool closed = true) {
    find_stuck(nodes.data(), static_cast<uint32_t>(nodes.size()), peers.data(), closed);
    std::vector<bool> result;
    for (const WaitNode &node : nodes) result.push_back(node.stuck);
    return result;
  }
  uint32_t cycle(uint32_t from, uint32_t &entry) {
    return find_cycle(nodes.data(), static_cast<uint32_t>(nodes.size()), from, entry);
  }
};

using Bits = std::vector<bool>;
constexpr auto Nothing = WaitNode::Nothing, Peers = WaitNode::Peers, Anybody = WaitNode::Anybody,
               Hopeless = WaitNode::Hopeless;

} // namespace

TEST(WaitGraph, TwoThatWaitForEachOther) {
  Graph g;
  g.add(Peers, {1});
  g.add(Peers, {0});
  g.add(Nothing);
  EXPECT_EQ(g.stuck(), (Bits{true, true, false}));
  uint32_t entry = 9;
  EXPECT_EQ(g.cycle(0, entry), 2u);
}

TEST(WaitGraph, OneThatWaitsForItself) {
  Graph g;
  g.add(Peers, {0});
  EXPECT_EQ(g.stuck(), Bits{true});
  uint32_t entry = 9;
  EXPECT_EQ(g.cycle(0, entry), 1u);
  EXPECT_EQ(entry, 0u);
}

TEST(WaitGraph, AChainThatEndsAtARunnerMoves) {
  Graph g;
  g.add(Peers, {1});
  g.add(Peers, {2});
  g.add(Nothing);
  EXPECT_EQ(g.stuck(), (Bits{false, false, false}));
}

TEST(WaitGraph, ATimedWaitOpensTheCircle) {
  Graph g;
  g.add(Peers, {1});
  g.add(Nothing); // waits for node 0, but not for ever
  EXPECT_EQ(g.stuck(), (Bits{false, false}));
}

TEST(WaitGraph, AWriterNeedsAllReadersToLeave) {
  Graph g;
  g.add(Peers, {1, 2}); // a writer; one reader runs, the other waits for the writer
  g.add(Nothing);
  g.add(Peers, {0});
  EXPECT_EQ(g.stuck(), (Bits{true, false, true}));
  uint32_t entry = 9;
  EXPECT_EQ(g.cycle(0, entry), 2u);
}

TEST(WaitGraph, WhoeverWaitsForACircleIsStuckButNotInIt) {
  Graph g;
  g.add(Peers, {1});
  g.add(Peers, {2});
  g.add(Peers, {1});
  EXPECT_EQ(g.stuck(), (Bits{true, true, true}));
  uint32_t entry = 9;
  EXPECT_EQ(g.cycle(0, entry), 2u);
  EXPECT_NE(entry, 0u);
}

TEST(WaitGraph, AnybodyCanSignalAsLongAsSomebodyRuns) {
  Graph g;
  g.add(Anybody);
  g.add(Peers, {0});
  g.add(Nothing);
  EXPECT_EQ(g.stuck(), (Bits{false, false, false}));
}

TEST(WaitGraph, StandstillOfAll) {
  Graph g;
  g.add(Anybody);
  g.add(Peers, {0});
  EXPECT_EQ(g.stuck(true), (Bits{true, true}));
  uint32_t entry = 9;
  EXPECT_EQ(g.cycle(1, entry), 0u);
  EXPECT_EQ(entry, 0u);
  EXPECT_EQ(g.stuck(false), (Bits{false, false})) << "there may be threads that nobody told of";
}

TEST(WaitGraph, TheOwnerIsGone) {
  Graph g;
  g.add(Hopeless);
  g.add(Peers, {0});
  g.add(Nothing);
  EXPECT_EQ(g.stuck(), (Bits{true, true, false}));
  uint32_t entry = 9;
  EXPECT_EQ(g.cycle(1, entry), 0u);
  EXPECT_EQ(entry, 0u);
}

TEST(WaitGraph, WakersMustAllBeStuck) {
  Graph g; // 0 waits for a signal, as 1 and 2 have given before; 1 wants what 0 holds; 2 runs
  g.add(Anybody, {1, 2});
  g.add(Peers, {0});
  g.add(Nothing);
  EXPECT_EQ(g.stuck(false), (Bits{false, false, false}));
  g.nodes[2].need = Peers; // 2 too
  g.nodes[2].first_peer = g.nodes[1].first_peer;
  g.nodes[2].peers = 1;
  EXPECT_EQ(g.stuck(false), (Bits{true, true, true}));
  uint32_t entry = 9;
  EXPECT_TRUE(g.nodes[0].by_wakers);
  EXPECT_EQ(g.cycle(1, entry), 2u);
}

// Greatest set S with: every member waits, and needs somebody of S (or is hopeless, or S is everybody). By trying all
// sets.
TEST(WaitGraph, IsTheGreatestFixpoint) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    Graph g;
    const uint32_t n = 5;
    for (uint32_t i = 0; i < n; ++i) {
      auto need = static_cast<WaitNode::Need>(random() % 4);
      if (random() % 2) need = Peers;
      std::vector<uint32_t> needed;
      for (uint32_t k = 0; k < n && need == Peers; ++k)
        if (random() % 4 == 0) needed.push_back(k);
      g.add(need, needed);
    }
    bool closed = random() % 2;
    uint32_t best = 0;
    for (uint32_t set = 0; set < 1u << n; ++set) {
      bool good = true;
      for (uint32_t i = 0; i < n && good; ++i) {
        if (!(set >> i & 1)) continue;
        const WaitNode &node = g.nodes[i];
        bool stays = node.need == Hopeless || (node.need == Anybody && closed && set == (1u << n) - 1);
        for (uint32_t k = 0; node.need == Peers && k < node.peers; ++k)
          stays |= set >> g.peers[node.first_peer + k] & 1;
        good = stays;
      }
      if (good) best |= set; // such sets are closed under union, but for the one that holds everybody
    }
    Bits stuck = g.stuck(closed);
    for (uint32_t i = 0; i < n; ++i) EXPECT_EQ(stuck[i], (best >> i & 1) != 0) << "round " << round << " node " << i;
  }
}
