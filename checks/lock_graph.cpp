// How cycles are found without looking at all of them.
//
// Three things blow up. Dependencies: a pool of a thousand threads sees each situation a thousand times; so
// dependencies that hold and want the same are grouped, and threads are chosen only when a cycle of groups is known.
// Groups: they are the edges of the lock graph, from each lock held to the lock wanted, and only edges within one
// strongly connected component can be part of a cycle. Cycles: there can be exponentially many; they are enumerated by
// rising length (a long cycle that is reported beside the short one inside it helps nobody), each from its smallest
// lock, never going to a lock from which the start can no longer be reached within the length, never taking an edge
// that a gate excludes; every step is counted, and when the count is used up the result says so.
#include "lock_graph.h"
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace snarl {
namespace {

struct Group {
  std::vector<LockUse> held; ///< sorted by lock; of a lock held in both modes, the exclusive one
  LockUse wanted;
  std::map<uint32_t, std::vector<size_t>> members; ///< by variant: dependencies
};

/// Strongly connected components, without recursion: lock graphs of generated code are deep. Component numbers, by
/// node.
std::vector<uint32_t> components(const std::vector<std::vector<uint32_t>> &edges) {
  constexpr uint32_t none = UINT32_MAX;
  struct Visit {
    uint32_t node;
    size_t next;
  };
  std::vector<uint32_t> index(edges.size(), none), low(edges.size()), component(edges.size(), none), open;
  uint32_t count = 0, found = 0;
  for (uint32_t root = 0; root < edges.size(); ++root) {
    if (index[root] != none) continue;
    std::vector<Visit> path{{root, 0}};
    while (!path.empty()) {
      auto &[node, next] = path.back();
      if (next == 0) {
        index[node] = low[node] = count++;
        open.push_back(node);
      }
      if (next < edges[node].size()) {
        uint32_t to = edges[node][next++];
        if (index[to] == none)
          path.push_back({to, 0});
        else if (component[to] == none)
          low[node] = std::min(low[node], index[to]);
        continue;
      }
      uint32_t done = node;
      if (low[done] == index[done]) {
        for (uint32_t top = none; top != done; open.pop_back()) component[top = open.back()] = found;
        ++found;
      }
      path.pop_back();
      if (!path.empty()) low[path.back().node] = std::min(low[path.back().node], low[done]);
    }
  }
  return component;
}

class Search {
public:
  Search(const std::vector<Dependency> &dependencies, const CycleOptions &options)
      : all_(dependencies), options_(options) {
    make_groups();
    make_graph();
  }

  CycleResult run() {
    bool more = true; // is there anything longer?
    for (size_t length = 2; more && length <= options_.max_length && !spent(); ++length) {
      more = false;
      for (start_ = 0; start_ < next_.size() && !spent(); ++start_) {
        if (next_[start_].empty()) continue;
        // No start may use up what the others need.
        share_ = steps_ + std::max<size_t>(options_.max_steps / 8, 1);
        measure();
        more |= extend(start_, length);
      }
    }
    result_.bounded |= more;
    result_.steps = steps_;
    std::sort(result_.cycles.begin(), result_.cycles.end(), [](const LockCycle &a, const LockCycle &b) {
      if (a.dependencies.size() != b.dependencies.size()) return a.dependencies.size() < b.dependencies.size();
      return a.dependencies < b.dependencies;
    });
    return std::move(result_);
  }

private:
  void make_groups();
  void make_graph();
  void measure();
  bool extend(uint32_t lock, size_t length);
  bool joins(uint32_t g);
  void witnesses();
  bool choose(const std::vector<const std::vector<size_t> *> &from, std::vector<size_t> &chosen, size_t &budget);

  bool spent() {
    bool over = steps_ > options_.max_steps || result_.cycles.size() >= options_.max_cycles;
    result_.bounded |= over;
    return over;
  }

  /// Has one who wants `want` to wait for one who holds `held`, the same lock?
  bool excludes(LockUse want, LockUse held) const {
    return !want.shared || !held.shared || (options_.writer_preference && options_.writer_preference(want.lock));
  }
  static const LockUse *find(const std::vector<LockUse> &held, uint32_t lock) {
    auto at = std::lower_bound(held.begin(), held.end(), lock, [](LockUse u, uint32_t l) { return u.lock < l; });
    return at != held.end() && at->lock == lock ? &*at : nullptr;
  }
  /// A lock that both hold, not both for reading, keeps them from being there together.
  static bool gate(const Group &a, const Group &b) {
    for (LockUse use : a.held)
      if (const LockUse *other = find(b.held, use.lock); other && !(use.shared && other->shared)) return true;
    return false;
  }
  bool compatible(size_t a, size_t b) {
    const Dependency &x = all_[a], &y = all_[b];
    if (x.agent == y.agent && !x.repeats) return false;
    ++steps_;
    return !options_.may_overlap || options_.may_overlap(a, b);
  }
  /// Is there a pair of dependencies in the two groups that can happen at the same time?
  bool compatible_groups(uint32_t g, uint32_t h);

  const std::vector<Dependency> &all_;
  const CycleOptions &options_;
  std::vector<Group> groups_;
  // Locks by dense numbers, in the order in which they were met. Only edges within a component are kept.
  std::unordered_map<uint32_t, uint32_t> dense_;
  std::vector<std::vector<uint32_t>> next_, previous_;        ///< lock -> locks, ascending
  std::unordered_map<uint64_t, std::vector<uint32_t>> edges_; ///< (held, wanted) -> groups
  std::vector<uint32_t> way_back_; ///< edges from a lock to the start, over locks not smaller than it
  std::vector<uint32_t> measured_; ///< the locks whose way_back_ is known
  uint32_t start_ = 0;
  std::vector<uint32_t> path_; ///< groups; the first holds the start
  std::unordered_map<uint64_t, bool> compatible_;
  size_t share_ = 0;                              ///< steps_ at which the present start has had its share
  std::map<std::vector<uint32_t>, size_t> found_; ///< cycles returned, by their locks
  std::set<std::vector<uint32_t>> seen_;          ///< variants of cycles already returned
  size_t steps_ = 0;
  CycleResult result_;
};

void Search::make_groups() {
  std::map<std::vector<uint64_t>, size_t> known;
  for (size_t i = 0; i < all_.size(); ++i) {
    std::vector<LockUse> held = all_[i].held;
    std::sort(held.begin(), held.end(),
              [](LockUse a, LockUse b) { return std::tie(a.lock, a.shared) < std::tie(b.lock, b.shared); });
    held.erase(std::unique(held.begin(), held.end(), [](LockUse a, LockUse b) { return a.lock == b.lock; }),
               held.end());
    // Wanting what one holds is no matter of order: it never waits (recursive), or always (self-deadlock).
    if (held.empty() || find(held, all_[i].wanted.lock)) continue;
    std::vector<uint64_t> key{uint64_t(all_[i].wanted.lock) << 1 | all_[i].wanted.shared};
    for (LockUse use : held) key.push_back(uint64_t(use.lock) << 2 | use.gate_only << 1 | use.shared);
    auto [at, fresh] = known.emplace(std::move(key), groups_.size());
    if (fresh) groups_.push_back({std::move(held), all_[i].wanted, {}});
    groups_[at->second].members[all_[i].variant].push_back(i);
  }
}

static uint64_t edge(uint32_t from, uint32_t to) {
  return uint64_t(from) << 32 | to;
}

void Search::make_graph() {
  auto node = [&](uint32_t lock) { return dense_.emplace(lock, dense_.size()).first->second; };
  std::vector<std::vector<uint32_t>> all;
  for (const Group &group : groups_)
    for (LockUse use : group.held) {
      if (use.gate_only) continue;
      uint32_t from = node(use.lock), to = node(group.wanted.lock);
      all.resize(dense_.size());
      all[from].push_back(to);
    }
  for (auto &to : all) {
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
  }
  std::vector<uint32_t> component = components(all);
  next_.resize(all.size());
  previous_.resize(all.size());
  way_back_.assign(all.size(), UINT32_MAX);
  for (uint32_t from = 0; from < all.size(); ++from)
    for (uint32_t to : all[from])
      if (component[from] == component[to]) {
        next_[from].push_back(to);
        previous_[to].push_back(from);
      }
  for (uint32_t g = 0; g < groups_.size(); ++g)
    for (LockUse use : groups_[g].held) {
      if (use.gate_only) continue;
      uint32_t from = node(use.lock), to = node(groups_[g].wanted.lock);
      if (component[from] == component[to]) edges_[edge(from, to)].push_back(g);
    }
}

/// Breadth first from the start along reversed edges.
void Search::measure() {
  for (uint32_t lock : measured_) way_back_[lock] = UINT32_MAX;
  way_back_[start_] = 0;
  measured_ = {start_};
  for (size_t i = 0; i < measured_.size(); ++i)
    for (uint32_t lock : previous_[measured_[i]])
      if (lock > start_ && way_back_[lock] == UINT32_MAX) {
        way_back_[lock] = way_back_[measured_[i]] + 1;
        measured_.push_back(lock);
      }
}

bool Search::compatible_groups(uint32_t g, uint32_t h) {
  const Group &x = groups_[g], &y = groups_[h];
  auto any = [&] {
    for (const auto &[v, left] : x.members)
      for (size_t a : left)
        for (const auto &[w, right] : y.members)
          for (size_t b : right) {
            if (compatible(a, b)) return true;
            if (steps_ > options_.max_steps) return false;
          }
    return false;
  };
  constexpr size_t few = 4; // then asking again costs less than remembering
  if (x.members.size() == 1 && y.members.size() == 1 && x.members.begin()->second.size() <= few &&
      y.members.begin()->second.size() <= few)
    return any();
  auto [at, fresh] = compatible_.try_emplace(edge(std::min(g, h), std::max(g, h)));
  if (fresh) at->second = any();
  return at->second;
}

/// Can the group, which holds what the last of path_ wants, be the next?
bool Search::joins(uint32_t g) {
  const Group &group = groups_[g];
  if (!path_.empty()) {
    const Group &before = groups_[path_.back()];
    if (!excludes(before.wanted, *find(group.held, before.wanted.lock))) return false;
  }
  for (uint32_t other : path_)
    if (gate(groups_[other], group)) return false;
  for (uint32_t other : path_)
    if (!compatible_groups(other, g)) return false;
  return true;
}

/// Walks on from `lock`, which the last of path_ wants, to all cycles of exactly `length` groups. True: there may be
/// longer ones.
bool Search::extend(uint32_t lock, size_t length) {
  bool more = false;
  for (uint32_t wanted : next_[lock]) {
    bool closes = wanted == start_;
    if (closes ? path_.size() + 1 != length : wanted < start_ || way_back_[wanted] == UINT32_MAX) continue;
    if (path_.size() + 1 + way_back_[wanted] > length) {
      more = true;
      continue;
    }
    bool again = std::any_of(path_.begin(), path_.end(),
                             [&](uint32_t g) { return dense_.at(groups_[g].wanted.lock) == wanted; });
    if (again) continue;
    for (uint32_t g : edges_[edge(lock, wanted)]) {
      if (spent()) return more;
      if (++steps_ > share_) {
        result_.bounded = true;
        return more;
      }
      if (!joins(g)) continue;
      path_.push_back(g);
      if (!closes) {
        more |= extend(wanted, length);
      } else {
        const Group &first = groups_[path_[0]];
        if (excludes(groups_[g].wanted, *find(first.held, groups_[g].wanted.lock))) witnesses();
      }
      path_.pop_back();
    }
  }
  return more;
}

/// path_ is a cycle of groups: finds agents for it, once for each combination of places.
void Search::witnesses() {
  constexpr size_t most_combinations = 256, most_found = 32; // of places on the same locks: more would be repetition
  std::vector<uint32_t> locks;
  for (uint32_t g : path_) locks.push_back(groups_[g].wanted.lock);
  size_t &found = found_[locks];
  std::vector<std::map<uint32_t, std::vector<size_t>>::const_iterator> at;
  for (uint32_t g : path_) at.push_back(groups_[g].members.begin());
  for (size_t combination = 0; combination < most_combinations && found < most_found && !spent(); ++combination) {
    std::vector<uint32_t> variants;
    bool named = true;
    for (const auto &it : at) {
      named &= it->first != 0;
      variants.push_back(it->first);
    }
    // The same cycle, whichever of its sides is written first.
    std::vector<uint32_t> canonical = variants;
    for (size_t i = 1; i < variants.size(); ++i) {
      std::rotate(variants.begin(), variants.begin() + 1, variants.end());
      canonical = std::min(canonical, variants);
    }
    if (!named || !seen_.count(canonical)) {
      std::vector<const std::vector<size_t> *> from;
      for (const auto &it : at) from.push_back(&it->second);
      std::vector<size_t> chosen;
      size_t budget = 5'000'000;
      if (choose(from, chosen, budget)) {
        if (named) seen_.insert(canonical);
        result_.cycles.push_back({std::move(chosen)});
        ++found;
      }
    }
    size_t i = 0;
    while (i < at.size() && ++at[i] == groups_[path_[i]].members.end()) {
      at[i] = groups_[path_[i]].members.begin();
      ++i;
    }
    if (i == at.size()) return;
  }
}

/// One dependency of each list, all pairwise compatible, by backtracking.
bool Search::choose(const std::vector<const std::vector<size_t> *> &from, std::vector<size_t> &chosen, size_t &budget) {
  std::vector<size_t> at{0};
  size_t refused = 0;
  while (!at.empty()) {
    size_t depth = at.size() - 1;
    if (at[depth] == from[depth]->size()) {
      at.pop_back();
      if (!at.empty()) {
        ++at.back();
        chosen.pop_back();
      }
      continue;
    }
    size_t candidate = (*from[depth])[at[depth]];
    bool fits = true;
    for (size_t i = 0; fits && i < chosen.size(); ++i) {
      if (budget-- == 0) {
        result_.bounded = true;
        return false;
      }
      fits = compatible(chosen[i], candidate);
    }
    if (!fits) {
      ++at[depth];
      continue;
    }
    chosen.push_back(candidate);
    if (chosen.size() < from.size()) {
      at.push_back(0);
      continue;
    }
    if (!options_.accept || options_.accept(chosen)) return true;
    if (++refused == options_.max_refused) {
      result_.bounded = true;
      return false;
    }
    chosen.pop_back();
    ++at[depth];
  }
  return false;
}

} // namespace

CycleResult find_lock_cycles(const std::vector<Dependency> &dependencies, const CycleOptions &options) {
  return Search(dependencies, options).run();
}

} // namespace snarl
