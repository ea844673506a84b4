// Which lock is this? (address, generation) as one number.
//
// The number is kept in the lock itself where glibc leaves room: the list links of a mutex that is not robust, and
// padding of a rwlock. All initialisers zero these words, so a std::mutex constructed where another one was, which
// calls no function that we could see, starts a new number by itself; an address-keyed table would confuse the two.
// Robust and process-shared mutexes use their links or live in other processes as well, and spin locks and semaphores
// have no room: those are in a table by address, and init and destroy calls start their generations.
//
// The word: number | 16 bits of a hash of the address (a mutex copied elsewhere is another mutex) | epoch in which the
// L line was written | a mark. The word beside it holds the stack that the lock was first seen with, and a count.
#pragma once
#include "extras.h"
#include <pthread.h>
#include <semaphore.h>

namespace snarl_rt {

/// Beside the number. Zero in a new lock, as the number is.
struct LockHistory {
  StackId first_stack = 0;
  uint32_t acquisitions = 0; ///< so far; counted only by the full log
};
struct LockSlot {
  uint64_t word = 0;
  LockHistory history;
};

constexpr uint64_t kSlotMark = uint64_t{0x5a} << 56, kSlotMarkMask = uint64_t{0xff} << 56;
constexpr uint64_t kSlotEpochMask = uint64_t{0xff} << 48;

SNARL_INLINE uint64_t slot_signature(const void *address) {
  uint64_t a = reinterpret_cast<uintptr_t>(address) >> 3;
  return kSlotMark | ((a ^ a >> 16) & 0xffff) << 32;
}
/// The number in a slot word, 0 if it is not one of ours for this address.
SNARL_INLINE LockId slot_id(uint64_t word, const void *address) {
  return ((word ^ slot_signature(address)) & ~kSlotEpochMask) >> 32 == 0 ? static_cast<LockId>(word) : 0;
}

// ---- glibc's layout (bits/struct_mutex.h, bits/struct_rwlock.h); checked against the running one by layouts_hold()

constexpr int kOwnerInconsistent = 0x7fffffff; ///< of a robust mutex, from EOWNERDEAD to pthread_mutex_consistent
constexpr int kMutexTypeMask = 3, kMutexRobust = 16, kMutexPrioProtect = 64, kMutexShared = 128, kMutexNoElision = 512;

SNARL_INLINE LockSlot *slot_in(pthread_mutex_t *m) {
  return reinterpret_cast<LockSlot *>(&m->__data.__list);
}
static_assert(offsetof(pthread_mutex_t, __data.__list) == 24 && sizeof(pthread_mutex_t) == 40);
SNARL_INLINE bool has_room(const pthread_mutex_t *m) {
  return (load(m->__data.__kind) & (kMutexRobust | kMutexPrioProtect | kMutexShared)) == 0;
}
SNARL_INLINE char kind_of(const pthread_mutex_t *m) {
  int type = load(m->__data.__kind) & kMutexTypeMask;
  return type == PTHREAD_MUTEX_RECURSIVE ? 'r' : type == PTHREAD_MUTEX_ERRORCHECK ? 'e' : 'm';
}

static_assert(offsetof(pthread_rwlock_t, __data.__pad2) == 40 && offsetof(pthread_rwlock_t, __data.__pad3) == 16);
SNARL_INLINE char kind_of(const pthread_rwlock_t *l) {
  return l->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP ? 'W' : 'w';
}

/// May a free mutex be taken without a call? From the first thread that is created on, when libc would take it by the
/// same instruction; not while an extra mode wants to be told before, and not if somebody else wraps the function.
extern bool takes_itself;
void begin_to_take();

/// Takes a free mutex as libc does, unless it is of a kind that has more to it: true if it is ours now. What remains to
/// be told then is less than before a call that may block: nobody ever sees this thread wait.
SNARL_INLINE bool take_free(pthread_mutex_t *m, int tid) {
  auto &data = m->__data;
  int kind = load(data.__kind) & ~kMutexNoElision;
  if (SNARL_UNLIKELY(kind != PTHREAD_MUTEX_TIMED_NP && kind != PTHREAD_MUTEX_ADAPTIVE_NP)) return false;
  int expected = 0;
  if (load(data.__lock) ||
      !__atomic_compare_exchange_n(&data.__lock, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    return false;
  store(data.__owner, tid);
  ++data.__nusers;
  return true;
}

/// True if this libc keeps the words where we think, and leaves them alone. Otherwise everything is in the table.
bool layouts_hold();

/// A lock seen through its kind: address, where its number is, what it is called in the trace.
struct LockRef {
  void *address = nullptr;
  char kind = 0;
  uint64_t *word = nullptr; ///< null: the table has it
  LockHistory *history = nullptr;
};

LockRef ref_to(pthread_mutex_t *m);
LockRef ref_to(pthread_rwlock_t *l);
LockRef ref_in_table(const void *address, char kind);

/// The number of the lock, given now if it is new. `stack` is remembered as the first sight.
LockId identify(const LockRef &lock, StackId stack);
/// The number if it has one.
LockId identity(const LockRef &lock);

/// Writes the L line if this trace has none. `kind`, and where it was first seen if that is not known better.
void announce_lock(const LockRef &lock, StackId seen);

/// Destroyed or made anew: the next use is another lock. `word` is where a number would be in the lock, or null.
void end_generation(const void *address, uint64_t *word);

/// A name given by annotation; null for none. The text must stay. False: there is no room for it.
const char *lock_name(const LockRef &lock);
bool set_lock_name(const LockRef &lock, const char *name);

/// Semaphores. One that begins with 1 is taken for a lock until a thread posts it that did not wait for it.
enum class SemaphoreUse : uint32_t { Unknown, Lock, ProvenLock /* given back by its holder at least once */, Token };
SemaphoreUse semaphore_use(const void *semaphore);
void set_semaphore_use(const void *semaphore, SemaphoreUse use);

/// Once objects that have been through: if one is fresh again, it is another object in recycled memory.
void once_completed(const void *once);
void once_is_fresh(const void *once);

/// A held entry's lock, for announcing it.
LockRef ref_of(const Held &held);

SpinLock &lock_table_lock();

} // namespace snarl_rt
