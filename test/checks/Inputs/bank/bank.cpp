#include "bank.h"

namespace bank {

long Account::balance() const {
  std::lock_guard<std::mutex> g(mu_);
  return balance_;
}

void Account::deposit(long n) {
  std::lock_guard<std::mutex> g(mu_);
  balance_ += n;
}

void Account::transfer(Account& from, Account& to, long n) {
  std::lock_guard<std::mutex> a(from.mu_);  // expect: lock-order
  std::lock_guard<std::mutex> b(to.mu_);    // expect: lock-order
  from.balance_ -= n;
  to.balance_ += n;
}

void Account::transferSafe(Account& from, Account& to, long n) {
  if (&from == &to) return;
  std::scoped_lock both(from.mu_, to.mu_);  // clean: lock-order
  from.balance_ -= n;
  to.balance_ += n;
}

void Account::transferOrdered(Account& from, Account& to, long n) {
  Account* lo = &from;
  Account* hi = &to;
  if (hi->id_ < lo->id_) std::swap(lo, hi);
  std::lock_guard<std::mutex> a(lo->mu_);
  std::lock_guard<std::mutex> b(hi->mu_);  // clean: lock-order
  from.balance_ -= n;
  to.balance_ += n;
}

bool Account::transferTry(Account& from, Account& to, long n) {
  std::unique_lock<std::mutex> a(from.mu_);
  std::unique_lock<std::mutex> b(to.mu_, std::try_to_lock);  // clean: lock-order
  if (!b.owns_lock()) return false;
  from.balance_ -= n;
  to.balance_ += n;
  return true;
}

void Account::mergeInto(Account& other) {
  std::unique_lock<std::mutex> first(id_ < other.id_ ? mu_ : other.mu_);
  std::unique_lock<std::mutex> second(id_ < other.id_ ? other.mu_ : mu_);  // clean: lock-order, self-deadlock
  other.balance_ += balance_;
  balance_ = 0;
}

void Audit::note(std::string s) {
  std::lock_guard<std::mutex> g(auditMu_);  // side: lock-order
  lines_.push_back(std::move(s));
}

std::size_t Audit::size() const {
  std::lock_guard<std::mutex> g(auditMu_);
  return lines_.size();
}

void Audit::flush(Bank& b) {
  std::lock_guard<std::mutex> g(auditMu_);  // side: lock-order
  lines_.clear();
  lines_.push_back("accounts: " + std::to_string(b.count()));  // expect: lock-order
}

std::string Audit::last() const {
  if (lines_.empty()) return "";  // expect: unguarded-access
  std::lock_guard<std::mutex> g(auditMu_);
  return lines_.back();
}

Account& Bank::open(long initial) {
  std::lock_guard<std::mutex> g(mapMu_);  // side: lock-order
  auto a = std::make_shared<Account>(next_++, initial);
  Account& ref = *a;
  addLocked(std::move(a));
  audit_.note("open");  // expect: lock-order
  return ref;
}

void Bank::addLocked(std::shared_ptr<Account> a) { accounts_[a->id()] = a; }  // clean: unguarded-access

std::shared_ptr<Account> Bank::find(int id) const {
  std::lock_guard<std::mutex> g(mapMu_);
  auto it = accounts_.find(id);
  return it == accounts_.end() ? nullptr : it->second;
}

void Bank::closeAll() {
  std::map<int, std::shared_ptr<Account>> gone;
  {
    std::lock_guard<std::mutex> g(mapMu_);
    gone.swap(accounts_);
  }
  for (auto& [id, a] : gone) audit_.note("close " + std::to_string(a->balance()));  // clean: lock-order
}

long Bank::total() const {
  std::vector<std::shared_ptr<Account>> all;
  {
    std::lock_guard<std::mutex> g(mapMu_);
    for (auto& [id, a] : accounts_) all.push_back(a);
  }
  long sum = 0;
  for (auto& a : all) sum += a->balance();
  return sum;
}

std::size_t Bank::count() const {
  std::lock_guard<std::mutex> g(mapMu_);  // side: lock-order
  return accounts_.size();
}

void Bank::setRate(double r) {
  std::lock_guard<std::mutex> g(mapMu_);
  rate_ = r;
}

void Bank::reopen() {
  std::lock_guard<std::mutex> g(mapMu_);  // side: self-deadlock
  accounts_.clear();
  if (count() == 0) next_ = 1;  // expect: self-deadlock
}

}  // namespace bank
