// What is initialised once is a lock like others: its initialiser holds it, everybody else wants it.
// RUN: %gxx -std=c++20 -O1 -g -pthread %s -o %t
// RUN: for what in once_hang static_hang static_self; do echo == $what; %snarl run --halt-on-deadlock -- %t $what 2>&1; echo exit $?; done > %t.hang; FileCheck %s --check-prefix=HANG < %t.hang
// RUN: for what in once_order static_order; do echo == $what; %snarl run -- %t $what 2>&1; done > %t.order; FileCheck %s --check-prefix=ORDER < %t.order
// RUN: for what in once_first static_first thrown tasks; do echo == $what; %snarl run -- %t $what 2>&1 || exit 1; done > %t.quiet; FileCheck %s --check-prefix=QUIET --implicit-check-not=error < %t.quiet
#include <atomic>
#include <cstdio>
#include <cstring>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

static std::mutex registry;
static std::once_flag once;
static std::atomic<int> step{0};
static std::string what;

static void await(int n) {
  while (step < n) std::this_thread::yield();
}
static bool hang() { return what.find("hang") != std::string::npos; }

__attribute__((noinline)) int initialise() {
  if (hang()) {
    ++step;
    await(2);
  }
  std::lock_guard<std::mutex> l(registry);
  return 1;
}
__attribute__((noinline)) int instance() {
  static int value = initialise();
  return value;
}
__attribute__((noinline)) int myself() {
  static int value = myself() + 1;
  return value;
}
__attribute__((noinline)) void get_directly() {
  if (what.starts_with("once")) std::call_once(once, initialise);
  else instance();
}
__attribute__((noinline)) void get_from_registry() {
  std::lock_guard<std::mutex> l(registry);
  if (hang()) {
    ++step;
    await(2);
  }
  get_directly();
}
static void fail_twice() {
  for (int i = 0; i < 3; ++i)
    try {
      std::call_once(once, [i] {
        std::lock_guard<std::mutex> l(registry);
        if (i < 2) throw std::runtime_error("not yet");
      });
    } catch (const std::runtime_error &) {
      std::lock_guard<std::mutex> l(registry); // no initialiser is running any more
    }
}

/// A packaged task runs inside its future's own once; the next task's may have the same address.
static void tasks() {
  std::thread t([] {
    for (int i = 0; i < 50; ++i) {
      std::packaged_task<void()> task([] { std::lock_guard<std::mutex> l(registry); });
      task();
    }
    ++step;
  });
  std::thread u([] {
    await(1);
    for (int i = 0; i < 50; ++i) {
      std::lock_guard<std::mutex> l(registry);
      std::packaged_task<void()> task([] {});
      task();
    }
  });
  t.join();
  u.join();
}

int main(int, char **argv) {
  what = argv[1];
  alarm(20);
  if (what == "static_self") {
    // a second thread, or nobody watches
    std::thread t([] { myself(); });
    t.join();
  } else if (hang()) {
    std::thread t(get_directly), u(get_from_registry);
    t.join();
    u.join();
  } else if (what == "once_order" || what == "static_order") {
    // One thread asks while it holds the registry, when there is nothing to be waited for; but nothing says who is first.
    std::thread t([] { get_directly(), ++step; });
    std::thread u([] { await(1), get_from_registry(); });
    t.join();
    u.join();
  } else if (what == "once_first" || what == "static_first") {
    get_directly(); // before there are threads
    std::thread t(get_from_registry), u(get_from_registry);
    t.join();
    u.join();
  } else if (what == "tasks") {
    tasks();
  } else {
    std::thread t(fail_twice);
    t.join();
  }
}
// HANG:  == once_hang
// HANG:  [deadlock, actual]
// HANG:  exit 86
// HANG:  == static_hang
// HANG:  [deadlock, actual]
// HANG:  exit 86
// HANG:  == static_self
// HANG:  , actual]
// HANG:  exit 86
// ORDER: == once_order
// ORDER: [lock-order,
// ORDER: == static_order
// QUIET: == once_first
// QUIET: == static_first
// QUIET: == thrown
// QUIET: == tasks
