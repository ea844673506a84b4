#include "order_service.h"

namespace orders {

Task<void> OrderService::place(Order order) {
  Money price = prices_.find(order.article).value_or(0) * order.count;
  if (price == 0 || !inventory_.reserve(order.article, order.count)) co_return;
  if (!accounts_.transfer(order.customer, shop, price)) {
    inventory_.add(order.article, order.count);
    co_return;
  }
  {
    std::lock_guard lock(mu_);
    open_[order.id] = order;
  }
  co_await notifier_.confirm(order);
}

Task<void> OrderService::cancel(OrderId id) {
  std::lock_guard lock(mu_);
  auto found = open_.find(id);
  if (found == open_.end()) co_return;
  const Order &order = found->second;
  accounts_.transfer(shop, order.customer, prices_.find(order.article).value_or(0) * order.count);
  inventory_.add(order.article, order.count);
  co_await notifier_.remind(order);
  open_.erase(found);
}

size_t OrderService::open_orders() const {
  std::lock_guard lock(mu_);
  return open_.size();
}

void OrderService::compact_ledger() {
  compacting_.lock();
  pool_.submit([this] {
    size_t left = ledger_.compact();
    compacting_.unlock();
    entries_left_ = left;
  });
}

} // namespace orders
