// How cycles are found without looking at all of them.
//
// Three things blow up. Dependencies: a pool of a thousand threads sees each situation a thousand times; so dependencies
// that hold and want the same are grouped, and threads are chosen only when a cycle of groups is known. Groups: only those
// within one strongly connected component of the lock graph can take part. Cycles: there can be exponentially many; they
// are enumerated by rising length (a long cycle that is reported beside the short one inside it helps nobody), each from
// its smallest group, never entering a group from which the start can no longer be reached within the length; every step
// is counted, and when the count is used up the result says so.
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

/// Strongly connected components, without recursion: lock graphs of generated code are deep. Component numbers, by node.
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
        if (index[to] == none) path.push_back({to, 0});
        else if (component[to] == none) low[node] = std::min(low[node], index[to]);
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
    make_index();
  }

  CycleResult run() {
    bool more = true; // is there anything longer?
    for (size_t length = 2; more && length <= options_.max_length && !spent(); ++length) {
      more = false;
      for (uint32_t start = 0; start < groups_.size() && !spent(); ++start)
        if (!blockers_[start].empty()) {
          measure(start);
          path_ = {start};
          more |= extend(length);
        }
    }
    result_.bounded |= more;
    std::sort(result_.cycles.begin(), result_.cycles.end(), [](const LockCycle &a, const LockCycle &b) {
      if (a.dependencies.size() != b.dependencies.size()) return a.dependencies.size() < b.dependencies.size();
      return a.dependencies < b.dependencies;
    });
    return std::move(result_);
  }

private:
  void make_groups();
  void make_index();
  void measure(uint32_t start);
  bool extend(size_t length);
  void witnesses();
  bool choose(const std::vector<const std::vector<size_t> *> &from, std::vector<size_t> &chosen, size_t &budget);

  bool spent() {
    if (steps_ > options_.max_steps || result_.cycles.size() >= options_.max_cycles) return result_.bounded = true;
    return false;
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
  bool compatible(size_t a, size_t b) const {
    const Dependency &x = all_[a], &y = all_[b];
    if (x.agent == y.agent && !x.repeats) return false;
    return !options_.may_overlap || options_.may_overlap(a, b);
  }

  const std::vector<Dependency> &all_;
  const CycleOptions &options_;
  std::vector<Group> groups_;
  std::vector<std::vector<uint32_t>> blockers_; ///< group -> groups that hold what it wants, ascending
  std::vector<std::vector<uint32_t>> waiters_;  ///< the same, reversed
  std::vector<uint32_t> way_back_;              ///< steps from a group to the start, within groups not smaller than it
  std::vector<uint32_t> measured_;              ///< the groups whose way_back_ is known
  std::vector<uint32_t> path_;
  std::set<std::vector<uint32_t>> seen_; ///< variants of cycles already returned
  size_t steps_ = 0;
  CycleResult result_;
};

void Search::make_groups() {
  std::map<std::vector<uint64_t>, size_t> known;
  for (size_t i = 0; i < all_.size(); ++i) {
    std::vector<LockUse> held = all_[i].held;
    std::sort(held.begin(), held.end(),
              [](LockUse a, LockUse b) { return std::tie(a.lock, a.shared) < std::tie(b.lock, b.shared); });
    held.erase(std::unique(held.begin(), held.end(), [](LockUse a, LockUse b) { return a.lock == b.lock; }), held.end());
    // Wanting what one holds is no matter of order: it never waits (recursive), or always (self-deadlock).
    if (held.empty() || find(held, all_[i].wanted.lock)) continue;
    std::vector<uint64_t> key{uint64_t(all_[i].wanted.lock) << 1 | all_[i].wanted.shared};
    for (LockUse use : held) key.push_back(uint64_t(use.lock) << 1 | use.shared);
    auto [at, fresh] = known.emplace(std::move(key), groups_.size());
    if (fresh) groups_.push_back({std::move(held), all_[i].wanted, {}});
    groups_[at->second].members[all_[i].variant].push_back(i);
  }
}

void Search::make_index() {
  std::unordered_map<uint32_t, uint32_t> dense;
  auto node = [&](uint32_t lock) { return dense.emplace(lock, dense.size()).first->second; };
  std::vector<std::vector<uint32_t>> edges;
  for (const Group &group : groups_)
    for (LockUse use : group.held) {
      uint32_t from = node(use.lock), to = node(group.wanted.lock);
      edges.resize(dense.size());
      edges[from].push_back(to);
    }
  for (auto &to : edges) {
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
  }
  std::vector<uint32_t> component = components(edges);

  std::unordered_map<uint32_t, std::vector<uint32_t>> holders; ///< lock -> groups that can lead back to it
  for (uint32_t g = 0; g < groups_.size(); ++g)
    for (LockUse use : groups_[g].held)
      if (component[node(use.lock)] == component[node(groups_[g].wanted.lock)]) holders[use.lock].push_back(g);
  blockers_.resize(groups_.size());
  waiters_.resize(groups_.size());
  way_back_.assign(groups_.size(), UINT32_MAX);
  for (uint32_t g = 0; g < groups_.size(); ++g) {
    auto found = holders.find(groups_[g].wanted.lock);
    if (found == holders.end()) continue;
    for (uint32_t h : found->second) {
      if (++steps_ > options_.max_steps) {
        result_.bounded = true;
        return;
      }
      if (!excludes(groups_[g].wanted, *find(groups_[h].held, groups_[g].wanted.lock)) || gate(groups_[g], groups_[h]))
        continue;
      blockers_[g].push_back(h);
      waiters_[h].push_back(g);
    }
  }
  steps_ = 0;
}

/// Breadth first from the start along reversed edges.
void Search::measure(uint32_t start) {
  for (uint32_t g : measured_) way_back_[g] = UINT32_MAX;
  way_back_[start] = 0;
  measured_ = {start};
  for (size_t i = 0; i < measured_.size(); ++i, ++steps_)
    for (uint32_t g : waiters_[measured_[i]])
      if (g > start && way_back_[g] == UINT32_MAX) {
        way_back_[g] = way_back_[measured_[i]] + 1;
        measured_.push_back(g);
      }
}

/// Walks on from path_ to all cycles of exactly `length` groups. True: there may be longer ones.
bool Search::extend(size_t length) {
  bool more = false;
  for (uint32_t next : blockers_[path_.back()]) {
    if (spent()) return more;
    ++steps_;
    if (path_.size() == length) {
      if (next == path_[0]) witnesses();
      continue;
    }
    if (next <= path_[0] || way_back_[next] == UINT32_MAX) continue;
    if (path_.size() + way_back_[next] > length) {
      more = true;
      continue;
    }
    bool fits = true;
    for (size_t i = 0; fits && i < path_.size(); ++i) {
      const Group &before = groups_[path_[i]];
      fits = path_[i] != next && before.wanted.lock != groups_[next].wanted.lock;
      // Its neighbours were looked at when the index was made.
      fits = fits && (i + 1 == path_.size() || !gate(before, groups_[next]));
    }
    if (!fits) continue;
    if (path_.size() + 1 == length) more = true;
    path_.push_back(next);
    more |= extend(length);
    path_.pop_back();
  }
  return more;
}

/// path_ is a cycle of groups: finds agents for it, once for each combination of places.
void Search::witnesses() {
  constexpr size_t most_combinations = 64;
  std::vector<std::map<uint32_t, std::vector<size_t>>::const_iterator> at;
  for (uint32_t g : path_) at.push_back(groups_[g].members.begin());
  for (size_t combination = 0; combination < most_combinations && !spent(); ++combination) {
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
      }
    }
    size_t i = 0;
    while (i < at.size() && ++at[i] == groups_[path_[i]].members.end()) {
      at[i] = groups_[path_[i]].members.begin();
      ++i;
    }
    if (i == at.size()) return;
  }
  result_.bounded = true;
}

/// One dependency of each list, all pairwise compatible, by backtracking.
bool Search::choose(const std::vector<const std::vector<size_t> *> &from, std::vector<size_t> &chosen, size_t &budget) {
  std::vector<size_t> at{0};
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
    if (chosen.size() == from.size()) return true;
    at.push_back(0);
  }
  return false;
}

} // namespace

CycleResult find_lock_cycles(const std::vector<Dependency> &dependencies, const CycleOptions &options) {
  return Search(dependencies, options).run();
}

} // namespace snarl
