// The library measures one place of a call under one stack of acquisition; what differs only in how it was reached, or
// in the instance of the lock, is one finding here.
#include "blocking_under_lock_run.h"
#include "run.h"
#include "run_steps.h"
#include <algorithm>
#include <fmt/format.h>

namespace snarl {
namespace {

struct Sum {
  const BlockedCall *worst = nullptr; ///< the record with the longest wait
  uint64_t lost = 0, calls = 0;
};

std::string times(uint64_t n) {
  return n == 1 ? "once" : fmt::format("{} times", n);
}

} // namespace

void blocking_under_lock_from_run(const Run &run, Findings &out) {
  std::map<std::string, Sum> sums;
  for (const auto &[number, call] : run.measured.blocked) {
    std::string key =
        fmt::format("{} in {} under {} taken in {}", call.call, function_of(callers_frames(run, call.stack)),
                    run.lock_class(call.lock), run.where(call.taken));
    Sum &sum = sums[key];
    sum.lost += call.lost;
    sum.calls += call.calls;
    if (!sum.worst || call.longest_wait > sum.worst->longest_wait) sum.worst = &call;
  }
  for (const auto &[key, sum] : sums) {
    const BlockedCall &call = *sum.worst;
    std::string thread = run.thread_name(call.thread), waiter = run.thread_name(call.waiter);
    std::string lock = run.lock_name(call.lock);
    Finding finding;
    finding.rule = "blocking-under-lock";
    finding.severity = Severity::Warning;
    finding.tier = Tier::Actual;
    finding.message = fmt::format("'{}' blocks while {} is held: others waited {} for the lock meanwhile", call.call,
                                  lock, duration(sum.lost));
    finding.steps.push_back(run_step(run, thread, call.taken, fmt::format("{} took {} here", thread, lock)));
    finding.steps.push_back(run_step(thread, callers_frames(run, call.stack),
                                     fmt::format("{} calls '{}' here: {} while somebody waited, the longest call {}",
                                                 thread, call.call, times(sum.calls), duration(call.longest_call))));
    finding.steps.push_back(
        run_step(run, waiter, call.waiter_stack,
                 fmt::format("{} waited for {} here, {} during one call", waiter, lock, duration(call.longest_wait))));
    add_created(run, call.thread, thread, finding);
    if (call.waiter != call.thread) add_created(run, call.waiter, waiter, finding);
    set_place(finding, 1);
    finding.names = {lock, call.call};
    finding.key = key;
    out.push_back(std::move(finding));
  }
}

} // namespace snarl
