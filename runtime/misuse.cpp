// Wrong use of locks, told as Z lines.
//
// Our held array may lack a lock that the thread holds: taken by a signal handler that interrupted us, or before fork.
// So the lock itself is asked (glibc keeps the owner of mutexes and the writer of rwlocks), and what it does not
// confirm is not reported. Process-shared and robust mutexes have owners that we cannot know, and are left alone.
#include "event.h"
#include "process.h"
#include "real.h"
#include "writer.h"

namespace snarl_rt {
namespace {

KeySet reported;
SpinLock reported_lock;
uint32_t reports = 0;
constexpr uint32_t kMaxReports = 1000;

bool is_mutex(char kind) {
  return kind == 'm' || kind == 'r' || kind == 'e';
}
bool is_rwlock(char kind) {
  return kind == 'w' || kind == 'W';
}

/// Tids change in a forked child, where the owner written into locks is still the parent's.
bool own_tid(const Thread &self, int tid) {
  return tid && (tid == self.tid || tid == self.tid_before_fork);
}

Owner find_owner(const LockRef &lock, int tid) {
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    if (load(thread->state) != Thread::Running || (tid && thread->tid != tid)) continue;
    for (uint32_t i = 0, n = load(thread->held_count); i < n; ++i)
      if (load(thread->held[i].address) == lock.address && !(thread->held[i].depth & kInWait))
        return {thread->id, thread->held[i].stack};
    if (tid) return {thread->id, 0};
  }
  return {};
}

} // namespace

SpinLock &misuse_lock() {
  return reported_lock;
}

Owner owner_of(const LockRef &lock) {
  return find_owner(lock, is_mutex(lock.kind) ? load(static_cast<pthread_mutex_t *>(lock.address)->__data.__owner) : 0);
}

void report_misuse(const Thread &self, char kind, const LockRef &lock, LockId id, StackId stack, Owner owner,
                   const void *object) {
  {
    Locked locked(reported_lock);
    uint64_t about = object ? reinterpret_cast<uintptr_t>(object) : id;
    uint64_t key = mix(mix(about, static_cast<uint64_t>(kind)), stack) | 1;
    if (reported.contains(key)) return;
    if (reports >= kMaxReports || !reported.insert(key)) return trace.count("misuses_dropped");
    ++reports;
  }
  if (!trace.start()) return trace.count("lines_lost");
  threads.announce(self.id);
  threads.announce(owner.thread);
  stacks.announce(stack);
  stacks.announce(owner.taken);
  announce_lock(lock, owner.taken ? owner.taken : stack);
  Line line(SNARL_LINE_MISUSE);
  line.letter(kind).hex(self.id).hex(id).hex(stack).hex(owner.thread).hex(owner.taken);
  if (object) line.hex(reinterpret_cast<uintptr_t>(object));
  trace.write(line);
  something_found();
}

bool still_held(const Thread &self, const Held &entry) {
  if (is_mutex(entry.kind)) {
    pthread_mutex_t copy;
    return read_memory(&copy, entry.address, sizeof copy) && own_tid(self, copy.__data.__owner);
  }
  if (is_rwlock(entry.kind)) {
    pthread_rwlock_t copy;
    if (!read_memory(&copy, entry.address, sizeof copy)) return false;
    return entry.mode == 'x' ? own_tid(self, copy.__data.__cur_writer) : copy.__data.__readers >> 3 != 0;
  }
  if (entry.kind == 's') {
    int copy;
    return read_memory(&copy, entry.address, sizeof copy) && copy != spin_unlocked();
  }
  if (entry.kind == 'o') {
    for (uint32_t i = 0; i < self.once_count; ++i)
      if (self.once[i].once == entry.address) return true;
    return false;
  }
  if (entry.kind == 'S') return used_as_lock(static_cast<const sem_t *>(entry.address));
  return true;
}

uint32_t mutexes_held(const Thread &self, uint32_t first) {
  constexpr uint32_t kMost = 32;
  int owners[kMost];
  iovec remote[kMost];
  uint32_t count = 0;
  for (uint32_t i = first; i < self.held_count && count < kMost; ++i) {
    const Held &entry = self.held[i];
    if (!is_mutex(entry.kind) || !entry.address) break;
    remote[count++] = {&static_cast<pthread_mutex_t *>(entry.address)->__data.__owner, sizeof *owners};
  }
  if (count < 2) return 0;
  iovec local{owners, count * sizeof *owners};
  long got = raw_syscall(SYS_process_vm_readv, raw_syscall(SYS_gettid), reinterpret_cast<long>(&local), 1,
                         reinterpret_cast<long>(remote), count, 0);
  uint32_t held = 0;
  while (got >= static_cast<long>((held + 1) * sizeof *owners) && own_tid(self, owners[held])) ++held;
  return held;
}

void foreign_unlock(Thread &self, const LockRef &lock, Caller caller) {
  int holder = 0;
  bool unlocked = false;
  if (is_mutex(lock.kind)) {
    const auto &data = static_cast<pthread_mutex_t *>(lock.address)->__data;
    if (load(data.__kind) & (kMutexRobust | kMutexShared)) return;
    holder = load(data.__owner);
    unlocked = !holder && !load(data.__lock);
    if (!holder && !unlocked) return; // somebody is just taking it
  } else if (is_rwlock(lock.kind)) {
    const auto &data = static_cast<pthread_rwlock_t *>(lock.address)->__data;
    if (data.__shared) return;
    holder = load(data.__cur_writer);
    unlocked = !holder && !(load(data.__readers) >> 3) && !(load(data.__readers) & 2);
  } else if (lock.kind == 's') {
    unlocked = load(*static_cast<int *>(lock.address)) == spin_unlocked();
  }
  if (own_tid(self, holder)) return; // taken where we could not see
  Owner owner;
  if (!unlocked) {
    owner = find_owner(lock, holder);
    if (!owner.thread || owner.thread == self.id) return;
  }
  StackId stack = self.stack_memory.look_up(caller, self.stack);
  report_misuse(self, unlocked ? 'u' : 'o', lock, identify(lock, stack), stack, owner);
}

void initialised_again(Thread &self, const LockRef &lock, Caller caller) {
  Inside inside(self);
  LockId id = identity(lock);
  if (!id) return;
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    if (load_acquire(thread->state) != Thread::Running) continue;
    for (uint32_t i = 0, n = load(thread->held_count); i < n; ++i) {
      const Held &entry = thread->held[i];
      if (load(entry.address) != lock.address || entry.id != id || !still_held(*thread, entry)) continue;
      // What the survivor of a fork held it may also make anew.
      if (is_mutex(lock.kind) && load(static_cast<pthread_mutex_t *>(lock.address)->__data.__owner) != thread->tid)
        return;
      return report_misuse(self, 'i', lock, id, self.stack_memory.look_up(caller, self.stack),
                           {thread->id, entry.stack});
    }
  }
  // Memory on stacks and heaps is used again without a word; a global that was not destroyed is still the same lock.
  // With no other thread about, starting all over is harmless.
  uintptr_t start, end;
  uint32_t running = 0;
  for (Thread *thread = threads.first(); thread; thread = thread->next)
    if (int state = load_acquire(thread->state); state == Thread::Running || state == Thread::Starting) ++running;
  if (running < 2 || self.tid_before_fork || !real::object_range(reinterpret_cast<uintptr_t>(lock.address), start, end))
    return;
  report_misuse(self, 'a', lock, id, self.stack_memory.look_up(caller, self.stack),
                {0, load(lock.history->first_stack)});
}

void owner_died(Thread &self, pthread_mutex_t *m) {
  if (Held *entry = find_held(self, m)) entry->depth |= kOwnerDied;
}

void wants_orphan(Thread &self, const LockRef &lock, LockId id, StackId stack, Owner owner) {
  int holder = 0;
  if (is_mutex(lock.kind)) {
    const auto &data = static_cast<pthread_mutex_t *>(lock.address)->__data;
    holder = load(data.__kind) & (kMutexRobust | kMutexShared) ? 0 : load(data.__owner);
  } else if (is_rwlock(lock.kind)) {
    const auto &data = static_cast<pthread_rwlock_t *>(lock.address)->__data;
    holder = data.__shared ? 0 : load(data.__cur_writer);
  }
  if (!holder || own_tid(self, holder)) return; // made anew, or given back by a fork handler
  report_misuse(self, 'f', lock, id, stack, owner);
}

void check_thread_end(Thread &self) {
  for (uint32_t i = 0; i < self.held_count; ++i) {
    const Held &entry = self.held[i];
    if (!entry.address || entry.kind == 'S' || entry.kind == 'o' || entry.depth & kInWait || !still_held(self, entry))
      continue;
    if (is_mutex(entry.kind) &&
        static_cast<pthread_mutex_t *>(entry.address)->__data.__kind & (kMutexRobust | kMutexShared))
      continue;
    report_misuse(self, 'x', ref_of(entry), entry.id, 0, {self.id, entry.stack});
  }
}

} // namespace snarl_rt
