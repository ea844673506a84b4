// What cannot be seen is said: futexes that the program makes itself, and programs that cannot be recorded at all.
// RUN: %gxx -std=c++20 -O1 -g -pthread %s -o %t
// RUN: %snarl run -- %t future 2>&1 | FileCheck %s
// RUN: %snarl run -- %t raw 2>&1 | FileCheck %s --check-prefix=RAW
// RUN: %snarl run -- %t none 2>&1 | FileCheck %s --check-prefix=NONE --implicit-check-not=note
// RUN: %t calls > %t.native; %snarl run -- %t calls > %t.ours 2> %t.err; cmp %t.native %t.ours
// RUN: %gxx -std=c++20 -O1 -pthread -static %s -o %t.static
// RUN: %not %snarl run -- %t.static none 2>&1 | FileCheck %s --check-prefix=STATIC
#include <cerrno>
#include <cstdio>
#include <future>
#include <linux/futex.h>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

static int word;
__attribute__((noinline)) static long futex(int operation, int value) {
  return syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

int main(int, char **argv) {
  std::string what = argv[1];
  if (what == "future") {
    std::promise<int> promise;
    std::thread t([&] {
      usleep(20000);
      promise.set_value(3);
    });
    int value = promise.get_future().get();
    t.join();
    return value != 3;
  }
  if (what == "raw") { // returns at once: the value is another one
    for (int i = 0; i < 5; ++i)
      if (futex(FUTEX_WAIT_PRIVATE, 1) != -1 || errno != EAGAIN) return 1;
  }
  if (what == "none") futex(FUTEX_WAKE_PRIVATE, 1);
  if (what == "calls") {
    errno = 5;
    printf("%d\n", syscall(SYS_gettid) == gettid());
    printf("%ld %d\n", syscall(SYS_close, -1L), errno);
    printf("%ld\n", futex(FUTEX_WAKE, 1));
    unsigned bits[2] = {1, 2};
    printf("%ld %d\n", syscall(SYS_futex, bits, FUTEX_WAKE_OP, 0, 0L, bits + 1, FUTEX_OP(FUTEX_OP_ADD, 4, FUTEX_OP_CMP_EQ, 9)), bits[1]);
  }
  return 0;
}
// CHECK:  note: {{.*}}: not seen: {{[0-9]+ waits?}} on futexes that the program makes itself
// RAW:    note: {{.*}}: not seen: 5 waits on futexes that the program makes itself, first in futex: std::future
// NONE:   no findings
// STATIC: error: nothing was recorded of '{{.*}}': it is statically linked
