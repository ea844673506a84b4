// From a full log to circles that are proven.
//
// Acquisitions of one thread that want the same lock at the same place, holding the same locks taken at the same
// places, are one abstract acquisition; circles of these are found as in any run (lock_graph.h), and each is put to the
// test of sync_preserving.h. Threads are tried one after the other, since of a hundred that do the same some pairs can
// meet and others not.
//
// Two readers of a lock that prefers writers are in each other's way only if somebody waits to write. He is one side
// more, and holds nothing that matters.
#include "lock_order_feasible.h"
#include "lock_graph.h"
#include "lock_order_sides.h"
#include "run_steps.h"
#include "sync_preserving.h"
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace snarl {
namespace {

using Kind = LogEvent::Kind;

class FullLogSearch {
public:
  explicit FullLogSearch(const Run &run) : run_(run), log_(*run.full_log), test_(log_) {
    for (uint32_t t = 0; t < log_.threads.size(); ++t) collect(t);
  }

  void find(Findings &found) {
    CycleOptions options;
    options.writer_preference = [&](uint32_t lock) { return writers_.count(lock) != 0; };
    options.accept = [&](const std::vector<size_t> &cycle) { return prove(cycle); };
    CycleResult result = find_lock_cycles(dependencies_, options);
    for (const LockCycle &cycle : result.cycles) {
      std::vector<Side> sides;
      size_t before = cycle.dependencies.back();
      for (size_t d : cycle.dependencies) {
        sides.push_back({&run_, &situations_[d], held_by(situations_[d], situations_[before].wanted)});
        before = d;
      }
      if (happened(run_, sides)) continue;
      Finding finding = describe(std::move(sides), Tier::Feasible, false);
      show(proofs_.at(cycle.dependencies), finding);
      add_surest(std::move(finding), found);
    }
    if (result.bounded || untested_)
      run_.blind_spots.push_back("there are more circles in the order of locks than were tried on the full log");
  }

private:
  static constexpr size_t kMostSteps = 1'000'000'000;  ///< events looked at: some seconds
  static constexpr size_t kMostSituations = 1'000'000; ///< abstract acquisitions
  static constexpr size_t kMostWriters = 16;           ///< tried for one circle

  struct Proof {
    std::vector<PatternSide> sides; ///< the circle's, then writers
    size_t circle = 0;              ///< how many are the circle's
    Witness witness;
  };

  LockId id(const LogEvent &e) const { return log_.locks[e.lock]; }

  void collect(uint32_t t);
  bool prove(const std::vector<size_t> &cycle);
  bool prove(const std::vector<size_t> &cycle, std::vector<PatternSide> &sides, const std::vector<LockId> &behind);
  void show(const Proof &proof, Finding &finding) const;
  std::string what(uint32_t thread, const LogEvent &e) const;

  const Run &run_;
  const FullLog &log_;
  SyncPreserving test_;
  std::vector<Situation> situations_;
  std::vector<Dependency> dependencies_;
  std::vector<uint32_t> threads_;                 ///< of each situation: index in the log
  std::vector<std::vector<uint32_t>> acquires_;   ///< of each situation
  std::map<std::vector<uint64_t>, size_t> kinds_; ///< of situations
  std::map<std::vector<uint64_t>, uint32_t> places_;
  /// Locks that prefer writers: who takes them for writing, and when.
  std::map<LockId, std::map<uint32_t, std::vector<uint32_t>>> writers_;
  std::map<std::vector<size_t>, Proof> proofs_;
  bool untested_ = false;
};

void FullLogSearch::collect(uint32_t t) {
  const LogThread &thread = log_.threads[t];
  struct Open {
    uint32_t event;
    HeldLock held;
  };
  std::vector<Open> open;
  std::map<uint32_t, StackId> taken; ///< a wait that ends takes the mutex where it was taken before it
  for (uint32_t i = 0; i < thread.events.size(); ++i) {
    const LogEvent &e = thread.events[i];
    if (e.kind == Kind::Release) {
      for (size_t k = open.size(); k-- > 0;)
        if (open[k].event == e.partner) {
          open.erase(open.begin() + static_cast<ptrdiff_t>(k));
          break;
        }
      continue;
    }
    if (e.kind != Kind::Acquire || log_.lost[e.lock]) continue;
    LockMode mode = e.shared ? LockMode::Shared : LockMode::Exclusive;
    if (!e.tried && !e.shared)
      if (auto lock = run_.locks.find(id(e));
          lock != run_.locks.end() && lock->second.kind == RunLockKind::RwlockPreferWriter)
        writers_[id(e)][t].push_back(i);
    if (!e.tried && !open.empty() && situations_.size() < kMostSituations) {
      std::vector<uint64_t> key{t, uint64_t(id(e)) << 2 | uint64_t(e.shared) << 1 | e.timed, e.stack}, place{e.stack};
      bool known = e.stack != 0;
      for (const Open &o : open) {
        key.push_back(uint64_t(o.held.lock) << 1 | uint64_t(o.held.mode));
        key.push_back(o.held.taken);
        place.push_back(o.held.taken);
        known &= o.held.taken != 0;
      }
      auto [at, fresh] = kinds_.emplace(std::move(key), situations_.size());
      if (fresh) {
        Situation s{{thread.id, 0}, {}, id(e), mode, e.timed, e.stack};
        Dependency d;
        d.agent = thread.id;
        d.wanted = {s.wanted, e.shared};
        for (const Open &o : open) {
          s.held.push_back(o.held);
          bool on_purpose = run_.orders_on_purpose.count({o.held.lock, s.wanted}) != 0;
          d.held.push_back({o.held.lock, o.held.mode == LockMode::Shared, on_purpose});
        }
        if (known) d.variant = places_.emplace(place, places_.size() + 1).first->second;
        situations_.push_back(std::move(s));
        dependencies_.push_back(std::move(d));
        threads_.push_back(t);
        acquires_.emplace_back();
      }
      acquires_[at->second].push_back(i);
    } else if (!e.tried && !open.empty()) {
      untested_ = true;
    }
    StackId &where = taken[e.lock];
    if (!e.again || !where) where = e.stack;
    open.push_back({i, {id(e), mode, where}});
  }
}

bool FullLogSearch::prove(const std::vector<size_t> &cycle) {
  std::vector<PatternSide> sides;
  std::vector<LockId> behind; ///< locks at which a reader waits for a writer who waits for a reader
  for (size_t i = 0; i < cycle.size(); ++i) {
    sides.push_back({threads_[cycle[i]], &acquires_[cycle[i]]});
    const Situation &here = situations_[cycle[i]], &next = situations_[cycle[(i + 1) % cycle.size()]];
    if (here.mode == LockMode::Shared && held_by(next, here.wanted).mode == LockMode::Shared)
      behind.push_back(here.wanted);
  }
  return prove(cycle, sides, behind);
}

bool FullLogSearch::prove(const std::vector<size_t> &cycle, std::vector<PatternSide> &sides,
                          const std::vector<LockId> &behind) {
  size_t writers = sides.size() - cycle.size();
  if (writers < behind.size()) {
    size_t tried = 0;
    for (const auto &[thread, acquires] : writers_.at(behind[writers])) {
      bool used = std::any_of(sides.begin(), sides.end(), [&](const PatternSide &s) { return s.thread == thread; });
      if (used) continue;
      if (++tried > kMostWriters) {
        untested_ = true;
        break;
      }
      sides.push_back({thread, &acquires});
      if (prove(cycle, sides, behind)) return true;
      sides.pop_back();
    }
    return false;
  }
  if (test_.steps() > kMostSteps) {
    untested_ = true;
    return false;
  }
  auto witness = test_.check(sides);
  if (!witness) return false;
  proofs_[cycle] = {sides, cycle.size(), std::move(*witness)};
  return true;
}

std::string FullLogSearch::what(uint32_t thread, const LogEvent &e) const {
  auto lock = [&] { return short_name(run_.lock_name(id(e))) + (e.shared ? " for reading" : ""); };
  switch (e.kind) {
  case Kind::Acquire: return "takes " + lock();
  case Kind::Release: return "releases " + short_name(run_.lock_name(id(e)));
  case Kind::Create: return "creates " + run_.thread_name(e.lock);
  case Kind::Join: return "joins " + run_.thread_name(e.lock);
  case Kind::Wait: return e.what == 'b' ? "arrives at a barrier" : "waits for a condition";
  case Kind::Waited: return e.what == 'p' ? "takes from a semaphore" : "goes on";
  case Kind::Wake: return e.what == 'p' ? "posts a semaphore" : e.what == 'o' ? "has initialised" : "signals";
  }
  return run_.thread_name(log_.threads[thread].id);
}

/// The schedule as columns, and as steps. Only what matters: the locks that are held at the end, what orders the
/// threads, and how much else there is.
void FullLogSearch::show(const Proof &proof, Finding &finding) const {
  struct Row {
    uint32_t thread;
    std::string text;
    StackId stack = 0;
  };
  std::vector<Row> rows;
  std::set<std::pair<uint32_t, uint32_t>> telling; ///< events that another thread's needs
  for (uint32_t t = 0; t < log_.threads.size(); ++t)
    for (const LogEdge &edge : log_.threads[t].edges)
      if (edge.to < proof.witness.done[t]) telling.insert({edge.thread, edge.index}), telling.insert({t, edge.to});
  constexpr size_t most_rows = 40;
  size_t left_out = 0;
  uint32_t other = 0;
  auto flush = [&](uint32_t thread) {
    if (other) rows.push_back({thread, fmt::format("({} operations)", other)});
    other = 0;
  };
  for (const ScheduleRun &run : test_.schedule(proof.witness)) {
    const LogThread &thread = log_.threads[run.thread];
    for (uint32_t i = run.from; i < run.to; ++i) {
      const LogEvent &e = thread.events[i];
      bool stays = e.kind == Kind::Acquire && e.partner >= proof.witness.done[run.thread];
      bool tells = telling.count({run.thread, i}) && e.kind != Kind::Acquire && e.kind != Kind::Release;
      if (!stays && !tells) {
        ++other;
        continue;
      }
      flush(run.thread);
      rows.push_back({run.thread, what(run.thread, e), stays ? e.stack : 0});
    }
    flush(run.thread);
    if (rows.size() > 2 * most_rows) {
      left_out += rows.size() - most_rows;
      rows.erase(rows.begin(), rows.end() - most_rows);
    }
  }
  for (size_t i = 0; i < proof.sides.size(); ++i) {
    uint32_t t = proof.sides[i].thread;
    const LogEvent &e = log_.threads[t].events[proof.witness.wanted[i]];
    rows.push_back({t,
                    fmt::format("waits for {}{}", short_name(run_.lock_name(id(e))),
                                e.shared            ? " for reading"
                                : i >= proof.circle ? " for writing"
                                                    : ""),
                    e.stack});
  }
  if (rows.size() > most_rows) {
    left_out += rows.size() - most_rows;
    rows.erase(rows.begin(), rows.end() - most_rows);
  }

  std::vector<uint32_t> columns;
  std::vector<std::string> names;
  for (const Row &row : rows)
    if (std::find(columns.begin(), columns.end(), row.thread) == columns.end()) columns.push_back(row.thread);
  std::sort(columns.begin(), columns.end(),
            [&](uint32_t a, uint32_t b) { return log_.threads[a].id < log_.threads[b].id; });
  for (uint32_t t : columns) names.push_back(run_.thread_name(log_.threads[t].id));
  Schedule schedule(names);
  for (const Row &row : rows) {
    size_t column = std::find(columns.begin(), columns.end(), row.thread) - columns.begin();
    schedule.add(column, row.text);
    finding.witness.push_back(run_step(run_, names[column], row.stack, names[column] + " " + row.text));
  }
  finding.schedule = schedule.text(left_out ? fmt::format("this schedule of the run ends so (after {} steps)", left_out)
                                            : "this schedule of the run ends so");
}

} // namespace

void lock_order_from_full_log(const Run &run, Findings &found) {
  FullLogSearch(run).find(found);
}

} // namespace snarl
