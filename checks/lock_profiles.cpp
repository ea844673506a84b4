#include "lock_profiles.h"
#include "run_steps.h"
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

namespace snarl {
namespace {

constexpr uint64_t kWorthSaying = 1'000'000; ///< nanoseconds
constexpr double kShareWorthSaying = 0.01;

void keep_longest(ContendedLock::Longest &longest, const Run &run, const LockProfile::Longest &other) {
  if (other.time > longest.time) longest = {other.time, &run, other.thread, other.stack};
}

void add(ContendedLock &sum, const Run &run, const LockProfile &lock) {
  ++sum.instances;
  sum.taken += lock.acquisitions, sum.contended += lock.contended;
  sum.waited += lock.waited, sum.held += lock.held;
  sum.waits.add(lock.waits), sum.holds.add(lock.holds);
  keep_longest(sum.longest_wait, run, lock.longest_wait);
  keep_longest(sum.longest_hold, run, lock.longest_hold);
  for (const auto &[stack, place] : lock.waited_at) sum.places.push_back({&run, stack, place.times, place.waited});
}

} // namespace

std::vector<ContendedLock> contended_locks(llvm::ArrayRef<Run> runs) {
  std::map<std::pair<std::string, std::string>, ContendedLock> sums; // by program and name
  for (const Run &run : runs)
    for (const auto &[id, lock] : run.measured.locks) {
      if (!lock.acquisitions) continue;
      std::string name = run.lock_class(id);
      ContendedLock &sum = sums[{run.program, name}];
      sum.name = name;
      add(sum, run, lock);
    }
  std::vector<ContendedLock> locks;
  for (auto &[key, lock] : sums) locks.push_back(std::move(lock));
  std::sort(locks.begin(), locks.end(), [](const ContendedLock &a, const ContendedLock &b) {
    return std::tie(b.waited, b.taken, a.name) < std::tie(a.waited, a.taken, b.name);
  });
  return locks;
}

uint64_t profiled_time(llvm::ArrayRef<Run> runs) {
  uint64_t time = 0;
  for (const Run &run : runs) time = std::max(time, run.measured.profiled);
  return time;
}

std::string percent(double share) {
  if (share > 0 && share < 0.0005) return "<0.1 %";
  return share > 0 && share < 0.0995 ? fmt::format("{:.1f} %", share * 100) : fmt::format("{:.0f} %", share * 100);
}

void contention_findings(llvm::ArrayRef<Run> runs, Findings &out) {
  uint64_t time = profiled_time(runs);
  for (const ContendedLock &lock : contended_locks(runs)) {
    const ContendedLock::Longest &wait = lock.longest_wait, &hold = lock.longest_hold;
    if (!wait.run || lock.waited < kWorthSaying || double(lock.waited) < kShareWorthSaying * double(time)) continue;
    Finding finding;
    finding.rule = "lock-contention";
    finding.severity = Severity::Note;
    finding.tier = Tier::Actual;
    finding.message = fmt::format("threads waited {} in sum for {}: somebody had it at {} of {} acquisitions",
                                  duration(lock.waited), lock.name, percent(lock.contended_share()), lock.taken);
    std::string waiter = wait.run->thread_name(wait.thread);
    finding.steps.push_back(run_step(*wait.run, waiter, wait.stack,
                                     fmt::format("the longest wait was here, by {}: {} (median of all waits {})",
                                                 waiter, duration(wait.time), duration(lock.wait_percentile(0.5)))));
    if (hold.run) {
      std::string holder = hold.run->thread_name(hold.thread);
      finding.steps.push_back(run_step(*hold.run, holder, hold.stack,
                                       fmt::format("taken here, {} held it longest: {} (median {})", holder,
                                                   duration(hold.time), duration(lock.hold_percentile(0.5)))));
    }
    set_place(finding, 0);
    finding.names = {lock.name};
    finding.key = lock.name;
    out.push_back(std::move(finding));
  }
}

} // namespace snarl
