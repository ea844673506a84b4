// A call that blocks while a lock is held that others wait for.
#include "blocking_under_lock_run.h"
#include "blocking_under_lock_source.h"
#include "rule.h"

namespace snarl {

static const char why[] = R"(
While a thread sleeps, or waits for a disk, the network, another process or another thread, nobody else gets the locks
that it holds: one slow answer stops everybody, and if what is waited for needs one of them, for ever. From the source:
calls that can take long under a lock, directly or through the functions called (the chain is shown). Not reported there:
the wait on a condition variable with that very lock, time-outs below 10 ms, descriptors set not to block, files read and
written through buffers or the page cache, and input and output under a lock that exists to serialise it: named for it, or
taken for nothing else. From runs, what is reported has happened: calls during which other threads really waited for the
lock, with the time that they lost (10 ms in sum by default; `--blocked-ms`), where the lock was taken, where the call was
made and who waited. A wait on a condition variable, which gives its mutex back, is not reported, nor are calls under locks
that nobody wanted meanwhile.
)";

static const char bad[] = R"(
#include <chrono>
#include <mutex>
#include <thread>

std::mutex lamp_mutex;
bool lamp;

void warm_up() {
  std::lock_guard<std::mutex> lock(lamp_mutex);
  std::this_thread::sleep_for(std::chrono::milliseconds(300)); // and everybody who only wants to look waits
  lamp = true;
}

int main() {
  std::thread warm(warm_up);
  bool on = false;
  while (!on) {
    std::lock_guard<std::mutex> lock(lamp_mutex);
    on = lamp;
  }
  warm.join();
}
)";

static const char good[] = R"(
#include <chrono>
#include <mutex>
#include <thread>

std::mutex lamp_mutex;
bool lamp;

void warm_up() {
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  std::lock_guard<std::mutex> lock(lamp_mutex);
  lamp = true;
}

int main() {
  std::thread warm(warm_up);
  bool on = false;
  while (!on) {
    std::this_thread::yield();
    std::lock_guard<std::mutex> lock(lamp_mutex);
    on = lamp;
  }
  warm.join();
}
)";

static const char silence[] = R"(
`// NOLINT(blocking-under-lock)` on the line of the call, with the reason why it is short or nobody minds. For runs: a line
`blocking-under-lock:NAME` in a suppression file, where NAME is a function, file, lock or call of the report.
)";

extern const Rule blocking_under_lock = {
    .name = "blocking-under-lock",
    .summary = "a call blocks while a lock is held that others wait for",
    .severity = Severity::Warning,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = blocking_under_lock_from_source,
    .from_run = blocking_under_lock_from_run,
};

} // namespace snarl
