// The verbs that wrappers are made of: what happened, told before and after the real call.
//
// Two rules shape them. Nothing of ours is held or needs undoing while a real function runs, since cancellation may
// unwind through it and a signal handler may longjmp out of it. And every verb takes the thread's record as `enter()`
// gave it: null means that the call is none of our business, and the verb does nothing.
#pragma once
#include "extras.h"
#include "locks.h"
#include "measure.h"
#include <errno.h>

namespace snarl_rt {

// In Held::depth:
constexpr uint32_t kInWait = 1u << 31;    ///< given back by a condition wait that has not returned yet
constexpr uint32_t kOwnerDied = 1u << 30; ///< a robust mutex taken over from a thread that died

/// Spin locks and semaphores have no room for a number.
inline LockRef ref_to(sem_t *s) {
  return ref_in_table(s, 'S');
}
inline LockRef ref_to(pthread_spinlock_t *s) {
  return ref_in_table(const_cast<const int *>(s), 's');
}

// ---- slow halves, guarded. Templates, so that the fast half need not describe the lock first.

LockId first_sight(Thread &self, const LockRef &lock, Caller caller);
void record_situation(Thread &self, const LockRef &lock, LockId wanted, char mode, bool timed, Caller caller);
void deepen(Thread &self, const LockRef &lock, LockId id, char mode, Caller caller);
void unlock_out_of_order(Thread &self, const LockRef &lock, Caller caller);
void locked_again(Thread &self, const LockRef &lock, LockId id, char mode, Caller caller);
void relock_refused(Thread &self, const LockRef &lock, LockId id, Caller caller);
void destroy_refused(Thread &self, const LockRef &lock, Caller caller);
SNARL_COLD StackId find_stack(Thread &self, Caller caller);
SNARL_COLD bool grow_held(Thread &self);

template <class Lock> SNARL_COLD LockId identify_slow(Thread &self, Lock *lock, Caller caller) {
  return first_sight(self, ref_to(lock), caller);
}
template <class Lock>
SNARL_COLD void record_slow(Thread &self, Lock *lock, LockId id, char mode, bool timed, Caller caller) {
  record_situation(self, ref_to(lock), id, mode, timed, caller);
}
template <class Lock> SNARL_COLD void again_slow(Thread &self, Lock *lock, LockId id, char mode, Caller caller) {
  locked_again(self, ref_to(lock), id, mode, caller);
}
template <class Lock> SNARL_COLD void refused_slow(Thread &self, Lock *lock, Caller caller) {
  LockRef ref = ref_to(lock);
  relock_refused(self, ref, identity(ref), caller);
}
template <class Lock> SNARL_COLD void deepen_slow(Thread &self, Lock *lock, LockId id, char mode, Caller caller) {
  deepen(self, ref_to(lock), id, mode, caller);
}
template <class Lock> SNARL_COLD void unlock_slow(Thread &self, Lock *lock, Caller caller) {
  unlock_out_of_order(self, ref_to(lock), caller);
}

/// The entry of a lock the thread holds (also one given back by a condition wait), or null.
Held *find_held(Thread &self, const void *address);

SNARL_INLINE StackId stack_of(Thread &self, Caller caller) {
  StackId stack = self.stack_memory.recall(caller);
  return SNARL_LIKELY(stack) ? stack : find_stack(self, caller);
}

// ---- identity without a call, where the number is in the lock

SNARL_INLINE LockId quick_id(pthread_mutex_t *m) {
  return slot_id(load(slot_in(m)->word), m);
}
SNARL_INLINE LockId quick_id(pthread_rwlock_t *l) {
  return slot_id(load(l->__data.__pad2), l);
}
SNARL_INLINE LockId quick_id(pthread_spinlock_t *) {
  return 0;
}
SNARL_INLINE LockId quick_id(sem_t *) {
  return 0;
}

/// Is it the caller's already? Exact for mutexes, where glibc keeps the owner.
SNARL_INLINE bool mine(Thread &self, pthread_mutex_t *m) {
  return load(m->__data.__owner) == self.tid;
}
SNARL_INLINE bool mine(Thread &self, pthread_rwlock_t *l) {
  return self.held_count && find_held(self, l);
}
SNARL_INLINE bool mine(Thread &self, pthread_spinlock_t *s) {
  return self.held_count && find_held(self, const_cast<int *>(s));
}

SNARL_INLINE bool mine(Thread &, sem_t *) {
  return false;
} // waiting twice is no misuse of a semaphore

SNARL_INLINE char kind_of(const volatile int *) {
  return 's';
}
SNARL_INLINE char kind_of(const sem_t *) {
  return 'S';
}

struct Once;
struct Custom;
/// What kind of lock, for the watcher.
template <class Lock> constexpr char kFamily = 'm';
template <> inline constexpr char kFamily<pthread_rwlock_t> = 'w';
template <> inline constexpr char kFamily<const volatile int> = 's';
template <> inline constexpr char kFamily<volatile int> = 's';
template <> inline constexpr char kFamily<sem_t> = 'S';
template <> inline constexpr char kFamily<Once> = 'o';
template <> inline constexpr char kFamily<Custom> = 'u';

SNARL_INLINE void publish(Thread &self, char kind, const void *object, char mode, bool timed, Caller caller,
                          char family = 0) {
  Wait &wait = self.wait;
  store(wait.object, object);
  store(wait.frame, caller.frame);
  compiler_barrier();
  store(wait.ticket, Wait::next_ticket(load(wait.ticket), kind, mode, timed, family));
}
SNARL_INLINE void unpublish(Thread &self) {
  store(self.wait.ticket, load(self.wait.ticket) & ~uint64_t{0xff});
}

// ---- locks

/// Order counts where a call may block: what is held and what is wanted is recorded. Returns the lock's number.
template <class Lock> SNARL_INLINE LockId want(Thread &self, Lock *lock, char mode, bool timed, Caller caller) {
  LockId id = quick_id(lock);
  if (SNARL_UNLIKELY(!id)) id = identify_slow(self, lock, caller);
  if (uint32_t n = self.held_count) {
    uint64_t key = situation_key(self.held[n - 1].chain, self.segment_salt, id, mode, timed);
    if (SNARL_UNLIKELY(!self.situations.contains(key))) record_slow(self, lock, id, mode, timed, caller);
  }
  return id;
}

/// Told before the call that may block, after `want`.
template <class Lock>
SNARL_INLINE void await(Thread &self, Lock *lock, LockId id, char mode, bool timed, Caller caller, char wait) {
  if (SNARL_UNLIKELY(self.held_count && mine(self, lock)) && !timed) again_slow(self, lock, id, mode, caller);
  publish(self, wait, const_cast<const void *>(static_cast<const volatile void *>(lock)), mode, timed, caller,
          kFamily<Lock>);
  if (SNARL_UNLIKELY(load(extras)))
    extra_want(self, const_cast<const void *>(static_cast<const volatile void *>(lock)), id, kind_of(lock), mode, timed,
               caller);
}

/// Both, before a call that may block. Returns the lock's number.
template <class Lock>
SNARL_INLINE LockId before_lock(Thread *self, Lock *lock, char mode, bool timed, Caller caller, char wait = 'l') {
  if (SNARL_UNLIKELY(!self)) return 0;
  LockId id = want(*self, lock, mode, timed, caller);
  await(*self, lock, id, mode, timed, caller, wait);
  return id;
}

SNARL_INLINE bool counts_depth(Thread &, pthread_mutex_t *m, char) {
  return kind_of(m) == 'r' && load(m->__data.__count) > 1;
}
SNARL_INLINE bool counts_depth(Thread &self, pthread_rwlock_t *l, char mode) {
  return mode == 's' && mine(self, l);
}
SNARL_INLINE bool counts_depth(Thread &, pthread_spinlock_t *, char) {
  return false;
}
SNARL_INLINE bool counts_depth(Thread &, sem_t *, char) {
  return false;
}

/// Wake-ups that order something, see order.cpp. Read at every outermost lock, written a few hundred times.
extern uint64_t wake_number;
template <class Lock> constexpr bool kGuardsConditions = false;
template <> inline constexpr bool kGuardsConditions<pthread_mutex_t> = true;

/// Pushes a lock that was granted. Null: no room for it.
template <class Lock>
SNARL_INLINE Held *hold(Thread &self, Lock *lock, LockId id, char kind, char mode, Caller caller) {
  uint32_t n = self.held_count;
  if (SNARL_UNLIKELY(n == self.held_capacity) && !grow_held(self)) return nullptr;
  StackId stack = stack_of(self, caller);
  // Reserve, then write: a signal handler that locks in between pushes above, and takes its entry away again. A slot
  // above the count has no address, so a half-made entry is recognised.
  store(self.held_count, n + 1);
  compiler_barrier();
  Held &entry = self.held[n];
  entry.chain = extend_chain(n ? self.held[n - 1].chain : 0, id, mode);
  entry.who = Held::pack_who(id, stack);
  entry.how = Held::pack_how(kind, mode);
  compiler_barrier();
  store(entry.address, const_cast<void *>(static_cast<const volatile void *>(lock)));
  if constexpr (kGuardsConditions<Lock>)
    if (uint64_t wakes = load(wake_number); SNARL_UNLIKELY(wakes && !n))
      self.outermost[id % kHandOvers] = id | wakes << 32;
  return &entry;
}

/// The lock was granted, or was not: the result of the real call goes through. Also for trylock, which never waited.
template <class Lock>
SNARL_INLINE int after_lock(Thread *self, Lock *lock, LockId id, char mode, Caller caller, int result) {
  if (SNARL_UNLIKELY(!self)) return result;
  unpublish(*self);
  if (SNARL_UNLIKELY(result != 0 && result != EOWNERDEAD)) {
    if (result == EDEADLK) refused_slow(*self, lock, caller);
    if (result == EBUSY)
      note_failed_try(*self, const_cast<const void *>(static_cast<const volatile void *>(lock)), quick_id(lock),
                      kind_of(lock), caller);
    if (load(extras))
      extra_refused(*self, const_cast<const void *>(static_cast<const volatile void *>(lock)), id, mode, result,
                    caller);
    return result;
  }
  if (!id) { // tried
    id = quick_id(lock);
    store(self->tries.streak, 0u);
  }
  if (SNARL_UNLIKELY(!id)) id = identify_slow(*self, lock, caller);
  if (SNARL_UNLIKELY(counts_depth(*self, lock, mode))) {
    deepen_slow(*self, lock, id, mode, caller);
    return result;
  }
  Held *entry = hold(*self, lock, id, kind_of(lock), mode, caller);
  if (SNARL_UNLIKELY(!entry)) return result;
  if constexpr (kGuardsConditions<Lock>)
    if (SNARL_UNLIKELY(result == EOWNERDEAD)) owner_died(*self, lock);
  if (SNARL_UNLIKELY(load(extras))) extra_got(*self, *entry, caller);
  return result;
}

/// Before the real call: afterwards the lock may be another thread's, or gone.
template <class Lock> SNARL_INLINE void before_unlock(Thread *self, Lock *lock, Caller caller) {
  if (SNARL_UNLIKELY(!self)) return;
  uint32_t n = self->held_count;
  if (SNARL_LIKELY(n != 0)) {
    Held &top = self->held[n - 1];
    if (SNARL_LIKELY(top.address == const_cast<const void *>(static_cast<const volatile void *>(lock)) &&
                     top.depth == 0)) {
      if (SNARL_UNLIKELY(load(extras))) extra_release(*self, top, caller);
      store(top.address, nullptr);
      compiler_barrier();
      store(self->held_count, n - 1);
      return;
    }
  }
  unlock_slow(*self, lock, caller);
}

/// Semaphores that are used as locks are held between wait and post; `granted`: after a wait that succeeded.
bool used_as_lock(const sem_t *s);
void before_semaphore(Thread *self, sem_t *s, bool timed, Caller caller);
void after_semaphore(Thread *self, sem_t *s, bool granted, Caller caller);
void before_post(Thread *self, sem_t *s, Caller caller);
void semaphore_made(Thread *self, sem_t *s, bool shared, unsigned value);

/// Something that is initialised once: a lock that the initialiser's thread holds and everybody else wants, also after
/// it is done, since on another day they might have come earlier.
inline LockRef ref_to(Once *o) {
  return ref_in_table(o, 'o');
}
SNARL_INLINE LockId quick_id(Once *) {
  return 0;
}
SNARL_INLINE bool mine(Thread &, Once *) {
  return false;
} // told when it hangs
SNARL_INLINE bool counts_depth(Thread &, Once *, char) {
  return false;
}
SNARL_INLINE char kind_of(const Once *) {
  return 'o';
}

/// A lock of the program's own, told by annotations. Taking it again is as wrong as with any; `deepen` counts what was
/// allowed.
inline LockRef ref_to(Custom *c) {
  return ref_in_table(c, 'u');
}
SNARL_INLINE LockId quick_id(Custom *) {
  return 0;
}
SNARL_INLINE bool mine(Thread &self, Custom *c) {
  return self.held_count && find_held(self, c);
}
SNARL_INLINE bool counts_depth(Thread &self, Custom *c, char) {
  return mine(self, c);
}
SNARL_INLINE char kind_of(const Custom *) {
  return 'u';
}

void before_once(Thread *self, const void *once, bool done, Caller caller);
/// `may_be_left`: by an exception, with nobody telling us. Not so for function-local statics.
void once_begins(Thread &self, const void *once, Caller caller, bool may_be_left);
void once_ends(Thread &self, const void *once, bool complete, Caller caller);
void after_once(Thread *self, const void *once, Caller caller);

/// A lock made or destroyed by call: the next use of this address is another lock.
/// `word` is where its number would be in it, or null.
void lock_made(Thread *self, const void *address, uint64_t *word);

// ---- waiting and waking

/// A condition wait gives the mutex back until it returns.
void before_cond_wait(Thread *self, const void *cond, pthread_mutex_t *m, bool timed, Caller caller);
/// `woken`: not by the time limit.
void after_cond_wait(Thread *self, const void *cond, pthread_mutex_t *m, bool woken, Caller caller);
/// Signal, broadcast or post: whoever wakes by it comes after us. `state`: the mutex of what the waiters test, if any.
void wake(Thread *self, const void *object, LockId state = 0);
/// Signal or broadcast: wakes, and hands over the mutex held now or given back last.
void signal_condition(Thread *self, const void *cond, bool all, Caller caller);
/// A count of wake-ups, to tell those that came during a wait; 0 takes any.
uint64_t wakes_so_far();
void woken(Thread *self, const void *object, uint64_t since, char kind);
/// Before a situation is recorded: what was handed over to this thread without a wait comes before it.
void follow_hand_overs(Thread &self, LockId wanted);
/// Is the lock part of a recorded situation?
bool orders_something(LockId lock);

/// Any other call that may block: join, semaphore, barrier, once.
SNARL_INLINE void block(Thread *self, char kind, const void *object, bool timed, Caller caller) {
  if (!self) return;
  publish(*self, kind, object, 'x', timed, caller);
  if (load(extras)) extra_block(*self, kind, object, timed, nullptr, caller);
}
SNARL_INLINE void unblock(Thread *self, char kind, const void *object, bool done, Caller caller) {
  if (!self) return;
  unpublish(*self);
  if (load(extras)) extra_unblock(*self, kind, object, done, nullptr, caller);
}

/// Could the recorded order of locks have a circle?
bool may_have_cycle();

// ---- locks whose holder was left behind by fork, see hang.cpp

/// In the child, before the other threads' records go: what they hold nobody will give back. Such a lock loses its
/// number, so that the first use of it is noticed.
void note_orphans(const Thread &survivor);
/// A child that may come to wait for such a lock is watched; any other has no thread of ours.
/// Called at the first use of a lock in this process.
void watch_orphan(Thread &self, const LockRef &lock, LockId id, StackId stack);

// ---- misuse, see misuse.cpp

/// Who holds a lock, and where it was taken; 0 if that is not known.
struct Owner {
  ThreadId thread = 0;
  StackId taken = 0;
};
Owner owner_of(const LockRef &lock);
/// A Z line, once for each kind, lock and place. `object`: a condition variable, semaphore or barrier, if it is about
/// one.
void report_misuse(const Thread &self, char kind, const LockRef &lock, LockId id, StackId stack, Owner owner,
                   const void *object = nullptr);
/// An unlock of something this thread does not hold as far as we saw.
void foreign_unlock(Thread &self, const LockRef &lock, Caller caller);
/// Does the lock itself say that the thread holds it? Reads with care: the memory may be gone.
bool still_held(const Thread &self, const Held &entry);
/// How many entries from `first` on, thirty-two at most, are mutexes that say so: by one system call.
uint32_t mutexes_held(const Thread &self, uint32_t first);
/// The thread is over, destructors included, and holds something.
void check_thread_end(Thread &self);
/// A lock that is about to be initialised has a number, so it was used before: told if somebody holds it, or if it is
/// a global that other threads may be about to use and that was not destroyed.
void initialised_again(Thread &self, const LockRef &lock, Caller caller);
/// A robust mutex whose owner died was granted: to be given back only after it was declared consistent.
void owner_died(Thread &self, pthread_mutex_t *m);
/// In a forked child: the lock was held by a thread that the child does not have, and still names it as its holder.
void wants_orphan(Thread &self, const LockRef &lock, LockId id, StackId stack, Owner owner);

// ---- order between threads, see order.cpp

/// Ends the current segment, as the source of an order edge: its number.
uint32_t end_segment(Thread &self);
/// Something that happened before: what follows in this thread is a segment of its own.
void begin_segment_after(Thread &self, ThreadId from, uint32_t from_segment, char kind);
/// A new segment if the current one was closed; before recording.
void roll_if_closed(Thread &self);
void barrier_made(const void *barrier, unsigned count);
void barrier_arrives(Thread *self, const void *barrier);
void barrier_left(Thread *self, const void *barrier);
void once_done(Thread &self, const void *once);
void once_passed(Thread *self, const void *once);
void order_after_fork();
void lock_order_tables();
void unlock_order_tables();

} // namespace snarl_rt
