#include "event.h"
#include "options.h"
#include "process.h"
#include "writer.h"

namespace snarl_rt {
namespace {
OrderSketch sketch;
}

bool orders_something(LockId lock) {
  return sketch.mentions(lock);
}
bool may_have_cycle() {
  return sketch.has_cycle();
}
SpinLock &sketch_lock() {
  return sketch.lock();
}

Held *find_held(Thread &self, const void *address) {
  for (uint32_t i = self.held_count; i-- > 0;)
    if (self.held[i].address == address) return &self.held[i];
  return nullptr;
}

StackId find_stack(Thread &self, Caller caller) {
  Inside inside(self);
  return self.stack_memory.look_up(caller, self.stack);
}

LockId first_sight(Thread &self, const LockRef &lock, Caller caller) {
  if (LockId id = identity(lock)) return id; // known to the table
  StackId stack = stack_of(self, caller);
  Inside inside(self);
  LockId id = identify(lock, stack);
  watch_orphan(self, lock, id, stack);
  return id;
}

bool grow_held(Thread &self) {
  Inside inside(self);
  uint32_t capacity = self.held_capacity * 2;
  auto *fresh = static_cast<Held *>(map_pages(capacity * sizeof(Held)));
  if (!fresh) {
    trace.count("held_dropped");
    return false;
  }
  __builtin_memcpy(static_cast<void *>(fresh), self.held, self.held_count * sizeof(Held));
  store_release(self.held, fresh); // the old one stays: the watcher may be reading it
  self.held_capacity = capacity;
  return true;
}

namespace {

void rechain(Thread &self, uint32_t from) {
  for (uint32_t i = from; i < self.held_count; ++i)
    self.held[i].chain = extend_chain(i ? self.held[i - 1].chain : 0, self.held[i].id, self.held[i].mode);
}

void remove_held(Thread &self, uint32_t at) {
  uint32_t last = self.held_count - 1;
  for (uint32_t i = at; i < last; ++i) self.held[i] = self.held[i + 1];
  self.held[last].address = nullptr;
  compiler_barrier();
  store(self.held_count, last);
  rechain(self, at);
}

/// Takes out what is not held any more though nobody told us: unlocked by another thread, freed, half made.
/// A thread that holds a thousand locks comes here for each: what is known to be without repetition is not compared
/// again, and mutexes are asked many at a time.
void drop_stale(Thread &self) {
  uint32_t distinct = self.distinct_count;
  if (distinct > self.held_count || !distinct || self.held[distinct - 1].chain != self.distinct_chain) distinct = 0;
  for (uint32_t i = 0, asked = 0; i < self.held_count;) {
    Held &entry = self.held[i];
    bool twice = false;
    if (i >= distinct)
      for (uint32_t k = 0; k < i; ++k) twice |= self.held[k].address == entry.address;
    if (i >= asked) asked = i + mutexes_held(self, i);
    if (entry.address && !twice && (i < asked || entry.depth & kInWait || still_held(self, entry))) {
      ++i;
      continue;
    }
    if (load(extras) && entry.address) extra_lost(self, entry);
    remove_held(self, i);
    distinct = asked = 0;
  }
  self.distinct_count = self.held_count;
  self.distinct_chain = self.held_count ? self.held[self.held_count - 1].chain : 0;
}

} // namespace

void record_situation(Thread &self, const LockRef &lock, LockId wanted, char mode, bool timed, Caller caller) {
  if (self.on_purpose) return;
  Inside inside(self);
  drop_stale(self);
  uint32_t n = 0;
  for (uint32_t i = 0; i < self.held_count; ++i) {
    if (self.held[i].address == lock.address && !(self.held[i].depth & kInWait))
      return; // again: says nothing about order
    n += !(self.held[i].depth & kInWait);
  }
  if (!n) return;
  follow_hand_overs(self, wanted);
  roll_if_closed(self);
  uint64_t key = situation_key(self.held[self.held_count - 1].chain, self.segment_salt, wanted, mode, timed);
  if (self.situations.contains(key)) return;
  bool inserted = self.situations.insert(key);
  // What comes before the first other thread orders nothing. Preloaded by hand, that alone is no reason to make files.
  if (inserted && !options.trace.length && !trace.started() && threads.only_one()) {
    self.segment_used = true;
    return;
  }
  if (!inserted || !trace.start()) {
    trace.count("situations_dropped");
    return;
  }
  self.segment_used = self.has_news = true;
  ++self.recorded;
  StackId stack = stacks.announce(self.stack_memory.look_up(caller, self.stack));
  threads.announce(self.id);
  announce_lock(lock, stack);
  Line line(SNARL_LINE_SITUATION);
  line.hex(self.id).hex(self.segment).hex(n);
  for (uint32_t i = 0; i < self.held_count; ++i) {
    Held &entry = self.held[i];
    if (entry.depth & kInWait) continue;
    announce_lock(ref_of(entry), entry.stack);
    sketch.add(entry.id, wanted);
    line.hex(entry.id).letter(entry.mode).hex(stacks.announce(entry.stack));
  }
  line.hex(wanted).letter(mode).letter(timed ? 't' : 'b').hex(stack);
  trace.write(line);
}

void deepen(Thread &self, const LockRef &lock, LockId id, char mode, Caller caller) {
  if (Held *entry = find_held(self, lock.address)) {
    ++entry->depth;
    return;
  }
  // The first time was where we could not see. As if it were now.
  StackId stack = stack_of(self, caller);
  Inside inside(self);
  uint32_t n = self.held_count;
  if (n == self.held_capacity) return;
  store(self.held_count, n + 1);
  Held &entry = self.held[n];
  entry.chain = extend_chain(n ? self.held[n - 1].chain : 0, id, mode);
  entry.who = Held::pack_who(id, stack);
  entry.how = Held::pack_how(lock.kind, mode);
  entry.address = lock.address;
  if (load(extras)) extra_got(self, entry, caller);
}

void unlock_out_of_order(Thread &self, const LockRef &lock, Caller caller) {
  Inside inside(self);
  for (uint32_t i = self.held_count; i-- > 0;) {
    Held &entry = self.held[i];
    if (entry.address != lock.address) continue;
    if (entry.depth & kOwnerDied) {
      entry.depth &= ~kOwnerDied;
      auto *m = static_cast<pthread_mutex_t *>(lock.address);
      if (load(m->__data.__owner) == kOwnerInconsistent)
        report_misuse(self, 'c', lock, entry.id, self.stack_memory.look_up(caller, self.stack), {self.id, entry.stack});
    }
    if (entry.depth & kInWait) { // a cancelled condition wait: the clean-up handler gives the mutex back
      entry.depth &= ~kInWait;
      unpublish(self);
      if (load(extras)) extra_unblock(self, 'c', load(self.wait.object), false, &entry, caller);
    }
    if (entry.depth) {
      --entry.depth;
      return;
    }
    if (load(extras)) extra_release(self, entry, caller);
    remove_held(self, i);
    return;
  }
  foreign_unlock(self, lock, caller);
}

void locked_again(Thread &self, const LockRef &lock, LockId id, char mode, Caller caller) {
  Held *entry = find_held(self, lock.address);
  if (!entry || entry->depth & kInWait) return;
  bool upgrade = mode == 'x' && entry->mode == 's';
  bool hangs = lock.kind == 'm' || lock.kind == 's' || ((lock.kind == 'w' || lock.kind == 'W') && upgrade) ||
               (lock.kind == 'u' && (upgrade || entry->mode == 'x'));
  if (!hangs) return;
  Inside inside(self);
  report_misuse(self, 'r', lock, id, self.stack_memory.look_up(caller, self.stack), {self.id, entry->stack});
}

void relock_refused(Thread &self, const LockRef &lock, LockId id, Caller caller) {
  Inside inside(self);
  Held *entry = find_held(self, lock.address);
  StackId taken = entry ? entry->stack : 0;
  report_misuse(self, 'k', lock, id, self.stack_memory.look_up(caller, self.stack), {self.id, taken});
}

void destroy_refused(Thread &self, const LockRef &lock, Caller caller) {
  Inside inside(self);
  LockId id = identity(lock);
  if (!id) return;
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    if (load(thread->state) != Thread::Running) continue;
    for (uint32_t i = 0; i < load(thread->held_count); ++i) {
      const Held &entry = thread->held[i];
      if (load(entry.address) != lock.address || entry.depth & kInWait) continue;
      return report_misuse(self, 'd', lock, id, self.stack_memory.look_up(caller, self.stack),
                           {thread->id, entry.stack});
    }
  }
}

void lock_made(Thread *self, const void *address, uint64_t *word) {
  if (!self) return;
  Inside inside(*self);
  end_generation(address, word);
}

namespace {
/// A process of one thread has no watcher; one that begins to wait for others all the same may wait for ever.
void watch_if_alone(bool timed, const sem_t *semaphore) {
  if (timed || !threads.only_one()) return;
  if (!semaphore || load(*reinterpret_cast<const uint32_t *>(semaphore)) == 0) start_watcher();
}
} // namespace

// ---- semaphores

bool used_as_lock(const sem_t *s) {
  SemaphoreUse use = semaphore_use(s);
  return use == SemaphoreUse::Lock || use == SemaphoreUse::ProvenLock;
}

void before_semaphore(Thread *self, sem_t *s, bool timed, Caller caller) {
  if (!self) return;
  if (used_as_lock(s)) {
    if (find_held(*self, s))
      set_semaphore_use(s, SemaphoreUse::Token); // it counts on somebody else's post
    else
      return (void)before_lock(self, s, 'x', timed, caller, 'p');
  }
  watch_if_alone(timed, s);
  block(self, 'p', s, timed, caller);
}

void after_semaphore(Thread *self, sem_t *s, bool granted, Caller caller) {
  if (!self) return;
  if (!used_as_lock(s)) return unblock(self, 'p', s, granted, caller);
  after_lock(self, s, 0, 'x', caller, granted ? 0 : ETIMEDOUT);
}

void before_post(Thread *self, sem_t *s, Caller caller) {
  if (!self) return;
  if (load(extras) && !used_as_lock(s)) extra_wake(*self, 'p', s, caller);
  if (!used_as_lock(s)) return;
  Inside inside(*self);
  for (uint32_t i = self->held_count; i-- > 0;)
    if (self->held[i].address == s) {
      if (load(extras)) extra_release(*self, self->held[i], caller);
      remove_held(*self, i);
      set_semaphore_use(s, SemaphoreUse::ProvenLock);
      return;
    }
  set_semaphore_use(s, SemaphoreUse::Token); // whoever holds it as a lock will find out (drop_stale)
}

void semaphore_made(Thread *self, sem_t *s, bool shared, unsigned value) {
  if (!self) return;
  Inside inside(*self);
  end_generation(s, nullptr);
  bool lock = !shared && value == 1;
  if (lock || semaphore_use(s) != SemaphoreUse::Unknown)
    set_semaphore_use(s, lock ? SemaphoreUse::Lock : SemaphoreUse::Unknown);
}

// ---- once

namespace {

constexpr uint32_t kMaxRunning = sizeof(Thread::once) / sizeof(RunningOnce);

Once *as_lock(const void *once) {
  return static_cast<Once *>(const_cast<void *>(once));
}

/// Initialisers left by an exception, a cancellation or longjmp are not running any more: the frames of their calls are
/// gone.
void drop_left_initialisers(Thread &self, Caller caller) {
  while (self.once_count && self.once[self.once_count - 1].frame < caller.frame)
    once_ends(self, self.once[self.once_count - 1].once, false, caller);
}

} // namespace

void before_once(Thread *self, const void *once, bool done, Caller caller) {
  if (!self) return;
  drop_left_initialisers(*self, caller);
  if (!done) {
    Inside inside(*self);
    once_is_fresh(once);
  }
  if (self->held_count)
    before_lock(self, as_lock(once), 'x', false, caller, 'o');
  else
    block(self, 'o', once, false, caller);
}

void once_begins(Thread &self, const void *once, Caller caller, bool may_be_left) {
  unpublish(self);
  after_lock(&self, as_lock(once), 0, 'x', caller, 0);
  uint32_t at = self.once_count;
  if (at == kMaxRunning) return;
  self.once[at] = {once, may_be_left ? caller.frame : ~uintptr_t{0}, self.recorded};
  compiler_barrier();
  store(self.once_count, at + 1);
}

void once_ends(Thread &self, const void *once, bool complete, Caller caller) {
  Inside inside(self);
  if (load(extras) && complete) extra_wake(self, 'o', once, caller);
  for (uint32_t i = self.held_count; i-- > 0;)
    if (self.held[i].address == once && self.held[i].kind == 'o') {
      if (load(extras)) extra_release(self, self.held[i], caller);
      remove_held(self, i);
      break;
    }
  for (uint32_t i = self.once_count; i-- > 0;) {
    if (self.once[i].once != once) continue;
    store(self.once_count, i);
    if (complete) once_completed(once);
    if (complete && self.once[i].recorded != self.recorded) once_done(self, once);
    break;
  }
}

void after_once(Thread *self, const void *once, Caller caller) {
  if (!self) return;
  unblock(self, 'o', once, true, caller);
  once_passed(self, once);
}

// ---- condition variables

void before_cond_wait(Thread *self, const void *cond, pthread_mutex_t *m, bool timed, Caller caller) {
  if (!self) return;
  Held *entry = find_held(*self, m);
  if (entry) entry->depth |= kInWait;
  if (entry && self->held_count > 1) {
    // it will be taken again with the others held
    record_situation(*self, ref_to(m), entry->id, 'x', timed, caller);
  }
  self->wait.mutex = m;
  watch_if_alone(timed, nullptr);
  publish(*self, 'c', cond, 'x', timed, caller);
  if (load(extras)) extra_block(*self, 'c', cond, timed, entry, caller);
}

void after_cond_wait(Thread *self, const void *cond, pthread_mutex_t *m, bool woken, Caller caller) {
  if (!self) return;
  unpublish(*self);
  Held *entry = find_held(*self, m);
  if (entry) entry->depth &= ~kInWait;
  if (load(extras)) extra_unblock(*self, 'c', cond, woken, entry, caller);
}

} // namespace snarl_rt
