// From situations to lock-order findings.
//
// Within a run locks are instances, and everything that excludes a deadlock is known: which threads did it, what else
// they held, and what create, join, barriers and hand-overs order. What is so excluded is no finding. Where order was
// no longer recorded (bounds of the library), what the recorded part says about the same places is taken for the rest;
// where it says nothing, the finding is only `possible`.
//
// Across runs locks are classes, threads are what they were made for, and order is known only where one run saw both
// sides. So what the main thread did while it was alone (it may do that in any order) does not count, the sides must
// belong to different threads, and if some run saw both and its order excludes that they meet, that counts for all
// runs.
#include "lock_order_run.h"
#include "lock_graph.h"
#include "lock_order_feasible.h"
#include "lock_order_sides.h"
#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace snarl {
namespace {

/// Equal numbers for equal lists: places, classes.
class Numbers {
public:
  uint32_t of(const std::vector<uint64_t> &list) { return known_.emplace(list, known_.size() + 1).first->second; }
  uint32_t of(const std::string &text) { return words_.emplace(text, words_.size() + 1).first->second; }

private:
  std::map<std::vector<uint64_t>, uint32_t> known_;
  std::map<std::string, uint32_t> words_;
};

/// Situations of one run as dependencies: threads are agents, instances are locks, stacks are places.
class WithinRun {
public:
  explicit WithinRun(const Run &run) : run_(run) {
    for (size_t i = 0; i < run.situations.size(); ++i) {
      const Situation &s = run.situations[i];
      Dependency d;
      d.agent = s.segment.thread;
      d.wanted = {s.wanted, s.mode == LockMode::Shared};
      std::vector<uint64_t> place{s.stack};
      for (const HeldLock &held : s.held) {
        d.held.push_back({held.lock, held.mode == LockMode::Shared, held.on_purpose});
        place.push_back(held.taken);
      }
      // Without a stack there is no telling one place from another.
      bool known = std::find(place.begin(), place.end(), 0u) == place.end();
      d.variant = known ? places_.of(place) : 0;
      place.push_back(s.wanted);
      for (const HeldLock &held : s.held) place.push_back(held.lock);
      kind_.push_back(kinds_.of(place));
      if (run.tracked(s.segment)) tracked_[kind_[i]].push_back(i);
      all_.push_back(std::move(d));
    }
  }

  void find(Tier tier, Findings &found) {
    std::vector<size_t> used; // position among the dependencies -> situation
    std::vector<Dependency> dependencies;
    for (size_t i = 0; i < all_.size(); ++i)
      if (tier == Tier::Possible || run_.tracked(run_.situations[i].segment)) {
        used.push_back(i);
        dependencies.push_back(all_[i]);
      }
    CycleOptions options;
    options.may_overlap = [&](size_t a, size_t b) { return may_overlap(used[a], used[b]); };
    options.writer_preference = [&](uint32_t lock) {
      auto at = run_.locks.find(lock);
      return at != run_.locks.end() && at->second.kind == RunLockKind::RwlockPreferWriter;
    };
    CycleResult result = find_lock_cycles(dependencies, options);
    if (result.bounded) run_.blind_spots.push_back("there are more circles in the order of locks than were looked at");
    for (const LockCycle &cycle : result.cycles) {
      std::vector<Side> sides;
      size_t before = used[cycle.dependencies.back()];
      for (size_t d : cycle.dependencies) {
        const Situation &here = run_.situations[used[d]];
        sides.push_back({&run_, &here, held_by(here, run_.situations[before].wanted)});
        before = used[d];
      }
      if (!happened(run_, sides)) add_surest(describe(std::move(sides), tier, false), found);
    }
  }

private:
  bool overlap(size_t a, size_t b) const {
    return run_.may_overlap(run_.situations[a].segment, run_.situations[b].segment);
  }

  bool may_overlap(size_t a, size_t b) {
    if (!overlap(a, b)) return false;
    if (run_.tracked(run_.situations[a].segment) && run_.tracked(run_.situations[b].segment)) return true;
    // Did the same two kinds of situation ever overlap while order was recorded?
    auto [at, fresh] = evidence_.emplace(std::minmax(kind_[a], kind_[b]), true);
    if (!fresh) return at->second;
    const std::vector<size_t> &x = tracked_[kind_[a]], &y = tracked_[kind_[b]];
    auto meets = [&](size_t i) { return std::any_of(y.begin(), y.end(), [&](size_t j) { return overlap(i, j); }); };
    at->second = x.empty() || y.empty() || std::any_of(x.begin(), x.end(), meets);
    return at->second;
  }

  const Run &run_;
  std::vector<Dependency> all_;                     ///< of each situation
  std::vector<uint32_t> kind_;                      ///< of each situation: equal places and locks
  std::map<uint32_t, std::vector<size_t>> tracked_; ///< by kind
  std::map<std::pair<uint32_t, uint32_t>, bool> evidence_;
  Numbers places_, kinds_;
};

} // namespace

void lock_order_from_run(const Run &run, Findings &out) {
  WithinRun search(run);
  Findings found;
  search.find(Tier::Ordered, found);
  if (!run.untracked_after.empty()) search.find(Tier::Possible, found);
  if (run.full_log) lock_order_from_full_log(run, found);
  out.insert(out.end(), found.begin(), found.end());
}

// ---- across runs

namespace {

/// A situation as it can be compared between runs.
struct General {
  const Run *run = nullptr;
  size_t run_index = 0;
  const Situation *situation = nullptr;
  uint32_t signature = 0; ///< classes and places of what is held and wanted
};

class AcrossRuns {
public:
  explicit AcrossRuns(const std::vector<Run> &runs) : runs_(runs) {}

  void find(Findings &found) {
    for (size_t r = 0; r < runs_.size(); ++r) collect(r);
    CycleOptions options;
    options.may_overlap = [&](size_t a, size_t b) { return may_overlap(general_[a], general_[b]); };
    Findings here;
    for (const LockCycle &cycle : find_lock_cycles(dependencies_, options).cycles) {
      std::set<size_t> used;
      std::vector<Side> sides;
      for (size_t i = 0; i < cycle.dependencies.size(); ++i) {
        size_t before = cycle.dependencies[(i + cycle.dependencies.size() - 1) % cycle.dependencies.size()];
        const General &g = general_[cycle.dependencies[i]];
        used.insert(g.run_index);
        Side side{g.run, g.situation, {}};
        for (const HeldLock &held : g.situation->held)
          if (class_of(g.run_index, held.lock) == dependencies_[before].wanted.lock) side.held = held;
        sides.push_back(side);
      }
      if (used.size() > 1) add_surest(describe(std::move(sides), Tier::Possible, true), here);
    }
    for (Finding &finding : here) {
      bool known = std::any_of(found.begin(), found.end(), [&](const Finding &f) { return f.key == finding.key; });
      if (!known) found.push_back(std::move(finding));
    }
  }

private:
  void collect(size_t r) {
    const Run &run = runs_[r];
    std::map<uint32_t, std::set<uint64_t>> instances; ///< class -> addresses; a global has one
    for (const Situation &s : run.situations) {
      instances[class_of(r, s.wanted)].insert(run.locks.count(s.wanted) ? run.locks.at(s.wanted).address : 0);
      for (const HeldLock &held : s.held)
        instances[class_of(r, held.lock)].insert(run.locks.count(held.lock) ? run.locks.at(held.lock).address : 0);
    }
    auto single = [&](LockId lock) { // a lock of which nothing is known is in no class
      return !run.lock_origin(lock).empty() && instances[class_of(r, lock)].size() == 1;
    };
    std::map<std::pair<uint32_t, uint32_t>, bool> once; ///< (signature, agent): one of each is enough
    for (const Situation &s : run.situations) {
      bool usable = single(s.wanted) &&
                    std::all_of(s.held.begin(), s.held.end(), [&](const HeldLock &h) { return single(h.lock); });
      if (!usable || (s.segment.thread == 1 && run.alone(s.segment))) continue;
      General g{&run, r, &s, 0};
      std::vector<uint64_t> signature{class_of(r, s.wanted), words_.of(run.spot(s.stack)), uint64_t(s.mode)};
      Dependency d;
      d.agent = thread_class(run, s);
      d.repeats = repeats(run, s.segment.thread);
      d.wanted = {class_of(r, s.wanted), s.mode == LockMode::Shared};
      for (const HeldLock &held : s.held) {
        d.held.push_back({class_of(r, held.lock), held.mode == LockMode::Shared, held.on_purpose});
        signature.push_back(class_of(r, held.lock));
        signature.push_back(words_.of(run.spot(held.taken)));
      }
      g.signature = d.variant = signatures_.of(signature);
      std::vector<SegmentId> &seen = seen_[g.signature][r];
      constexpr size_t enough = 100; // to know whether two kinds of situation meet
      if (seen.size() < enough) seen.push_back(s.segment);
      if (!once.emplace(std::pair(g.signature, d.agent), true).second) continue;
      general_.push_back(g);
      dependencies_.push_back(std::move(d));
    }
  }

  uint32_t class_of(size_t r, LockId lock) {
    auto [at, fresh] = classes_.emplace(std::pair(r, lock), 0);
    if (fresh) at->second = words_.of(runs_[r].lock_origin(lock));
    return at->second;
  }

  /// Threads that were created at the same place and run the same function do the same work. The main thread is
  /// number 1.
  uint32_t thread_class(const Run &run, const Situation &s) {
    if (s.segment.thread == 1) return 1;
    Stack frames = run.frames(s.stack);
    return 1 + words_.of(fmt::format("{} runs {}", created_at(run, s.segment.thread),
                                     frames.empty() ? "" : frames.back().function));
  }
  static std::string created_at(const Run &run, ThreadId thread) {
    auto found = run.threads.find(thread);
    return found == run.threads.end() ? "" : run.spot(found->second.created);
  }

  /// Was there another thread, created at the same place, at the same time?
  bool repeats(const Run &run, ThreadId thread) {
    auto [at, fresh] = repeats_.emplace(std::pair(&run, thread), false);
    if (!fresh || thread == 1) return at->second;
    std::string place = created_at(run, thread);
    for (const auto &[other, info] : run.threads)
      at->second |=
          other != thread && other != 1 && run.may_overlap({thread, 0}, {other, 0}) && created_at(run, other) == place;
    return at->second;
  }

  bool may_overlap(const General &a, const General &b) {
    if (a.run == b.run) return a.run->may_overlap(a.situation->segment, b.situation->segment);
    auto [at, fresh] = meet_.emplace(std::minmax(a.signature, b.signature), true);
    if (fresh) at->second = meet(seen_[a.signature], seen_[b.signature]);
    return at->second;
  }

  using Seen = std::map<size_t, std::vector<SegmentId>>; ///< run -> where
  /// What a run that saw both says about their order holds for all.
  bool meet(const Seen &a, const Seen &b) const {
    bool both = false;
    for (const auto &[r, segments] : a) {
      auto others = b.find(r);
      if (others == b.end()) continue;
      both = true;
      for (SegmentId segment : segments)
        for (SegmentId other : others->second)
          if (runs_[r].may_overlap(segment, other)) return true;
    }
    return !both;
  }

  const std::vector<Run> &runs_;
  std::vector<General> general_;
  std::vector<Dependency> dependencies_;
  std::map<std::pair<size_t, LockId>, uint32_t> classes_;
  std::map<uint32_t, Seen> seen_; ///< by signature
  std::map<std::pair<uint32_t, uint32_t>, bool> meet_;
  std::map<std::pair<const Run *, ThreadId>, bool> repeats_;
  Numbers words_, signatures_;
};

} // namespace

void lock_order_across_runs(const std::vector<Run> &runs, Findings &out) {
  if (runs.size() > 1) AcrossRuns(runs).find(out);
}

} // namespace snarl
