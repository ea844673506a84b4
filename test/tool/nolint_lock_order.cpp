// A lock-order finding has several places that are equally to blame: NOLINT counts at any acquisition of the cycle.
// RUN: not %snarl check %s -- -std=c++20 | FileCheck %s
// RUN: sed 's|/\*here\*/|// NOLINT(snarl-lock-order)|' %s > %t.cpp
// RUN: %snarl check %t.cpp -- -std=c++20 2> %t.err | count 0
// RUN: FileCheck %s --check-prefix=ERR < %t.err
#include <mutex>
#include <thread>

std::mutex first, second;
void forward() {
  std::lock_guard one(first);
  std::lock_guard two(second);
}
void backward() {
  std::lock_guard two(second);
  std::lock_guard one(first); /*here*/
}
int main() {
  std::thread a(forward), b(backward);
  a.join();
  b.join();
}
// CHECK: error: {{.*}} [lock-order]
// ERR: snarl: no findings (1 suppressed)
