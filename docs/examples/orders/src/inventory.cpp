#include "inventory.h"

namespace orders {

void Inventory::add(const std::string &article, int count) {
  std::lock_guard lock(mu_);
  counts_[article] += count;
}

bool Inventory::reserve(const std::string &article, int count) {
  std::lock_guard lock(mu_);
  int &stock = counts_[article];
  if (stock < count) {
    note_shortage(article, count);
    return false;
  }
  stock -= count;
  return true;
}

int Inventory::available(const std::string &article) const {
  std::lock_guard lock(mu_);
  auto found = counts_.find(article);
  return found == counts_.end() ? 0 : found->second;
}

bool Inventory::try_add(const std::string &article, int count) {
  std::unique_lock lock(mu_, std::try_to_lock);
  if (!lock) return false;
  counts_[article] += count;
  return true;
}

void Inventory::note_shortage(const std::string &article, int wanted) {
  shortages_[article] = wanted - available(article);
}

} // namespace orders
