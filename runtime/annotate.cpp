// The receiving end of include/snarl/annotate.h: one exported function, so that programs need one weak name.
//
// A lock of the program's own is known by address only, in the table of locks; the verbs treat it as they treat any.
// A fiber is a thread's record that is current while the fiber runs; while it does not, it is parked, and the watcher
// does not see it: who could run it again is the program's business.
#include "include/snarl/annotate.h"
#include "conditions.h"
#include "process.h"
#include "writer.h"

using namespace snarl_rt;

namespace {

constexpr uint64_t kMaxNames = 1 << 16;
uint64_t names = 0;

/// A copy that stays, or null. The same name again costs nothing.
const char *keep(const char *name, const char *before) {
  if (before && same(before, name)) return before;
  if (__atomic_add_fetch(&names, 1, __ATOMIC_RELAXED) > kMaxNames) return trace.count("names_dropped"), before;
  size_t size = length(name) + 1;
  auto *copy = static_cast<char *>(arena.allocate(size));
  if (copy) __builtin_memcpy(copy, name, size);
  return copy;
}

Custom *as_custom(const volatile void *lock) {
  return static_cast<Custom *>(const_cast<void *>(lock));
}

char mode_of(int mode) {
  return mode & SNARL_SHARED ? 's' : 'x';
}

/// The lock at the address, whatever its kind is: as it is known already, else as one of the program's own.
LockRef known_lock(Thread &self, const volatile void *address) {
  void *at = const_cast<void *>(address);
  if (Held *held = find_held(self, at)) return ref_of(*held);
  auto *mutex = static_cast<pthread_mutex_t *>(at);
  auto *rwlock = static_cast<pthread_rwlock_t *>(at);
  union {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
  } copy;
  if (read_memory(&copy.mutex, at, sizeof copy.mutex) && slot_id(slot_in(&copy.mutex)->word, at)) return ref_to(mutex);
  if (read_memory(&copy.rwlock, at, sizeof copy.rwlock) && slot_id(copy.rwlock.__data.__pad2, at))
    return ref_to(rwlock);
  return ref_in_table(at, 'u');
}

void name_thread(Thread &self, const char *name) {
  Inside inside(self);
  size_t n = length(name) < sizeof self.name - 1 ? length(name) : sizeof self.name - 1;
  __builtin_memcpy(self.name, name, n);
  self.name[n] = 0;
  if (Birth *born = threads.birth(self.id); !born || born->announced != trace.epoch()) return;
  Line line(SNARL_LINE_NAME);
  line.hex(self.id).text(self.name);
  trace.write(line);
}

void name_lock(Thread &self, const volatile void *lock, const char *name, Caller caller) {
  Inside inside(self);
  LockRef ref = known_lock(self, lock);
  if (!set_lock_name(ref, keep(name, lock_name(ref)))) return;
  identify(ref, self.stack_memory.look_up(caller, self.stack));
}

void order_on_purpose(Thread &self, const volatile void *first, const volatile void *second, Caller caller) {
  Inside inside(self);
  StackId stack = self.stack_memory.look_up(caller, self.stack);
  LockRef a = known_lock(self, first), b = known_lock(self, second);
  LockId from = identify(a, stack), to = identify(b, stack);
  uint64_t key = mix(mix(from, to), 'J') | 1;
  if (!from || !to || self.situations.contains(key) || !self.situations.insert(key) || !trace.start()) return;
  announce_lock(a, stack);
  announce_lock(b, stack);
  Line line(SNARL_LINE_NOTE);
  line.letter('p').hex(from).hex(to);
  trace.write(line);
}

void *make_fiber(Thread &self, Caller caller) {
  Inside inside(self);
  StackId stack = self.stack_memory.look_up(caller, self.stack);
  Thread *fiber = threads.prepare(self, end_segment(self), stack);
  if (fiber) store_release(fiber->state, Thread::Parked);
  return fiber;
}

void switch_to(Thread &self, Thread *fiber) {
  if (!fiber || load_acquire(fiber->state) != Thread::Parked) return;
  fiber->tid = self.tid;
  if (Birth *born = threads.birth(fiber->id); born && !born->tid) born->tid = self.tid;
  store_release(self.state, Thread::Parked);
  current_thread = fiber;
  store_release(fiber->state, Thread::Running);
}

void end_fiber(Thread &self, Thread *fiber) {
  if (!fiber || fiber == &self || load_acquire(fiber->state) != Thread::Parked) return;
  Inside inside(self);
  fiber->tid = 0;
  check_thread_end(*fiber);
  if (Birth *born = threads.birth(fiber->id); born && born->announced == trace.epoch()) {
    Line line(SNARL_LINE_EXIT);
    line.hex(fiber->id);
    trace.write(line);
    begin_segment_after(self, fiber->id, fiber->segment, 'j');
  }
  fiber->joined_or_detached = true;
  threads.ended(*fiber);
}

} // namespace

SNARL_EXPORT void *snarl_rt_annotate(int request, const volatile void *object, const void *more, int mode) {
  Thread *self = enter();
  if (!self) return nullptr;
  Custom *lock = as_custom(object);
  switch (request) {
  case SNARL_REQUEST_LOCK_CREATE: lock_made(self, lock, nullptr); break;
  case SNARL_REQUEST_LOCK_DESTROY:
    destroy_refused(*self, ref_to(lock), SNARL_CALLER);
    lock_made(self, lock, nullptr);
    break;
  case SNARL_REQUEST_LOCK_WAIT:
    if (!(mode & SNARL_RECURSIVE) || !find_held(*self, lock))
      before_lock(self, lock, mode_of(mode), (mode & SNARL_TIMED) != 0, SNARL_CALLER);
    break;
  case SNARL_REQUEST_LOCK_ACQUIRED: after_lock(self, lock, 0, mode_of(mode), SNARL_CALLER, 0); break;
  case SNARL_REQUEST_LOCK_FAILED: after_lock(self, lock, 0, 'x', SNARL_CALLER, ETIMEDOUT); break;
  case SNARL_REQUEST_LOCK_RELEASE: before_unlock(self, lock, SNARL_CALLER); break;
  case SNARL_REQUEST_HAPPENS_BEFORE: wake(self, lock); break;
  case SNARL_REQUEST_HAPPENS_AFTER: woken(self, lock, 0, 'a'); break;
  case SNARL_REQUEST_ORDER_ON_PURPOSE: order_on_purpose(*self, object, more, SNARL_CALLER); break;
  case SNARL_REQUEST_ON_PURPOSE_BEGIN: ++self->on_purpose; break;
  case SNARL_REQUEST_ON_PURPOSE_END: self->on_purpose -= self->on_purpose != 0; break;
  case SNARL_REQUEST_NAME_LOCK:
    if (more) name_lock(*self, object, static_cast<const char *>(more), SNARL_CALLER);
    break;
  case SNARL_REQUEST_NAME_THREAD:
    if (more) name_thread(*self, static_cast<const char *>(more));
    break;
  case SNARL_REQUEST_FIBER_CREATE: return make_fiber(*self, SNARL_CALLER);
  case SNARL_REQUEST_FIBER_CURRENT: return self;
  case SNARL_REQUEST_FIBER_SWITCH: switch_to(*self, reinterpret_cast<Thread *>(lock)); break;
  case SNARL_REQUEST_FIBER_DESTROY: end_fiber(*self, reinterpret_cast<Thread *>(lock)); break;
  default: break; // of a later header
  }
  return nullptr;
}
