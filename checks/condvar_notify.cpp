// Wake-ups that nobody gets.
#include "condvar_notify_run.h"
#include "rule.h"

namespace snarl {

static const char why[] = R"(
A signal that comes when nobody waits is gone: a condition variable remembers nothing. Who waits after it without having
looked at a state that the signaller set before, both under the same mutex, waits for ever. Reported from runs are waits
that nobody is left to end although a signal came, but too early, and condition variables that are destroyed while a
thread waits on them.
)";

static const char bad[] = R"(
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex start_mutex;
std::condition_variable start;

int main() {
  start.notify_one(); // nobody waits yet, and nothing says that it was done
  std::thread worker([] {
    std::unique_lock<std::mutex> lock(start_mutex);
    start.wait(lock);
  });
  worker.join();
}
)";

static const char good[] = R"(
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex start_mutex;
std::condition_variable start;
bool started;

int main() {
  {
    std::lock_guard<std::mutex> lock(start_mutex);
    started = true;
  }
  start.notify_one();
  std::thread worker([] {
    std::unique_lock<std::mutex> lock(start_mutex);
    start.wait(lock, [] { return started; });
  });
  worker.join();
}
)";

static const char silence[] = R"(
A line `condvar-notify:NAME` in a suppression file, where NAME is a function, file or variable of the report.
)";

extern const Rule condvar_notify = {
    .name = "condvar-notify",
    .summary = "a wake-up is lost: the signal came before the wait, or the waiter was forgotten",
    .severity = Severity::Warning,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = nullptr,
    .from_run = condvar_notify_from_run,
};

} // namespace snarl
