// clang's format: location, severity, message, rule; source and caret; a note for each other place.
// RUN: cd %S && %snarl check text_format.cpp -- -std=c++20 > %t.out || true
// RUN: FileCheck %s --strict-whitespace --match-full-lines < %t.out
// Absolute when the file is not below the current directory:
// RUN: mkdir -p %t.dir && cd %t.dir && (%snarl check %s -- -std=c++20 || true) | FileCheck %s --check-prefix=ABSOLUTE
#include <mutex>

std::mutex mutex;
void inner() {
  std::lock_guard lock(mutex);
}
void outer() {
	std::lock_guard lock(mutex); /* a tab */
  inner();
}
// CHECK:text_format.cpp:[[@LINE-2]]:{{[0-9]+}}: error: {{.*}} [self-deadlock]
// CHECK-NEXT:{{ *}}[[@LINE-3]] |   inner();
// CHECK-NEXT:      |   {{ *}}^
// CHECK:text_format.cpp:[[@LINE-6]]:{{[0-9]+}}: note: {{.*}}
// CHECK-NEXT:{{ *}}[[@LINE-7]] |         std::lock_guard lock(mutex); /* a tab */
// ABSOLUTE: {{^}}/{{.*}}text_format.cpp:{{[0-9]+:[0-9]+}}: error:
