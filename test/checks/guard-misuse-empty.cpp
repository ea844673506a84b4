// RUN: %not %snarl check %s -- -std=c++20 2>&1 | %filecheck %s



#include <mutex>

std::mutex mutex;

void nothing() {
  { std::lock_guard<std::mutex> lock(mutex); }
}

void by_hand() {
  mutex.lock();
  mutex.unlock();
}

void adopts() {
  std::lock_guard<std::mutex> lock(mutex, std::adopt_lock);
}

void no_name() {
  std::lock_guard<std::mutex>{mutex};
}

// CHECK: guard-misuse-empty.cpp:10:33: error: 'mutex' is taken and given back with nothing in between
// CHECK: guard-misuse-empty.cpp:14:3: error: 'mutex' is taken and given back with nothing in between
// CHECK: guard-misuse-empty.cpp:19:{{.*}} 'mutex' is adopted here, but nobody has taken it
// CHECK: guard-misuse-empty.cpp:23:3: error: this 'std::lock_guard' has no name
