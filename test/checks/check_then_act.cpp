// A pool of connections, a cache, a registry: what is decided under a lock and done under it again, and atomics that are
// loaded and stored.
// RUN: %snarl check --checks=-*,check-then-act --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

class Seats {
public:
  bool book(int row) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (free_ == 0) return false;
    }
    log(row);
    std::lock_guard<std::mutex> lock(mutex_);
    --free_; // expect: check-then-act
    return true;
  }
  bool book_right(int row) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (free_ == 0) return false;
    --free_;
    log(row);
    return true;
  }
  bool book_tested_again(int row) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (free_ == 0) return false;
    }
    log(row);
    std::lock_guard<std::mutex> lock(mutex_);
    if (free_ == 0) return false;
    --free_;
    return true;
  }
  void grow() { // a lost update
    int seats;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      seats = free_;
    }
    seats += 10;
    std::lock_guard<std::mutex> lock(mutex_);
    free_ = seats; // expect: check-then-act
  }
  void grow_unlocked() {
    std::unique_lock<std::mutex> lock(mutex_);
    int seats = free_;
    lock.unlock();
    log(seats);
    lock.lock();
    free_ = seats + 1; // expect: check-then-act
  }
  // The claim is made in the section of the test.
  void reorganise() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (busy_) return;
      busy_ = true;
    }
    log(0);
    std::lock_guard<std::mutex> lock(mutex_);
    busy_ = false;
  }
  void reorganise_twice() {
    bool start = false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!busy_) start = true;
    }
    if (!start) return;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      busy_ = true; // expect: check-then-act
    }
    log(1);
  }

private:
  void log(int);
  std::mutex mutex_;
  int free_ = 100;
  bool busy_ = false;
};

class Cache {
public:
  bool has(const std::string &key) const {
    std::shared_lock lock(mutex_);
    return entries_.find(key) != entries_.end();
  }
  void put(const std::string &key, int value) {
    std::unique_lock lock(mutex_);
    entries_[key] = value;
  }
  void add(const std::string &key, int value) {
    std::unique_lock lock(mutex_);
    if (entries_.count(key)) return;
    entries_[key] = value;
  }
  int size() const {
    std::shared_lock lock(mutex_);
    return entries_.size();
  }
  void load(const std::string &key) {
    if (!has(key)) put(key, make(key)); // expect: check-then-act
  }
  void load_by_local(const std::string &key) {
    bool known = has(key);
    int value = make(key);
    if (known) return;
    put(key, value); // expect: check-then-act
  }
  void load_right(const std::string &key) {
    if (!has(key)) add(key, make(key));
  }
  int find_or_make(const std::string &key) {
    {
      std::shared_lock lock(mutex_);
      auto it = entries_.find(key);
      if (it != entries_.end()) return it->second;
    }
    int value = make(key);
    std::unique_lock lock(mutex_);
    return entries_.try_emplace(key, value).first->second;
  }
  int find_or_overwrite(const std::string &key) {
    {
      std::shared_lock lock(mutex_);
      auto it = entries_.find(key);
      if (it != entries_.end()) return it->second;
    }
    int value = make(key);
    std::unique_lock lock(mutex_);
    entries_[key] = value; // expect: check-then-act
    return value;
  }
  // What is measured is not what is changed.
  void note() {
    if (size() > 100) {
      std::unique_lock lock(mutex_);
      ++full_;
    }
  }
  void drop(const std::string &key) {
    if (has(key)) {
      std::unique_lock lock(mutex_);
      entries_.erase(key);
    }
  }

private:
  static int make(const std::string &);
  mutable std::shared_mutex mutex_;
  std::map<std::string, int> entries_;
  int full_ = 0;
};

// One worker alone changes its state; others look.
class Worker {
public:
  Worker() : thread_([this] { run(); }) {}
  ~Worker() {
    stop_ = true;
    thread_.join();
  }
  int state() {
    std::lock_guard<std::mutex> lock(mutex_);
    return state_;
  }

private:
  void run() {
    while (!stop_) {
      int now;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        now = state_;
      }
      ++now;
      std::lock_guard<std::mutex> lock(mutex_);
      state_ = now;
    }
  }
  std::mutex mutex_;
  int state_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Waiting for a state is no decision.
class Turn {
public:
  void serve() {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      while (!wanted_) changed_.wait(lock);
    }
    work();
    std::lock_guard<std::mutex> lock(mutex_);
    wanted_ = false;
    changed_.notify_all();
  }
  void want() {
    std::lock_guard<std::mutex> lock(mutex_);
    wanted_ = true;
    changed_.notify_all();
  }

private:
  void work();
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false;
};

class Counters {
public:
  void add(int n) { total_.store(total_.load() + n); } // expect: check-then-act
  void add_by_operator(int n) { total_ = total_ + n; } // expect: check-then-act
  void add_right(int n) { total_ += n; }
  void raise(int n) {
    if (most_.load() < n) most_.store(n); // expect: check-then-act
  }
  void raise_right(int n) {
    int now = most_.load();
    while (now < n && !most_.compare_exchange_weak(now, n)) {
    }
  }
  bool enter() {
    if (inside_.load() >= 10) return false;
    inside_.fetch_add(1); // expect: check-then-act
    return true;
  }
  bool enter_right() {
    if (inside_.fetch_add(1) < 10) return true;
    inside_.fetch_sub(1);
    return false;
  }
  void start() {
    if (!started_.load()) {
      started_.store(true); // expect: check-then-act
      run();
    }
  }
  void start_right() {
    if (!started_.exchange(true)) run();
  }
  void finish() {
    if (!done_) done_ = true; // saves a write
  }
  bool done() const { return done_; }
  void release() {
    --references_;
    if (references_ == 0) run(); // expect: check-then-act
  }
  void release_right() {
    if (--references_ == 0) run();
  }
  void reset() { total_.store(0); }
  int average() const { return calls_ ? total_.load() / calls_.load() : 0; }
  void under_lock(int n) {
    std::lock_guard<std::mutex> lock(mutex_);
    limit_ = limit_ + n;
  }
  int limit() const { return limit_; }

private:
  void run();
  std::mutex mutex_;
  std::atomic<int> total_{0}, most_{0}, inside_{0}, references_{1}, calls_{0}, limit_{0};
  std::atomic<bool> started_{false}, done_{false};
};

// One producer, one consumer: each index has one writer, which may read it without order.
template <class T> class Ring {
public:
  bool push(const T &value) {
    auto tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == 64) return false;
    slots_[tail % 64] = value;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

private:
  T slots_[64];
  std::atomic<unsigned> head_{0}, tail_{0};
};
template class Ring<int>;
