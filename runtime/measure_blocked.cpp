// Who waits for a lock, and what its holder does meanwhile.
//
// If the holder is in a blocking call, the time between two looks that show the same wait and the same call is lost to
// that call: added to a record of (stack of the call, where the lock was taken). If the lock goes from hand to hand
// instead, and one and the same thread gets it again and again while another waits all the time, the wait is unfair: in
// a fair queue nobody comes twice before the one who waits.
#include "kernel.h"
#include "measure_parts.h"
#include "options.h"
#include "process.h"
#include "writer.h"

namespace snarl_rt {
namespace {

struct Waiter {
  Thread *thread;
  ThreadId id;
  const void *lock;
  uintptr_t frame;
  uint32_t sequence;
  char mode;
  bool relock; ///< a condition wait: only the kernel knows whether it is the mutex that it waits for
  bool blamed; ///< a call of the lock's holder is to blame
};

/// Time lost to one call, made with one lock held.
struct Blocked {
  StackId stack = 0, taken = 0;
  LockId lock = 0;
  const void *address = nullptr;
  char lock_kind = 0;
  const char *call = nullptr;
  ThreadId thread = 0, waiter = 0;
  StackId waiter_stack = 0;
  uint64_t last_call = 0; ///< which one was seen last
  uint64_t calls = 0, total = 0, longest_wait = 0, longest_call = 0;
  uint64_t written = 0; ///< total when it was last written
};

struct Starved {
  char kind = 0; ///< letter of the trace's Y line
  ThreadId thread = 0, taker = 0;
  LockId lock = 0;
  StackId stack = 0, taker_stack = 0;
  uint64_t waited = 0;
  uint32_t taken = 0, taken_by_one = 0;
  char mode = 'x', taker_mode = 'x';
};

constexpr uint32_t kMaxWaiters = 64, kMaxBlocked = 256, kMaxStarved = 64;
constexpr uint32_t kUnfairTimes = 10; ///< that one thread got the lock while another waited
Waiter waiters[kMaxWaiters];
uint32_t waiter_count = 0;
Blocked blocked[kMaxBlocked];
uint32_t blocked_count = 0;
Starved starved[kMaxStarved];
uint32_t starved_count = 0;

void write_blocked(uint32_t index) {
  Blocked &record = blocked[index];
  record.written = record.total;
  if (!trace.start()) return trace.count("lines_lost");
  threads.announce(record.thread);
  threads.announce(record.waiter);
  stacks.announce(record.stack);
  stacks.announce(record.taken);
  stacks.announce(record.waiter_stack);
  tell_held_lock(record.lock, record.lock_kind, record.address, record.taken);
  Line line(SNARL_LINE_BLOCKED);
  line.hex(index + 1).hex(record.thread).hex(record.lock).hex(record.stack).hex(record.taken);
  line.hex(record.waiter).hex(record.waiter_stack);
  line.hex(record.total).hex(record.longest_wait).hex(record.longest_call).hex(record.calls).text(record.call);
  trace.write(line);
  something_found();
}

void write_starved(uint32_t index) {
  const Starved &one = starved[index];
  if (!trace.start()) return trace.count("lines_lost");
  threads.announce(one.thread);
  threads.announce(one.taker);
  stacks.announce(one.stack);
  stacks.announce(one.taker_stack);
  Line line(SNARL_LINE_STARVED);
  line.hex(index + 1).letter(one.kind).hex(one.thread).hex(one.lock).letter(one.mode).hex(one.stack).hex(one.waited);
  line.hex(one.taken).hex(one.taken_by_one).hex(one.taker).letter(one.taker_mode).hex(one.taker_stack);
  trace.write(line);
  something_found();
}

/// The call that a thread is in, whoever published it.
struct Call {
  const char *name = nullptr; ///< null: in none that blocks
  uint64_t id = 0;            ///< the same while it is the same call
  uint64_t began = 0;         ///< 0: not known
  uintptr_t frame = 0;
  Frame registers; ///< when `frame` is 0
};

Call call_of(Thread &thread, const Held &entry, bool ask_kernel) {
  Call call;
  uint64_t ticket = load_acquire(thread.call.ticket);
  if (ticket & 0xff) {
    call = {call_name(static_cast<uint8_t>(ticket)), ticket, load(thread.call.began), load(thread.call.frame), {}};
    if (load_acquire(thread.call.ticket) != ticket) call.name = nullptr;
    return call;
  }
  ticket = load_acquire(thread.wait.ticket);
  const void *object = load(thread.wait.object);
  call.frame = load(thread.wait.frame);
  call.id = ticket | uint64_t{1} << 63;
  switch (static_cast<char>(ticket)) {
  case 'j': call.name = "pthread_join"; break;
  case 'b': call.name = "pthread_barrier_wait"; break;
  case 'c': call.name = load(thread.wait.mutex) == entry.address ? nullptr : "pthread_cond_wait"; break;
  case 'p':
    if (semaphore_use(object) != SemaphoreUse::Lock && semaphore_use(object) != SemaphoreUse::ProvenLock)
      call.name = "sem_wait";
    break;
  case 0: {
    if (!ask_kernel) return call;
    SystemCall made = system_call_of(thread.tid); // by a function of libc, or by the program itself
    if (made.state != SystemCall::Blocked) return call;
    call.name = system_call_name(made.number);
    call.id = mix(static_cast<uint64_t>(made.number), made.sp) | uint64_t{1} << 63;
    call.frame = 0;
    call.registers = {made.pc, made.sp, 0, true};
    return call;
  }
  default: break;
  }
  if (load_acquire(thread.wait.ticket) != ticket) call.name = nullptr;
  return call;
}

/// Published, but not yet or not any more in the kernel: a call that a signal handler left by longjmp stays published.
bool not_there(const Thread &thread, const Call &call) {
  SystemCall made = system_call_of(thread.tid);
  if (made.state == SystemCall::Unknown || !call.frame) return false;
  return made.state == SystemCall::Running || made.sp > call.frame;
}

int find_record(Thread &holder, const Held &entry, const Call &call) {
  StackId stack = call.frame ? stack_from(call.frame) : stack_from(call.registers);
  LockId lock = load(entry.id);
  StackId taken = load(entry.stack);
  for (uint32_t i = 0; i < blocked_count; ++i)
    if (blocked[i].stack == stack && blocked[i].taken == taken && blocked[i].lock == lock) return static_cast<int>(i);
  if (blocked_count == kMaxBlocked) {
    trace.count("blocking_calls_dropped");
    return -1;
  }
  Blocked &fresh = blocked[blocked_count];
  fresh = {};
  fresh.stack = stack;
  fresh.taken = taken;
  fresh.lock = lock;
  fresh.address = load(entry.address);
  fresh.lock_kind = entry.kind;
  fresh.call = call.name;
  fresh.thread = holder.id;
  return static_cast<int>(blocked_count++);
}

/// True if `holder` is in a blocking call while `waiter` waits for what it holds.
bool blame(Waiter &waiter, Thread &holder, const Held &entry, uint64_t now, uint64_t since_last) {
  WaitNotes &notes = waiter.thread->notes;
  Call call = call_of(holder, entry, now - notes.first_seen > kMeasureTick);
  if (!call.name) return false;
  if (waiter.relock && !asleep_on(waiter.thread->tid, waiter.lock)) return false;
  uint64_t lost = 0;
  if (notes.call == call.id) {
    lost = now - notes.last_seen;
  } else if (not_there(holder, call)) {
    return true; // the next look may tell
  } else {
    notes.call = call.id;
    notes.lost = 0;
    notes.record = find_record(holder, entry, call);
    notes.stack = stack_from(waiter.frame);
    if (call.began && now > call.began) lost = now - call.began < since_last ? now - call.began : since_last;
    if (lost > kMeasureTick) lost = kMeasureTick;
  }
  waiter.blamed = true;
  if (notes.record < 0) return true;
  Blocked &record = blocked[notes.record];
  notes.lost += lost;
  record.total += lost;
  if (record.last_call != call.id) {
    record.last_call = call.id;
    ++record.calls;
  }
  if (call.began && now - call.began > record.longest_call) record.longest_call = now - call.began;
  if (notes.lost > record.longest_call) record.longest_call = notes.lost;
  if (notes.lost >= record.longest_wait) {
    record.longest_wait = notes.lost;
    record.waiter = waiter.id;
    record.waiter_stack = notes.stack;
  }
  uint64_t enough = options.blocked_ms * kMillisecond;
  if (enough && record.total >= enough && record.total >= record.written * 2)
    write_blocked(static_cast<uint32_t>(notes.record));
  return true;
}

/// `holder` has the lock that `waiter` wants. Is it again, not still?
void count_taking(const Waiter &waiter, Thread &holder, const Held &entry, uint64_t now) {
  uint64_t ticket = load_acquire(holder.wait.ticket);
  if (load(holder.wait.object) != waiter.lock || ticket & 0xff) return; // it took something else last
  WaitNotes &notes = waiter.thread->notes;
  auto sequence = static_cast<uint32_t>(ticket >> 32);
  WaitNotes::Taker *taker = nullptr;
  for (WaitNotes::Taker &one : notes.takers)
    if (one.thread == holder.id || (!one.thread && !taker)) taker = &one;
  if (!taker || (taker->thread && taker->thread != holder.id)) return;
  if (taker->thread && taker->sequence != sequence) {
    ++taker->times;
    ++notes.taken;
  }
  taker->thread = holder.id;
  taker->sequence = sequence;
  uint64_t enough = options.starved_ms * kMillisecond, waited = now - notes.first_seen;
  if (!enough || waited < enough || taker->times < kUnfairTimes || starved_count == kMaxStarved) return;
  Starved &one = starved[notes.told ? notes.starved : starved_count];
  bool longer = notes.told && waited >= one.waited * 2;
  if (notes.told && !longer) {
    one.waited = waited;
    one.taken = notes.taken;
    if (one.taker == holder.id) one.taken_by_one = taker->times;
    return;
  }
  one = {};
  one.kind = waiter.mode == 'x' && load(entry.mode) == 's' ? 'w' : 'l';
  one.thread = waiter.id;
  one.lock = load(entry.id);
  one.stack = stack_from(waiter.frame);
  one.waited = waited;
  one.taken = notes.taken;
  one.taken_by_one = taker->times;
  one.taker = holder.id;
  one.mode = waiter.mode;
  one.taker_mode = load(entry.mode);
  one.taker_stack = load(entry.stack);
  if (!notes.told) {
    notes.told = true;
    notes.starved = starved_count++;
    tell_held_lock(one.lock, entry.kind, load(entry.address), load(entry.stack));
  }
  write_starved(notes.starved);
}

void find_waiters() {
  waiter_count = 0;
  for (Thread *thread = threads.first(); thread && waiter_count < kMaxWaiters; thread = thread->next) {
    if (load_acquire(thread->state) != Thread::Running) continue;
    uint64_t ticket = load_acquire(thread->wait.ticket);
    char kind = static_cast<char>(ticket);
    const void *object = load(thread->wait.object), *mutex = load(thread->wait.mutex);
    uintptr_t frame = load(thread->wait.frame);
    if ((kind != 'l' && kind != 'p' && kind != 'c') || load_acquire(thread->wait.ticket) != ticket) continue;
    waiters[waiter_count++] = {thread,
                               thread->id,
                               kind == 'c' ? mutex : object,
                               frame,
                               static_cast<uint32_t>(ticket >> 32),
                               kind == 'l' ? static_cast<char>(ticket >> 8) : 'x',
                               kind == 'c',
                               false};
  }
}

} // namespace

bool saw_new_waiter = false;

bool look_at_waiters(uint64_t now, uint64_t since_last) {
  find_waiters();
  bool worth_it = false;
  for (uint32_t i = 0; i < waiter_count; ++i) {
    WaitNotes &notes = waiters[i].thread->notes;
    if (notes.sequence == waiters[i].sequence && notes.first_seen) {
      worth_it |= !waiters[i].relock && now - notes.first_seen < 3000 * kMillisecond;
      continue;
    }
    if (notes.told) write_starved(notes.starved);
    notes = {};
    notes.sequence = waiters[i].sequence;
    notes.first_seen = now;
    saw_new_waiter |= !waiters[i].relock;
  }
  for (Thread *holder = threads.first(); holder && waiter_count; holder = holder->next) {
    if (load_acquire(holder->state) != Thread::Running) continue;
    Held *held = load_acquire(holder->held);
    for (uint32_t k = 0, n = load(holder->held_count); k < n; ++k) {
      const Held &entry = held[k];
      if (!load(entry.address) || load(entry.depth) & kInWait) continue;
      for (uint32_t i = 0; i < waiter_count; ++i) {
        Waiter &waiter = waiters[i];
        if (waiter.lock != load(entry.address) || waiter.thread == holder || waiter.blamed) continue;
        if (waiter.mode == 's' && load(entry.mode) == 's') continue;
        worth_it |= blame(waiter, *holder, entry, now, since_last);
        if (!waiter.relock) count_taking(waiter, *holder, entry, now);
      }
    }
  }
  for (uint32_t i = 0; i < waiter_count; ++i) {
    if (!waiters[i].blamed) waiters[i].thread->notes.call = 0;
    waiters[i].thread->notes.last_seen = now;
  }
  return worth_it;
}

void finish_waiters() {
  uint64_t enough = options.blocked_ms * kMillisecond;
  for (uint32_t i = 0; enough && i < blocked_count; ++i)
    if (blocked[i].total >= enough && blocked[i].total != blocked[i].written) write_blocked(i);
  for (uint32_t i = 0; i < starved_count; ++i) write_starved(i);
}

void forget_waiters() {
  waiter_count = blocked_count = starved_count = 0;
}

// ---- trylock loops: each holds what the other tries to get, all of them fail and try again

void note_failed_try(Thread &self, const void *lock, LockId id, char kind, Caller caller) {
  FailedTries &tries = self.tries;
  if (!self.held_count) {
    store(tries.streak, 0u); // it waits in its own way, and keeps nobody from going on
    return;
  }
  const Held &held = self.held[self.held_count - 1];
  if (!tries.streak) tries.since = coarse_now();
  store(tries.wanted, lock);
  store(tries.held, held.address);
  if (tries.streak == 8 || !(tries.streak & 0xfff)) {
    tries.wanted_id = id;
    tries.wanted_kind = kind;
    tries.held_id = held.id;
    tries.held_kind = held.kind;
    tries.held_stack = held.stack;
    tries.stack = stack_of(self, caller);
  }
  store_release(tries.streak, tries.streak + 1);
}

namespace {

constexpr uint32_t kManyTries = 20, kLongestCircle = 8;

/// Still failing since the last look, and for long enough.
bool fails(Thread &thread, uint64_t now) {
  FailedTries &tries = thread.tries;
  return load_acquire(thread.state) == Thread::Running && load(tries.streak) >= kManyTries &&
         load(tries.streak) != tries.seen_streak && now > tries.since &&
         now - tries.since >= options.starved_ms * kMillisecond;
}

bool told_already(ThreadId thread, LockId lock) {
  for (uint32_t i = 0; i < starved_count; ++i)
    if (starved[i].kind == 't' && starved[i].lock == lock && starved[i].thread == thread) return true;
  return false;
}

} // namespace

void look_at_tries(uint64_t now) {
  for (Thread *first = threads.first(); first; first = first->next) {
    if (!fails(*first, now)) continue;
    Thread *at = first, *second = nullptr;
    for (uint32_t length = 0; at && length < kLongestCircle; ++length) {
      const void *wanted = load(at->tries.wanted);
      Thread *holder = threads.first();
      while (holder && !(holder != at && fails(*holder, now) && load(holder->tries.held) == wanted))
        holder = holder->next;
      if (!second) second = holder;
      at = holder;
      if (at == first) break;
    }
    const FailedTries &tries = first->tries;
    if (at != first || starved_count == kMaxStarved || told_already(first->id, tries.wanted_id) ||
        told_already(second->id, second->tries.wanted_id))
      continue;
    Starved &one = starved[starved_count];
    one = {};
    one.kind = 't';
    one.thread = first->id;
    one.lock = tries.wanted_id;
    one.stack = tries.stack;
    one.waited = now - tries.since;
    one.taken = load(tries.streak);
    one.taken_by_one = load(second->tries.streak);
    one.taker = second->id;
    one.taker_stack = second->tries.stack;
    tell_held_lock(tries.wanted_id, tries.wanted_kind, tries.wanted, second->tries.held_stack);
    write_starved(starved_count++);
  }
  for (Thread *thread = threads.first(); thread; thread = thread->next)
    thread->tries.seen_streak = load(thread->tries.streak);
}

} // namespace snarl_rt
