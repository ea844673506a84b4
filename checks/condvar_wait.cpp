// Waits on condition variables.
#include "condvar_wait_run.h"
#include "rule.h"

namespace snarl {

static const char why[] = R"(
A wait on a condition variable gives its mutex back and takes it again, so the mutex has to be held, and all who wait at
one time have to use the same one; anything else is undefined (POSIX, pthread_cond_wait), and in practice a wake-up that
comes between test and wait is lost, or a mutex is left in a state that nobody can unlock. Reported from runs are waits
without the mutex, and waits with a mutex while another thread waits with another one.
)";

static const char bad[] = R"(
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex state_mutex;
std::condition_variable changed;
bool ready;

int main() {
  std::thread worker([] {
    std::unique_lock<std::mutex> lock(state_mutex, std::defer_lock); // not locked
    while (!ready) changed.wait_for(lock, std::chrono::milliseconds(10));
    lock.release();
  });
  ready = true;
  changed.notify_one();
  worker.join();
}
)";

static const char good[] = R"(
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex state_mutex;
std::condition_variable changed;
bool ready;

int main() {
  std::thread worker([] {
    std::unique_lock<std::mutex> lock(state_mutex);
    changed.wait(lock, [] { return ready; });
  });
  {
    std::lock_guard<std::mutex> lock(state_mutex);
    ready = true;
  }
  changed.notify_one();
  worker.join();
}
)";

static const char silence[] = R"(
A line `condvar-wait:NAME` in a suppression file, where NAME is a function, file or variable of the report.
)";

extern const Rule condvar_wait = {
    .name = "condvar-wait",
    .summary = "a condition variable is waited on without its mutex, or with two",
    .severity = Severity::Warning,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = nullptr,
    .from_run = condvar_wait_from_run,
};

} // namespace snarl
