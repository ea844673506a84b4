#include "accounts.h"
#include "ledger.h"

namespace orders {

void Accounts::open(AccountId id, Money balance) {
  std::lock_guard lock(mu_);
  balances_[id] = balance;
}

bool Accounts::transfer(AccountId from, AccountId to, Money amount) {
  std::lock_guard lock(mu_);
  if (balances_[from] < amount) return false;
  balances_[from] -= amount;
  balances_[to] += amount;
  ledger_.record({from, to, amount}); // under the lock, so that nobody sees one without the other
  return true;
}

Money Accounts::balance(AccountId id) const {
  std::lock_guard lock(mu_);
  auto found = balances_.find(id);
  return found == balances_.end() ? 0 : found->second;
}

Money Accounts::total() const {
  std::lock_guard lock(mu_);
  Money sum = 0;
  for (const auto &[id, balance] : balances_) sum += balance;
  return sum;
}

} // namespace orders
