// A circular wait that exists: the library found it while it stood and looked twice.
#include "rule.h"
#include "run_steps.h"
#include <algorithm>
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
Threads that wait for each other in a circle never go on, and everything that needs them stops: the program hangs, uses
no processor time and says nothing. Reported is the circle that exists now, of locks, joins, once-initialisers and waits
that nobody is left to end, with the stack and the locks of every thread in it, within a second after it closed. The
program is left as it is. Waits with a time-out, which end by themselves, are not reported.
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

std::string waits_for(const Run &run, const BlockedThread &thread) {
  switch (thread.waits) {
  case WaitKind::Lock: return run.lock_name(thread.lock) + (thread.mode == LockMode::Shared ? " (for reading)" : "");
  case WaitKind::Join: return fmt::format("the end of {}", run.thread_name(thread.joins));
  case WaitKind::Once: return "an initialiser that runs once";
  case WaitKind::Condition: return "a condition variable";
  case WaitKind::Semaphore: return "a semaphore";
  case WaitKind::Barrier: return "a barrier";
  case WaitKind::None: break;
  }
  return {};
}

/// The name of the object if it is a global, in words for a message.
std::string object_name(const Run &run, const LiveDeadlock &deadlock, const BlockedThread &thread) {
  if (thread.waits == WaitKind::Lock || thread.waits == WaitKind::Join || !run.symbols || !thread.object) return {};
  return run.symbols->variable(run, thread.object, deadlock.modules_seen);
}

std::string list_held(const Run &run, const BlockedThread &thread) {
  std::vector<std::string> names;
  for (const HeldLock &held : thread.held) names.push_back(run.lock_name(held.lock));
  return names.empty() ? "" : " while it holds " + enumerate(names);
}

bool waits_for_itself(const BlockedThread &thread) {
  return thread.waits == WaitKind::Lock && std::any_of(thread.held.begin(), thread.held.end(),
                                                       [&](const HeldLock &held) { return held.lock == thread.lock; });
}

std::string message(const Run &run, const LiveDeadlock &deadlock, const std::vector<const BlockedThread *> &members) {
  std::vector<std::string> names;
  for (const BlockedThread *member : members) names.push_back(run.thread_name(member->thread));
  switch (deadlock.kind) {
  case LiveDeadlock::Kind::Cycle:
    if (names.size() == 1) return fmt::format("deadlock: {} waits for itself", names[0]);
    return fmt::format("deadlock: {} wait for each other", enumerate(names));
  case LiveDeadlock::Kind::NoWaker:
    return fmt::format("deadlock: {} {}, and no thread is left that could end that", enumerate(names),
                       names.size() == 1 ? "waits" : "wait");
  case LiveDeadlock::Kind::OrphanedLock:
    return fmt::format("deadlock: {} {} for a lock whose holder has ended", enumerate(names),
                       names.size() == 1 ? "waits" : "wait");
  }
  return {};
}

void add_steps(const Run &run, const LiveDeadlock &deadlock, const BlockedThread &thread, Finding &finding) {
  std::string side = run.thread_name(thread.thread), object = object_name(run, deadlock, thread);
  if (thread.waits == WaitKind::Lock)
    finding.names.push_back(run.lock_name(thread.lock));
  else if (!object.empty())
    finding.names.push_back(object);
  for (const HeldLock &held : thread.held)
    finding.steps.push_back(
        run_step(run, side, held.taken, fmt::format("{} took {} here", side, run.lock_name(held.lock))));
  std::string what = thread.waits == WaitKind::None
                         ? side + " is here"
                         : fmt::format("{} waits for {}{} here{}", side, waits_for(run, thread),
                                       object.empty() ? "" : " (" + object + ")", list_held(run, thread));
  finding.steps.push_back(run_step(run, side, thread.stack, what));
  finding.steps.back().main = thread.in_cycle;
}

void from_run(const Run &run, Findings &out) {
  for (const LiveDeadlock &deadlock : run.deadlocks) {
    std::vector<const BlockedThread *> members, bystanders;
    for (const BlockedThread &thread : deadlock.threads) (thread.in_cycle ? members : bystanders).push_back(&thread);
    if (members.empty()) members.swap(bystanders);
    if (members.empty()) continue;
    if (members.size() == 1 && waits_for_itself(*members[0])) continue; // self-deadlock says so

    Finding finding;
    finding.rule = "deadlock";
    finding.severity = Severity::Error;
    finding.tier = Tier::Actual;
    finding.message = message(run, deadlock, members);
    size_t place = 0;
    for (const BlockedThread *member : members) {
      add_steps(run, deadlock, *member, finding);
      if (member == members[0]) place = finding.steps.size() - 1;
    }
    for (const BlockedThread *member : members)
      add_created(run, member->thread, run.thread_name(member->thread), finding);
    for (const BlockedThread *other : bystanders) add_steps(run, deadlock, *other, finding);
    set_place(finding, place);

    std::vector<std::string> parts;
    for (const BlockedThread *member : members)
      parts.push_back(fmt::format("{} waits for {}", run.where(member->stack),
                                  member->waits == WaitKind::Lock   ? run.lock_class(member->lock)
                                  : member->waits == WaitKind::Join ? "a thread"
                                                                    : waits_for(run, *member)));
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
