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

} // namespace snarl_rt
