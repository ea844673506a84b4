// Locks that are not given back, or by somebody else than their holder.
#include "rule.h"
#include "run_steps.h"
#include "unreleased_lock_source.h"
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
A lock that its holder never gives back stops everybody else for good; one that is unlocked by another thread, or
without having been locked, protects nothing, and the behaviour is undefined (POSIX, pthread_mutex_unlock). From the
source: ways out of a function that leave a lock held which other ways give back (an early return, a `goto`, an exception,
pthread_exit), unlocking what only some of the ways there have locked, or what was unlocked already, and destroying a lock
that is held. From runs: threads that end holding a lock, unlocking what is not locked or held by another thread,
destroying or initialising a lock that is held, destroying a semaphore or barrier that is waited for, initialising a
global lock a second time while other threads are there, a robust mutex given back in the state that its dead owner left,
and locks that a forked child inherits held from a thread that it does not have. Not reported: functions that are there to
return holding a lock, known by their name, an attribute, a result that says so, or callers that give it back; guards;
semaphores, which belong to nobody.
)";

static const char bad[] = R"(
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

std::mutex parser_mutex;
int parsed;

void parse(const std::string &text) {
  parser_mutex.lock();
  parsed += std::stoi(text); // throws for "one": the unlock is never reached
  parser_mutex.unlock();
}

int main() {
  std::thread reader([] {
    try {
      parse("one");
    } catch (const std::invalid_argument &) {
    }
  });
  reader.join();
}
)";

static const char good[] = R"(
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

std::mutex parser_mutex;
int parsed;

void parse(const std::string &text) {
  std::lock_guard<std::mutex> lock(parser_mutex); // gives it back however the function ends
  parsed += std::stoi(text);
}

int main() {
  std::thread reader([] {
    try {
      parse("one");
    } catch (const std::invalid_argument &) {
    }
  });
  reader.join();
}
)";

static const char silence[] = R"(
`// NOLINT(unreleased-lock)` on the line, with the reason; a lock function is best marked as one by an attribute
(`acquire_capability`) or its name. For runs: a line `unreleased-lock:NAME` in a suppression file, where NAME is a function, file or lock of the report. To hand a lock
from thread to thread on purpose, use a semaphore.
)";

namespace {

std::string message(const Misuse &misuse, const std::string &thread, const std::string &lock,
                    const std::string &owner) {
  switch (misuse.kind) {
  case MisuseKind::UnlockNotOwner:
    return owner.empty() ? fmt::format("{} unlocks {}, which it does not hold", thread, lock)
                         : fmt::format("{} unlocks {}, which {} holds", thread, lock, owner);
  case MisuseKind::UnlockUnlocked: return fmt::format("{} unlocks {}, which is not locked", thread, lock);
  case MisuseKind::DestroyedHeld:
    return fmt::format("{} destroys {}, which {}", thread, lock,
                       owner.empty()     ? "is held"
                       : owner == thread ? "it still holds"
                                         : owner + " holds");
  case MisuseKind::ThreadExitHolding: return fmt::format("{} ends and still holds {}", thread, lock);
  case MisuseKind::InitHeld:
    return fmt::format("{} initialises {}, which {} holds", thread, lock, owner == thread ? "it still" : owner);
  case MisuseKind::InitAgain:
    return fmt::format("{} initialises {} again, which was not destroyed, while other threads are running", thread,
                       lock);
  case MisuseKind::OwnerDiedIgnored:
    return fmt::format(
        "{} gives back {}, whose owner died, without declaring it consistent: nobody can take it any more", thread,
        lock);
  case MisuseKind::ForkHeld:
    return fmt::format("{} of a forked process wants {}, which another thread of the parent held when it forked",
                       thread, lock);
  case MisuseKind::DestroyedWaited:
    return fmt::format("{} destroys a semaphore or barrier{}{}, which {} waits for", thread, lock.empty() ? "" : ", ",
                       lock, owner);
  default: return {}; // other rules'
  }
}

const char *what_happens(MisuseKind kind) {
  switch (kind) {
  case MisuseKind::DestroyedWaited:
  case MisuseKind::DestroyedHeld: return "is destroyed";
  case MisuseKind::InitHeld:
  case MisuseKind::InitAgain: return "is initialised";
  case MisuseKind::ForkHeld: return "is wanted";
  case MisuseKind::ThreadExitHolding: return "is still held at the end of the thread";
  default: return "is unlocked";
  }
}

std::string taken_here(MisuseKind kind, const std::string &lock, const std::string &owner) {
  if (kind == MisuseKind::InitAgain) return lock + " was first used here";
  if (kind == MisuseKind::ForkHeld)
    return lock + " was taken here in the parent, by a thread that the child does not have";
  return fmt::format("{} was taken here by {}", lock, owner);
}

void from_run(const Run &run, Findings &out) {
  for (const Misuse &misuse : run.misuses) {
    std::string thread = run.thread_name(misuse.thread), owner = misuse.owner ? run.thread_name(misuse.owner) : "";
    std::string lock = misuse.object ? run.object_name(misuse.object, misuse.modules_seen) : run.lock_name(misuse.lock);
    std::string same_kind = misuse.object ? lock : run.lock_class(misuse.lock);
    Finding finding;
    finding.message = message(misuse, thread, lock, owner);
    if (finding.message.empty()) continue;
    finding.rule = "unreleased-lock";
    finding.severity = misuse.kind == MisuseKind::InitAgain ? Severity::Warning : Severity::Error;
    finding.tier = Tier::Actual;
    if (!lock.empty())
      finding.names = {lock};
    else
      lock = "it";
    if (misuse.taken)
      finding.steps.push_back(run_step(run, owner.empty() ? thread : owner, misuse.taken,
                                       taken_here(misuse.kind, lock, owner.empty() ? thread : owner)));
    // A thread that ends holding a lock: where it took it says more than where it ended.
    size_t place = 0;
    if (misuse.stack || !misuse.taken) {
      finding.steps.push_back(
          run_step(run, thread, misuse.stack, fmt::format("{} {} here", lock, what_happens(misuse.kind))));
      if (misuse.kind != MisuseKind::ThreadExitHolding || !misuse.taken) place = finding.steps.size() - 1;
    }
    set_place(finding, place);
    ThreadId last = misuse.thread;
    add_created(run, last, thread, finding);
    if (misuse.owner && misuse.owner != last) add_created(run, misuse.owner, owner, finding);
    finding.key = fmt::format("{} {} in {}, taken in {}", same_kind, what_happens(misuse.kind), run.where(misuse.stack),
                              run.where(misuse.taken));
    bool known = false;
    for (const Finding &other : out) known |= other.rule == finding.rule && other.key == finding.key;
    if (!known) out.push_back(std::move(finding));
  }
}

} // namespace

extern const Rule unreleased_lock = {
    .name = "unreleased-lock",
    .summary = "a lock is not given back, or by a thread that does not hold it",
    .severity = Severity::Error,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = unreleased_lock_from_source,
    .from_run = from_run,
};

} // namespace snarl
