// Steering a run into a predicted deadlock.
//
// A thread that stands where a side of the plan asks for its second lock, with the first one held, is stopped there.
// It has published that it waits for the lock (event.h), so to everybody else, the watcher included, it looks like a
// thread that waits, and it will be one: nothing but this stop is between it and the lock. The stop ends when the
// threads that hold what it wants wait, directly or over others, for what it holds. Then the circle is closed: no
// thread of it can do anything else any more. All its stopped threads see that for themselves, ask for their locks, and
// never get them.
//
// Some circles cannot be closed like that: a thread on its way to its stop needs for a moment what a stopped one
// already holds. So a plan can name a side that goes first; threads of the other sides are then stopped before they
// take their first lock, until somebody of that side has arrived at its stop.
//
// No stop is for ever. It ends when its time is over, when the time for all stops together is used up, and early when
// nobody else can move, since nothing will happen any more until the stopped thread goes on. Threads in signal handlers
// and threads that are alone are not stopped, and nothing of ours is held over a stop.
#include "steer.h"
#include "event.h"
#include "modules.h"
#include "options.h"
#include "steer_plan.h"
#include "trace_format.h"
#include "writer.h"
#include <time.h>

namespace snarl_rt {
namespace {

constexpr uint64_t kPoll = 1000;     ///< microseconds between two looks
constexpr uint64_t kStandstill = 60; ///< milliseconds without any other thread moving
constexpr uint32_t kFruitless = 2;   ///< stops of one thread with one pair of locks that were in vain
constexpr uint32_t kChain = 64;      ///< threads in a circle

Plan *plan = nullptr;
uint32_t arrived = 0;  ///< bit for each side: somebody came to its stop
uint64_t spent_ms = 0; ///< by all stops

// ---- which side is a stack at? Once for each stack

struct Verdict {
  uint8_t known, holds, wants, handler; ///< the middle two: a bit for each side
};
constexpr uint32_t kVerdicts = 1 << 20;
Verdict *verdicts = nullptr;

/// Where code is now; refreshed when a program counter is in none of it.
struct Range {
  uintptr_t start, end;
  uint64_t offset;
  uint32_t module; ///< of the plan; Plan::kModules: none of them
};
constexpr uint32_t kRanges = 1024;
Range ranges[kRanges];
uint32_t range_count = 0;
SpinLock ranges_lock;

void add_range(const CodeMapping &mapping, void *) {
  if (range_count == kRanges) return trace.count("steering_modules_dropped");
  char build_id[96];
  find_build_id(mapping, build_id);
  uint32_t module = 0;
  for (; module < plan->module_count; ++module) {
    const PlanModule &m = plan->modules[module];
    if (m.build_id[0] == '-' ? same(m.path, mapping.path) : same(m.build_id, build_id)) break;
  }
  if (module == plan->module_count)
    module = Plan::kModules;
  else if (!plan->modules[module].start)
    plan->modules[module].start = mapping.start;
  ranges[range_count++] = {mapping.start, mapping.end, mapping.offset, module};
}

const Range *range_of(uintptr_t pc) {
  for (uint32_t i = 0; i < range_count; ++i)
    if (pc - ranges[i].start < ranges[i].end - ranges[i].start) return &ranges[i];
  return nullptr;
}

/// The frame as a plan names it; a module of Plan::kModules is none of the plan's.
PlanFrame frame_of(uintptr_t pc) {
  const Range *range = range_of(pc);
  if (!range) {
    range_count = 0;
    for (uint32_t i = 0; i < plan->module_count; ++i) plan->modules[i].start = 0;
    each_code_mapping(add_range, nullptr);
    range = range_of(pc);
  }
  return range ? PlanFrame{range->module, pc - range->start + range->offset} : PlanFrame{Plan::kModules, 0};
}

/// The plan's frames are the stack's innermost ones.
bool same_place(const PlanPoint &point, const PlanFrame *frames, uint32_t count) {
  if (point.frame_count > count) return false;
  for (uint32_t i = 0; i < point.frame_count; ++i)
    if (frames[i].module != point.frames[i].module || frames[i].offset != point.frames[i].offset) return false;
  return true;
}

Verdict judge(StackId stack) {
  Verdict verdict{1, 0, 0, in_signal_handler(stack)};
  StackRecord *record = stacks.find(stack);
  if (!record) return verdict;
  PlanFrame frames[PlanPoint::kFrames];
  uint32_t count = record->frames < PlanPoint::kFrames ? record->frames : PlanPoint::kFrames;
  Locked locked(ranges_lock);
  for (uint32_t i = 0; i < count; ++i) frames[i] = frame_of(record->pcs()[i]);
  for (uint32_t i = 0; i < plan->side_count; ++i) {
    if (same_place(plan->sides[i].hold, frames, count)) verdict.holds |= static_cast<uint8_t>(1 << i);
    if (same_place(plan->sides[i].want, frames, count)) verdict.wants |= static_cast<uint8_t>(1 << i);
  }
  return verdict;
}

Verdict verdict_of(Thread &self, StackId stack) {
  if (!stack || stack >= kVerdicts) return {};
  Verdict verdict = verdicts[stack];
  if (SNARL_LIKELY(verdict.known)) return verdict;
  Inside inside(self);
  return verdicts[stack] = judge(stack);
}

bool same_lock(const PlanPoint &point, const void *lock) {
  return !point.global || reinterpret_cast<uintptr_t>(lock) ==
                              plan->modules[point.module].start + static_cast<uintptr_t>(point.distance);
}

// ---- which of the pairs of locks is it, and how often was it stopped with?

struct Pair {
  uint64_t key;
  uint32_t value;
};
constexpr uint32_t kPairs = 1 << 16;
Pair *pairs = nullptr;
uint32_t pair_count = 0;
SpinLock pairs_lock;

/// The number kept for a key, 0 if it is new; null if there is no more room.
uint32_t *number_of(uint64_t key) {
  key |= 1;
  for (uint32_t i = static_cast<uint32_t>(key >> 40) % kPairs;; i = (i + 1) % kPairs) {
    if (pairs[i].key == key) return &pairs[i].value;
    if (pairs[i].key) continue;
    if (pair_count == kPairs / 2) return nullptr;
    ++pair_count;
    pairs[i].key = key;
    return &pairs[i].value;
  }
}

/// The how-manieth different pair this thread has at this side; 0: not known.
uint32_t occurrence(Thread &self, uint32_t side, LockId held, LockId wanted) {
  Inside inside(self);
  Locked locked(pairs_lock);
  uint32_t *seen = number_of(mix(mix(self.id, side), mix(held, wanted)));
  if (!seen) return 0;
  if (*seen) return *seen;
  uint32_t *count = number_of(mix(mix(self.id, side), 0));
  return *seen = count ? ++*count : 0;
}

/// Counts a stop that was in vain. `add` 0: how many there were.
uint32_t fruitless(Thread &self, uint32_t side, LockId held, LockId wanted, uint32_t add) {
  Inside inside(self);
  Locked locked(pairs_lock);
  uint32_t *count = number_of(mix(mix(self.id, side), mix(wanted, held) + 1));
  return count ? *count += add : kFruitless;
}

// ---- who waits for whom

bool writer_waits(const void *lock) {
  for (Thread *t = threads.first(); t; t = t->next)
    if (load(t->state) == Thread::Running && load(t->wait.kind) == 'l' && load(t->wait.mode) == 'x' &&
        load(t->wait.object) == lock)
      return true;
  return false;
}

/// Does `holder` hold the lock so that whoever wants it in this mode has to wait?
bool bars(Thread &holder, const void *lock, char mode) {
  Held *held = load_acquire(holder.held);
  for (uint32_t i = 0, n = load(holder.held_count); i < n; ++i) {
    if (load(held[i].address) != lock || held[i].depth & kInWait) continue;
    if (mode == 'x' || held[i].mode == 'x') return true;
    if (held[i].kind == 'W' && writer_waits(lock)) return true;
  }
  return false;
}

/// Does the thread with this wait need `other` to go on?
bool needs(const Wait &wait, Thread &other) {
  switch (wait.kind) {
  case 'l':
  case 'o':
  case 'p': return bars(other, wait.object, wait.mode);
  case 'j': return wait.peer == other.id;
  default: return false;
  }
}

Wait wait_of(Thread &thread) {
  Wait wait;
  wait.ticket = load_acquire(thread.wait.ticket);
  wait.object = load(thread.wait.object);
  wait.peer = load(thread.wait.peer);
  if (wait.timed) wait.kind = 0;
  return wait;
}

/// Do those whom `self` waits for wait for `self`? One way around is enough: a lock is free only when all have left.
bool closed(Thread &self) {
  Thread *seen[kChain] = {&self};
  for (uint32_t at = 0, count = 1; at < count; ++at) {
    Wait wait = wait_of(*seen[at]);
    if (!wait.kind) continue;
    for (Thread *t = threads.first(); t; t = t->next) {
      if (load(t->state) != Thread::Running || !needs(wait, *t)) continue;
      if (t == &self && at) return true;
      bool known = false;
      for (uint32_t i = 0; i < count; ++i) known |= seen[i] == t;
      if (!known && count < kChain) seen[count++] = t;
    }
  }
  return false;
}

/// A number that stays while all other threads wait without a time limit, and this one is the first of those who are
/// stopped; 0 if one of them is moving.
uint64_t standstill(Thread &self) {
  uint64_t sum = 1;
  for (Thread *t = threads.first(); t; t = t->next) {
    int state = load_acquire(t->state);
    if (t == &self || (state != Thread::Running && state != Thread::Starting)) continue;
    if (state == Thread::Starting || !wait_of(*t).kind || (load(t->stopped_at) && t->id < self.id)) return 0;
    sum += mix(t->id, load(t->wait.ticket));
  }
  return sum | 1;
}

// ---- stops

enum class End : char { Closed = 'c', Arrived = 'a', Time = 't', Standstill = 's' };

void tell_stop(Thread &self, uint32_t side, char point, uint64_t ms, End end) {
  Inside inside(self);
  threads.announce(self.id);
  Line line(SNARL_LINE_STEERED);
  line.letter('s').hex(self.id).hex(side + 1).letter(point).hex(ms).letter(static_cast<char>(end));
  trace.write(line);
}

/// `point`: h before the side's first lock, w before its second.
End stop(Thread &self, uint32_t side, char point, Caller caller) {
  Wait wait = self.wait;
  uint64_t begin = now_ms(), still_since = begin, still = 0, limit = plan->delay_ms;
  store(self.stopped_at, caller.frame);
  End end = End::Time;
  for (uint64_t now = begin; now - begin < limit && !load(silent); now = now_ms()) {
    if (closed(self)) {
      end = End::Closed;
      break;
    }
    if (point == 'h' && load(arrived) & 1u << (plan->first - 1)) {
      end = End::Arrived;
      break;
    }
    uint64_t standing = standstill(self);
    if (!standing || standing != still) still_since = now;
    still = standing;
    if (now - still_since >= kStandstill) {
      end = End::Standstill;
      break;
    }
    sleep_microseconds(kPoll);
    if (self.wait.ticket != wait.ticket) self.wait = wait; // a signal handler has waited for something else
  }
  store(self.stopped_at, 0);
  uint64_t ms = now_ms() - begin;
  __atomic_add_fetch(&spent_ms, ms, __ATOMIC_RELAXED);
  tell_stop(self, side, point, ms, end);
  return end;
}

/// Threads that are alone, or in a handler that interrupted a stop, are not stopped.
bool may_stop(Thread &self, Caller caller) {
  if (threads.only_one() || load(spent_ms) >= plan->budget_ms) return false;
  if (self.stopped_at > caller.frame) return false;
  self.stopped_at = 0; // one that was left by longjmp
  return true;
}

/// The innermost entry that was taken where the side takes its first lock. `exact`: and is that lock.
Held *held_at(Thread &self, uint32_t side, bool exact) {
  for (uint32_t i = self.held_count; i-- > 0;) {
    Held &entry = self.held[i];
    if (!entry.address || entry.depth & kInWait || !(verdict_of(self, entry.stack).holds & 1 << side)) continue;
    if (!exact || same_lock(plan->sides[side].hold, entry.address)) return &entry;
  }
  return nullptr;
}

/// Is this the pair of locks that the plan means? All pairs at these places are counted, whatever locks they are.
bool right_occurrence(Thread &self, uint32_t side, LockId wanted) {
  if (!plan->sides[side].occurrence) return true;
  Held *held = held_at(self, side, false);
  uint32_t number = held ? occurrence(self, side, held->id, wanted) : 0;
  return !number || number == plan->sides[side].occurrence;
}

} // namespace

bool start_steering() {
  if (!options.steer.length) return options.chaos != 0;
  plan = static_cast<Plan *>(map_pages(sizeof(Plan)));
  pairs = static_cast<Pair *>(map_pages(kPairs * sizeof(Pair)));
  verdicts = static_cast<Verdict *>(map_pages(kVerdicts * sizeof(Verdict)));
  if (plan && pairs && verdicts && read_plan(options.steer.start, options.steer.length, *plan)) return true;
  plan = nullptr;
  trace.count("steering_plan_not_understood");
  return options.chaos != 0;
}

void steer_want(Thread &self, const void *lock, LockId id, char mode, bool timed, Caller caller) {
  if (options.chaos) make_noise(self, 'l', caller);
  if (!plan || load(self.inside) || !may_stop(self, caller)) return;
  Verdict verdict = verdict_of(self, stack_of(self, caller));
  if (verdict.handler || timed) return;
  uint32_t first = plan->first ? 1u << (plan->first - 1) : 0;
  for (uint32_t i = 0; i < plan->side_count; ++i) {
    const PlanSide &side = plan->sides[i];
    if (!(verdict.wants & 1 << i) || side.want.mode != mode || !right_occurrence(self, i, id)) continue;
    Held *held = same_lock(side.want, lock) ? held_at(self, i, true) : nullptr;
    if (!held || held->mode != side.hold.mode) continue;
    if (fruitless(self, i, held->id, id, 0) >= kFruitless) continue;
    LockId held_id = held->id;
    __atomic_or_fetch(&arrived, 1u << i, __ATOMIC_RELAXED);
    if (stop(self, i, 'w', caller) != End::Closed) fruitless(self, i, held_id, id, 1);
    return; // the same place may be on several sides
  }
  if (!first || verdict.holds & first || load(arrived) & first) return;
  for (uint32_t i = 0; i < plan->side_count; ++i) {
    const PlanSide &side = plan->sides[i];
    if (!(verdict.holds & 1 << i) || side.hold.mode != mode || !same_lock(side.hold, lock)) continue;
    if (fruitless(self, Plan::kSides + i, id, 0, 0) >= kFruitless) continue;
    if (stop(self, i, 'h', caller) == End::Time) fruitless(self, Plan::kSides + i, id, 0, 1);
    return;
  }
}

void steer_point(Thread &self, char letter, Caller caller) {
  if (options.chaos) make_noise(self, letter, caller);
}

void steer_forked() {
  ranges_lock.reset();
  pairs_lock.reset();
  arrived = 0;
  spent_ms = 0;
}

bool in_signal_handler(StackId stack) {
  // What a handler returns to: mov $15, %rax; syscall. See sigreturn(2).
  static constexpr uint8_t kReturn[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
  StackRecord *record = stacks.find(stack);
  for (uint32_t i = 0; record && i < record->frames; ++i) {
    uint8_t code[sizeof kReturn + 1]; // from one before: most program counters are return addresses minus one
    if (!read_memory(code, reinterpret_cast<const void *>(record->pcs()[i]), sizeof code)) continue;
    if (!__builtin_memcmp(code, kReturn, sizeof kReturn) || !__builtin_memcmp(code + 1, kReturn, sizeof kReturn))
      return true;
  }
  return false;
}

void sleep_microseconds(uint64_t microseconds) {
  timespec time{static_cast<time_t>(microseconds / 1'000'000), static_cast<long>(microseconds % 1'000'000 * 1000)};
  raw_syscall(SYS_nanosleep, reinterpret_cast<long>(&time), 0);
}

uint64_t now_ms() {
  timespec now{};
  raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<long>(&now));
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
}

} // namespace snarl_rt
