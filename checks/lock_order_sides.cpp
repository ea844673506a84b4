#include "lock_order_sides.h"
#include "run_steps.h"
#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace snarl {
namespace {

const char *how(LockMode mode) {
  return mode == LockMode::Shared ? " for reading" : "";
}

std::string side_name(const Side &side, bool across) {
  std::string thread = side.run->thread_name(side.situation->segment.thread);
  return across ? fmt::format("{} of process {}", thread, side.run->pid) : thread;
}

/// Names, not numbers: what the side wants, and the functions where it holds and wants.
std::string side_key(const Side &side) {
  const Run &run = *side.run;
  return fmt::format("{} at {}, {} at {}", run.lock_class(side.held.lock), run.where(side.held.taken),
                     run.lock_class(side.situation->wanted), run.where(side.situation->stack));
}

} // namespace

std::string short_name(const std::string &name) {
  return name.substr(0, name.find(" ("));
}

Finding describe(std::vector<Side> sides, Tier tier, bool across) {
  std::vector<std::string> keys;
  for (const Side &side : sides) keys.push_back(side_key(side));
  size_t first = std::min_element(keys.begin(), keys.end()) - keys.begin();
  std::rotate(keys.begin(), keys.begin() + first, keys.end());
  std::rotate(sides.begin(), sides.begin() + first, sides.end());

  Finding finding;
  finding.rule = "lock-order";
  finding.severity = Severity::Error;
  finding.tier = tier;
  for (const std::string &key : keys) finding.key += (finding.key.empty() ? "" : "; ") + key;

  std::vector<std::string> locks, threads;
  for (const Side &side : sides) {
    locks.push_back(side.run->lock_name(side.held.lock));
    threads.push_back(side_name(side, across));
    // A wait that gives up is no deadlock, but everybody else is held up until it does.
    if (side.situation->timed) finding.severity = Severity::Warning;
  }
  finding.message = fmt::format("{} are taken in {} by {}: they can deadlock", enumerate(locks),
                                sides.size() == 2 ? "opposite orders" : "a circle", enumerate(threads));
  if (across)
    finding.message += "; no single run did both";
  else if (tier == Tier::Possible)
    finding.message += ", unless something else orders them";
  if (finding.severity == Severity::Warning) finding.message += " until a timed wait gives up";

  Schedule schedule(threads);
  for (size_t i = 0; i < sides.size(); ++i) {
    const Side &side = sides[i];
    const Run &run = *side.run;
    std::string held = run.lock_name(side.held.lock), wanted = run.lock_name(side.situation->wanted);
    std::vector<std::string> others;
    for (HeldLock other : side.situation->held)
      if (other.lock != side.held.lock) others.push_back(run.lock_name(other.lock));
    std::string also = others.empty() ? "" : fmt::format(" (and {})", enumerate(others));
    finding.steps.push_back(run_step(run, threads[i], side.held.taken,
                                     fmt::format("{} takes {}{} here", threads[i], held, how(side.held.mode))));
    finding.steps.push_back(run_step(run, threads[i], side.situation->stack,
                                     fmt::format("{} wants {}{} here while it holds {}{}", threads[i], wanted,
                                                 how(side.situation->mode), held, also)));
    add_created(run, side.situation->segment.thread, threads[i], finding);
    schedule.add(i, fmt::format("takes {}{}", short_name(held), how(side.held.mode)));
  }
  for (size_t i = 0; i < sides.size(); ++i)
    schedule.add(i, fmt::format("waits for {}", short_name(sides[i].run->lock_name(sides[i].situation->wanted))));
  finding.names = locks;
  finding.schedule = schedule.text("possible unsafe schedule");
  set_place(finding, 1);
  LockPattern &pattern = sides[0].run->patterns[finding.key];
  if (pattern.sides.empty() || tier > pattern.tier) {
    pattern = {tier, {}};
    for (const Side &side : sides) pattern.sides.push_back(steered_side(*side.run, *side.situation, side.held));
  }
  return finding;
}

void add_surest(Finding finding, Findings &found) {
  for (Finding &other : found)
    if (other.key == finding.key) {
      if (finding.tier > other.tier) other = std::move(finding);
      return;
    }
  found.push_back(std::move(finding));
}

bool happened(const Run &run, const std::vector<Side> &sides) {
  std::set<LockId> wanted;
  for (const Side &side : sides) wanted.insert(side.situation->wanted);
  for (const LiveDeadlock &deadlock : run.deadlocks) {
    std::set<LockId> waited;
    for (const BlockedThread &thread : deadlock.threads)
      if (thread.in_cycle && thread.waits == WaitKind::Lock)
        waited.insert(thread.lock);
      else if (thread.in_cycle && thread.waits == WaitKind::Once) // known by its address
        for (LockId lock : wanted)
          if (auto at = run.locks.find(lock); at != run.locks.end() && at->second.address == thread.object)
            waited.insert(lock);
    if (waited == wanted) return true;
  }
  return false;
}

const HeldLock &held_by(const Situation &situation, LockId lock) {
  for (const HeldLock &held : situation.held)
    if (held.lock == lock) return held;
  return situation.held.front();
}

} // namespace snarl
