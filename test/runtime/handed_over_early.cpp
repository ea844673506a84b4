// A condition hands work over although nobody had to wait: the consumer comes late and finds the predicate true. What
// the producer did before is over, so opposite orders of the two locks cannot meet. And a mutex that is itself part of
// an opposite order hands nothing over, signals or not.
//
// RUN: %clangxx -std=c++20 -O1 -g -pthread %s -o %t && %snarl run -- %t 2>&1 | FileCheck %s --check-prefix=LATE
// RUN: not %snarl run -- %t orders 2>&1 | FileCheck %s --check-prefix=ORDERS
// LATE: no findings
// ORDERS: parts and state are taken in opposite orders
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

std::mutex parts, shelf, state;
std::condition_variable changed;
bool done = false;
int n = 0;
std::atomic<bool> produced{false}; // the tool cannot see it: it only fixes who comes first

void produce() {
  {
    std::lock_guard a(parts);
    std::lock_guard b(shelf);
    ++n;
  }
  {
    std::lock_guard lock(state);
    done = true;
  }
  changed.notify_all();
  produced = true;
}

void consume() {
  while (!produced) std::this_thread::yield();
  {
    std::unique_lock lock(state);
    changed.wait(lock, [] { return done; }); // true already
  }
  std::lock_guard b(shelf);
  std::lock_guard a(parts);
  --n;
}

void state_then_parts() {
  {
    std::lock_guard lock(state);
    std::lock_guard a(parts);
    ++n;
    changed.notify_all();
  }
  produced = true;
}

void parts_then_state() {
  while (!produced) std::this_thread::yield();
  { std::lock_guard alone(state); }
  std::lock_guard a(parts);
  std::lock_guard lock(state);
  --n;
}

int main(int argc, char **) {
  bool orders = argc > 1;
  std::thread first(orders ? state_then_parts : produce), second(orders ? parts_then_state : consume);
  first.join();
  second.join();
  return n;
}
