// What was paid, in the order in which it was.
#pragma once
#include "order.h"
#include <mutex>
#include <string>
#include <vector>

namespace orders {

class Accounts;

struct Entry {
  AccountId from = 0, to = 0;
  Money amount = 0;
};

class Ledger {
public:
  void record(Entry entry);
  /// What came and went on one account, and what is left.
  std::string statement(const Accounts &accounts, AccountId id) const;
  /// Adds up payments between the same two accounts; returns how many entries are left. Slow: locks them all out.
  size_t compact();
  /// Takes all that `other` has recorded.
  void merge(Ledger &other);

private:
  mutable std::mutex mu_;
  std::vector<Entry> entries_;
};

} // namespace orders
