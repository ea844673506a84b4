// Waits on condition variables: tested again, in a loop, timed, wrapped.
// RUN: %snarl check --checks=-*,condvar-wait --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <pthread.h>
#include <thread>

using namespace std::chrono_literals;

class Mail {
public:
  int once() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (letters_.empty()) arrived_.wait(lock); // expect: condvar-wait
    return take();
  }
  int at_all() {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock); // expect: condvar-wait
    return take();
  }
  void several(int n) { // a loop, but not around the test
    std::unique_lock<std::mutex> lock(mutex_);
    for (int i = 0; i < n; ++i) {
      if (letters_.empty()) arrived_.wait(lock); // expect: condvar-wait
      take();
    }
  }
  int looped() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (letters_.empty() && !closed_) arrived_.wait(lock);
    return letters_.empty() ? 0 : take();
  }
  int predicate() {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock, [this] { return !letters_.empty(); });
    return take();
  }
  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      if (closed_) return;
      if (!letters_.empty()) {
        take();
        continue;
      }
      arrived_.wait(lock);
    }
  }
  void do_loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    do {
      arrived_.wait(lock);
    } while (letters_.empty());
    take();
  }
  int tested_again() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (letters_.empty()) arrived_.wait(lock);
    if (letters_.empty()) return 0;
    return take();
  }
  int timed_ignored() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (letters_.empty()) arrived_.wait_for(lock, 10ms); // expect: condvar-wait
    return take();
  }
  int timed_result() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (letters_.empty())
      if (arrived_.wait_for(lock, 10ms) == std::cv_status::timeout) return 0;
    return take();
  }
  int timed_predicate() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!arrived_.wait_for(lock, 10ms, [this] { return !letters_.empty(); })) return 0;
    return take();
  }
  void pause() { // a sleep that can be cut short
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait_for(lock, 10ms);
  }
  void poll() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!closed_) {
      while (!letters_.empty()) take();
      arrived_.wait_for(lock, 10ms);
    }
  }
  void close() {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    arrived_.notify_all();
  }
  void put(int letter) {
    std::lock_guard<std::mutex> lock(mutex_);
    letters_.push_back(letter);
    arrived_.notify_one();
  }
  void with_another(std::mutex &other) {
    std::lock_guard<std::mutex> first(other);
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock, [this] { return closed_; }); // expect: condvar-wait
  }
  void another_released(std::mutex &other) {
    { std::lock_guard<std::mutex> first(other); }
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock, [this] { return closed_; });
  }

private:
  int take() {
    int letter = letters_.front();
    letters_.pop_front();
    return letter;
  }
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<int> letters_;
  bool closed_ = false;
};

class TwoMutexes {
public:
  void left() {
    std::unique_lock<std::mutex> lock(left_);
    changed_.wait(lock, [this] { return state_ > 0; }); // side: condvar-wait
  }
  void right() {
    std::unique_lock<std::mutex> lock(right_);
    changed_.wait(lock, [this] { return state_ > 1; }); // expect: condvar-wait
  }

private:
  std::mutex left_, right_;
  std::condition_variable changed_;
  int state_ = 0;
};

// Wrappers: whoever takes the lock has to loop.
class Condition {
public:
  void wait(std::unique_lock<std::mutex> &lock) { condition_.wait(lock); }
  void notify() { condition_.notify_all(); }

private:
  std::condition_variable condition_;
};

class Latch {
public:
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (count_ > 0) zero_.wait(lock);
  }
  void wait_once() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (count_ > 0) zero_.wait(lock); // expect: condvar-wait
    count_ = 10;
  }
  void down() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (--count_ == 0) zero_.notify();
  }

private:
  std::mutex mutex_;
  Condition zero_;
  int count_ = 3;
};

struct queue {
  pthread_mutex_t lock;
  pthread_cond_t nonempty;
  int count;
};

int queue_take(queue *q) {
  pthread_mutex_lock(&q->lock);
  while (q->count == 0) pthread_cond_wait(&q->nonempty, &q->lock);
  int n = --q->count;
  pthread_mutex_unlock(&q->lock);
  return n;
}

int queue_take_wrong(queue *q) {
  pthread_mutex_lock(&q->lock);
  if (q->count == 0) pthread_cond_wait(&q->nonempty, &q->lock); // expect: condvar-wait
  int n = --q->count;
  pthread_mutex_unlock(&q->lock);
  return n;
}

int queue_take_until(queue *q, const timespec *until) {
  int rc = 0, n = -1;
  pthread_mutex_lock(&q->lock);
  while (q->count == 0 && rc == 0) rc = pthread_cond_timedwait(&q->nonempty, &q->lock, until);
  if (rc == 0) n = --q->count;
  pthread_mutex_unlock(&q->lock);
  return n;
}
