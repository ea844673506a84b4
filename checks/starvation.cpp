// A thread that does not get its turn: the others go on, it waits.
#include "rule.h"
#include "run.h"
#include "run_steps.h"
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
A mutex of the system hands itself to whoever comes first, not to whoever waits longest: a thread that gives it back and
takes it again at once can keep it from another one for seconds. Read locks that overlap keep a writer out for as long as
they overlap. Two threads that try for each other's lock, give up and try again can do so for ever. Reported is what a run
has shown: a thread that waited for half a second or longer (`--starved-ms`) while one and the same other thread was seen to
take the lock ten times or more, or two threads whose trylocks failed for as long, each for what the other held. A queue
in which everybody waits equally long is not reported, nor are loops over atomic variables, which cannot be seen.
)";

static const char bad[] = R"(
#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

std::shared_mutex price_mutex;
std::atomic<bool> done;
std::atomic<long> rounds[2];

void read_prices(int me) {
  for (long round = 1; !done; ++round) {
    std::shared_lock<std::shared_mutex> lock(price_mutex); // one is always in before the other has left
    rounds[me] = round;
    while (rounds[1 - me] < round + me && !done) std::this_thread::yield();
  }
}

int main() {
  std::thread first(read_prices, 0), second(read_prices, 1);
  while (rounds[1] < 2) std::this_thread::yield();
  std::thread writer([] { std::unique_lock<std::shared_mutex> lock(price_mutex); });
  std::this_thread::sleep_for(std::chrono::seconds(2));
  done = true;
  first.join();
  second.join();
  writer.join();
}
)";

static const char good[] = R"(
#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

std::shared_mutex price_mutex;
std::atomic<bool> done;
std::atomic<long> rounds[2];

void read_prices(int me) {
  for (long round = 1; !done; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1)); // both out: a writer may come in
    std::shared_lock<std::shared_mutex> lock(price_mutex);
    rounds[me] = round;
  }
}

int main() {
  std::thread first(read_prices, 0), second(read_prices, 1);
  std::thread writer([] { std::unique_lock<std::shared_mutex> lock(price_mutex); });
  writer.join();
  done = true;
  first.join();
  second.join();
}
)";

static const char silence[] = R"(
A line `starvation:NAME` in a suppression file, where NAME is a function, file or lock of the report; a comment
`// NOLINT(starvation)` on the line where the thread waits.
)";

namespace {

std::string message(const Run &run, const UnfairWait &wait) {
  std::string thread = run.thread_name(wait.thread), taker = run.thread_name(wait.taker),
              lock = run.lock_name(wait.lock);
  switch (wait.kind) {
  case UnfairWait::Kind::WriterBehindReaders:
    return fmt::format(
        "{} waited {} to write under {}: readers took it {} times or more meanwhile, one before the other "
        "gave it back",
        thread, duration(wait.waited), lock, wait.taken);
  case UnfairWait::Kind::Overtaken:
    return fmt::format("{} waited {} for {}, which {} took {} times or more meanwhile", thread, duration(wait.waited),
                       lock, taker, wait.taken_by_one);
  case UnfairWait::Kind::TryLoop:
    return fmt::format("{} and {} try for each other's lock and give up over and over: {} and {} failures in {}",
                       thread, taker, wait.taken, wait.taken_by_one, duration(wait.waited));
  }
  return {};
}

void from_run(const Run &run, Findings &out) {
  for (const auto &[number, wait] : run.measured.unfair) {
    std::string thread = run.thread_name(wait.thread), taker = run.thread_name(wait.taker),
                lock = run.lock_name(wait.lock);
    bool tries = wait.kind == UnfairWait::Kind::TryLoop;
    Finding finding;
    finding.rule = "starvation";
    finding.severity = Severity::Warning;
    finding.tier = Tier::Actual;
    finding.message = message(run, wait);
    finding.steps.push_back(run_step(run, thread, wait.stack,
                                     tries ? fmt::format("{} tries for {} here, and fails", thread, lock)
                                           : fmt::format("{} waited for {} here", thread, lock)));
    finding.steps.push_back(run_step(run, taker, wait.taker_stack,
                                     tries ? fmt::format("{} tries here, and fails", taker)
                                           : fmt::format("{} took {} here{}, again and again", taker, lock,
                                                         wait.taker_mode == LockMode::Shared ? " for reading" : "")));
    if (wait.kind == UnfairWait::Kind::WriterBehindReaders) {
      Step hint;
      hint.place = finding.steps[0].place;
      hint.function = finding.steps[0].function;
      hint.side = thread;
      hint.message = "PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, set when the lock is made, lets writers in first";
      hint.main = false;
      finding.steps.push_back(std::move(hint));
    }
    add_created(run, wait.thread, thread, finding);
    if (wait.taker != wait.thread) add_created(run, wait.taker, taker, finding);
    set_place(finding, 0);
    finding.names = {lock};
    finding.key = fmt::format("{} wanted in {}, taken in {}", run.lock_class(wait.lock), run.where(wait.stack),
                              run.where(wait.taker_stack));
    bool known = false;
    for (const Finding &other : out) known |= other.rule == finding.rule && other.key == finding.key;
    if (!known) out.push_back(std::move(finding));
  }
}

} // namespace

extern const Rule starvation = {
    .name = "starvation",
    .summary = "a thread waits for a lock that others take again and again, or threads keep each other from going on",
    .severity = Severity::Warning,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = nullptr,
    .from_run = from_run,
};

} // namespace snarl
