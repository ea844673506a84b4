#include "gateway.h"

#include <numeric>

namespace gw {

void Book::onFill(Fill f) {
  std::lock_guard g(bookM_);
  fill_ = std::move(f);
}

int Book::enter(Order o) {
  std::lock_guard g(bookM_);
  o.id = next_++;
  orders_[o.id] = o;
  return o.id;
}

bool Book::cancel_locked(int id) { return orders_.erase(id) > 0; }  // clean: unguarded-access

bool Book::cancel(int id) {
  std::lock_guard g(bookM_);  // side: lock-order #panic; side: self-deadlock #amend
  return cancel_locked(id);
}

bool Book::amend(int id, long qty) {
  std::lock_guard s(sessionM_);
  std::unique_lock g(bookM_);  // side: self-deadlock #amend
  auto it = orders_.find(id);
  if (it == orders_.end()) return false;
  if (qty == 0) return cancel(id);  // expect: self-deadlock #amend
  it->second.qty = qty;
  return true;
}

std::size_t Book::open() const { return orders_.size(); }  // expect: unguarded-access | data-race

long Book::exposure() const {
  std::lock_guard s(sessionM_);  // clean: self-deadlock
  std::lock_guard g(bookM_);  // clean: lock-order
  return std::accumulate(orders_.begin(), orders_.end(), 0L,
                         [](long n, const auto& kv) { return n + kv.second.qty; });  // clean: unguarded-access
}

// The listener runs with the book locked.
void Book::match() {
  std::lock_guard g(bookM_);  // side: lock-order #panic
  for (auto it = orders_.begin(); it != orders_.end();) {
    if (it->second.qty > 100) {
      ++it;
      continue;
    }
    if (fill_) fill_(it->second);  // expect: lock-order #panic; expect: callback-under-lock
    it = orders_.erase(it);
  }
}

void Book::matchAndTell() {
  std::vector<Order> done;
  Fill f;
  {
    std::lock_guard g(bookM_);
    for (auto& [id, o] : orders_)
      if (o.qty <= 100) done.push_back(o);
    for (auto& o : done) cancel_locked(o.id);  // clean: self-deadlock
    f = fill_;
  }
  if (!f) return;
  for (auto& o : done) f(o);  // clean: lock-order, callback-under-lock
}

void Book::clearDay() {
  std::lock_guard s(sessionM_);
  if (exposure() == 0) {  // clean: self-deadlock
    std::lock_guard g(bookM_);
    next_ = 1;
  }
  orders_.clear();  // expect: unguarded-access | data-race | wrong-lock
}

}  // namespace gw
