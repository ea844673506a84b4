// The set of situations a thread has already written: the exit of the hot path.
//
// A situation is (segment, held chain with modes, wanted lock and mode), hashed to 64 bits. One probe when it was seen
// before. The table is the thread's own: no cache line is shared, and the same situation in two threads is two facts.
#pragma once
#include "base.h"

namespace snarl_rt {

constexpr uint64_t kChainFactor = 0x9e3779b97f4a7c15ull;

/// Hash of a chain extended by one lock.
SNARL_INLINE uint64_t extend_chain(uint64_t chain, uint32_t lock, char mode) {
  uint64_t h = (chain + (uint64_t{lock} << 1 | (mode == 's')) + 1) * kChainFactor;
  return h ^ (h >> 29);
}

/// Key of a situation.
SNARL_INLINE uint64_t situation_key(uint64_t chain, uint64_t salt, uint32_t lock, char mode, bool timed) {
  uint64_t h = (chain ^ salt) + (uint64_t{lock} << 2 | uint64_t{mode == 's'} << 1 | timed) * 0xc2b2ae3d27d4eb4full;
  return h * kChainFactor | 1;
}

/// Open addressing, linear probing, grown by doubling. Keys are not zero.
class KeySet {
public:
  SNARL_INLINE bool contains(uint64_t key) const {
    const Slots *slots = load(slots_);
    if (SNARL_UNLIKELY(!slots)) return false;
    for (size_t i = key >> slots->shift;; i = (i + 1) & slots->mask) {
      if (slots->keys[i] == key) return true;
      if (!slots->keys[i]) return false;
    }
  }
  /// False: no room for it, and it was not inserted.
  bool insert(uint64_t key);
  void clear();
  size_t size() const { return count_; }

private:
  /// One pointer to all of it: a signal handler may let the table grow while the thread it interrupted is probing.
  struct Slots {
    size_t mask;
    int shift;
    uint64_t keys[];
  };
  bool grow();
  static constexpr int kFirstBits = 8, kLastBits = 20;
  Slots *slots_ = nullptr;
  size_t count_ = 0;
};

/// The order of locks as far as recorded, without places: just enough to tell whether a report is worth starting.
class OrderSketch {
public:
  void add(uint32_t held, uint32_t wanted);
  /// Does an edge begin or end there?
  bool mentions(uint32_t lock);
  /// Is there a circle? Says yes if it cannot tell.
  bool has_cycle() const;
  void clear() { count_ = 0; }
  SpinLock &lock() { return lock_; }

private:
  struct Edge {
    uint32_t from, to;
  };
  static constexpr uint32_t kMaxEdges = 1 << 20;
  SpinLock lock_;
  Edge *edges_ = nullptr;
  uint32_t count_ = 0, last_lock_ = 0;
};

} // namespace snarl_rt
