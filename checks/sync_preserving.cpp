// The closure.
//
// A set of events that can be what has happened at some moment must be closed: with an event it has everything before
// it in its thread, and whatever an edge says is behind it. If it has two sections of one lock, the one that was first
// in the recorded run must be over; this is what "sync-preserving" means: sections of a lock keep their order, but any
// of them may not have happened yet. A closed set needs one number for each thread, and the recorded order of its
// events is a schedule that leads to it.
//
// A pattern is reached if there is a closed set that has all events before each side's acquisition, and none of the
// acquisitions. Begin with the first acquisition of each side; take the smallest closed set; if it swallows an
// acquisition, that side must use a later one. Sets and acquisitions only ever grow, so all is done in one walk over
// the log.
//
// Of a lock's sections only the last of each thread in the set can be unfinished. All of these but the very last must
// be over, where readers count only if a writer comes after them. What changes is looked at again until nothing
// changes: a section's end brings in more events, these more sections.
#include "sync_preserving.h"
#include <algorithm>

namespace snarl {

SyncPreserving::SyncPreserving(const FullLog &log)
    : log_(log), last_(log.locks.size()), places_(log.threads.size()), done_(log.threads.size()),
      goal_(log.threads.size()), next_edge_(log.threads.size()), queued_(log.threads.size()),
      is_changed_(log.locks.size()) {
  for (uint32_t t = 0; t < log.threads.size(); ++t)
    for (const LogEvent &e : log.threads[t].events)
      if (e.kind == LogEvent::Kind::Acquire && !log.lost[e.lock] &&
          places_[t].try_emplace(e.lock, last_[e.lock].size()).second)
        last_[e.lock].push_back({t});
  // A lock of one thread never forces anything.
  for (auto &places : places_)
    for (auto &[lock, place] : places)
      if (last_[lock].size() < 2) place = none;
}

void SyncPreserving::include(uint32_t thread, uint32_t events) {
  if (events <= goal_[thread]) return;
  goal_[thread] = events;
  if (queued_[thread]) return;
  queued_[thread] = true;
  queue_.push_back(thread);
}

/// False: the set cannot be closed.
bool SyncPreserving::close() {
  while (true) {
    while (!queue_.empty()) {
      uint32_t t = queue_.back();
      queue_.pop_back();
      queued_[t] = false;
      const LogThread &thread = log_.threads[t];
      for (uint32_t &i = done_[t]; i < goal_[t]; ++i) {
        const LogEvent &e = thread.events[i];
        if (e.kind != LogEvent::Kind::Acquire || log_.lost[e.lock]) continue;
        uint32_t place = places_[t].lookup(e.lock);
        if (place == none) continue;
        Last &last = last_[e.lock][place];
        if (last.check != check_) last = {t, none, none, check_};
        (e.shared ? last.read : last.write) = i;
        if (is_changed_[e.lock]) continue;
        is_changed_[e.lock] = true;
        changed_.push_back(e.lock);
      }
      for (uint32_t &k = next_edge_[t]; k < thread.edges.size() && thread.edges[k].to < done_[t]; ++k)
        include(thread.edges[k].thread, thread.edges[k].index + 1);
    }
    if (changed_.empty()) return true;
    std::vector<uint32_t> locks = std::move(changed_);
    changed_.clear();
    for (uint32_t lock : locks) is_changed_[lock] = false;
    bool possible = true;
    for (uint32_t lock : locks) possible &= settle(lock);
    if (!possible) return false;
  }
}

/// Has the ends of all sections that another one of the set comes after. False: one has no end.
bool SyncPreserving::settle(uint32_t lock) {
  uint32_t latest = 0, latest_write = 0;
  auto number = [&](const Last &last, uint32_t i) { return log_.threads[last.thread].events[i].number; };
  for (const Last &last : last_[lock]) {
    if (last.check != check_) continue;
    if (last.write != none) latest_write = std::max(latest_write, number(last, last.write));
    if (last.read != none) latest = std::max(latest, number(last, last.read));
  }
  latest = std::max(latest, latest_write);
  bool possible = true;
  for (const Last &last : last_[lock]) {
    if (last.check != check_) continue;
    auto finish = [&](uint32_t i, uint32_t before) {
      if (i == none || number(last, i) >= before) return;
      uint32_t end = log_.threads[last.thread].events[i].partner;
      possible &= end != none;
      if (end != none) include(last.thread, end + 1);
    };
    finish(last.write, latest);
    finish(last.read, latest_write);
  }
  return possible;
}

std::optional<Witness> SyncPreserving::check(const std::vector<PatternSide> &pattern) {
  ++check_;
  std::fill(done_.begin(), done_.end(), 0);
  std::fill(goal_.begin(), goal_.end(), 0);
  std::fill(next_edge_.begin(), next_edge_.end(), 0);
  queue_.clear();
  changed_.clear();
  std::fill(queued_.begin(), queued_.end(), false);
  std::fill(is_changed_.begin(), is_changed_.end(), false);
  std::vector<size_t> at(pattern.size());
  std::optional<Witness> result;
  while (!result) {
    for (size_t i = 0; i < pattern.size(); ++i) {
      const PatternSide &side = pattern[i];
      // The first acquisition that is not in the set.
      while (at[i] < side.acquires->size() && (*side.acquires)[at[i]] < done_[side.thread]) ++at[i];
      if (at[i] == side.acquires->size()) break;
      include(side.thread, (*side.acquires)[at[i]]);
    }
    bool over = false, reached = true;
    for (size_t i = 0; i < pattern.size(); ++i) over |= at[i] == pattern[i].acquires->size();
    if (over || !close()) break;
    for (size_t i = 0; i < pattern.size(); ++i) reached &= (*pattern[i].acquires)[at[i]] >= done_[pattern[i].thread];
    if (!reached) continue;
    result.emplace();
    result->done = done_;
    for (size_t i = 0; i < pattern.size(); ++i) result->wanted.push_back((*pattern[i].acquires)[at[i]]);
  }
  for (uint32_t n : done_) steps_ += n + 1;
  return result;
}

std::vector<ScheduleRun> SyncPreserving::schedule(const Witness &witness) const {
  // Acquisitions of each lock in the order of their numbers: each waits for the one before it.
  struct Turn {
    uint32_t number, thread, index;
  };
  std::vector<std::vector<Turn>> turns(log_.locks.size());
  for (uint32_t t = 0; t < log_.threads.size(); ++t)
    for (uint32_t i = 0; i < witness.done[t]; ++i)
      if (const LogEvent &e = log_.threads[t].events[i]; e.kind == LogEvent::Kind::Acquire && !log_.lost[e.lock])
        turns[e.lock].push_back({e.number, t, i});
  for (auto &lock : turns)
    std::sort(lock.begin(), lock.end(), [](const Turn &a, const Turn &b) { return a.number < b.number; });
  std::vector<size_t> turn(log_.locks.size());
  std::vector<uint32_t> readers(log_.locks.size()), writers(log_.locks.size());
  std::vector<uint32_t> at(log_.threads.size()), edge(log_.threads.size());

  auto can = [&](uint32_t t) {
    const LogThread &thread = log_.threads[t];
    for (uint32_t &k = edge[t]; k < thread.edges.size() && thread.edges[k].to <= at[t]; ++k)
      if (at[thread.edges[k].thread] <= thread.edges[k].index) return false;
    const LogEvent &e = thread.events[at[t]];
    if (e.kind != LogEvent::Kind::Acquire || log_.lost[e.lock]) return true;
    const Turn &next = turns[e.lock][turn[e.lock]];
    return next.thread == t && next.index == at[t] && !writers[e.lock] && (e.shared || !readers[e.lock]);
  };
  std::vector<ScheduleRun> runs;
  for (bool moved = true; moved;) {
    moved = false;
    for (uint32_t t = 0; t < log_.threads.size(); ++t) {
      uint32_t from = at[t];
      for (; at[t] < witness.done[t] && can(t); ++at[t]) {
        const LogEvent &e = log_.threads[t].events[at[t]];
        if (log_.lost.empty() || (e.kind != LogEvent::Kind::Acquire && e.kind != LogEvent::Kind::Release)) continue;
        if (log_.lost[e.lock]) continue;
        if (e.kind == LogEvent::Kind::Acquire) {
          ++turn[e.lock];
          ++(e.shared ? readers : writers)[e.lock];
        } else {
          bool shared = log_.threads[t].events[e.partner].shared;
          --(shared ? readers : writers)[e.lock];
        }
      }
      if (at[t] == from) continue;
      runs.push_back({t, from, at[t]});
      moved = true;
    }
  }
  return runs;
}

} // namespace snarl
