// Clang's attributes, guards as proof, spin locks, a worker that ends with its owner.
// RUN: %snarl check --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#define CAPABILITY(x) __attribute__((capability(x)))
#define SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define GUARDED_BY(x) __attribute__((guarded_by(x)))
#define REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))

class CAPABILITY("mutex") Mu {
 public:
  void lock() ACQUIRE() { m_.lock(); }
  void unlock() RELEASE() { m_.unlock(); }
  void assertHeld() __attribute__((assert_capability(this))) {}
 private:
  std::mutex m_;
};

class SCOPED_CAPABILITY MuLock {
 public:
  explicit MuLock(Mu& m) ACQUIRE(m) : m_(m) { m_.lock(); }
  ~MuLock() RELEASE() { m_.unlock(); }
 private:
  Mu& m_;
};

class Queue {
 public:
  void push(int v) EXCLUDES(mu_) {
    MuLock l(mu_);
    q_.push_back(v);
    grow();
  }
  bool pop(int& v) {
    MuLock l(mu_);
    if (q_.empty()) return false;
    v = q_.front();
    q_.pop_front();
    return true;
  }
  std::size_t size() const { return q_.size(); }  // expect: unguarded-access
  int peak() {
    mu_.lock();
    const int p = peak_;  // clean: unguarded-access
    mu_.unlock();
    return p;
  }
  void visit(const std::function<void(int)>& f) {
    std::deque<int> copy;
    {
      MuLock l(mu_);
      copy = q_;
    }
    for (int v : copy) f(v);  // clean: self-deadlock
  }
  void trimHeld() {
    mu_.assertHeld();
    while (q_.size() > 3) q_.pop_front();  // clean: unguarded-access
  }

 private:
  void grow() REQUIRES(mu_) {
    if (static_cast<int>(q_.size()) > peak_) peak_ = static_cast<int>(q_.size());  // clean: unguarded-access
  }
  mutable Mu mu_;
  std::deque<int> q_ GUARDED_BY(mu_);
  int peak_ GUARDED_BY(mu_) = 0;
};

// Proof of lock as a parameter.
class Table {
 public:
  using Lock = std::unique_lock<std::mutex>;
  Lock acquire() { return Lock(mu_); }
  void set(const Lock&, int k, int v) { rows_[k] = v; }  // clean: unguarded-access
  int get(const Lock&, int k) { return rows_[k]; }       // clean: unguarded-access
  void setNow(int k, int v) {
    auto l = acquire();
    set(l, k, v);
  }
  std::size_t rows() {
    auto l = acquire();
    return rows_.size();
  }
  void swapOut(Lock& l) {
    auto old = std::move(rows_);  // clean: unguarded-access
    l.unlock();
    old.clear();
    l.lock();
    rows_[0] = 1;  // clean: unguarded-access
  }
  void cycle() {
    auto l = acquire();
    swapOut(l);
    rows_[1] = 2;  // clean: unguarded-access
  }

 private:
  std::mutex mu_;
  std::map<int, int> rows_;
};

// A spin lock of one's own.
class Spin {
 public:
  void lock() {
    while (f_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  }
  bool try_lock() { return !f_.test_and_set(std::memory_order_acquire); }
  void unlock() { f_.clear(std::memory_order_release); }
 private:
  std::atomic_flag f_ = ATOMIC_FLAG_INIT;
};

struct Counter {
  Spin a, b;
  long x = 0, y = 0;
  void both() {
    std::lock_guard<Spin> g(a);  // side: lock-order
    std::lock_guard<Spin> h(b);  // expect: lock-order
    ++x;
    ++y;
  }
  void other() {
    b.lock();  // side: lock-order
    a.lock();  // expect: lock-order
    --x;
    --y;
    a.unlock();
    b.unlock();
  }
  bool maybe() {
    std::unique_lock<Spin> g(b, std::defer_lock);
    if (!g.try_lock()) return false;
    --y;  // clean: unguarded-access
    return true;
  }
  long sum() {
    std::scoped_lock l(a, b);
    return x + y;
  }
  long peekX() const { return x; }  // expect: unguarded-access
};

class Owner {
 public:
  Owner() : worker_([this] { run(); }) {}
  ~Owner() {
    stop_ = true;
    worker_.join();
    log_.push_back("bye");  // clean: unguarded-access
  }
  void note(std::string s) {
    std::lock_guard<std::mutex> g(m_);
    log_.push_back(std::move(s));
  }
  std::size_t lines() {
    std::lock_guard<std::mutex> g(m_);
    return log_.size();
  }

 private:
  void run() {
    while (!stop_) {
      ++loops_;  // clean: unguarded-access
      note("tick");
    }
  }
  std::mutex m_;
  std::list<std::string> log_;
  long loops_ = 0;
  std::atomic<bool> stop_{false};
  std::thread worker_;
};

int main() {
  Queue q;
  Table t;
  Counter c;
  Owner o;
  std::vector<std::thread> ts;
  for (int i = 0; i < 3; ++i)
    ts.emplace_back([&, i] {
      int v;
      q.push(i);
      q.pop(v);
      q.visit([&q](int x) { q.push(x); });
      if (q.size() + static_cast<std::size_t>(q.peak()) > 4) t.setNow(i, v);
      t.cycle();
      c.both();
      c.other();
      c.maybe();
      if (c.sum() + c.peekX() > 3) o.note("x");
    });
  for (auto& th : ts) th.join();
  return static_cast<int>(t.rows() + o.lines()) + static_cast<int>(c.peekX());
}
