// Waits on condition variables that go wrong by themselves: not tested again, with the wrong mutex, under another lock.
#include "condvar_wait_run.h"
#include "condvar_wait_source.h"
#include "rule.h"

namespace snarl {

static const char why[] = R"(
A wait on a condition variable may end without any notification, and between the notification and the moment the waiter
has its mutex back another thread may undo what it waited for. So the condition must be tested again after every wait: in
a loop, or by giving the wait a predicate. Reported: a wait whose condition is not tested again; a timed wait whose outcome
nobody looks at; one condition variable used with two mutexes, which is undefined; and a wait with another lock held, which
stays locked for as long as the wait lasts. Not reported: waits with a predicate, waits in a loop that tests, timed waits
whose result is used, and functions that only wrap a wait for callers that loop.
From runs: waits without the mutex, and waits with a mutex while another thread waits with another one.
)";

static const char bad[] = R"(
#include <condition_variable>
#include <deque>
#include <mutex>

class Mailbox {
public:
  int take() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (letters_.empty())
      arrived_.wait(lock); // may end although there is no letter
    int letter = letters_.front();
    letters_.pop_front();
    return letter;
  }
  void put(int letter) {
    std::lock_guard<std::mutex> lock(mutex_);
    letters_.push_back(letter);
    arrived_.notify_one();
  }

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<int> letters_;
};
)";

static const char good[] = R"(
#include <condition_variable>
#include <deque>
#include <mutex>

class Mailbox {
public:
  int take() {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock, [this] { return !letters_.empty(); });
    int letter = letters_.front();
    letters_.pop_front();
    return letter;
  }
  void put(int letter) {
    std::lock_guard<std::mutex> lock(mutex_);
    letters_.push_back(letter);
    arrived_.notify_one();
  }

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<int> letters_;
};
)";

static const char silence[] = R"(
`// NOLINT(condvar-wait)` on the line of the wait, with the reason why a wake-up without cause does no harm there.
For runs: a line `condvar-wait:NAME` in a suppression file, where NAME is a function, file or variable of the report.
)";

extern const Rule condvar_wait = {
    .name = "condvar-wait",
    .summary = "a wait on a condition variable is not tested again, or waits with the wrong locks",
    .severity = Severity::Warning,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = condvar_wait_from_source,
    .from_run = condvar_wait_from_run,
};

} // namespace snarl
