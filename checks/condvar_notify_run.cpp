#include "condvar_notify_run.h"
#include "run_steps.h"
#include <fmt/format.h>

namespace snarl {

void condvar_notify_from_run(const Run &run, Findings &out) {
  for (const Misuse &misuse : run.misuses) {
    bool lost = misuse.kind == MisuseKind::SignalLost;
    if (!lost && misuse.kind != MisuseKind::ConditionDestroyed) continue;
    std::string thread = run.thread_name(misuse.thread), owner = run.thread_name(misuse.owner);
    std::string object = run.object_name(misuse.object, misuse.modules_seen);
    std::string condition = object.empty() ? "a condition variable" : object;
    Finding finding;
    finding.rule = "condvar-notify";
    finding.severity = Severity::Error;
    finding.tier = Tier::Actual;
    if (!object.empty()) finding.names.push_back(object);
    if (lost) {
      finding.message =
          fmt::format("{} waits for ever on {}: the last signal, from {}, came before, when nobody waited", thread,
                      condition, misuse.owner == misuse.thread ? "itself" : owner);
      finding.steps.push_back(run_step(run, owner, misuse.taken, fmt::format("{} signals {} here", owner, condition)));
      finding.steps.push_back(
          run_step(run, thread, misuse.stack, fmt::format("{} waits on {} here", thread, condition)));
    } else {
      finding.message = fmt::format("{} destroys {}, which {} waits on", thread, condition, owner);
      finding.steps.push_back(
          run_step(run, thread, misuse.stack, fmt::format("{} destroys {} here", thread, condition)));
    }
    set_place(finding, 0);
    add_created(run, misuse.thread, thread, finding);
    if (misuse.owner && misuse.owner != misuse.thread) add_created(run, misuse.owner, owner, finding);
    finding.key = fmt::format("{} {} in {}, {}", condition, lost ? "waited for" : "destroyed", run.where(misuse.stack),
                              run.where(misuse.taken));
    out.push_back(std::move(finding));
  }
}

} // namespace snarl
