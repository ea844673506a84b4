// Threads that outlive their handles or their data.
#include "rule.h"
#include "thread_lifetime_source.h"

namespace snarl {

static const char why[] = R"(
A std::thread that is destroyed, or assigned to, while it is joinable ends the program with std::terminate(). So does every
way out of a function that comes before join(): an early return, an exception. Joining twice, joining oneself or joining
what was detached throws. A detached thread, or a callback given to a pool or event loop, that refers to local variables or
to `this` uses what is gone as soon as their function or object ends. Silent: std::jthread, threads joined or detached on
all paths, moved to somebody who joins them, threads that own what they use, functions that wait until the thread is done.
)";

static const char bad[] = R"(
#include <thread>

void work();

bool run(bool really) {
  std::thread worker(work);
  if (!really) return false; // terminates the program
  worker.join();
  return true;
}
)";

static const char good[] = R"(
#include <thread>

void work();

bool run(bool really) {
  std::jthread worker(work);
  if (!really) return false;
  worker.join();
  return true;
}
)";

static const char silence[] = R"(
`// NOLINT(thread-lifetime)` on the reported line, with what keeps the data alive.
)";

extern const Rule thread_lifetime = {
    .name = "thread-lifetime",
    .summary = "a thread outlives its handle or the data it uses, or is joined more than once",
    .severity = Severity::Error,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = [](const Program &program, Findings &out) { find_thread_lifetimes(program, out); },
    .from_run = nullptr,
};

} // namespace snarl
