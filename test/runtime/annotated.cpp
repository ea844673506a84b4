// Annotations: what the program says of its own locks, fibers, order, intent and names is believed; without the library
// they do nothing, whatever the program is linked with.
// RUN: %gxx -std=c++17 -O1 -g -pthread -I%root/runtime/include -I%S/Inputs %s -o %t
// RUN: for what in spin shared named pair_missing fibers; do echo == $what; %snarl run -- %t $what 2>&1; done > %t.out; FileCheck %s < %t.out
// RUN: for what in self held; do echo == $what; %snarl run --timeout 3 -- %t $what 2>&1; done > %t.wrong; FileCheck %s --check-prefix=WRONG < %t.wrong
// RUN: echo == hang > %t.hang; %snarl run --halt-on-deadlock -- %t hang >> %t.hang 2>&1; test $? = 86; FileCheck %s --check-prefix=HANG < %t.hang
// RUN: for what in readers recursive tried event scope pair purpose_nested recreated fiber_order; do echo == $what; %snarl run -- %t $what 2>&1 || exit 1; done > %t.quiet; FileCheck %s --check-prefix=QUIET --implicit-check-not=error --implicit-check-not=warning < %t.quiet
// Alone, and as C; position independent or not, static, by three linkers:
// RUN: for flags in "%gxx -std=c++17" "%gxx -std=c++17 -no-pie -fno-pie" "%gxx -std=c++17 -static" "%clangxx -std=c++17 -fuse-ld=lld-19 -no-pie -fno-pie" "%clangxx -std=c++17"; do $flags -O1 -pthread -I%root/runtime/include -I%S/Inputs %s -o %t.alone || exit 1; %t.alone spin && %t.alone fibers || exit 1; done
// RUN: for flags in "%gxx -no-pie -fno-pie" "%clangxx -fuse-ld=lld-19 -no-pie -fno-pie"; do $flags -std=c++17 -g -O1 -pthread -I%root/runtime/include -I%S/Inputs %s -o %t.fixed; echo == spin; %not %snarl run -- %t.fixed spin 2>&1; done | FileCheck %s --check-prefix=FIXED
// RUN: echo '#include <snarl/annotate.h>' > %t.c; echo 'int main(void) { int x = 0; snarl_lock_acquired(&x, SNARL_SHARED); snarl_name_lock(&x, "x"); return snarl_fiber_current() != 0; }' >> %t.c; %gcc -std=c89 -pedantic-errors -Wall -Wextra -Werror -I%root/runtime/include %t.c -o %t.c89 && %t.c89
// FIXED-COUNT-2: [lock-order, ordered]
#include <snarl/annotate.h>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

static std::string what;
static std::atomic<int> step{0};
static void await(int n) {
  while (step < n) std::this_thread::yield();
}

/// A spin lock as many programs have one.
class Spin {
public:
  void lock() {
    snarl_lock_wait(this, SNARL_EXCLUSIVE);
    while (taken_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
    snarl_lock_acquired(this, SNARL_EXCLUSIVE);
  }
  bool try_lock() {
    if (taken_.exchange(true, std::memory_order_acquire)) return false;
    snarl_lock_acquired(this, SNARL_EXCLUSIVE);
    return true;
  }
  void unlock() {
    snarl_lock_release(this);
    taken_.store(false, std::memory_order_release);
  }

private:
  std::atomic<bool> taken_{false};
};

static Spin queue, index_;
static std::mutex table, log_;
static int count;

__attribute__((noinline)) static void read(void *lock) {
  snarl_lock_wait(lock, SNARL_SHARED);
  snarl_lock_acquired(lock, SNARL_SHARED);
}

__attribute__((noinline)) static void push() {
  std::lock_guard<Spin> q(queue);
  std::lock_guard<Spin> i(index_);
  ++count;
}
__attribute__((noinline)) static void rebuild() {
  std::lock_guard<Spin> i(index_);
  std::lock_guard<Spin> q(queue);
  ++count;
}
__attribute__((noinline)) static void table_first() {
  std::lock_guard<std::mutex> t(table);
  std::lock_guard<std::mutex> l(log_);
  ++count;
}
__attribute__((noinline)) static void log_first() {
  std::lock_guard<std::mutex> l(log_);
  std::lock_guard<std::mutex> t(table);
  ++count;
}

/// One after the other; nothing that could be seen says so.
template <class F, class G> static void apart(F f, G g) {
  std::thread a([&] { f(), ++step; }), b([&] { await(1), g(); });
  a.join(), b.join();
}

int main(int, char **argv) {
  what = argv[1];
  if (what == "spin") {
    apart(push, rebuild);
  } else if (what == "shared" || what == "readers") {
    static int lock;
    bool write = what == "shared";
    apart([&] { std::lock_guard<Spin> q(queue); read(&lock), snarl_lock_release(&lock); },
          [&] {
            if (write) snarl_lock_wait(&lock, SNARL_EXCLUSIVE), snarl_lock_acquired(&lock, SNARL_EXCLUSIVE);
            else read(&lock);
            if (write) { std::lock_guard<Spin> q(queue); }
            snarl_lock_release(&lock);
          });
  } else if (what == "named") {
    Spin *mine = new Spin, *yours = new Spin;
    std::mutex *third = new std::mutex;
    snarl_name_lock(mine, "my lock");
    snarl_name_lock(yours, "your lock");
    apart([&] {
            snarl_name_thread("the one with the longest of all names");
            std::lock_guard<Spin> a(*mine), b(*yours);
            std::lock_guard<std::mutex> c(*third);
            snarl_name_lock(third, "third lock"); // known by then
          },
          [&] {
            { std::lock_guard<Spin> b(*yours), a(*mine); }
            std::lock_guard<std::mutex> c(*third);
            std::lock_guard<Spin> a(*mine);
          });
  } else if (what == "self") {
    std::thread([] {
      queue.lock();
      snarl_lock_wait(&queue, SNARL_EXCLUSIVE);
      queue.unlock();
    }).join();
  } else if (what == "held") { // a thread ends with it; and destroyed while held
    std::thread([] { queue.lock(); }).join();
    index_.lock();
    snarl_lock_destroy(&index_);
  } else if (what == "hang") {
    std::thread a([] { std::lock_guard<Spin> q(queue); ++step, await(2); std::lock_guard<std::mutex> t(table); });
    std::thread b([] { std::lock_guard<std::mutex> t(table); ++step, await(2); std::lock_guard<Spin> q(queue); });
    a.join(), b.join();
  } else if (what == "recursive") {
    std::thread([] {
      for (int i = 0; i < 3; ++i)
        snarl_lock_wait(&count, SNARL_RECURSIVE), snarl_lock_acquired(&count, SNARL_RECURSIVE);
      for (int i = 0; i < 3; ++i) snarl_lock_release(&count);
    }).join();
  } else if (what == "tried") {
    apart(push, [] {
      std::lock_guard<Spin> i(index_);
      if (queue.try_lock()) queue.unlock();
    });
  } else if (what == "event") { // order that only the annotation tells
    apart([] { table_first(), snarl_happens_before(&step); }, [] { snarl_happens_after(&step), log_first(); });
  } else if (what == "scope") {
    apart(table_first, [] {
      for (int i = 0; i < 100; ++i) {
        snarl::order_on_purpose rare;
        log_first();
      }
    });
  } else if (what == "pair" || what == "pair_missing") {
    apart(table_first, [] {
      if (what == "pair") snarl_order_on_purpose(&log_, &table);
      else snarl_order_on_purpose(&table, &index_);
      log_first();
    });
  } else if (what == "purpose_nested") {
    snarl_on_purpose_end(); // one too many is forgiven
    apart(table_first, [] {
      snarl_on_purpose_begin(), snarl_on_purpose_begin(), snarl_on_purpose_end();
      log_first();
      snarl_on_purpose_end();
    });
  } else if (what == "recreated") { // the same address, another lock
    apart(push, [] {
      snarl_lock_create(&queue), snarl_lock_create(&index_);
      rebuild();
    });
  } else if (what == "fibers" || what == "fiber_order") { // two fibers of one thread
    void *here = snarl_fiber_current(), *one = snarl_fiber_create();
    std::thread other([] {}); // there is a second thread
    snarl_fiber_switch(one);
    snarl_name_thread("fiber one");
    queue.lock();
    snarl_fiber_switch(here);
    if (what == "fiber_order") { // what main holds is not held by the fiber
      table.lock();
      snarl_fiber_switch(one);
      queue.unlock();
      log_.lock();
      log_.unlock();
      snarl_fiber_switch(here);
      snarl_fiber_destroy(one);
      table.unlock();
      log_first();
    } else {
      snarl_fiber_switch(one);
      { std::lock_guard<Spin> i(index_); }
      queue.unlock();
      snarl_fiber_switch(here);
      void *two = snarl_fiber_create();
      snarl_fiber_switch(two);
      rebuild();
      snarl_fiber_switch(here);
      snarl_fiber_destroy(one), snarl_fiber_destroy(two);
    }
    other.join();
  } else {
    return 2;
  }
  return 0;
}
// CHECK:      == spin
// CHECK:      error: {{(index_ and queue|queue and index_)}} are taken in opposite orders
// CHECK-SAME: [lock-order, ordered]
// CHECK:      == shared
// CHECK:      [lock-order, ordered]
// CHECK:      == named
// CHECK-DAG:  my lock and your lock are taken in opposite orders by thread 2 (the one with the longest of all names) and thread 3
// CHECK-DAG:  my lock and third lock are taken in opposite orders
// CHECK:      == pair_missing
// CHECK:      [lock-order, ordered]
// CHECK:      == fibers
// CHECK:      by {{.*}}(fiber one)
// CHECK-SAME: [lock-order, ordered]
// WRONG:      == self
// WRONG:      error: thread 2 takes queue again, which it already holds: it waits for itself for ever [self-deadlock, actual]
// WRONG:      == held
// WRONG-DAG:  error: thread 2 ends and still holds queue [unreleased-lock, actual]
// WRONG-DAG:  error: main thread destroys index_, which it still holds [unreleased-lock, actual]
// HANG:       == hang
// HANG:       error: deadlock: {{.*}} wait for each other [deadlock, actual]
// QUIET:      == readers
// QUIET:      == recursive
// QUIET:      == tried
// QUIET:      == event
// QUIET:      == scope
// QUIET:      == pair
// QUIET:      == purpose_nested
// QUIET:      == recreated
// QUIET:      == fiber_order
