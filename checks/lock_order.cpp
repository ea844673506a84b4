// Two locks taken in one order here and in the other order there. What the source shows is in lock_order_source.cpp,
// what runs show in lock_order_run.cpp.
#include "lock_order_run.h"
#include "lock_order_source.h"
#include "rule.h"

namespace snarl {

static const char why[] = R"(
When one thread takes lock A and then B, and another B and then A, each can get its first lock and wait for the other's
for ever; with three or more locks the circle is longer and harder to see. It may take years to happen. Reported are
circles in the order in which locks are taken, over functions, files and threads, with all sides. Not reported: a circle
that a lock held on all sides (a gate) makes impossible, that only one thread goes round, that create and join keep
apart, whose sides only read, that is taken with std::lock or std::scoped_lock, or whose last lock is only tried.
)";

static const char bad[] = R"(
#include <mutex>
#include <thread>

std::mutex cash, ledger;
int balance, entries;

void deposit() {
  std::lock_guard<std::mutex> first(cash);
  std::lock_guard<std::mutex> second(ledger); // cash, then ledger
  ++balance, ++entries;
}

void close_month() {
  std::lock_guard<std::mutex> first(ledger);
  std::lock_guard<std::mutex> second(cash); // ledger, then cash
  balance = 0, ++entries;
}

int main() {
  std::thread clerk(deposit), manager(close_month);
  clerk.join();
  manager.join();
}
)";

static const char good[] = R"(
#include <mutex>
#include <thread>

std::mutex cash, ledger;
int balance, entries;

void deposit() {
  std::scoped_lock both(cash, ledger); // in whatever order: it backs off when it cannot have both
  ++balance, ++entries;
}

void close_month() {
  std::scoped_lock both(ledger, cash);
  balance = 0, ++entries;
}

int main() {
  std::thread clerk(deposit), manager(close_month);
  clerk.join();
  manager.join();
}
)";

static const char silence[] = R"(
`// NOLINT(lock-order)` on the line of one of the acquisitions, with the reason why the two sides never meet. For runs: a
line `lock-order:NAME` in a suppression file, where NAME is a function, file or lock of the report, with * for the rest.
)";

extern const Rule lock_order = {
    .name = "lock-order",
    .summary = "locks are taken in orders that contradict each other and can deadlock",
    .severity = Severity::Error,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = lock_order_from_source,
    .from_run = lock_order_from_run,
};

} // namespace snarl
