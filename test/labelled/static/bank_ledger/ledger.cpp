#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace bank {

class Account {
 public:
  Account(int id, long opening) : id_(id), cents_(opening) { notes_.reserve(8); }  // clean: unguarded-access

  void deposit(long c) {
    std::lock_guard hold(lock_);
    cents_ += c;
    ++touched_;
  }

  bool withdraw(long c) {
    std::lock_guard hold(lock_);
    if (cents_ < c) return false;
    cents_ -= c;
    ++touched_;
    return true;
  }

  long balance() const {
    std::lock_guard hold(lock_);
    return cents_;
  }

  long estimate() const { return cents_ + cents_ / 50; }  // expect: unguarded-access | data-race

  int id() const { return id_; }  // clean: unguarded-access, data-race

  // Interest first, then a note about it.
  void accrue(int basis) {
    {
      std::lock_guard hold(lock_);
      cents_ += cents_ * basis / 10000;
    }
    ++touched_;  // expect: unguarded-access | data-race
    note("interest");  // clean: self-deadlock
  }

  void note(std::string s) {
    std::lock_guard hold(lock_);
    notes_.push_back(std::move(s));
  }

  void close() {
    std::unique_lock hold(lock_);  // side: self-deadlock #close
    cents_ = 0;
    note("closed");  // expect: self-deadlock #close
  }

  void closeQuietly() {
    std::unique_lock hold(lock_);
    cents_ = 0;
    hold.unlock();
    note("closed quietly");  // clean: self-deadlock
  }

  friend bool move(Account& from, Account& to, long c);
  friend bool moveById(Account& from, Account& to, long c);
  friend bool moveByAddress(Account& from, Account& to, long c);
  friend bool moveAtOnce(Account& from, Account& to, long c);
  friend bool moveTwoPhase(Account& from, Account& to, long c);
  friend long total(std::vector<Account*> all);

 private:
  const int id_;
  mutable std::mutex lock_;
  long cents_;
  unsigned touched_ = 0;
  std::vector<std::string> notes_;
};

// The caller's order is the lock order.
bool move(Account& from, Account& to, long c) {
  if (&from == &to) return false;
  std::lock_guard a(from.lock_);  // side: lock-order #move
  std::lock_guard b(to.lock_);    // expect: lock-order #move
  if (from.cents_ < c) return false;
  from.cents_ -= c;
  to.cents_ += c;
  return true;
}

bool moveById(Account& from, Account& to, long c) {
  if (from.id_ == to.id_) return false;
  Account& first = from.id_ < to.id_ ? from : to;
  Account& second = from.id_ < to.id_ ? to : from;
  std::lock_guard a(first.lock_);
  std::lock_guard b(second.lock_);  // clean: lock-order, self-deadlock
  from.cents_ -= c;  // clean: unguarded-access
  to.cents_ += c;    // clean: unguarded-access
  return true;
}

bool moveByAddress(Account& from, Account& to, long c) {
  if (&from == &to) return false;
  std::unique_lock<std::mutex> a, b;
  if (std::less<Account*>{}(&from, &to)) {
    a = std::unique_lock(from.lock_);
    b = std::unique_lock(to.lock_);  // clean: lock-order
  } else {
    b = std::unique_lock(to.lock_);
    a = std::unique_lock(from.lock_);  // clean: lock-order
  }
  from.cents_ -= c;  // clean: unguarded-access
  to.cents_ += c;    // clean: unguarded-access
  return true;
}

bool moveAtOnce(Account& from, Account& to, long c) {
  if (&from == &to) return false;
  std::scoped_lock both{from.lock_, to.lock_};  // clean: lock-order, self-deadlock
  from.cents_ -= c;
  to.cents_ += c;
  return true;
}

bool moveTwoPhase(Account& from, Account& to, long c) {
  if (&from == &to) return false;
  std::unique_lock a(from.lock_, std::defer_lock);
  std::unique_lock b(to.lock_, std::defer_lock);
  std::lock(a, b);  // clean: lock-order, self-deadlock
  from.cents_ -= c;  // clean: unguarded-access
  to.cents_ += c;
  a.unlock();
  to.cents_ -= 1;  // clean: unguarded-access
  return true;
}

long total(std::vector<Account*> all) {
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->id_ < b->id_; });
  std::vector<std::unique_lock<std::mutex>> held;
  long sum = 0;
  for (auto* a : all) held.emplace_back(a->lock_);  // clean: lock-order, self-deadlock
  for (auto* a : all) sum += a->cents_;  // clean: unguarded-access, data-race
  return sum;
}

// A branch with its own lock pays out of a till of another branch.
class Branch {
 public:
  explicit Branch(long till) : till_(till) {}
  void take(long c) {
    std::lock_guard hold(tillLock_);  // expect: lock-order #lend
    till_ += c;
  }
  bool lend(Branch& to, long c) {
    if (this == &to) return false;
    std::lock_guard hold(tillLock_);  // side: lock-order #lend
    if (till_ < c) return false;
    till_ -= c;
    to.take(c);  // expect: lock-order #lend
    return true;
  }
  bool lendLater(Branch& to, long c) {
    {
      std::lock_guard hold(tillLock_);
      if (till_ < c) return false;
      till_ -= c;
    }
    to.take(c);  // clean: lock-order, self-deadlock
    return true;
  }
  void correct(long c) { till_ = c; }  // expect: unguarded-access | data-race

 private:
  std::mutex tillLock_;
  long till_;
};

}  // namespace bank

int main() {
  bank::Account a(1, 1000), b(2, 500);
  bank::Branch north(100), south(100);
  {
    std::jthread t1([&] {
      for (int i = 0; i < 100; ++i) {
        bank::move(a, b, 1);
        bank::moveById(a, b, 2);
        bank::moveByAddress(a, b, 3);
        a.accrue(5);
      }
      north.lend(south, 5);
      north.lendLater(south, 5);
      bank::total({&a, &b});
    });
    std::jthread t2([&] {
      for (int i = 0; i < 100; ++i) {
        bank::move(b, a, 1);
        bank::moveById(b, a, 2);
        bank::moveByAddress(b, a, 3);
        bank::moveAtOnce(b, a, 1);
        bank::moveTwoPhase(a, b, 1);
        b.accrue(5);
      }
      south.lend(north, 5);
      south.lendLater(north, 5);
      south.correct(20);
      bank::total({&b, &a});
    });
    std::jthread t3([&] {
      a.deposit(b.estimate());
      b.withdraw(a.estimate());
      a.close();
      b.closeQuietly();
    });
  }
  return a.balance() + b.balance() == 0 && a.id() == b.id();
}
