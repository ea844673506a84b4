// Order between threads: segments, and the edges between them.
//
// A segment is a stretch of one thread between two operations that order it with others. The number of segments must
// stay small, since each one records its situations anew: a segment in which nothing was recorded is not ended but only
// marked closed, and the next record begins a new one. Hand-overs by condition variable, semaphore and barrier are
// followed only from threads that have something to tell, and only so many of them; then an H line says that this
// thread is not followed any more.
//
// A condition can hand something over without anybody waiting: the consumer takes the mutex late, finds the predicate
// true, and goes on. So a signal also marks the mutex that its thread holds, or gave back last, and the next thread to
// take that mutex with nothing else held is taken for a consumer. Only mutexes that order nothing themselves (no
// situation names them) hand over in this way; any other may have been taken for its own sake.
#include "event.h"
#include "real.h"
#include "wakers.h"
#include "writer.h"

namespace snarl_rt {
namespace {

constexpr uint32_t kMaxEdges = 300;

struct Wake {
  const void *object;
  ThreadId thread;
  uint32_t segment;
  uint64_t number;
};
struct Barrier {
  const void *object;
  unsigned count, arrived;
  ThreadId hub, done_hub;
  uint32_t hub_segment, done_segment;
  bool news, done_news;
};
struct HandOver {
  LockId lock;
  ThreadId thread;
  uint32_t segment, number;
};
struct DoneOnce {
  const void *object;
  ThreadId thread;
  uint32_t segment;
};
constexpr size_t kWakes = 1024, kBarriers = 256, kDoneOnces = 256;
Wake wakes[kWakes];
Barrier barriers[kBarriers];
HandOver hand_overs[kHandOvers];
DoneOnce done_onces[kDoneOnces];
size_t done_once_count = 0;
SpinLock order_lock;

size_t slot(const void *object, size_t size) {
  return mix(reinterpret_cast<uintptr_t>(object)) % size;
}

void next_segment(Thread &self) {
  ++self.segment;
  self.segment_used = self.segment_closed = false;
  store(self.segment_salt, mix(self.id, self.segment));
}

/// One more edge of the kinds that can come without end. False: the bound is reached.
bool may_follow(Thread &self) {
  if (self.order_edges < kMaxEdges) return ++self.order_edges, true;
  if (!self.order_limit_told) {
    self.order_limit_told = true;
    threads.announce(self.id);
    Line line(SNARL_LINE_ORDER_LIMIT);
    line.hex(self.id).hex(self.segment);
    trace.write(line);
  }
  return false;
}

Barrier *find_barrier(const void *object) {
  for (size_t i = 0, at = slot(object, kBarriers); i < 8; ++i, at = (at + 1) % kBarriers)
    if (barriers[at].object == object) return &barriers[at];
  return nullptr;
}

} // namespace

uint64_t wake_number = 0;

void lock_order_tables() {
  order_lock.lock();
}
void unlock_order_tables() {
  order_lock.unlock();
}

void order_after_fork() {
  order_lock.reset();
  for (Wake &wake : wakes) wake = {};
  for (HandOver &over : hand_overs) over = {};
  for (Barrier &barrier : barriers) barrier.arrived = 0;
  done_once_count = 0;
}

uint32_t end_segment(Thread &self) {
  uint32_t ended = self.segment;
  if (self.segment_used)
    next_segment(self);
  else
    self.segment_closed = true;
  return ended;
}

void roll_if_closed(Thread &self) {
  if (self.segment_closed) next_segment(self);
}

void begin_segment_after(Thread &self, ThreadId from, uint32_t from_segment, char kind) {
  if (self.segment_used || self.segment_closed) next_segment(self);
  self.has_news = true;
  threads.announce(from);
  threads.announce(self.id);
  Line line(SNARL_LINE_ORDER);
  line.hex(from).hex(from_segment).hex(self.id).hex(self.segment).letter(kind);
  trace.write(line);
}

// ---- wake-ups

uint64_t wakes_so_far() {
  return load(wake_number);
}

void wake(Thread *self, const void *object, LockId state) {
  if (!self) return;
  note_waker(*self, object);
  if (!self->has_news) return;
  Inside inside(*self);
  if (!may_follow(*self)) return;
  uint32_t segment = end_segment(*self);
  Locked locked(order_lock);
  uint64_t number = wake_number + 1;
  wakes[slot(object, kWakes)] = {object, self->id, segment, number};
  if (state) hand_overs[state % kHandOvers] = {state, self->id, segment, static_cast<uint32_t>(number)};
  store_release(wake_number, number);
}

void signal_condition(Thread *self, const void *cond, bool all, Caller caller) {
  if (self && load(extras)) extra_wake(*self, all ? 'C' : 'c', cond, caller);
  if (!self) return;
  note_waker(*self, cond);
  if (!self->has_news) return;
  const Held &last = self->held[self->held_count ? self->held_count - 1 : 0]; // a slot given back keeps its number
  bool mutex = last.kind == 'm' || last.kind == 'r' || last.kind == 'e';
  wake(self, cond, mutex ? last.id : 0);
}

void follow_hand_overs(Thread &self, LockId wanted) {
  if (!load(wake_number)) return;
  for (uint32_t i = 0; i < kHandOvers; ++i) {
    if (!self.outermost[i]) continue;
    HandOver over;
    {
      Locked locked(order_lock);
      over = hand_overs[i];
    }
    auto taken = static_cast<LockId>(self.outermost[i]);
    if (!over.lock || over.lock != taken || over.number > self.outermost[i] >> 32) continue;
    if (over.thread == self.id || self.handed[i] == over.number) continue;
    bool its_own = taken == wanted || orders_something(taken);
    for (uint32_t k = 0; k < self.held_count; ++k) its_own |= self.held[k].id == taken;
    if (its_own) continue;
    self.handed[i] = over.number;
    if (!may_follow(self)) return;
    begin_segment_after(self, over.thread, over.segment, 'v');
  }
}

void woken(Thread *self, const void *object, uint64_t since, char kind) {
  if (!self || !load(wake_number)) return;
  Inside inside(*self);
  Wake found;
  {
    Locked locked(order_lock);
    found = wakes[slot(object, kWakes)];
  }
  uint64_t source = uint64_t{found.thread} << 32 | found.segment;
  if (found.object != object || found.number <= since || found.thread == self->id || source == self->last_wake) return;
  if (!may_follow(*self)) return;
  self->last_wake = source;
  begin_segment_after(*self, found.thread, found.segment, kind);
}

// ---- barriers: the first to arrive lends a segment of its own as hub, so that n threads need 2(n-1) edges, not n(n-1)

void barrier_made(const void *object, unsigned count) {
  Locked locked(order_lock);
  Barrier *barrier = find_barrier(object);
  for (size_t i = 0, at = slot(object, kBarriers); i < 8 && !barrier; ++i, at = (at + 1) % kBarriers)
    if (!barriers[at].object || i == 7) barrier = &barriers[at];
  *barrier = {};
  barrier->object = object;
  barrier->count = count;
}

void barrier_arrives(Thread *self, const void *object) {
  if (!self) return;
  Inside inside(*self);
  ThreadId hub = 0;
  uint32_t segment = 0, hub_segment = 0;
  {
    Locked locked(order_lock);
    Barrier *barrier = find_barrier(object);
    if (!barrier || self->order_edges >= kMaxEdges) {
      if (barrier && ++barrier->arrived == barrier->count)
        barrier->arrived = 0, barrier->done_news = barrier->news = false;
      return;
    }
    segment = end_segment(*self);
    if (!barrier->arrived++ || !barrier->hub) {
      roll_if_closed(*self);
      barrier->hub = self->id;
      barrier->hub_segment = self->segment;
      self->segment_closed = true;
      hub = self->id;
    } else {
      hub = barrier->hub;
    }
    hub_segment = barrier->hub_segment;
    barrier->news |= self->has_news;
    if (barrier->arrived == barrier->count) {
      barrier->done_hub = barrier->hub;
      barrier->done_segment = barrier->hub_segment;
      barrier->done_news = barrier->news;
      barrier->arrived = 0;
      barrier->hub = 0;
      barrier->news = false;
    }
  }
  if (!self->has_news || hub == self->id || !may_follow(*self)) return;
  threads.announce(hub);
  threads.announce(self->id);
  Line line(SNARL_LINE_ORDER);
  line.hex(self->id).hex(segment).hex(hub).hex(hub_segment).letter('b');
  trace.write(line);
}

void barrier_left(Thread *self, const void *object) {
  if (!self) return;
  Inside inside(*self);
  Barrier done{};
  {
    Locked locked(order_lock);
    if (Barrier *barrier = find_barrier(object)) done = *barrier;
  }
  if (!done.done_news || !done.done_hub) return;
  if (done.done_hub == self->id)
    self->has_news = true;
  else if (may_follow(*self))
    begin_segment_after(*self, done.done_hub, done.done_segment, 'b');
}

// ---- pthread_once: its initialiser comes before everybody who returned from the call, if it recorded anything

void once_done(Thread &self, const void *object) {
  uint32_t segment = end_segment(self);
  Locked locked(order_lock);
  if (done_once_count == kDoneOnces) return;
  done_onces[done_once_count] = {object, self.id, segment};
  store_release(done_once_count, done_once_count + 1);
}

void once_passed(Thread *self, const void *object) {
  if (!self) return;
  for (size_t i = 0, n = load_acquire(done_once_count); i < n; ++i) {
    const DoneOnce &done = done_onces[i];
    if (done.object != object || done.thread == self->id || self->once_passed[i / 8] & 1 << i % 8) continue;
    Inside inside(*self);
    self->once_passed[i / 8] |= static_cast<uint8_t>(1 << i % 8);
    begin_segment_after(*self, done.thread, done.segment, 'o');
  }
}

} // namespace snarl_rt
