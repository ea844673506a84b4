#include "wakers.h"

namespace snarl_rt {

Wakers wakers[kWakerSlots];

namespace {
constexpr uint32_t kProbes = 8;
bool incomplete = false;

Wakers *find(const void *object, bool make) {
  Wakers *slot = &wakers_slot(object);
  for (uint32_t i = 0; i < kProbes; ++i, slot = slot + 1 == wakers + kWakerSlots ? wakers : slot + 1) {
    const void *there = load_acquire(slot->object);
    if (!there && make &&
        __atomic_compare_exchange_n(&slot->object, &there, object, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      there = object;
    if (there == object) return slot;
    if (!there) return nullptr;
  }
  return nullptr;
}
} // namespace

void remember_waker(ThreadId who, const void *object) {
  Wakers *known = find(object, true);
  if (!known) return store(incomplete, true);
  for (ThreadId &place : known->who) {
    ThreadId there = load(place);
    if (!there && __atomic_compare_exchange_n(&place, &there, who, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return;
    if (there == who) return;
  }
  store(known->who[Wakers::kMost - 1], ~ThreadId{0}); // more than there is room for
}

const Wakers *wakers_of(const void *object) {
  const Wakers *known = load(incomplete) ? nullptr : find(object, false);
  return known && known->who[0] && load(known->who[Wakers::kMost - 1]) != ~ThreadId{0} ? known : nullptr;
}

void forget_wakers() {
  __builtin_memset(static_cast<void *>(wakers), 0, sizeof wakers);
  incomplete = false;
}

} // namespace snarl_rt
