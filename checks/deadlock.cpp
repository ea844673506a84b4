// A circular wait that exists: the library found it while it stood and looked twice.
#include "rule.h"
#include "run_steps.h"
#include "run_waits.h"
#include <algorithm>
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
Threads that wait for each other in a circle never go on, and everything that needs them stops: the program hangs, uses
no processor time and says nothing. Reported is the circle that exists now, of locks, joins, once-initialisers and waits
that nobody is left to end, with the stack and the locks of every thread in it, within a second after it closed. The
program is left as it is. Waits with a time-out, which end by themselves, are not reported.

A wait for a condition variable or a semaphore can be ended by anybody. It is part of a deadlock when all threads of the
process wait, and also, with the tier `ordered` instead of `actual`, when a thread in the circle waits for a lock and
everybody who has ended such waits so far has been blocked for three seconds, or when only a signal handler is left that
could.
)";

static const char bad[] = R"(
#include <mutex>
#include <thread>

std::mutex timer_mutex;
int ticks;

void tick() {
  std::lock_guard<std::mutex> lock(timer_mutex); // waits for main()
  ++ticks;
}

int main() {
  std::lock_guard<std::mutex> lock(timer_mutex);
  std::thread timer(tick);
  timer.join(); // waits for tick()
}
)";

static const char good[] = R"(
#include <mutex>
#include <thread>

std::mutex timer_mutex;
int ticks;

void tick() {
  std::lock_guard<std::mutex> lock(timer_mutex);
  ++ticks;
}

int main() {
  std::thread timer;
  {
    std::lock_guard<std::mutex> lock(timer_mutex);
    timer = std::thread(tick);
  }
  timer.join();
}
)";

static const char silence[] = R"(
A hang is never on purpose; a program that ends by being killed while its threads wait for ever can be listed in a
suppression file: `deadlock:NAME`, where NAME is a function, file or lock of the report.
)";

namespace {

bool waits_for_itself(const BlockedThread &thread) {
  return thread.waits == WaitKind::Lock && std::any_of(thread.held.begin(), thread.held.end(),
                                                       [&](const HeldLock &held) { return held.lock == thread.lock; });
}

std::string message(const Run &run, const LiveDeadlock &deadlock, const std::vector<const BlockedThread *> &members) {
  std::vector<std::string> names;
  for (const BlockedThread *member : members) names.push_back(run.thread_name(member->thread));
  std::string who = enumerate(names), wait = names.size() == 1 ? "waits" : "wait";
  switch (deadlock.kind) {
  case LiveDeadlock::Kind::Cycle:
    if (names.size() == 1) return fmt::format("deadlock: {} waits for itself", who);
    if (!deadlock.sure)
      return fmt::format("deadlock: {} wait for each other, as far as is known who ends such waits", who);
    return fmt::format("deadlock: {} wait for each other", who);
  case LiveDeadlock::Kind::NoWaker:
    return fmt::format("deadlock: {} {}, and no thread is left that could end that{}", who, wait,
                       deadlock.sure ? "" : "; at most a signal handler could");
  case LiveDeadlock::Kind::OrphanedLock:
    return fmt::format("deadlock: {} {} for a lock whose holder has ended", who, wait);
  case LiveDeadlock::Kind::LeftByFork:
    return fmt::format("deadlock: {} {} for a lock that a thread of the parent process held at the fork: "
                       "the child has no such thread to give it back",
                       who, wait);
  }
  return {};
}

/// Who holds what and waits for what, in columns: the circle at a glance.
std::string at_a_glance(const Run &run, const std::vector<const BlockedThread *> &members) {
  std::vector<std::string> names;
  for (const BlockedThread *member : members) names.push_back(run.thread_name(member->thread));
  Schedule columns(std::move(names));
  for (size_t i = 0; i < members.size(); ++i)
    for (const HeldLock &held : members[i]->held) columns.add(i, "holds " + run.lock_name(held.lock));
  for (size_t i = 0; i < members.size(); ++i) columns.add(i, "waits for " + waits_for(run, *members[i]));
  return columns.text("where they stand");
}

void from_run(const Run &run, Findings &out) {
  for (const LiveDeadlock &deadlock : run.deadlocks) {
    std::vector<const BlockedThread *> members, bystanders;
    for (const BlockedThread &thread : deadlock.threads) (thread.in_cycle ? members : bystanders).push_back(&thread);
    std::sort(bystanders.begin(), bystanders.end(), [](const BlockedThread *a, const BlockedThread *b) {
      return std::pair(a->thread - 1, a) < std::pair(b->thread - 1, b);
    });
    if (members.empty()) members.swap(bystanders);
    if (members.empty()) continue;
    if (members.size() == 1 && waits_for_itself(*members[0])) continue; // self-deadlock says so

    Finding finding;
    finding.rule = "deadlock";
    finding.severity = deadlock.sure ? Severity::Error : Severity::Warning;
    finding.tier = deadlock.sure ? Tier::Actual : Tier::Ordered;
    finding.message = message(run, deadlock, members);
    size_t place = 0;
    for (const BlockedThread *member : members) {
      add_wait_steps(run, deadlock.modules_seen, *member, /*main=*/true, finding);
      if (member == members[0]) place = finding.steps.size() - 1;
    }
    for (const BlockedThread *member : members)
      add_created(run, member->thread, run.thread_name(member->thread), finding);
    for (const BlockedThread *other : bystanders)
      add_wait_steps(run, deadlock.modules_seen, *other, /*main=*/false, finding);
    set_place(finding, place);
    if (members.size() > 1) finding.schedule = at_a_glance(run, members);

    std::vector<std::string> parts;
    for (const BlockedThread *member : members) parts.push_back(wait_key(run, *member));
    std::sort(parts.begin(), parts.end());
    for (const std::string &part : parts) finding.key += (finding.key.empty() ? "" : "; ") + part;
    out.push_back(std::move(finding));
  }
}

} // namespace

extern const Rule deadlock = {
    .name = "deadlock",
    .summary = "threads wait for each other in a circle, or for something that nobody is left to do",
    .severity = Severity::Error,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = nullptr,
    .from_run = from_run,
};

} // namespace snarl
