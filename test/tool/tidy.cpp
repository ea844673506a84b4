// The rules inside clang-tidy: the same places as `snarl check` finds in the same file, several files in one process,
// one rule at a time, clang-tidy's own NOLINT.
// REQUIRES: clang-tidy
// RUN: %clang_tidy --load=%tidy --checks='-*,snarl-*' --list-checks | FileCheck %s --check-prefix=LIST
// LIST: snarl-lock-order
// LIST: snarl-self-deadlock
// RUN: (%snarl check %s -- -std=c++20 || true) | grep -oE '^[^ ]+: error: .*' | sed -E 's/error: (.*) \[(.*)\]$/\1 \2/' | sort > %t.check
// RUN: %clang_tidy --quiet --load=%tidy --checks='-*,snarl-*' %s -- -std=c++20 2> /dev/null > %t.raw
// RUN: grep -oE '^[^ ]+: warning: .*' %t.raw | sed -E 's/warning: (.*) \[snarl-(.*)\]$/\1 \2/' | sort > %t.tidy
// RUN: sed "s|^[^:]*/||" %t.check > %t.check2 && sed "s|^[^:]*/||" %t.tidy | diff %t.check2 -
// RUN: FileCheck %s < %t.raw
// RUN: %clang_tidy --quiet --load=%tidy --checks='-*,snarl-lock-order' %s -- -std=c++20 2> /dev/null | FileCheck %s --check-prefix=ONE --implicit-check-not=self-deadlock
//
// The host brings LLVM and Clang; a second copy would register every option and pass twice:
// RUN: readelf -d %tidy | not grep -E 'NEEDED.*(LLVM|clang)'
//
// Two files in one process do not mix:
// RUN: sed 's/first/third/g; s/second/fourth/g' %s > %t.cpp
// RUN: %clang_tidy --quiet --load=%tidy --checks='-*,snarl-*' %t.cpp %s -- -std=c++20 2> /dev/null > %t.two || true
// RUN: grep -c 'warning: .*snarl-lock-order' %t.two | grep -qx 2
// RUN: grep -c 'warning: .*snarl-self-deadlock' %t.two | grep -qx 2
#include <mutex>
#include <thread>

std::mutex first, second;
void forward() {
  std::lock_guard one(first);
  std::lock_guard two(second);
}
void backward() {
  std::lock_guard two(second);
  std::lock_guard one(first);
}
void twice() {
  std::lock_guard one(first);
  first.lock();
}
void on_purpose() {
  std::lock_guard one(first);
  first.lock(); // NOLINT(snarl-self-deadlock)
}
int main() {
  std::thread a(forward), b(backward);
  a.join();
  b.join();
}
// CHECK: tidy.cpp:{{[0-9]+:[0-9]+}}: warning: {{.*}} [snarl-lock-order]
// CHECK: note:
// CHECK: tidy.cpp:{{[0-9]+:[0-9]+}}: warning: {{.*}} [snarl-self-deadlock]
// ONE: [snarl-lock-order]
