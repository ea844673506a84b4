// Locks that threads queue for: a profile, not a mistake.
#include "lock_profiles.h"
#include "rule.h"

namespace snarl {

static const char why[] = R"(
Threads that wait for a lock do nothing meanwhile: more processors do not make such a program faster. With `snarl run
--contention` every lock is profiled: how often it was taken, how often somebody had it when it was asked for, how long
it was waited for and held (median and 99th percentile), and the longest wait and hold with their stacks. Told as a note
is a lock that was waited for during a hundredth of the run or longer; the table that ends the report has all of them.
Notes do not make a run fail. Without `--contention` nothing is profiled and nothing is told.
)";

static const char bad[] = R"(
#include <mutex>
#include <thread>

std::mutex total_mutex;
double total;

double price(int part) {
  double sum = 0;
  for (int i = 1; i < 20'000'000; ++i) sum += 1.0 / (i + part);
  return sum;
}

void add(int part) {
  std::lock_guard<std::mutex> lock(total_mutex);
  total += price(part); // long, and needs no lock
}

int main() {
  std::thread first(add, 1), second(add, 2), third(add, 3);
  first.join();
  second.join();
  third.join();
}
)";

static const char good[] = R"(
#include <mutex>
#include <thread>

std::mutex total_mutex;
double total;

double price(int part) {
  double sum = 0;
  for (int i = 1; i < 20'000'000; ++i) sum += 1.0 / (i + part);
  return sum;
}

void add(int part) {
  double mine = price(part);
  std::lock_guard<std::mutex> lock(total_mutex);
  total += mine;
}

int main() {
  std::thread first(add, 1), second(add, 2), third(add, 3);
  first.join();
  second.join();
  third.join();
}
)";

static const char silence[] = R"(
A note changes no exit code. To leave it out: a line `lock-contention:NAME` in a suppression file, where NAME is a
function, file or lock of the note; a comment `// NOLINT(lock-contention)` on the line of the longest wait.
)";

static void from_run(const Run &run, Findings &out) {
  contention_findings(run, out);
}

extern const Rule lock_contention = {
    .name = "lock-contention",
    .summary = "threads wait for each other at a lock, as a profile shows",
    .severity = Severity::Note,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = nullptr,
    .from_run = from_run,
};

} // namespace snarl
