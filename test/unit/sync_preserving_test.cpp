// The closure against the definition: on thousands of small random traces every reordering is tried.
#include "checks/sync_preserving.h"
#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

using namespace snarl;

namespace {

using Kind = LogEvent::Kind;

/// Builds a log by running threads one event at a time, so that it is one that can happen.
class Recorder {
public:
  Recorder(uint32_t threads, uint32_t locks) {
    log.threads.resize(threads);
    for (uint32_t t = 0; t < threads; ++t) {
      log.threads[t].id = t + 1;
      log.threads[t].whole = true;
    }
    for (uint32_t l = 0; l < locks; ++l) log.locks.push_back(l + 1);
    sequence_.resize(locks);
    log.objects.push_back(0x1000);
  }

  void take(uint32_t t, uint32_t lock, bool shared = false, bool tried = false) {
    LogEvent e;
    e.kind = Kind::Acquire;
    e.lock = lock;
    e.number = ++sequence_[lock];
    e.shared = shared;
    e.tried = tried;
    open_[{t, lock}] = add(t, e);
  }
  void give(uint32_t t, uint32_t lock) {
    LogEvent e;
    e.kind = Kind::Release;
    e.lock = lock;
    e.partner = open_.at({t, lock});
    open_.erase({t, lock});
    log.threads[t].events[e.partner].partner = log.threads[t].events.size();
    add(t, e);
  }
  void create(uint32_t t, uint32_t child) { other(t, Kind::Create, child + 1); }
  void join(uint32_t t, uint32_t child) { other(t, Kind::Join, child + 1); }
  void tell(uint32_t t, Kind kind, char what, bool done = false) {
    LogEvent e;
    e.kind = kind;
    e.what = what;
    e.number = ++number_;
    e.done = done;
    add(t, e);
  }
  bool holds(uint32_t t, uint32_t lock) const { return open_.count({t, lock}) != 0; }
  bool free_for(uint32_t lock, bool shared) const {
    for (const auto &[key, index] : open_)
      if (key.second == lock && !(shared && log.threads[key.first].events[index].shared)) return false;
    return true;
  }

  FullLog log;

private:
  uint32_t add(uint32_t t, LogEvent e) {
    log.threads[t].events.push_back(e);
    return log.threads[t].events.size() - 1;
  }
  void other(uint32_t t, Kind kind, uint32_t id) {
    LogEvent e;
    e.kind = kind;
    e.lock = id;
    add(t, e);
  }
  std::vector<uint32_t> sequence_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> open_;
  uint32_t number_ = 0;
};

struct Acquire {
  uint32_t thread, index;
  std::vector<std::pair<uint32_t, bool>> held; ///< lock, shared
};

std::vector<Acquire> nested(const FullLog &log) {
  std::vector<Acquire> all;
  for (uint32_t t = 0; t < log.threads.size(); ++t) {
    std::vector<std::pair<uint32_t, bool>> held;
    for (uint32_t i = 0; i < log.threads[t].events.size(); ++i) {
      const LogEvent &e = log.threads[t].events[i];
      if (e.kind == Kind::Release) std::erase_if(held, [&](auto h) { return h.first == e.lock; });
      if (e.kind != Kind::Acquire) continue;
      if (!held.empty() && !e.tried) all.push_back({t, i, held});
      held.push_back({e.lock, e.shared});
    }
  }
  return all;
}

/// Walks through all reorderings that respect threads, edges and locks; with `preserving`, also the order of sections
/// of each lock. A state is how far each thread has come; whoever is reached is asked.
class Reorderings {
public:
  Reorderings(const FullLog &log, bool preserving) : log_(log), preserving_(preserving) {}

  bool any(const std::function<bool(const std::vector<uint32_t> &)> &asked) {
    seen_.clear();
    asked_ = &asked;
    return walk(std::vector<uint32_t>(log_.threads.size()));
  }

private:
  bool can(const std::vector<uint32_t> &at, uint32_t t) const {
    for (const LogEdge &edge : log_.threads[t].edges)
      if (edge.to == at[t] && at[edge.thread] <= edge.index) return false;
    const LogEvent &e = log_.threads[t].events[at[t]];
    if (e.kind != Kind::Acquire) return true;
    for (uint32_t u = 0; u < log_.threads.size(); ++u)
      for (uint32_t i = 0; i < at[u]; ++i) {
        const LogEvent &other = log_.threads[u].events[i];
        if (other.kind != Kind::Acquire || other.lock != e.lock || (other.shared && e.shared)) continue;
        if (other.partner == LogEvent::none || other.partner >= at[u]) return false; // held
        if (preserving_ && other.number > e.number) return false;                    // was later in the run
      }
    return true;
  }

  bool walk(const std::vector<uint32_t> &at) {
    if (!seen_.insert(at).second) return false;
    if ((*asked_)(at)) return true;
    for (uint32_t t = 0; t < at.size(); ++t) {
      if (at[t] == log_.threads[t].events.size() || !can(at, t)) continue;
      std::vector<uint32_t> next = at;
      ++next[t];
      if (walk(next)) return true;
    }
    return false;
  }

  const FullLog &log_;
  bool preserving_;
  const std::function<bool(const std::vector<uint32_t> &)> *asked_ = nullptr;
  std::set<std::vector<uint32_t>> seen_;
};

/// A random program, run by a random scheduler. Never deadlocks: who cannot go on lets others; if nobody can, the log
/// ends there, as that of a run that hung.
FullLog random_log(std::mt19937 &random) {
  uint32_t threads = 2 + random() % 2, locks = 2 + random() % 2;
  Recorder run(threads, locks);
  std::vector<std::vector<std::pair<uint32_t, bool>>> held(threads); ///< a stack, mostly
  std::vector<bool> started(threads, false), ended(threads, false);
  started[0] = true;
  uint32_t posts = 0;
  size_t budget = 12 + random() % 12;
  for (size_t step = 0; step < 90 && budget; ++step) {
    uint32_t t = random() % threads;
    if (!started[t]) {
      uint32_t parent = random() % threads;
      if (!started[parent] || ended[parent] || parent == t) continue;
      run.create(parent, t);
      started[t] = true;
      continue;
    }
    if (ended[t]) {
      uint32_t joiner = random() % threads;
      if (joiner == t || !started[joiner] || ended[joiner] || random() % 2) continue;
      run.join(joiner, t);
      --budget;
      continue;
    }
    switch (random() % 8) {
    case 0:
    case 1:
    case 2: {
      uint32_t lock = random() % locks;
      bool shared = random() % 4 == 0;
      if (run.holds(t, lock) || !run.free_for(lock, shared)) break;
      run.take(t, lock, shared, random() % 8 == 0);
      held[t].push_back({lock, shared});
      --budget;
      break;
    }
    case 3:
    case 4:
    case 5:
      if (held[t].empty()) break;
      std::swap(held[t].back(), held[t][random() % held[t].size()]);
      run.give(t, held[t].back().first);
      held[t].pop_back();
      --budget;
      break;
    case 6:
      if (random() % 3 == 0)
        run.tell(t, Kind::Wake, 'p'), ++posts, --budget;
      else if (posts && random() % 2)
        run.tell(t, Kind::Waited, 'p', true), --posts, --budget;
      break;
    default:
      if (held[t].empty() && t && random() % 4 == 0) ended[t] = true;
    }
  }
  // What is open is given back, but for some.
  for (uint32_t t = 0; t < threads; ++t) {
    while (!held[t].empty() && random() % 8) {
      run.give(t, held[t].back().first);
      held[t].pop_back();
    }
    run.log.threads[t].whole = held[t].empty();
  }
  run.log.link();
  return run.log;
}

/// Does one wait for a lock that the next holds, round and round?
bool circle(const FullLog &log, const std::vector<const Acquire *> &sides) {
  for (size_t i = 0; i < sides.size(); ++i) {
    const LogEvent &want = log.threads[sides[i]->thread].events[sides[i]->index];
    const Acquire &next = *sides[(i + 1) % sides.size()];
    bool blocks = std::any_of(next.held.begin(), next.held.end(),
                              [&](auto h) { return h.first == want.lock && !(h.second && want.shared); });
    if (!blocks || next.thread == sides[i]->thread) return false;
  }
  return true;
}

TEST(SyncPreserving, AgreesWithTheDefinition) {
  std::mt19937 random(11);
  size_t asked = 0, yes = 0, no = 0;
  for (int round = 0; round < 10000; ++round) {
    FullLog log = random_log(random);
    std::vector<Acquire> all = nested(log);
    SyncPreserving test(log);
    for (const Acquire &a : all)
      for (const Acquire &b : all) {
        if (a.thread >= b.thread) continue;
        std::vector<std::vector<const Acquire *>> patterns{{&a, &b}};
        for (const Acquire &c : all)
          if (c.thread != a.thread && c.thread != b.thread) patterns.push_back({&a, &b, &c});
        for (const auto &sides : patterns) {
          if (!circle(log, sides)) continue;
          ++asked;
          std::vector<std::vector<uint32_t>> at;
          std::vector<PatternSide> pattern;
          for (const Acquire *side : sides) at.push_back({side->index});
          for (size_t i = 0; i < sides.size(); ++i) pattern.push_back({sides[i]->thread, &at[i]});
          auto stuck = [&](const std::vector<uint32_t> &done) {
            return std::all_of(sides.begin(), sides.end(),
                               [&](const Acquire *s) { return done[s->thread] == s->index; });
          };
          auto witness = test.check(pattern);
          ASSERT_EQ(witness.has_value(), Reorderings(log, true).any(stuck)) << "round " << round;
          (witness ? yes : no)++;
          if (!witness) continue;
          // Sound whatever one thinks of the definition: it is a schedule, and then nobody of the circle can go on.
          ASSERT_TRUE(stuck(witness->done));
          ASSERT_TRUE(Reorderings(log, false).any(stuck)) << "round " << round;
          std::vector<uint32_t> done(log.threads.size());
          for (const ScheduleRun &run : test.schedule(*witness)) {
            ASSERT_EQ(run.from, done[run.thread]);
            done[run.thread] = run.to;
          }
          ASSERT_EQ(done, witness->done) << "round " << round;
        }
      }
  }
  EXPECT_GT(yes, 300u) << asked;
  EXPECT_GT(no, 300u) << asked;
}

// With all acquisitions of one kind on a side: the first that can be reached must be found.
TEST(SyncPreserving, FindsTheRightOccurrence) {
  std::mt19937 random(12);
  size_t later = 0;
  for (int round = 0; round < 15000; ++round) {
    FullLog log = random_log(random);
    std::map<std::tuple<uint32_t, uint32_t, bool, std::vector<std::pair<uint32_t, bool>>>, std::vector<uint32_t>> kinds;
    std::vector<Acquire> all = nested(log), kind;
    for (const Acquire &a : all) {
      const LogEvent &e = log.threads[a.thread].events[a.index];
      auto &list = kinds[{a.thread, e.lock, e.shared, a.held}];
      if (list.empty()) kind.push_back(a);
      list.push_back(a.index);
    }
    SyncPreserving test(log);
    for (const Acquire &a : kind)
      for (const Acquire &b : kind) {
        if (a.thread >= b.thread || !circle(log, {&a, &b})) continue;
        auto list = [&](const Acquire &x) -> const std::vector<uint32_t> & {
          const LogEvent &e = log.threads[x.thread].events[x.index];
          return kinds.at({x.thread, e.lock, e.shared, x.held});
        };
        auto stuck = [&](const std::vector<uint32_t> &done) {
          auto there = [&](const Acquire &x) {
            return std::count(list(x).begin(), list(x).end(), done[x.thread]) != 0;
          };
          return there(a) && there(b);
        };
        auto witness = test.check({{a.thread, &list(a)}, {b.thread, &list(b)}});
        ASSERT_EQ(witness.has_value(), Reorderings(log, true).any(stuck)) << "round " << round;
        later += witness && (witness->wanted[0] != list(a)[0] || witness->wanted[1] != list(b)[0]);
      }
  }
  EXPECT_GT(later, 0u);
}

// ---- the named cases

TEST(SyncPreserving, OppositeOrdersOneAfterTheOther) {
  Recorder run(2, 2);
  for (uint32_t t : {0, 1}) {
    run.take(t, t), run.take(t, 1 - t);
    run.give(t, 1 - t), run.give(t, t);
  }
  run.log.link();
  std::vector<uint32_t> second{1};
  auto witness = SyncPreserving(run.log).check({{0, &second}, {1, &second}});
  ASSERT_TRUE(witness);
  EXPECT_EQ(witness->done, (std::vector<uint32_t>{1, 1}));
}

TEST(SyncPreserving, JoinedBefore) {
  Recorder run(3, 2);
  run.create(0, 1);
  run.take(1, 0), run.take(1, 1), run.give(1, 1), run.give(1, 0);
  run.join(0, 1);
  run.create(0, 2);
  run.take(2, 1), run.take(2, 0), run.give(2, 0), run.give(2, 1);
  run.log.link();
  std::vector<uint32_t> second{1};
  EXPECT_FALSE(SyncPreserving(run.log).check({{1, &second}, {2, &second}}));
}

// A signal is no reason for those who did not wait for it, and a timed-out wait for nobody.
TEST(FullLog, ConditionsOrderWhoWasWoken) {
  for (bool done : {true, false}) {
    Recorder run(2, 1);
    run.tell(0, Kind::Wake, 'c'); // before the wait
    run.tell(1, Kind::Wait, 'c');
    run.tell(0, Kind::Wake, 'C');
    run.tell(1, Kind::Waited, 'c', done);
    run.log.link();
    ASSERT_EQ(run.log.threads[1].edges.size(), done ? 1u : 0u);
    if (done) {
      EXPECT_EQ(run.log.threads[1].edges[0].index, 1u);
    }
  }
}

TEST(FullLog, WhatWasLostCutsWhatCameAfter) {
  Recorder run(3, 1);
  run.tell(0, Kind::Wake, 'p');
  run.tell(1, Kind::Waited, 'p', true);
  run.take(1, 0);
  run.tell(0, Kind::Wake, 'p');
  run.tell(2, Kind::Waited, 'p', true);
  FullLog whole = run.log;
  EXPECT_EQ(whole.link(), 0u);
  run.log.threads[0].events.clear(); // killed with it in the buffer
  EXPECT_EQ(run.log.link(), 3u);
  EXPECT_TRUE(run.log.threads[1].events.empty());
  EXPECT_TRUE(run.log.threads[2].events.empty());
}

TEST(FullLog, JoinOfAThreadThatIsNotWhole) {
  Recorder run(2, 1);
  run.create(0, 1);
  run.take(1, 0);
  run.join(0, 1);
  run.take(0, 0);
  run.log.threads[1].whole = false;
  EXPECT_EQ(run.log.link(), 2u);
  EXPECT_EQ(run.log.threads[0].events.size(), 1u);
}

// Thread 0 hands over by a condition; thread 1 takes the mutex late and need not wait. Whether it is a consumer the
// place tells: here 7, which has waited before; 8, which went on before anybody signalled; 9, of which nothing is
// known.
TEST(FullLog, HandOverWithoutAWait) {
  for (uint32_t place : {7u, 8u, 9u}) {
    Recorder run(3, 1);
    auto section = [&](uint32_t t, uint32_t at, char event) {
      run.take(t, 0);
      run.log.threads[t].events.back().stack = at;
      if (event == 'w') {
        run.give(t, 0);
        run.tell(t, Kind::Wait, 'c');
        run.tell(t, Kind::Waited, 'c', false);
        run.take(t, 0);
        run.log.threads[t].events.back().again = true;
      }
      if (event == 's') run.tell(t, Kind::Wake, 'c');
      run.give(t, 0);
    };
    section(2, 7, 'w');
    section(2, 8, 0);
    section(0, 1, 's');
    uint32_t taken = run.log.threads[1].events.size();
    section(1, place, 0);
    run.log.link();
    bool ordered = false;
    for (const LogEdge &edge : run.log.threads[1].edges) ordered |= edge.thread == 0 && edge.to == taken;
    EXPECT_EQ(ordered, place != 8) << place;
  }
}

// Linear: the work grows with the log, not with its square.
TEST(SyncPreserving, WorkIsLinear) {
  auto work = [](uint32_t rounds) {
    Recorder run(2, 3);
    std::vector<uint32_t> acquires[2];
    for (uint32_t i = 0; i < rounds; ++i)
      for (uint32_t t : {0, 1}) {
        run.take(t, 2); // a gate: never
        acquires[t].push_back(run.log.threads[t].events.size() + 1);
        run.take(t, t), run.take(t, 1 - t);
        run.give(t, 1 - t), run.give(t, t), run.give(t, 2);
      }
    run.log.link();
    SyncPreserving test(run.log);
    EXPECT_FALSE(test.check({{0, &acquires[0]}, {1, &acquires[1]}}));
    return test.steps();
  };
  size_t small = work(1000), large = work(10000);
  EXPECT_LE(large, small * 11);
}

} // namespace
