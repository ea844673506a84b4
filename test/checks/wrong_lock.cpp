// A lock on both sides, but not the same one.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <array>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

class Account {
public:
  void deposit(long n) {
    std::lock_guard g(m_);
    cents_ += n;
  }
  long read() {
    std::lock_guard g(m_);
    return cents_;
  }
  void take_over(Account &from) {
    std::lock_guard g(m_);
    cents_ += from.cents_; // expect: wrong-lock
  }
  void take_over_ok(Account &from) {
    std::scoped_lock g(m_, from.m_);
    cents_ += from.cents_;
    from.cents_ = 0;
  }

private:
  std::mutex m_;
  long cents_ = 0;
};

class Hits {
public:
  void count(const std::string &page) {
    std::shared_lock l(m_);
    ++hits_[page]; // expect: wrong-lock
  }
  void upgrade(const std::string &page) {
    {
      std::shared_lock l(m_);
      if (hits_.count(page)) return;
    }
    std::unique_lock l(m_);
    hits_[page] = 1; // side: check-then-act
  }
  std::size_t pages() {
    std::shared_lock l(m_);
    return hits_.size();
  }

private:
  std::shared_mutex m_;
  std::map<std::string, int> hits_;
};

class Session {
public:
  Session() {
    std::lock_guard g(mine_);
    ++open_; // expect: wrong-lock
  }
  ~Session() {
    std::lock_guard g(all_);
    ++closed_;
  }
  static int closed() {
    std::lock_guard g(all_);
    return closed_;
  }

private:
  std::mutex mine_;
  static inline std::mutex all_;
  static inline int open_ = 0, closed_ = 0;
};

// Each slot under the lock of its own number.
struct Striped {
  std::array<std::mutex, 8> locks;
  std::array<int, 8> slots{};
  void add(unsigned key) {
    std::lock_guard g(locks[key % 8]);
    ++slots[key % 8];
  }
  void next(unsigned key) {
    std::lock_guard g(locks[key % 8]);
    ++slots[(key + 1) % 8]; // expect: wrong-lock
  }
  int sum() {
    int n = 0;
    for (unsigned i = 0; i < 8; ++i) {
      std::lock_guard g(locks[i]);
      n += slots[i];
    }
    return n;
  }
};

class Two {
public:
  void a() {
    std::lock_guard g(first_);
    ++n_;
  }
  void b() {
    std::lock_guard g(first_);
    n_ += 2;
  }
  void c() {
    std::lock_guard g(second_);
    n_ += 3; // expect: wrong-lock
  }
  void d() {
    std::scoped_lock g(first_, second_);
    n_ += 3;
  }

private:
  std::mutex first_, second_;
  int n_ = 0;
};

int main() {
  Account one, two;
  Hits hits;
  Striped striped;
  Two both;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      one.deposit(i);
      one.take_over(two);
      two.take_over_ok(one);
      hits.count("a");
      hits.upgrade("b");
      Session s, t;
      striped.add(i);
      striped.next(i);
      both.a();
      both.b();
      both.c();
      both.d();
    });
  return int(one.read() + two.read() + hits.pages() + Session::closed() + striped.sum());
}
