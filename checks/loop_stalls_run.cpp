#include "loop_stalls_run.h"
#include "run.h"
#include "run_steps.h"
#include <fmt/format.h>

namespace snarl {
namespace {

std::string what_held_it(const LoopStall &stall, const std::string &where) {
  std::string in = where.empty() ? "" : fmt::format(" in {}", where);
  if (!stall.call.empty()) return fmt::format("'{}'{} blocked it", stall.call, in);
  return stall.stack ? fmt::format("it was{}", in.empty() ? " elsewhere" : in) : "what held it was not seen";
}

} // namespace

void loop_stalls_from_run(const Run &run, Findings &out) {
  std::map<std::string, std::pair<const LoopStall *, LoopStall>> sums; // the longest, and the sums
  for (const auto &[number, stall] : run.measured.stalls) {
    std::string key =
        fmt::format("event loop in {} held in {} by {}", run.where(stall.loop),
                    function_of(callers_frames(run, stall.stack)), stall.call.empty() ? "computing" : stall.call);
    auto [at, fresh] = sums.try_emplace(key, &stall, stall);
    if (fresh) continue;
    LoopStall &sum = at->second.second;
    sum.stalls += stall.stalls, sum.total += stall.total, sum.waiting += stall.waiting;
    if (stall.longest > at->second.first->longest) at->second.first = &stall;
  }
  for (const auto &[key, longest] : sums) {
    const LoopStall &stall = *longest.first, &sum = longest.second;
    std::string thread = run.thread_name(stall.thread);
    Finding finding;
    finding.rule = "blocking-in-coroutine";
    finding.severity = Severity::Warning;
    finding.tier = Tier::Actual;
    finding.message = fmt::format("the event loop of {} did not come back for {}: {}", thread, duration(stall.longest),
                                  what_held_it(stall, function_of(callers_frames(run, stall.stack))));
    if (stall.stack)
      finding.steps.push_back(run_step(
          thread, callers_frames(run, stall.stack),
          fmt::format("{} was here meanwhile{}", thread, stall.call.empty() ? "" : ", in '" + stall.call + "'")));
    std::string often = sum.stalls == 1 ? "once" : fmt::format("{} times, {} in all", sum.stalls, duration(sum.total));
    std::string waiting = sum.waiting == 0  ? ""
                          : sum.stalls == 1 ? "; events were waiting when it came back"
                          : sum.waiting == sum.stalls
                              ? "; events were waiting each time"
                              : fmt::format("; events were waiting {} of these times", sum.waiting);
    finding.steps.push_back(run_step(
        run, thread, stall.loop, fmt::format("the loop waits for events here; away too long {}{}", often, waiting)));
    add_created(run, stall.thread, thread, finding);
    set_place(finding, 0);
    if (!stall.call.empty()) finding.names = {stall.call};
    finding.key = key;
    out.push_back(std::move(finding));
  }
}

} // namespace snarl
