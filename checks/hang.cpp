// What every thread was doing when the time was over, or when somebody asked.
#include "rule.h"
#include "run_steps.h"
#include "run_waits.h"
#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace snarl {

static const char why[] = R"(
A test that hangs in the night leaves nothing but "killed after 30 minutes". With `snarl run --timeout N` it leaves what
each thread was doing when its time was over: the stack, what it waits for (a lock, a condition variable, a pipe, a
socket, a child process, a time to pass), the locks it holds and where it took them. `snarl attach PID` shows the same of
a process that goes on. Threads that wait for each other are a `deadlock` besides; this rule says nothing about who is to
blame. Programs that end in time, and runs without a time-out, are never reported.
)";

static const char bad[] = R"(
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex queue_mutex;
std::condition_variable filled;
bool done;

void consume() {
  std::unique_lock<std::mutex> lock(queue_mutex);
  filled.wait(lock, [] { return done; }); // for ever: nobody sets `done` when nothing was produced
}

int main() {
  std::thread consumer(consume);
  consumer.join();
}
)";

static const char good[] = R"(
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex queue_mutex;
std::condition_variable filled;
bool done;

void consume() {
  std::unique_lock<std::mutex> lock(queue_mutex);
  filled.wait(lock, [] { return done; });
}

int main() {
  std::thread consumer(consume);
  {
    std::lock_guard<std::mutex> lock(queue_mutex);
    done = true;
  }
  filled.notify_one();
  consumer.join();
}
)";

static const char silence[] = R"(
Give the program more time, or none: without `--timeout` there is no such report.
)";

namespace {

/// Has a deadlock report said the same of this thread?
bool said(const Run &run, const BlockedThread &thread) {
  for (const LiveDeadlock &deadlock : run.deadlocks)
    for (const BlockedThread &other : deadlock.threads)
      if (other.thread == thread.thread && other.waits == thread.waits && other.stack == thread.stack &&
          (thread.waits != WaitKind::None || other.kernel.call == thread.kernel.call))
        return true;
  return false;
}

/// "thread 2, thread 3 and thread 4"; of many only the first.
std::string some(const std::vector<std::string> &names) {
  constexpr size_t kShown = 4;
  if (names.size() <= kShown + 1) return enumerate(names);
  std::string text;
  for (size_t i = 0; i < kShown; ++i) text += names[i] + ", ";
  return fmt::format("{}and {} others", text.substr(0, text.size() - 2) + " ", names.size() - kShown);
}

/// The workers of a pool wait in one place for one thing: told once, with all their names.
void add_threads(const Run &run, const Snapshot &snapshot, const std::vector<const BlockedThread *> &threads,
                 Finding &finding) {
  std::map<std::pair<StackId, std::string>, std::vector<const BlockedThread *>> same;
  auto key = [&](const BlockedThread &thread) {
    return std::pair(thread.stack, doing(run, snapshot.modules_seen, thread));
  };
  for (const BlockedThread *thread : threads)
    if (thread->held.empty() && thread->thread) same[key(*thread)].push_back(thread);
  for (const BlockedThread *thread : threads) {
    std::vector<std::string> names;
    if (auto group = same.find(key(*thread)); group != same.end() && thread->held.empty() && thread->thread) {
      if (group->second.front() != thread) continue; // told with the first of them
      for (const BlockedThread *member : group->second) names.push_back(name_of(run, *member));
    }
    add_wait_steps(run, snapshot.modules_seen, *thread, /*main=*/true, finding);
    if (names.size() > 1)
      finding.steps.back().message =
          fmt::format("{}: each {}", some(names), doing(run, snapshot.modules_seen, *thread));
  }
  std::map<StackId, std::vector<std::string>> created;
  std::vector<StackId> in_order;
  for (const BlockedThread *thread : threads) {
    auto found = run.threads.find(thread->thread);
    if (found == run.threads.end() || thread->thread == 1 || !found->second.created) continue;
    std::vector<std::string> &names = created[found->second.created];
    if (names.empty()) in_order.push_back(found->second.created);
    names.push_back(run.thread_name(thread->thread));
  }
  for (StackId stack : in_order) {
    const std::vector<std::string> &names = created[stack];
    Step step = run_step(run, names.front(), stack,
                         fmt::format("{} {} created here", some(names), names.size() == 1 ? "was" : "were"));
    if (step.stack.empty()) continue;
    step.main = false;
    finding.steps.push_back(std::move(step));
  }
}

void from_run(const Run &run, Findings &out) {
  for (const Snapshot &snapshot : run.snapshots) {
    std::vector<const BlockedThread *> threads;
    for (const BlockedThread &thread : snapshot.threads)
      if (!said(run, thread)) threads.push_back(&thread);
    if (threads.empty()) continue;
    std::sort(threads.begin(), threads.end(), [](const BlockedThread *a, const BlockedThread *b) {
      return std::pair(a->thread - 1, a) < std::pair(b->thread - 1, b); // those that are not ours, 0, last
    });
    Finding finding;
    finding.rule = "hang";
    // A deadlock is the reason, the rest is for completeness. Who asks gets an answer, no more.
    bool explained = !run.deadlocks.empty();
    finding.severity = snapshot.timed_out && !explained ? Severity::Error : Severity::Note;
    finding.tier = Tier::Actual;
    size_t n = threads.size();
    std::string program = run.program.substr(run.program.rfind('/') + 1);
    finding.message = snapshot.timed_out ? fmt::format("hang: {} did not end in time: what ", program)
                                         : fmt::format("process {} ({}): what ", run.pid, program);
    if (n != snapshot.threads.size())
      finding.message += n == 1 ? "its other thread" : fmt::format("its {} other threads", n);
    else
      finding.message += n == 1 ? "its only thread" : fmt::format("its {} threads", n);
    const char *were = snapshot.timed_out ? (n == 1 ? "was" : "were") : (n == 1 ? "is" : "are");
    finding.message += fmt::format(" {} doing", were);
    add_threads(run, snapshot, threads, finding);
    std::vector<std::string> parts;
    for (const BlockedThread *thread : threads) parts.push_back(wait_key(run, *thread));
    std::sort(parts.begin(), parts.end());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    for (const std::string &part : parts) finding.key += (finding.key.empty() ? "" : "; ") + part;
    size_t place = 0; // the first that has one: main's, mostly
    while (place + 1 < finding.steps.size() && !finding.steps[place].place.known()) ++place;
    set_place(finding, place);
    out.push_back(std::move(finding));
  }
}

} // namespace

extern const Rule hang = {
    .name = "hang",
    .summary = "the program did not end in the time that --timeout gave it",
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
