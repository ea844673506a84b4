// Names from debug information, from a separate file, from exported symbols; and what is said when there are none.
// RUN: rm -rf %t && mkdir %t && cd %t && %gcc -O1 -g -pthread -rdynamic -Wl,--build-id %s -o prog
// RUN: cp prog stripped && objcopy --only-keep-debug prog stripped.debug && strip stripped && objcopy --add-gnu-debuglink=stripped.debug stripped
// RUN: cp stripped bare && objcopy --remove-section=.gnu_debuglink bare
// RUN: for p in prog stripped; do %snarl run -- ./$p > $p.txt 2>&1; test $? = 1 || exit 1; FileCheck %s < $p.txt || exit 1; done
// RUN: %snarl run --trace trace -- ./bare > bare.txt 2>&1; test $? = 1
// RUN: FileCheck %s --check-prefix=BARE < bare.txt
// Built again since: no names are better than wrong ones.
// RUN: %gcc -O0 -DOTHER -pthread -rdynamic -Wl,--build-id %s -o bare
// RUN: %snarl report trace > other.txt 2>&1; test $? = 1
// RUN: FileCheck %s --check-prefix=OTHER < other.txt
#include <pthread.h>

struct box {
  int before;
  pthread_mutex_t mutex;
} box;
#ifdef OTHER
int something_else[1000];
#endif

static inline __attribute__((always_inline)) void unlock_it(struct box *b) { pthread_mutex_unlock(&b->mutex); }
__attribute__((noinline)) void finish(struct box *b) {
  unlock_it(b);
  ++b->before;
}
int main(void) {
  pthread_mutex_init(&box.mutex, 0);
  finish(&box);
  return 0;
}
// CHECK: report_symbols.c:[[#@LINE-10]]:{{.*}} error: main thread unlocks box+0x8, which is not locked [unreleased-lock, actual]
// CHECK: #0 unlock_it (inlined)
// CHECK: #1 finish
// CHECK: #2 main
// BARE: error: main thread unlocks box+0x8, which is not locked
// BARE: #0 finish at bare+0x
// BARE: #1 main at bare+0x
// OTHER: error: main thread unlocks mutex #1{{.*}}, which is not locked
// OTHER: #0 ?? at bare+0x
// OTHER: bare: is not the file that was recorded
