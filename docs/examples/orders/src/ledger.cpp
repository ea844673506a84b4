#include "ledger.h"
#include "accounts.h"
#include <map>

namespace orders {

void Ledger::record(Entry entry) {
  std::lock_guard lock(mu_);
  entries_.push_back(entry);
}

std::string Ledger::statement(const Accounts &accounts, AccountId id) const {
  std::lock_guard lock(mu_);
  Money in = 0, out = 0;
  for (const Entry &entry : entries_) {
    if (entry.to == id) in += entry.amount;
    if (entry.from == id) out += entry.amount;
  }
  return "in " + std::to_string(in) + ", out " + std::to_string(out) + ", left " +
         std::to_string(accounts.balance(id));
}

size_t Ledger::compact() {
  std::map<std::pair<AccountId, AccountId>, Money> sums; // nobody else knows it: needs no lock
  std::lock_guard lock(mu_);
  for (const Entry &entry : entries_) sums[{entry.from, entry.to}] += entry.amount;
  entries_.clear();
  for (const auto &[accounts, amount] : sums) entries_.push_back({accounts.first, accounts.second, amount});
  return entries_.size();
}

void Ledger::merge(Ledger &other) {
  if (&other == this) return;
  std::scoped_lock both(mu_, other.mu_); // in whichever order is free of deadlock
  entries_.insert(entries_.end(), other.entries_.begin(), other.entries_.end());
  other.entries_.clear();
}

} // namespace orders
