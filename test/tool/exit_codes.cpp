// 0 nothing found, 1 findings at or above --fail-on, 2 trouble.
// RUN: %snarl check %s -- -std=c++20 > %t.out 2> %t.err; test $? = 1
// RUN: FileCheck %s < %t.out
// RUN: FileCheck %s --check-prefix=SUMMARY < %t.err
// RUN: %snarl check --checks=-self-deadlock %s -- -std=c++20 > %t.out; test $? = 0
// RUN: count 0 < %t.out
// RUN: %snarl check --fail-on=error %s -- -std=c++20; test $? = 1
// RUN: %snarl check --fail-on=fatal %s -- -std=c++20; test $? = 2
// RUN: %snarl check %s.missing -- -std=c++20 2> %t.err; test $? = 2
// RUN: FileCheck %s --check-prefix=MISSING < %t.err
// RUN: %snarl check --sarif /no/such/folder/x.sarif %s -- -std=c++20 > %t.out 2> %t.err; test $? = 2
// RUN: FileCheck %s < %t.out
// RUN: FileCheck %s --check-prefix=SARIF < %t.err
// RUN: not %snarl check --quiet %s -- -std=c++20 2>&1 > /dev/null | count 0
// RUN: %snarl check %s -- -std=c++20 > /dev/full 2> %t.err; test $? = 2
// RUN: FileCheck %s --check-prefix=FULL < %t.err
#include <mutex>

std::mutex mutex;
void inner() { std::lock_guard lock(mutex); }
void outer() {
  std::lock_guard lock(mutex);
  inner();
}
// CHECK: exit_codes.cpp:{{[0-9]+:[0-9]+}}: error: {{.*}} [self-deadlock]
// SUMMARY: {{^}}snarl: 1 error in 1 file{{$}}
// MISSING: snarl: error: there is no file '{{.*}}exit_codes.cpp.missing'
// SARIF: snarl: error: cannot write '/no/such/folder/x.sarif': {{.*}}No such file or directory
// FULL: snarl: error: cannot write to standard output: No space left on device
