#include <functional>
#include <optional>
#include <utility>
#include <thread>

#include "lot.h"

namespace parking {

class SpinLock {
 public:
  void lock() {
    while (f_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();  // clean: blocking-under-lock, unreleased-lock
  }
  void unlock() { f_.clear(std::memory_order_release); }  // clean: unreleased-lock

 private:
  std::atomic_flag f_ = ATOMIC_FLAG_INIT;
};

template <class L>
class Holder {
 public:
  explicit Holder(L& l) : l_(&l) { l_->lock(); }  // clean: unreleased-lock
  Holder(Holder&& o) noexcept : l_(std::exchange(o.l_, nullptr)) {}
  ~Holder() {
    if (l_) l_->unlock();  // clean: unreleased-lock
  }

 private:
  L* l_;
};

class Gate {
 public:
  void lift() {
    Holder<SpinLock> h(spin_);  // clean: guard-misuse
    up_ = true;  // clean: unguarded-access
    ++lifts_;  // clean: unguarded-access
  }
  void drop() {
    Holder<SpinLock>{spin_};  // expect: guard-misuse
    up_ = false;  // maybe: unguarded-access, data-race
  }
  bool up() {
    Holder h{spin_};  // clean: guard-misuse
    return up_;
  }
  int lifts() {
    auto h = Holder(spin_);  // clean: guard-misuse
    return lifts_;  // clean: unguarded-access
  }
  void reset() {
    Holder<SpinLock> h(spin_);
    lifts_ = 0;
    up_ = false;
  }
  void clearLifts() {
    std::scoped_lock<SpinLock>{spin_};  // expect: guard-misuse
    lifts_ = 0;  // maybe: unguarded-access, data-race
  }
  void open() {
    std::lock_guard<SpinLock> g(spin_);  // clean: guard-misuse
    up_ = true;
  }

 private:
  SpinLock spin_;
  bool up_ = false;
  int lifts_ = 0;
};

class Sign {
 public:
  void show(std::string s) {
    std::lock_guard g(m_);
    text_ = std::move(s);
  }
  std::string shown() {
    std::unique_lock g{m_};  // clean: guard-misuse
    auto t = text_;
    g.unlock();  // clean: unreleased-lock
    return t;
  }
  void blank() {
    std::lock_guard(m_), text_.clear();  // clean: guard-misuse
  }
  void append(char c) {
    std::unique_lock<std::mutex>{m_}, text_ += c;  // clean: guard-misuse
  }
  void dim(int n) {
    std::make_unique<std::lock_guard<std::mutex>>(m_);  // expect: guard-misuse
    level_ = n;  // maybe: unguarded-access, data-race
  }
  void bright() {
    auto g = std::make_unique<std::lock_guard<std::mutex>>(m_);  // clean: guard-misuse
    level_ = 10;
  }
  int level() {
    std::optional<std::lock_guard<std::mutex>> g;  // clean: guard-misuse
    g.emplace(m_);  // clean: guard-misuse
    return level_;
  }
  void fade() {
    if (std::lock_guard g(m_); level_ > 0) --level_;  // clean: guard-misuse, unguarded-access, check-then-act
  }
  void flash() {
    std::mutex m;
    std::unique_lock g(m);  // expect: guard-misuse
    level_ ^= 1;  // maybe: unguarded-access, data-race
  }
  void strobe() {
    static std::mutex m;
    std::unique_lock g(m);  // clean: guard-misuse
    static int n;
    level_ += ++n % 2;  // maybe: unguarded-access, data-race, wrong-lock
  }
  int sumParallel(const std::vector<int>& v) {
    std::mutex m;
    int sum = 0;
    {
      std::vector<std::jthread> ts;
      for (int x : v)
        ts.emplace_back([&m, &sum, x] {
          std::lock_guard g(m);  // clean: guard-misuse
          sum += x;  // clean: unguarded-access, data-race
        });
    }
    return sum;  // clean: unguarded-access, data-race
  }
  void both(Sign& o) {
    if (this == &o) return;
    std::lock(m_, o.m_);  // clean: lock-order
    std::unique_lock a(m_, std::adopt_lock);  // clean: guard-misuse
    std::unique_lock b(o.m_, std::adopt_lock);  // clean: guard-misuse
    text_.swap(o.text_);
  }
  void swapLevels(Sign& o) {
    if (this == &o) return;
    std::unique_lock a(m_, std::defer_lock), b(o.m_, std::defer_lock);  // clean: guard-misuse
    std::lock(a, b);  // clean: lock-order, guard-misuse
    std::swap(level_, o.level_);
  }
  void adoptWrong() {
    std::unique_lock g(m_, std::adopt_lock);  // expect: guard-misuse | unreleased-lock
    level_ = 0;  // maybe: unguarded-access, data-race
  }
  void refresh() {
    { std::lock_guard g(m_); }  // expect: guard-misuse
    text_ += ' ';  // maybe: unguarded-access, data-race
  }
  void rewrite(const std::string& s) {
    std::scoped_lock{m_};  // expect: guard-misuse
    text_ = s;  // maybe: unguarded-access, data-race
  }

 private:
  std::mutex m_;
  std::string text_;
  int level_ = 5;
};

}  // namespace parking

int main() {
  parking::Lot lot(50), annex(20);
  parking::Gate gate;
  parking::Sign sign, sign2;
  lot.open();
  std::vector<std::thread> ts;
  for (int i = 0; i < 3; ++i)
    ts.emplace_back([&, i] {
      lot.enter(std::to_string(i));
      lot.clear();
      gate.lift();
      gate.drop();
      gate.clearLifts();
      sign.show("full");
      sign.dim(i);
      sign.bright();
      sign.fade();
      sign.flash();
      sign.strobe();
      sign.adoptWrong();
      sign.refresh();
      sign.rewrite("x");
      sign.append('x');
      sign.blank();
      sign.both(sign2);
      sign.swapLevels(sign2);
      lot.leave(i);
      lot.touch();
      lot.handOver();
      lot.rename("a");
      lot.setRate(2);
      lot.reprice(lot.rate());
      lot.flushOne();
      lot.flushAll();
      lot.log("x");
      lot.barrier();
      lot.merge(annex);
      lot.mergeAdopted(annex);
      lot.recount();
      gate.open();
    });
  for (auto& t : ts) t.join();  // clean: thread-lifetime
  return lot.free() + lot.freeNow() + static_cast<int>(lot.total() + lot.logged()) + gate.lifts() + gate.up() +
         sign.level() + lot.probe() + lot.probeLate() + sign.sumParallel({1, 2});
}
