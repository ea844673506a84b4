// A thread waits for itself: a lock that is not recursive, taken again by the thread that holds it.
#include "rule.h"
#include "run_steps.h"
#include "self_deadlock_source.h"
#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace snarl {

static const char why[] = R"(
A mutex that is not recursive and is taken again by the thread that holds it never becomes free: the thread waits for
itself. It usually happens through a call: a public function that locks calls another public function that locks. The
same goes for a shared lock that its holder wants exclusively. Error-checking mutexes refuse instead (EDEADLK), which is
reported too, because what follows then runs without having taken the lock. Recursive mutexes and different instances
are left alone.
)";

static const char bad[] = R"(
#include <mutex>

std::mutex list_mutex;
int count = 3;

void remove_one() {
  std::lock_guard<std::mutex> lock(list_mutex);
  --count;
}

void remove_all() {
  std::lock_guard<std::mutex> lock(list_mutex);
  while (count > 0)
    remove_one(); // waits for the lock that this thread holds
}

int main() { remove_all(); }
)";

static const char good[] = R"(
#include <mutex>

std::mutex list_mutex;
int count = 3;

void remove_one_locked() { --count; } // to be called with list_mutex held

void remove_one() {
  std::lock_guard<std::mutex> lock(list_mutex);
  remove_one_locked();
}

void remove_all() {
  std::lock_guard<std::mutex> lock(list_mutex);
  while (count > 0)
    remove_one_locked();
}

int main() {
  remove_one();
  remove_all();
}
)";

static const char silence[] = R"(
`// NOLINT(self-deadlock)` on the line of the second acquisition, with the reason why the two are never the same lock. For
runs: a line `self-deadlock:NAME` in a suppression file, where NAME is a function, file or lock of the report.
)";

// ---- runs

namespace {

struct Relock {
  ThreadId thread;
  LockId lock;
  StackId taken, stack;
  bool refused; ///< EDEADLK instead of a wait without end
  LockMode held = LockMode::Exclusive, wanted = LockMode::Exclusive;
};

void report(const Run &run, const Relock &relock, Findings &out) {
  Finding finding;
  finding.rule = "self-deadlock";
  finding.severity = Severity::Error;
  finding.tier = Tier::Actual;
  std::string thread = run.thread_name(relock.thread), lock = run.lock_name(relock.lock);
  bool upgrade = relock.held == LockMode::Shared && relock.wanted == LockMode::Exclusive;
  finding.message = upgrade ? fmt::format("{} wants {} exclusively, which it already holds for reading", thread, lock)
                            : fmt::format("{} takes {} again, which it already holds", thread, lock);
  finding.message += relock.refused ? ": refused (EDEADLK)" : ": it waits for itself for ever";
  finding.steps.push_back(run_step(run, thread, relock.taken, fmt::format("{} took {} here", thread, lock)));
  finding.steps.push_back(run_step(run, thread, relock.stack, fmt::format("{} wants {} again here", thread, lock)));
  add_created(run, relock.thread, thread, finding);
  set_place(finding, 1);
  finding.names = {lock};
  finding.key = fmt::format("{} taken in {}, again in {}", run.lock_class(relock.lock), run.where(relock.taken),
                            run.where(relock.stack));
  for (const Finding &other : out)
    if (other.rule == finding.rule && other.key == finding.key) return;
  out.push_back(std::move(finding));
}

void from_run(const Run &run, Findings &out) {
  std::set<std::pair<ThreadId, LockId>> seen;
  for (const Misuse &misuse : run.misuses)
    if (misuse.kind == MisuseKind::Relock || misuse.kind == MisuseKind::RelockRefused) {
      bool refused = misuse.kind == MisuseKind::RelockRefused;
      if (!refused) seen.insert({misuse.thread, misuse.lock});
      report(run, {misuse.thread, misuse.lock, misuse.taken, misuse.stack, refused}, out);
    }
  // A circle of one, found by looking at who waits for whom.
  for (const LiveDeadlock &deadlock : run.deadlocks) {
    if (std::count_if(deadlock.threads.begin(), deadlock.threads.end(), [](const auto &t) { return t.in_cycle; }) > 1)
      continue; // a reader behind a writer who waits for that very reader
    for (const BlockedThread &waits : deadlock.threads)
      for (const HeldLock &held : waits.held)
        if (waits.waits == WaitKind::Lock && waits.in_cycle && held.lock == waits.lock &&
            seen.insert({waits.thread, waits.lock}).second)
          report(run, {waits.thread, waits.lock, held.taken, waits.stack, false, held.mode, waits.mode}, out);
  }
}

} // namespace

extern const Rule self_deadlock = {
    .name = "self-deadlock",
    .summary = "a lock that is not recursive is taken again by the thread that holds it",
    .severity = Severity::Error,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = self_deadlock_from_source,
    .from_run = from_run,
};

} // namespace snarl
