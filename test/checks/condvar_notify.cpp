// Notifications: with and without the mutex, to waiters for one thing and for several.
// RUN: %snarl check --checks=-*,condvar-notify --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

class Gate {
public:
  void open() {
    open_ = true; // expect: condvar-notify
    changed_.notify_all();
  }
  void open_inside() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void open_then_notify() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      open_ = true;
    }
    changed_.notify_all(); // after the unlock: fine
  }
  void open_with_empty_section() {
    open_ = true;
    { std::lock_guard<std::mutex> lock(mutex_); } // no waiter is between its test and its sleep now
    changed_.notify_all();
  }
  void open_by_setter() {
    set(true);
    wake();
  }
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return open_.load(); });
  }

private:
  void set(bool open) { open_.store(open); } // expect: condvar-notify
  void wake() { changed_.notify_all(); }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> open_{false};
};

// Looks again by itself.
class Polled {
public:
  void stop() {
    stop_ = true;
    changed_.notify_all();
  }
  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stop_) changed_.wait_for(lock, std::chrono::milliseconds(50));
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> stop_{false};
};

// Producers and consumers on one condition variable.
class Bounded {
public:
  void put(int value) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return values_.size() < 4; }); // side: condvar-notify
    values_.push_back(value);
    changed_.notify_one(); // expect: condvar-notify
  }
  int take() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !values_.empty(); }); // side: condvar-notify
    int value = values_.front();
    values_.pop_front();
    changed_.notify_one(); // expect: condvar-notify
    return value;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<int> values_;
};

// One for each thing to wait for; consumers that differ in when they give up.
class BoundedRight {
public:
  void put(int value) {
    std::unique_lock<std::mutex> lock(mutex_);
    room_.wait(lock, [this] { return values_.size() < 4; });
    values_.push_back(value);
    filled_.notify_one();
  }
  int take() {
    std::unique_lock<std::mutex> lock(mutex_);
    filled_.wait(lock, [this] { return !values_.empty(); });
    return pop();
  }
  int take_unless_closed() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (values_.empty() && !closed_) filled_.wait(lock);
    return values_.empty() ? 0 : pop();
  }
  void close() {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }

private:
  int pop() {
    int value = values_.front();
    values_.pop_front();
    room_.notify_one();
    return value;
  }
  std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<int> values_;
  bool closed_ = false;
};

static std::mutex forgotten_mutex;
static std::condition_variable forgotten;
static bool never;

int main() {
  std::thread waits([] {
    std::unique_lock<std::mutex> lock(forgotten_mutex);
    forgotten.wait(lock, [] { return never; }); // expect: condvar-notify
  });
  {
    std::lock_guard<std::mutex> lock(forgotten_mutex);
    never = true;
  }
  waits.join();
}
