// find_lock_cycles against the definition: on thousands of small random inputs every sequence of dependencies is tried.
#include "checks/lock_graph.h"
#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

using namespace snarl;

namespace {

enum : uint32_t { A = 1, B, C, D, G };
LockUse ex(uint32_t lock) {
  return {lock, false};
}
LockUse sh(uint32_t lock) {
  return {lock, true};
}
Dependency dep(uint32_t agent, std::vector<LockUse> held, LockUse wanted) {
  return {agent, false, held, wanted, 0};
}

size_t cycles(const std::vector<Dependency> &all, const CycleOptions &options = {}) {
  return find_lock_cycles(all, options).cycles.size();
}

// ---- the named cases

TEST(LockGraph, OppositeOrders) {
  auto result = find_lock_cycles({dep(1, {ex(A)}, ex(B)), dep(2, {ex(B)}, ex(A))});
  ASSERT_EQ(result.cycles.size(), 1u);
  EXPECT_EQ(result.cycles[0].dependencies, (std::vector<size_t>{0, 1}));
  EXPECT_FALSE(result.bounded);
}

TEST(LockGraph, OneThread) {
  EXPECT_EQ(cycles({dep(1, {ex(A)}, ex(B)), dep(1, {ex(B)}, ex(A))}), 0u);
}

TEST(LockGraph, OneAgentThatRepeats) {
  std::vector<Dependency> all{dep(1, {ex(A)}, ex(B)), dep(1, {ex(B)}, ex(A))};
  all[0].repeats = all[1].repeats = true;
  EXPECT_EQ(cycles(all), 1u);
}

TEST(LockGraph, Gate) {
  EXPECT_EQ(cycles({dep(1, {ex(G), ex(A)}, ex(B)), dep(2, {ex(G), ex(B)}, ex(A))}), 0u);
}

TEST(LockGraph, GateOnlyIsNoLinkButKeepsOut) {
  auto gate = [](uint32_t lock) { return LockUse{lock, false, true}; };
  EXPECT_EQ(cycles({dep(1, {gate(A)}, ex(B)), dep(2, {ex(B)}, ex(A))}), 0u);
  EXPECT_EQ(cycles({dep(1, {ex(A)}, ex(B)), dep(2, {ex(B)}, ex(A))}), 1u);
  EXPECT_EQ(cycles({dep(1, {ex(A), gate(G)}, ex(B)), dep(2, {ex(B), ex(G)}, ex(A))}), 0u);
}
TEST(LockGraph, GateHeldForReadingOnBothSides) {
  EXPECT_EQ(cycles({dep(1, {sh(G), ex(A)}, ex(B)), dep(2, {sh(G), ex(B)}, ex(A))}), 1u);
  EXPECT_EQ(cycles({dep(1, {ex(G), ex(A)}, ex(B)), dep(2, {sh(G), ex(B)}, ex(A))}), 0u);
}

TEST(LockGraph, ReleasedBefore) {
  EXPECT_EQ(cycles({dep(1, {ex(A)}, ex(B)), dep(2, {}, ex(A)), dep(2, {}, ex(B))}), 0u);
}

TEST(LockGraph, SharedOnBothSides) {
  std::vector<Dependency> all{dep(1, {sh(A)}, sh(B)), dep(2, {sh(B)}, sh(A))};
  EXPECT_EQ(cycles(all), 0u);
  EXPECT_EQ(cycles({dep(1, {sh(A)}, ex(B)), dep(2, {sh(B)}, sh(A))}), 0u);
  EXPECT_EQ(cycles({dep(1, {sh(A)}, ex(B)), dep(2, {sh(B)}, ex(A))}), 1u);
  CycleOptions writers_first;
  writers_first.writer_preference = [](uint32_t) { return true; };
  EXPECT_EQ(cycles(all, writers_first), 1u);
}

TEST(LockGraph, TrylockIsHeldButNeverWanted) {
  // 1: A, try B, then C; 2: C, then B. The tried B is held while C is wanted.
  EXPECT_EQ(cycles({dep(1, {ex(A), ex(B)}, ex(C)), dep(2, {ex(C)}, ex(B))}), 1u);
  // 1: A, try B; 2: B, try A: nobody wants anything.
  EXPECT_EQ(cycles({dep(1, {ex(A)}, ex(D)), dep(2, {ex(B)}, ex(D))}), 0u);
}

TEST(LockGraph, RecursiveAcquisitionIsNoEdge) {
  EXPECT_EQ(cycles({dep(1, {ex(A), ex(B)}, ex(A)), dep(2, {ex(A)}, ex(B))}), 0u);
}

TEST(LockGraph, ThreeInARing) {
  auto result = find_lock_cycles({dep(1, {ex(A)}, ex(B)), dep(2, {ex(B)}, ex(C)), dep(3, {ex(C)}, ex(A))});
  ASSERT_EQ(result.cycles.size(), 1u);
  EXPECT_EQ(result.cycles[0].dependencies.size(), 3u);
  // ... but not with two threads.
  EXPECT_EQ(cycles({dep(1, {ex(A)}, ex(B)), dep(2, {ex(B)}, ex(C)), dep(1, {ex(C)}, ex(A))}), 0u);
}

TEST(LockGraph, ThirtyInARing) {
  std::vector<Dependency> all;
  for (uint32_t i = 0; i < 30; ++i) all.push_back(dep(i + 1, {ex(i)}, ex((i + 1) % 30)));
  auto result = find_lock_cycles(all);
  ASSERT_EQ(result.cycles.size(), 1u);
  EXPECT_EQ(result.cycles[0].dependencies.size(), 30u);
  EXPECT_LE(result.steps, 100'000u);
  CycleOptions shorter;
  shorter.max_length = 12;
  result = find_lock_cycles(all, shorter);
  EXPECT_TRUE(result.cycles.empty());
  EXPECT_TRUE(result.bounded) << "a cycle that was too long must not pass for none";
}

TEST(LockGraph, OrderBetweenThreads) {
  CycleOptions ordered;
  ordered.may_overlap = [](size_t, size_t) { return false; };
  EXPECT_EQ(cycles({dep(1, {ex(A)}, ex(B)), dep(2, {ex(B)}, ex(A))}, ordered), 0u);
}

TEST(LockGraph, WitnessIsSearched) {
  // Threads 1 and 2 are ordered, 1 and 3 are not: the one witness among interchangeable ones must be found.
  std::vector<Dependency> all{dep(1, {ex(A)}, ex(B)), dep(2, {ex(B)}, ex(A)), dep(3, {ex(B)}, ex(A))};
  for (auto &d : all) d.variant = 7;
  CycleOptions options;
  options.may_overlap = [](size_t a, size_t b) { return a + b != 1; };
  auto result = find_lock_cycles(all, options);
  ASSERT_EQ(result.cycles.size(), 1u);
  EXPECT_EQ(result.cycles[0].dependencies, (std::vector<size_t>{0, 2}));
}

TEST(LockGraph, WitnessIsAccepted) {
  // Ten threads on each side; only one pair will do.
  std::vector<Dependency> all;
  for (uint32_t t = 1; t <= 10; ++t) {
    all.push_back(dep(t, {ex(A)}, ex(B)));
    all.push_back(dep(t + 10, {ex(B)}, ex(A)));
  }
  for (auto &d : all) d.variant = 7;
  CycleOptions options;
  options.accept = [](const std::vector<size_t> &cycle) {
    return std::minmax({cycle[0], cycle[1]}) == std::pair<size_t, size_t>(6, 13);
  };
  auto result = find_lock_cycles(all, options);
  ASSERT_EQ(result.cycles.size(), 1u);
  EXPECT_FALSE(result.bounded);
  options.max_refused = 10;
  result = find_lock_cycles(all, options);
  EXPECT_TRUE(result.cycles.empty());
  EXPECT_TRUE(result.bounded) << "not all were asked";
}

// A thousand locks, each taken under fifty others, always in one order but for a single pair.
TEST(LockGraph, ThousandLocksDense) {
  std::vector<Dependency> all;
  for (uint32_t from = 0; from < 1000; ++from)
    for (uint32_t to = from + 1; to <= from + 50; ++to) all.push_back(dep(1 + from % 2, {ex(from)}, ex(to)));
  auto result = find_lock_cycles(all);
  EXPECT_TRUE(result.cycles.empty());
  EXPECT_FALSE(result.bounded);
  EXPECT_EQ(result.steps, 0u) << "no component, no search";
  all.push_back(dep(3, {ex(510)}, ex(500)));
  result = find_lock_cycles(all);
  ASSERT_FALSE(result.cycles.empty());
  EXPECT_EQ(result.cycles[0].dependencies.size(), 2u) << "the shortest first";
  EXPECT_LE(result.steps, CycleOptions().max_steps * 2);
}

TEST(LockGraph, HundredHeldAtOnce) {
  std::vector<LockUse> held;
  for (uint32_t lock = 100; lock < 200; ++lock) held.push_back(ex(lock));
  std::vector<Dependency> all{dep(1, held, ex(A))};
  for (uint32_t lock = 100; lock < 200; ++lock) all.push_back(dep(2, {ex(A)}, ex(lock)));
  auto result = find_lock_cycles(all);
  EXPECT_EQ(result.cycles.size(), 100u) << "one for each lock";
  EXPECT_FALSE(result.bounded);
  EXPECT_LE(result.steps, 100'000u);
}

TEST(LockGraph, OnePerSetOfPlaces) {
  std::vector<Dependency> all;
  for (uint32_t pair = 0; pair < 500; ++pair) { // per-object locks, the same two functions
    all.push_back({1, false, {ex(2 * pair)}, ex(2 * pair + 1), 1});
    all.push_back({2, false, {ex(2 * pair + 1)}, ex(2 * pair), 2});
  }
  EXPECT_EQ(cycles(all), 1u);
  for (auto &d : all) d.variant = 0; // places not known: every pair counts
  EXPECT_EQ(cycles(all), 500u);
}

// ---- bounds

TEST(LockGraph, CompleteGraphStaysBounded) {
  std::vector<Dependency> all; // every thread takes every pair: an exponential number of simple cycles
  for (uint32_t i = 0; i < 40; ++i)
    for (uint32_t j = 0; j < 40; ++j)
      if (i != j) all.push_back(dep(i + 1, {ex(i)}, ex(j)));
  auto start = std::chrono::steady_clock::now();
  auto result = find_lock_cycles(all);
  EXPECT_TRUE(result.bounded);
  EXPECT_EQ(result.cycles.size(), CycleOptions().max_cycles);
  EXPECT_EQ(result.cycles[0].dependencies.size(), 2u) << "shortest first";
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(LockGraph, ThousandsOfThreadsInPhases) {
  // 2000 threads each way, every pair ordered: no cycle, and not four million times the work of one.
  std::vector<Dependency> all;
  for (uint32_t i = 0; i < 2000; ++i) all.push_back({i + 1, false, {ex(A)}, ex(B), 1});
  for (uint32_t i = 0; i < 2000; ++i) all.push_back({i + 3000, false, {ex(B)}, ex(A), 2});
  CycleOptions ordered;
  ordered.may_overlap = [](size_t, size_t) { return false; };
  auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(cycles(all, ordered), 0u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(LockGraph, LongChainWithoutCycle) {
  std::vector<Dependency> all;
  for (uint32_t i = 0; i < 100'000; ++i) all.push_back(dep(i % 7, {ex(i)}, ex(i + 1)));
  auto result = find_lock_cycles(all);
  EXPECT_TRUE(result.cycles.empty());
  EXPECT_FALSE(result.bounded);
}

// ---- the oracle

using Key = std::vector<std::vector<uint32_t>>;

/// What a dependency is but for its agent.
std::vector<uint32_t> shape(const Dependency &d) {
  std::map<uint32_t, bool> held;
  for (LockUse use : d.held) {
    auto [at, fresh] = held.emplace(use.lock, use.shared);
    if (!fresh) at->second = at->second && use.shared;
  }
  std::vector<uint32_t> key{d.wanted.lock * 2 + d.wanted.shared};
  for (auto [lock, shared] : held) key.push_back(lock * 2 + shared);
  return key;
}

Key canonical(const std::vector<Dependency> &all, const std::vector<size_t> &cycle) {
  Key key, best;
  for (size_t i : cycle) key.push_back(shape(all[i]));
  best = key;
  for (size_t i = 0; i < key.size(); ++i) {
    std::rotate(key.begin(), key.begin() + 1, key.end());
    best = std::min(best, key);
  }
  return best;
}

/// The definition, word for word, on a sequence of dependencies.
bool is_deadlock(const std::vector<Dependency> &all, const std::vector<size_t> &s, const CycleOptions &options) {
  auto holds = [&](const Dependency &d, uint32_t lock, bool &exclusive) {
    bool any = false;
    exclusive = false;
    for (LockUse use : d.held)
      if (use.lock == lock) {
        any = true;
        exclusive |= !use.shared;
      }
    return any;
  };
  for (size_t i = 0; i < s.size(); ++i) {
    const Dependency &me = all[s[i]], &next = all[s[(i + 1) % s.size()]];
    bool exclusive;
    if (holds(me, me.wanted.lock, exclusive)) return false;
    if (!holds(next, me.wanted.lock, exclusive)) return false;
    if (me.wanted.shared && !exclusive && !options.writer_preference(me.wanted.lock)) return false;
    for (size_t j = 0; j < s.size(); ++j) {
      if (i == j) continue;
      const Dependency &other = all[s[j]];
      if (me.agent == other.agent && !me.repeats) return false;
      if (me.wanted.lock == other.wanted.lock) return false;
      if (!options.may_overlap(std::min(s[i], s[j]), std::max(s[i], s[j]))) return false;
      for (LockUse use : me.held) {
        bool mine, theirs;
        if (holds(me, use.lock, mine) && holds(other, use.lock, theirs) && (mine || theirs)) return false;
      }
    }
  }
  return true;
}

void all_sequences(const std::vector<Dependency> &all, std::vector<size_t> &s, const CycleOptions &options,
                   std::set<Key> &out) {
  if (s.size() >= 2 && is_deadlock(all, s, options)) out.insert(canonical(all, s));
  if (s.size() == 4) return;
  for (size_t i = 0; i < all.size(); ++i)
    if (std::find(s.begin(), s.end(), i) == s.end()) {
      s.push_back(i);
      all_sequences(all, s, options, out);
      s.pop_back();
    }
}

TEST(LockGraph, AgreesWithTheDefinition) {
  std::mt19937 random(1);
  auto upto = [&](uint32_t n) { return uint32_t(random() % n); };
  size_t with_cycles = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<Dependency> all;
    uint32_t locks = 2 + upto(4), agents = 1 + upto(4), readers = upto(3);
    std::vector<bool> repeats(agents);
    for (uint32_t a = 0; a < agents; ++a) repeats[a] = upto(8) == 0;
    for (uint32_t n = 2 + upto(6); n; --n) {
      Dependency d;
      d.agent = upto(agents);
      d.repeats = repeats[d.agent];
      for (uint32_t h = upto(4); h; --h) d.held.push_back({upto(locks), upto(3) < readers});
      d.wanted = {upto(locks), upto(3) < readers};
      all.push_back(d);
    }
    uint32_t salt = random(), density = upto(3);
    CycleOptions options;
    options.max_length = 4;
    options.may_overlap = [&](size_t a, size_t b) {
      return ((std::min(a, b) * 31 + std::max(a, b)) * 2654435761u ^ salt) % 4 >= density;
    };
    options.writer_preference = [&](uint32_t lock) { return (lock ^ salt) % 5 == 0; };
    std::set<Key> expected, found;
    std::vector<size_t> s;
    all_sequences(all, s, options, expected);
    for (const LockCycle &cycle : find_lock_cycles(all, options).cycles) {
      ASSERT_TRUE(is_deadlock(all, cycle.dependencies, options)) << "round " << round;
      EXPECT_TRUE(found.insert(canonical(all, cycle.dependencies)).second) << "twice, round " << round;
    }
    ASSERT_EQ(found, expected) << "round " << round;
    with_cycles += !expected.empty();
  }
  EXPECT_GT(with_cycles, 500u) << "the oracle must have had something to find";
}

TEST(LockGraph, Deterministic) {
  std::mt19937 random(2);
  for (int round = 0; round < 50; ++round) {
    std::vector<Dependency> all;
    for (int n = 0; n < 60; ++n)
      all.push_back(dep(random() % 6, {ex(random() % 9), sh(random() % 9)}, ex(random() % 9)));
    auto first = find_lock_cycles(all), second = find_lock_cycles(all);
    ASSERT_EQ(first.cycles.size(), second.cycles.size());
    for (size_t i = 0; i < first.cycles.size(); ++i)
      EXPECT_EQ(first.cycles[i].dependencies, second.cycles[i].dependencies);
  }
}

} // namespace
