// Colours on request only, when the output is no terminal.
// RUN: %snarl check %s -- -std=c++20 > %t.out || true
// RUN: not grep -q $'\x1b' %t.out
// RUN: %snarl check --color=never %s -- -std=c++20 > %t.never || true
// RUN: cmp %t.out %t.never
// RUN: NO_COLOR=1 %snarl check --color=always %s -- -std=c++20 > %t.always || true
// RUN: grep -q $'\x1b\[' %t.always
// RUN: sed 's/\x1b\[[0-9;]*m//g' %t.always | cmp - %t.out
//
// On a terminal they are there, unless NO_COLOR says no.
// RUN: %python -c "import pty, sys; pty.spawn(sys.argv[1:])" %snarl check --quiet %s -- -std=c++20 > %t.tty || true
// RUN: grep -q $'\x1b\[' %t.tty
// RUN: NO_COLOR=1 %python -c "import pty, sys; pty.spawn(sys.argv[1:])" %snarl check --quiet %s -- -std=c++20 > %t.tty || true
// RUN: not grep -q $'\x1b\[' %t.tty
#include <mutex>

std::mutex mutex;
void inner() { std::lock_guard lock(mutex); }
void outer() {
  std::lock_guard lock(mutex);
  inner();
}
