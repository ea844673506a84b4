// Who has how much.
#pragma once
#include "order.h"
#include <mutex>
#include <unordered_map>

namespace orders {

class Ledger;

class Accounts {
public:
  explicit Accounts(Ledger &ledger) : ledger_(ledger) {}

  void open(AccountId id, Money balance);
  /// False, and nothing happens, if the payer cannot afford it. Balances and ledger always agree.
  bool transfer(AccountId from, AccountId to, Money amount);
  Money balance(AccountId id) const;
  Money total() const;

private:
  mutable std::mutex mu_;
  std::unordered_map<AccountId, Money> balances_;
  Ledger &ledger_;
};

} // namespace orders
