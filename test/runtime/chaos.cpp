// Schedule noise: a wait for a signal that may be gone already, which the usual schedule never shows.
// RUN: rm -rf %t && mkdir %t && cd %t && %gxx -std=c++20 -O1 -g -pthread %s -o prog
// RUN: %snarl run --chaos=1 --repeat 60 --timeout 20 -- ./prog lost > found.txt 2>&1; test $? -ne 0
// RUN: FileCheck %s --check-prefix=LOST < found.txt
// LOST: snarl: run [[N:[0-9]+]] of 60 (seed [[SEED:[0-9]+]]): {{[0-9]+}} error
// LOST: snarl: the same delays again: snarl run --chaos=[[SEED]] -- ./prog ...
//
// The same seed, the same decisions of each thread; another one, others.
// RUN: for seed in 7 7 8; do %snarl run --quiet --chaos=$seed --trace same.$seed -- ./prog busy > out.$seed || exit 1; done
// RUN: for trace in same.7/*.trace; do grep '^c n ' $trace | sort; echo; done > decisions; test $(grep -c '^$' decisions) = 2
// RUN: %python -c "a, b = open('decisions').read().split('\n\n')[:2]; import sys; sys.exit(not a or a != b)"
// RUN: grep -h '^c n ' same.8/*.trace | sort > other; grep -h '^c n ' same.7/*.trace | sort -u > same; not cmp same other
//
// What the program says and returns is its own:
// RUN: ./prog busy > plain.txt && cmp plain.txt out.7 && cmp plain.txt out.8
// RUN: %snarl run --chaos -- ./prog code > code.txt 2> err.txt; test $? = 7
// RUN: FileCheck %s --check-prefix=CODE < err.txt
// CODE: snarl: seed [[SEED:[0-9]+]]: no findings in 1 process
// CODE: snarl: the same delays again: snarl run --chaos=[[SEED]] -- ./prog ...
//
// Without noise, again until something happens:
// RUN: rm -f count; %snarl run --repeat 5 -- ./prog third > out.txt 2> err.txt; test $? = 3
// RUN: FileCheck %s --check-prefix=THIRD < err.txt
// THIRD: snarl: run 1 of 5: no findings
// THIRD: snarl: run 3 of 5: no findings
// THIRD-NOT: run 4 of 5
// RUN: %snarl run --chaos=0 -- ./prog busy > out.txt 2>&1; test $? = 2; FileCheck %s --check-prefix=ZERO < out.txt
// ZERO: snarl: error: --chaos: '0' is no seed
//
// Whatever programs do with their processes, threads and signals, they do as without:
// RUN: %gcc -std=gnu11 -O0 -g -pthread -I%S/Inputs %S/transparent.c -o any
// RUN: for what in fork exec vfork spawn cancel smallstack signals atexit quickexit errno manythreads detached; do ./any $what > plain.out 2> plain.err; plain=$?; SNARL_OPTIONS=trace=any.trace:print=0:chaos=5 LD_PRELOAD=%rt ./any $what > noisy.out 2> noisy.err; test $? = $plain && cmp plain.out noisy.out && cmp plain.err noisy.err || exit 1; done
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

static std::mutex mutex;
static std::condition_variable condition;
static std::atomic<bool> ready;

static void wait_for_it() {
  if (ready) return; // acted upon below, when it may not be true any more
  std::unique_lock lock(mutex);
  condition.wait(lock);
}
static void make_ready() {
  std::lock_guard lock(mutex);
  ready = true;
  condition.notify_all();
}

int main(int argc, char **argv) {
  std::string what = argc > 1 ? argv[1] : "";
  if (what == "code") return 7;
  if (what == "third") { // fails the third time
    int count = 0;
    std::ifstream("count") >> count;
    std::ofstream("count") << count + 1;
    return count == 2 ? 3 : 0;
  }
  if (what == "lost") {
    std::thread waiter(wait_for_it);
    std::thread other(make_ready);
    waiter.join();
    other.join();
    return 0;
  }
  long sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        std::lock_guard lock(mutex);
        ++sum;
      }
    });
  for (std::thread &thread : threads) thread.join();
  std::printf("%ld\n", sum);
}
