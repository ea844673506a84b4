#include "price_cache.h"
#include <algorithm>
#include <mutex>

namespace orders {

PriceCache::PriceCache(size_t capacity) : capacity_(std::max<size_t>(capacity, 1)) { prices_.reserve(capacity_); }

std::optional<Money> PriceCache::find(const std::string &article) const {
  std::shared_lock lock(mu_);
  auto found = prices_.find(article);
  if (found != prices_.end()) return found->second;
  ++misses_;
  return std::nullopt;
}

void PriceCache::store(const std::string &article, Money price) {
  std::unique_lock lock(mu_);
  if (prices_.size() >= capacity_) make_room();
  prices_[article] = price;
}

void PriceCache::set_capacity(size_t capacity) {
  capacity_ = std::max<size_t>(capacity, 1);
  std::unique_lock lock(mu_);
  make_room();
}

size_t PriceCache::usage() const {
  std::shared_lock lock(mu_);
  return 100 * prices_.size() / capacity_;
}

// Only called with mu_ held.
void PriceCache::make_room() {
  while (prices_.size() >= capacity_) prices_.erase(prices_.begin());
}

} // namespace orders
