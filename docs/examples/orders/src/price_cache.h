// Prices that were looked up lately. Many read, few write.
#pragma once
#include "order.h"
#include <atomic>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>

namespace orders {

class PriceCache {
public:
  explicit PriceCache(size_t capacity);

  std::optional<Money> find(const std::string &article) const;
  void store(const std::string &article, Money price);
  void set_capacity(size_t capacity);
  /// How full it is, in percent.
  size_t usage() const;
  /// How often find() had nothing.
  size_t misses() const { return misses_; }

private:
  void make_room();

  mutable std::shared_mutex mu_;
  std::unordered_map<std::string, Money> prices_;
  size_t capacity_;
  mutable std::atomic<size_t> misses_{0};
};

} // namespace orders
