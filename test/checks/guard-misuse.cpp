// Guards that guard nothing, and their right neighbours.
// RUN: %snarl check --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <chrono>
#include <condition_variable>
#include <mutex>

struct OwnGuard {
  explicit OwnGuard(std::mutex &m) : mutex(m) { mutex.lock(); }
  ~OwnGuard() { mutex.unlock(); }
  std::mutex &mutex;
};

struct Counter {
  std::mutex mutex;
  std::condition_variable changed;
  int n = 0;

  std::unique_lock<std::mutex> hold() { return std::unique_lock<std::mutex>(mutex); }

  void braces() {
    std::lock_guard<std::mutex>{mutex}; // expect: guard-misuse
  }
  void deduced() {
    std::unique_lock{mutex}; // expect: guard-misuse
  }
  void returned() {
    hold(); // expect: guard-misuse
  }
  void own() {
    OwnGuard{mutex}; // expect: guard-misuse
  }
  void variable() {
    std::unique_lock<std::mutex>(mutex); // expect: guard-misuse
  }
  void empty() {
    std::scoped_lock lock; // expect: guard-misuse
  }
  void local() {
    std::mutex own;
    std::lock_guard<std::mutex> lock(own); // expect: guard-misuse
  }
  void named() {
    std::lock_guard<std::mutex> lock(mutex);
    OwnGuard other(*new std::mutex);
  }
  void kept() {
    auto lock = hold();
  }
  void later() {
    std::unique_lock<std::mutex> lock(mutex, std::defer_lock);
    lock.lock();
  }
  void adopts() {
    mutex.lock();
    std::lock_guard<std::mutex> lock(mutex, std::adopt_lock);
    ++n;
  }
  void naps() {
    std::mutex own;
    std::unique_lock<std::mutex> lock(own);
    changed.wait_for(lock, std::chrono::milliseconds(5));
  }
  void wakes() {
    { std::lock_guard<std::mutex> lock(mutex); }
    changed.notify_all();
  }
  void explained() {
    { std::lock_guard<std::mutex> lock(mutex); } // those who are inside have seen it
  }
};
