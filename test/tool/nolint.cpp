// NOLINT in all its forms; what is silenced is counted.
// RUN: %snarl check %s -- -std=c++20 > %t.out 2> %t.err || true
// RUN: FileCheck %s --implicit-check-not='[self-deadlock]' < %t.out
// RUN: FileCheck %s --check-prefix=ERR < %t.err
// RUN: %snarl check --sarif %t.sarif %s -- -std=c++20 > /dev/null 2>&1 || true
// RUN: grep -c '"kind": "inSource"' %t.sarif | grep -qx 5
#include <mutex>

std::mutex mutex;
void inner() { std::lock_guard lock(mutex); }

void reported() {
  std::lock_guard lock(mutex);
  inner(); // NOLINT(bugprone-*)
}
// CHECK: nolint.cpp:[[@LINE-2]]:{{[0-9]+}}: error: {{.*}} [self-deadlock]

void on_the_line() {
  std::lock_guard lock(mutex);
  inner(); // NOLINT
}
void by_name() {
  std::lock_guard lock(mutex);
  inner(); // NOLINT(snarl-self-deadlock): this is why
}
void by_glob() {
  std::lock_guard lock(mutex);
  inner(); // NOLINT(snarl-*)
}
void next_line() {
  std::lock_guard lock(mutex);
  // NOLINTNEXTLINE(self-deadlock)
  inner();
}
// NOLINTBEGIN(self-deadlock)
void block() {
  std::lock_guard lock(mutex);
  inner();
}
// NOLINTEND(self-deadlock)

int nothing; // NOLINT(snarl-lock-order)
// ERR: nolint.cpp:[[@LINE-1]]: note: NOLINT(snarl-lock-order) suppresses nothing
// ERR: snarl: 1 error (5 suppressed)
