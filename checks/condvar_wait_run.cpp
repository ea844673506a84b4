#include "condvar_wait_run.h"
#include "run_steps.h"
#include <fmt/format.h>

namespace snarl {

void condvar_wait_from_run(const Run &run, Findings &out) {
  for (const Misuse &misuse : run.misuses) {
    bool unlocked = misuse.kind == MisuseKind::WaitUnlocked;
    if (!unlocked && misuse.kind != MisuseKind::TwoMutexes) continue;
    std::string thread = run.thread_name(misuse.thread), lock = run.lock_name(misuse.lock);
    std::string owner = misuse.owner ? run.thread_name(misuse.owner) : "";
    std::string object = run.object_name(misuse.object, misuse.modules_seen);
    std::string condition = object.empty() ? "a condition variable" : object;
    Finding finding;
    finding.rule = "condvar-wait";
    finding.severity = Severity::Error;
    finding.tier = Tier::Actual;
    if (!object.empty()) finding.names.push_back(object);
    finding.names.push_back(lock);
    if (unlocked)
      finding.message = fmt::format("{} waits on {} with {}, which it does not hold{}", thread, condition, lock,
                                    owner.empty() ? "" : " but " + owner + " does");
    else
      finding.message =
          fmt::format("{} waits on {} with {} while {} waits on it with another mutex", thread, condition, lock, owner);
    finding.steps.push_back(
        run_step(run, thread, misuse.stack, fmt::format("{} waits on {} with {} here", thread, condition, lock)));
    if (misuse.taken)
      finding.steps.push_back(run_step(run, owner, misuse.taken,
                                       unlocked ? fmt::format("{} took {} here", owner, lock)
                                                : fmt::format("{} waits on {} here", owner, condition)));
    set_place(finding, 0);
    add_created(run, misuse.thread, thread, finding);
    if (misuse.owner && misuse.owner != misuse.thread) add_created(run, misuse.owner, owner, finding);
    finding.key = fmt::format("{} with {} in {}: {}", condition, run.lock_class(misuse.lock), run.where(misuse.stack),
                              unlocked ? "not held" : "two mutexes");
    out.push_back(std::move(finding));
  }
}

} // namespace snarl
