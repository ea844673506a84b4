// Takes orders: reserves, charges, confirms.
#pragma once
#include "accounts.h"
#include "inventory.h"
#include "ledger.h"
#include "notifier.h"
#include "price_cache.h"
#include "worker_pool.h"
#include <atomic>
#include <map>
#include <mutex>

namespace orders {

class OrderService {
public:
  static constexpr AccountId shop = 0;

  OrderService(EventLoop &loop, WorkerPool &pool, Notifier::Transport transport)
      : pool_(pool), accounts_(ledger_), prices_(64), notifier_(loop, pool, std::move(transport)) {}

  Accounts &accounts() { return accounts_; }
  Ledger &ledger() { return ledger_; }
  Inventory &inventory() { return inventory_; }
  PriceCache &prices() { return prices_; }
  Notifier &notifier() { return notifier_; }

  /// Runs in the event loop. Does nothing if the article or the money is lacking.
  Task<void> place(Order order);
  /// Runs in the event loop. Gives back the money and the goods, and says so.
  Task<void> cancel(OrderId id);
  size_t open_orders() const;

  /// Compacts the ledger in the background; a second call waits for the first to be done.
  void compact_ledger();
  /// Entries after the last compaction.
  size_t entries_left() const { return entries_left_; }

private:
  WorkerPool &pool_;
  Ledger ledger_;
  Accounts accounts_;
  Inventory inventory_;
  PriceCache prices_;
  Notifier notifier_;

  mutable std::mutex mu_;
  std::map<OrderId, Order> open_;
  std::mutex compacting_;
  std::atomic<size_t> entries_left_{0};
};

} // namespace orders
