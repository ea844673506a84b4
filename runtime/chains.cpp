#include "chains.h"

namespace snarl_rt {

bool KeySet::grow() {
  int bits = slots_ ? 64 - slots_->shift + 1 : kFirstBits;
  if (bits > kLastBits) return false;
  size_t capacity = size_t{1} << bits;
  auto *fresh = static_cast<Slots *>(map_pages(sizeof(Slots) + capacity * sizeof(uint64_t)));
  if (!fresh) return false;
  fresh->mask = capacity - 1;
  fresh->shift = 64 - bits;
  for (size_t i = 0; slots_ && i <= slots_->mask; ++i) {
    uint64_t key = slots_->keys[i];
    if (!key) continue;
    size_t at = key >> fresh->shift;
    while (fresh->keys[at]) at = (at + 1) & fresh->mask;
    fresh->keys[at] = key;
  }
  store_release(slots_, fresh); // the old table stays: the interrupted code may still read it
  return true;
}

bool KeySet::insert(uint64_t key) {
  if (!slots_ || (count_ + 1) * 2 > slots_->mask) {
    if (!grow() && (!slots_ || count_ + 1 > slots_->mask / 8 * 7)) return false;
  }
  size_t i = key >> slots_->shift;
  while (slots_->keys[i] && slots_->keys[i] != key) i = (i + 1) & slots_->mask;
  count_ += !slots_->keys[i];
  slots_->keys[i] = key;
  return true;
}

void KeySet::clear() {
  if (!count_) return;
  for (size_t i = 0; i <= slots_->mask; ++i) slots_->keys[i] = 0;
  count_ = 0;
}

void OrderSketch::add(uint32_t held, uint32_t wanted) {
  Locked locked(lock_);
  if (!edges_) edges_ = static_cast<Edge *>(map_pages(kMaxEdges * sizeof(Edge))); // touched as far as used
  if (!edges_ || count_ == kMaxEdges) return;
  edges_[count_++] = {held, wanted};
  if (held > last_lock_) last_lock_ = held;
  if (wanted > last_lock_) last_lock_ = wanted;
}

bool OrderSketch::mentions(uint32_t lock) {
  Locked locked(lock_);
  for (uint32_t i = 0; i < count_; ++i)
    if (edges_[i].from == lock || edges_[i].to == lock) return true;
  return false;
}

bool OrderSketch::has_cycle() const {
  if (!count_) return false;
  if (count_ == kMaxEdges) return true;
  // Locks nobody wants are taken away, with the edges that leave them, until there are none: the rest is circles.
  size_t bytes = (size_t{last_lock_} + 1) * sizeof(uint32_t);
  auto *wanted = static_cast<uint32_t *>(map_pages(bytes));
  auto *left = static_cast<Edge *>(map_pages(count_ * sizeof(Edge)));
  if (!wanted || !left) return true;
  __builtin_memcpy(static_cast<void *>(left), edges_, count_ * sizeof(Edge));
  uint32_t n = count_;
  for (bool changed = true; changed && n;) {
    changed = false;
    for (uint32_t i = 0; i < n; ++i) wanted[left[i].from] = wanted[left[i].to] = 0;
    for (uint32_t i = 0; i < n; ++i) ++wanted[left[i].to];
    for (uint32_t i = 0; i < n;)
      if (wanted[left[i].from])
        ++i;
      else
        left[i] = left[--n], changed = true;
  }
  unmap_pages(wanted, bytes);
  unmap_pages(left, count_ * sizeof(Edge));
  return n > 0;
}

} // namespace snarl_rt
