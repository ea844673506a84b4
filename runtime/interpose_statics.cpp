// Function-local statics: the compiler calls these around an initialiser, and others wait until it is done.
//
// A library that was loaded by dlopen with a C++ library of its own finds our functions first, but the C++ library's
// own are then out of our sight. For it the three are made here, on the same bits as libstdc++'s: in byte 0 that it is
// done (the compiler looks at it before it calls), in byte 1 that somebody is at it, in byte 2 that somebody sleeps.
#include "event.h"
#include "real.h"
#include <linux/futex.h>

using namespace snarl_rt;

namespace {

constexpr int kDone = 1, kPending = 0x100, kSleepers = 0x10000;

int acquire(int *word) {
  for (;;) {
    int seen = 0;
    if (__atomic_compare_exchange_n(word, &seen, kPending, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return 1;
    if (seen & kDone) return 0;
    if (!(seen & kSleepers) &&
        !__atomic_compare_exchange_n(word, &seen, seen | kSleepers, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      continue;
    program_syscall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAIT_PRIVATE, kPending | kSleepers, 0, 0, 0);
  }
}

void finish(int *word, int value) {
  if (__atomic_exchange_n(word, value, __ATOMIC_ACQ_REL) & kSleepers)
    program_syscall(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAKE_PRIVATE, 0x7fffffff, 0, 0, 0);
}

/// Decided once: a guard must not be begun by one and ended by the other.
bool use_theirs() {
  static int decision = 0; // 1 theirs, 2 ours
  if (!load(decision)) store(decision, real::have_guards() ? 1 : 2);
  return load(decision) == 1;
}

} // namespace

/// 1: the caller runs the initialiser. 0: it has been run.
SNARL_EXPORT int __cxa_guard_acquire(uint64_t *guard) {
  Thread *self = enter();
  before_once(self, guard, false, SNARL_CALLER);
  int mine = use_theirs() ? real::__cxa_guard_acquire(guard) : acquire(reinterpret_cast<int *>(guard));
  if (self && mine)
    once_begins(*self, guard, SNARL_CALLER, false);
  else
    after_once(self, guard, SNARL_CALLER);
  return mine;
}
SNARL_EXPORT void __cxa_guard_release(uint64_t *guard) {
  if (Thread *self = enter()) once_ends(*self, guard, true, SNARL_CALLER);
  if (use_theirs())
    real::__cxa_guard_release(guard);
  else
    finish(reinterpret_cast<int *>(guard), kDone);
}
/// The initialiser threw: the next caller tries again.
SNARL_EXPORT void __cxa_guard_abort(uint64_t *guard) {
  if (Thread *self = enter()) once_ends(*self, guard, false, SNARL_CALLER);
  if (use_theirs())
    real::__cxa_guard_abort(guard);
  else
    finish(reinterpret_cast<int *>(guard), 0);
}
