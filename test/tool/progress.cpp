// Progress on a terminal, on one line that is taken away; none elsewhere, and none with --quiet.
// RUN: %python -c "import pty, sys; pty.spawn(sys.argv[1:])" %snarl check %s -- -std=c++20 > %t.tty
// RUN: grep -q $'\r\[1/1\] .*progress.cpp\x1b\[K\r\x1b\[K' %t.tty
// RUN: %python -c "import pty, sys; pty.spawn(sys.argv[1:])" %snarl check --quiet %s -- -std=c++20 | count 0
// RUN: %snarl check %s -- -std=c++20 2>&1 | not grep -F '['
int x;
