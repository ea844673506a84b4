// Notifications that get lost: the state a waiter tests changes between its test and its sleep, the wrong waiter is
#include "condvar_notify_run.h"
#include "condvar_notify_source.h"
#include "rule.h"

namespace snarl {

static const char why[] = R"(
A waiter tests its condition, finds it false and goes to sleep; the mutex makes this one step. If what it tests is changed
without the mutex, the change and its notification can fall between the test and the sleep: the notification finds nobody,
and the waiter sleeps although its condition holds. Making the variable atomic does not help. Reported: such a change
followed by the notification; notify_one on a condition variable whose waiters wait for different things, where the one
that is woken may be the wrong one; and a condition variable that is waited on and never notified. Not reported: a
notification after the mutex has been released, a change followed by taking and releasing the mutex, and waiters that look
again by themselves after a time-out.
From runs: waits that nobody is left to end although a signal came, but too early, and condition variables that are
destroyed while a thread waits on them.
)";

static const char bad[] = R"(
#include <atomic>
#include <condition_variable>
#include <mutex>

class Gate {
public:
  void open() {
    open_ = true; // a waiter may have just seen false
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return open_.load(); });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> open_{false};
};
)";

static const char good[] = R"(
#include <atomic>
#include <condition_variable>
#include <mutex>

class Gate {
public:
  void open() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return open_.load(); });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> open_{false};
};
)";

static const char silence[] = R"(
`// NOLINT(condvar-notify)` on the line of the change or the notification, with the reason why the waiter sees it anyway.
For runs: a line `condvar-notify:NAME` in a suppression file, where NAME is a function, file or variable of the report.
)";

extern const Rule condvar_notify = {
    .name = "condvar-notify",
    .summary = "a notification can get lost, wake the wrong waiter, or never comes",
    .severity = Severity::Warning,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = condvar_notify_from_source,
    .from_run = condvar_notify_from_run,
};

} // namespace snarl
