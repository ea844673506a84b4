#include "conditions.h"
#include "kernel.h"
#include "writer.h"

namespace snarl_rt {
namespace {

struct Condition {
  const void *address;
  const pthread_mutex_t *mutex; ///< of the last wait
  uint64_t waits;               ///< begun, as glibc counts them, when last seen
  StackId wait_stack;           ///< of the last wait
  bool returned;                ///< some wait came back
  // the last signal, if it was lost
  StackId lost_stack;
  ThreadId lost_thread;
  int holder; ///< tid of the thread that held the mutex then: it may have been about to wait
};
constexpr size_t kConditions = 4096;
constexpr uintptr_t kPage = 4096;
Condition conditions[kConditions];
SpinLock conditions_lock;

uint64_t waits_begun(const pthread_cond_t *cond) {
  uint64_t count;
  __builtin_memcpy(&count, &cond->__data.__wseq, sizeof count);
  return count >> 1; // the lowest bit is a group's index
}

Condition &slot_of(const void *cond) {
  return conditions[mix(reinterpret_cast<uintptr_t>(cond)) % kConditions];
}

/// What is known of it, emptied if that is about another one. Under the lock.
Condition &known(const pthread_cond_t *cond) {
  Condition &slot = slot_of(cond);
  uint64_t waits = waits_begun(cond);
  if (slot.address != cond || waits < slot.waits) slot = {};
  slot.address = cond;
  slot.waits = waits;
  return slot;
}

/// The owner that the mutex names, if it can be read for sure: it lies in the page of its condition variable.
int holder_of(const pthread_mutex_t *m, const void *cond) {
  auto first = reinterpret_cast<uintptr_t>(m), last = first + sizeof *m - 1;
  uintptr_t page = reinterpret_cast<uintptr_t>(cond) / kPage;
  return m && first / kPage == page && last / kPage == page ? load(m->__data.__owner) : 0;
}

/// Another thread that waits here with another mutex. The binding lasts until its wait returns (POSIX).
Thread *waits_with_another(const Thread &self, const void *cond, const pthread_mutex_t *m) {
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    if (thread == &self || load_acquire(thread->state) != Thread::Running) continue;
    uint64_t ticket = load_acquire(thread->wait.ticket);
    bool other = static_cast<char>(ticket) == 'c' && load(thread->wait.object) == cond && load(thread->wait.mutex) != m;
    if (other && load_acquire(thread->wait.ticket) == ticket) return thread;
  }
  return nullptr;
}

constexpr int kElided = 0x100; // held by a transaction: no owner is written

} // namespace

void wait_begins(Thread &self, const pthread_cond_t *cond, pthread_mutex_t *m, Caller caller) {
  Inside inside(self);
  StackId stack = self.stack_memory.recall(caller);
  if (!stack) stack = self.stack_memory.look_up(caller, self.stack);
  int owner = load(m->__data.__owner);
  bool held = owner && (owner == self.tid || owner == self.tid_before_fork);
  bool free = !owner && !load(m->__data.__lock);
  if (!held && (free || owner) && !(load(m->__data.__kind) & kElided)) {
    LockRef lock = ref_to(m);
    report_misuse(self, 'n', lock, identify(lock, stack), stack, owner_of(lock), cond);
  }
  const pthread_mutex_t *before;
  StackId before_stack;
  {
    Locked locked(conditions_lock);
    Condition &condition = known(cond);
    before = condition.mutex;
    before_stack = condition.wait_stack;
    condition.mutex = m;
    condition.wait_stack = stack;
  }
  if (!before || before == m || !waiters(cond)) return;
  if (Thread *other = waits_with_another(self, cond, m)) {
    LockRef lock = ref_to(m);
    report_misuse(self, 'm', lock, identify(lock, stack), stack, {other->id, before_stack}, cond);
  }
}

void wait_returned(const pthread_cond_t *cond) {
  const Condition &seen = slot_of(cond);
  if (load(seen.returned) && load(seen.address) == cond && !load(seen.lost_stack)) return;
  Locked locked(conditions_lock);
  Condition &condition = slot_of(cond);
  if (condition.address != cond) return;
  condition.returned = true;
  condition.lost_stack = 0;
}

void signal_lost(Thread &self, const pthread_cond_t *cond, Caller caller) {
  const Condition &seen = slot_of(cond);
  const pthread_mutex_t *mutex = load(seen.address) == cond ? load(seen.mutex) : nullptr;
  int holder = holder_of(mutex, cond);
  if (holder == self.tid) holder = 0;
  if (mutex && load(seen.returned) && !holder) return; // whoever comes next looks at the state first
  Inside inside(self);
  StackId stack = self.stack_memory.recall(caller);
  if (!stack) stack = self.stack_memory.look_up(caller, self.stack);
  Locked locked(conditions_lock);
  Condition &condition = known(cond);
  condition.lost_stack = stack;
  condition.lost_thread = self.id;
  condition.holder = holder;
}

void condition_ends(Thread &self, const pthread_cond_t *cond, Caller caller) {
  if (waiters(cond)) object_ends(self, cond, sizeof *cond, 'c', caller);
  Inside inside(self);
  Locked locked(conditions_lock);
  if (Condition &condition = slot_of(cond); condition.address == cond) condition = {};
}

void object_ends(Thread &self, const void *object, size_t bytes, char wait, Caller caller) {
  Inside inside(self);
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    if (thread == &self || load_acquire(thread->state) != Thread::Running) continue;
    if (static_cast<char>(load(thread->wait.ticket)) != wait || load(thread->wait.object) != object) continue;
    if (!asleep_on(thread->tid, object, bytes)) continue; // woken, and about to leave
    StackId stack = self.stack_memory.look_up(caller, self.stack);
    return report_misuse(self, wait == 'c' ? 'v' : 'w', {}, 0, stack, {thread->id, 0}, object);
  }
}

void tell_lost_signal(const void *cond, const Thread &waiter) {
  Condition condition;
  {
    Locked locked(conditions_lock);
    condition = slot_of(cond);
  }
  if (condition.address != cond || !condition.lost_stack) return;
  if (condition.returned && condition.holder != waiter.tid) return;
  report_misuse(waiter, 'l', {}, 0, condition.wait_stack, {condition.lost_thread, condition.lost_stack}, cond);
}

void forget_conditions() {
  conditions_lock.reset();
  for (Condition &condition : conditions) condition = {};
}

} // namespace snarl_rt
