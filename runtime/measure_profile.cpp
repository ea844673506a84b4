// Numbers of a lock lie in a record of its own, and who writes them holds the lock: nothing more is needed for locks
// that one thread holds at a time, and the record travels between processors with the lock itself. Readers, and locks
// that share a record, write with atomic instructions.
//
// A lock counts as contended when its own word says that somebody has it just before it is asked for; only then is the
// clock read before the call. So most acquisitions cost two readings of the clock: when it was granted, and when it is
// given back. A lock that is taken by another thread in the nanoseconds between look and call is not counted.
//
// Bounds: kOwn locks have records of their own, at most kOwnOfClass of those first taken at the same place; the others
// share one for each kind and place, of which there are kClasses: 4096 records of 3 KiB, or 6 once somebody waited. A
// thread has one page, with room for kOpen locks held at once.
//
// Records are written to the trace when the process ends, and before that by the watcher when they changed: after a
// second, and whenever an eighth of the time so far has passed since the last time, so that little is lost with a
// process that is killed and the trace of one that runs for days stays small.
#include "measure_profile.h"
#include "event.h"
#include "measure_parts.h"
#include "process.h"
#include "writer.h"

namespace snarl_rt {

namespace {

/// What is known of waits for a lock; made when the first is over.
struct Waits {
  static constexpr uint32_t kPlaces = 32; ///< the last is for all others: its stack is 0
  struct Place {
    StackId stack = 0;
    uint64_t times = 0, waited = 0;
  };
  uint64_t buckets[SNARL_BUCKETS] = {};
  Place places[kPlaces];
};

struct Longest {
  uint64_t time = 0;
  ThreadId thread = 0;
  StackId stack = 0;
};

struct Profile {
  LockId lock = 0;
  char kind = 0;
  bool many = false; ///< locks write here, not one
  uint8_t announced = 0;
  int longer = 0; ///< somebody is writing a Longest
  const void *address = nullptr;
  StackId first = 0;
  Waits *waits = nullptr;
  // ---- numbers, all zero again in a forked child
  uint64_t acquisitions = 0, contended = 0, waited = 0, held = 0;
  Longest longest_wait, longest_hold;
  uint64_t holds[SNARL_BUCKETS] = {};
  uint64_t written = 0; ///< sum of the numbers when they were last written

  uint64_t sum() const { return load(acquisitions) + load(contended) + load(held); }
};

/// Locks of one kind that were first taken at one place.
struct LockClass {
  StackId first = 0;
  char kind = 0;
  uint32_t own = 0; ///< locks that have records of their own
  Profile *shared = nullptr;
};

constexpr uint32_t kOwn = 3072, kOwnOfClass = 64, kClasses = 1024;
constexpr uint32_t kSlots = 8192, kClassSlots = 2048; // half empty at least: a probe ends
static_assert(kSlots >= 2 * kOwn && kClassSlots >= 2 * kClasses);
Profile *slots[kSlots];
LockClass classes[kClassSlots];
uint32_t own_count = 0, class_count = 0;
SpinLock making, writing;
uint64_t begun = 0, last_write = 0;

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000 * kMillisecond + static_cast<uint64_t>(time.tv_nsec);
}

SNARL_INLINE void add(uint64_t &to, uint64_t n, bool alone) {
  if (SNARL_LIKELY(alone))
    store(to, load(to) + n);
  else
    __atomic_add_fetch(&to, n, __ATOMIC_RELAXED);
}

/// Where the lock's own record is, or would be.
Profile *&slot_of(LockId id) {
  uint32_t at = static_cast<uint32_t>(mix(id)) % kSlots;
  for (Profile *there; (there = load_acquire(slots[at])) && there->lock != id;) at = (at + 1) % kSlots;
  return slots[at];
}

/// Where the class is, or would be: then its kind is 0.
LockClass &class_of(char kind, StackId first) {
  uint32_t at = static_cast<uint32_t>(mix(first, static_cast<uint8_t>(kind))) % kClassSlots;
  for (char there; (there = load_acquire(classes[at].kind)) && (there != kind || classes[at].first != first);)
    at = (at + 1) % kClassSlots;
  return classes[at];
}

Profile *make_profile(const Held &entry, StackId first, bool many) {
  auto *fresh = static_cast<Profile *>(arena.allocate(sizeof(Profile)));
  if (!fresh) return nullptr;
  fresh->lock = entry.id;
  fresh->kind = entry.kind;
  fresh->many = many;
  fresh->address = entry.address;
  fresh->first = first;
  return fresh;
}

Profile *find_profile(const Held &entry) {
  if (Profile *own = load_acquire(slot_of(entry.id))) return own;
  LockRef ref = ref_of(entry);
  StackId first = ref.history ? load(ref.history->first_stack) : 0;
  if (Profile *shared = load_acquire(class_of(entry.kind, first).shared)) return shared;
  Locked locked(making);
  LockClass &all = class_of(entry.kind, first);
  if (!all.kind) {
    if (class_count == kClasses) return nullptr;
    ++class_count;
    all.first = first;
    store_release(all.kind, entry.kind);
  }
  Profile *&own = slot_of(entry.id);
  bool room = all.own < kOwnOfClass && own_count < kOwn;
  Profile *&place = own || room ? own : all.shared;
  if (place) return place;
  Profile *fresh = make_profile(entry, first, !room);
  if (fresh && room) ++all.own, ++own_count;
  store_release(place, fresh);
  return fresh;
}

} // namespace

/// A page of each thread; stays with the thread's record when that is used again.
struct ThreadProfile {
  static constexpr uint32_t kOpen = 95, kCache = 64;
  LockId wanted = 0; ///< it was found taken
  char wanted_kind = 0;
  uint32_t open_count = 0;
  uint64_t since = 0;
  struct Open {
    LockId lock;
    StackId stack;
    Profile *profile;
    uint64_t since;
    bool alone;
  } open[kOpen];
  struct Cached {
    LockId lock;
    Profile *profile;
  } cache[kCache];
};
static_assert(sizeof(ThreadProfile) <= 4096);

namespace {

ThreadProfile *profile_of(Thread &self) {
  if (SNARL_UNLIKELY(!self.profile)) self.profile = static_cast<ThreadProfile *>(map_pages(sizeof(ThreadProfile)));
  return self.profile;
}

Profile *recall(ThreadProfile &mine, const Held &entry) {
  ThreadProfile::Cached &cached = mine.cache[entry.id % ThreadProfile::kCache];
  if (SNARL_LIKELY(cached.lock == entry.id)) return cached.profile;
  Profile *profile = find_profile(entry);
  if (profile)
    cached = {entry.id, profile};
  else
    trace.count("lock_profiles_dropped");
  return profile;
}

/// The locks' own words; may be wrong by the time the call is made.
bool looks_taken(const void *lock, char kind, char mode) {
  switch (kind) {
  case 'm':
  case 'r':
  case 'e': return load(static_cast<const pthread_mutex_t *>(lock)->__data.__lock) != 0;
  case 'w':
  case 'W': {
    constexpr unsigned kWritePhase = 1, kWriteLocked = 2; // nptl/pthread_rwlock_common.c
    const auto &data = static_cast<const pthread_rwlock_t *>(lock)->__data;
    unsigned readers = load(data.__readers);
    if (mode == 'x') return readers >> 3 || readers & kWriteLocked;
    if (kind == 'W' && load(data.__writers)) return true;
    return (readers & kWritePhase) && (readers & kWriteLocked);
  }
  case 's': return load(*static_cast<const int *>(lock)) != spin_unlocked();
  case 'S': return load(*static_cast<const unsigned *>(lock)) == 0; // struct new_sem begins with the value
  default: return false;
  }
}

void note_longest(Profile &profile, Longest &longest, uint64_t time, ThreadId thread, StackId stack) {
  if (SNARL_LIKELY(time <= load(longest.time))) return;
  if (__atomic_exchange_n(&profile.longer, 1, __ATOMIC_ACQUIRE)) return; // two at a time: one of them is enough
  if (time > longest.time) {
    store(longest.thread, thread);
    store(longest.stack, stack);
    store(longest.time, time);
  }
  store_release(profile.longer, 0);
}

void note_place(Waits &waits, StackId stack, uint64_t time, bool alone) {
  uint32_t i = 0;
  for (; i < Waits::kPlaces - 1; ++i) {
    StackId there = load(waits.places[i].stack);
    if (!there &&
        __atomic_compare_exchange_n(&waits.places[i].stack, &there, stack, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      break;
    if (there == stack) break;
  }
  add(waits.places[i].times, 1, alone);
  add(waits.places[i].waited, time, alone);
}

void note_wait(Thread &self, Profile &profile, StackId stack, uint64_t time, bool alone) {
  Waits *waits = load_acquire(profile.waits);
  if (SNARL_UNLIKELY(!waits)) {
    auto *fresh = static_cast<Waits *>(arena.allocate(sizeof(Waits)));
    if (!fresh) return trace.count("lock_profiles_dropped");
    if (__atomic_compare_exchange_n(&profile.waits, &waits, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      waits = fresh;
  }
  add(profile.contended, 1, alone);
  add(profile.waited, time, alone);
  add(waits->buckets[snarl_bucket_of(time)], 1, alone);
  note_longest(profile, profile.longest_wait, time, self.id, stack);
  note_place(*waits, stack, time, alone);
}

} // namespace

void profile_begin() {
  begun = last_write = now();
}

void profile_want(Thread &self, const void *lock, LockId id, char kind, char mode) {
  Inside inside(self);
  ThreadProfile *mine = profile_of(self);
  if (!mine) return;
  mine->wanted = 0;
  if (SNARL_LIKELY(!looks_taken(lock, kind, mode))) return;
  mine->wanted_kind = kind;
  mine->wanted = id;
  mine->since = now();
}

void profile_refused(Thread &self, const void *lock, LockId id, char mode, Caller caller) {
  ThreadProfile *mine = self.profile;
  if (!mine || !id || mine->wanted != id) return;
  uint64_t time = now() - mine->since;
  Inside inside(self);
  mine->wanted = 0;
  Held entry;
  entry.address = const_cast<void *>(lock);
  StackId stack = self.stack_memory.look_up(caller, self.stack);
  entry.who = Held::pack_who(id, stack);
  entry.how = Held::pack_how(mine->wanted_kind, mode);
  Profile *profile = recall(*mine, entry);
  if (!profile) return;
  add(profile->acquisitions, 1, false);
  note_wait(self, *profile, stack, time, false);
}

void profile_got(Thread &self, const Held &entry, StackId stack) {
  if (!entry.id || entry.kind == 'o') return;
  Inside inside(self);
  ThreadProfile *mine = profile_of(self);
  Profile *profile = mine ? recall(*mine, entry) : nullptr;
  if (SNARL_UNLIKELY(!profile)) return;
  bool alone = !profile->many && entry.mode == 'x' && entry.kind != 'S';
  uint64_t time = now();
  add(profile->acquisitions, 1, alone);
  if (SNARL_UNLIKELY(mine->wanted == entry.id)) {
    mine->wanted = 0;
    note_wait(self, *profile, stack, time - mine->since, alone);
  }
  uint32_t n = mine->open_count;
  if (SNARL_UNLIKELY(n == ThreadProfile::kOpen)) return trace.count("lock_profile_holds_dropped");
  mine->open[n] = {entry.id, stack, profile, time, alone};
  mine->open_count = n + 1;
}

namespace {

/// Takes the lock out of those that are held; false if it is not known since when.
bool take_out(Thread &self, LockId id, ThreadProfile::Open &closed) {
  ThreadProfile *mine = self.profile;
  if (!mine) return false;
  uint32_t i = mine->open_count;
  while (i > 0 && mine->open[i - 1].lock != id) --i;
  if (!i) return false;
  closed = mine->open[i - 1];
  for (; i < mine->open_count; ++i) mine->open[i - 1] = mine->open[i];
  --mine->open_count;
  return true;
}

} // namespace

void profile_release(Thread &self, LockId id) {
  Inside inside(self);
  ThreadProfile::Open was;
  if (!take_out(self, id, was)) return;
  uint64_t time = now() - was.since;
  add(was.profile->held, time, was.alone);
  add(was.profile->holds[snarl_bucket_of(time)], 1, was.alone);
  note_longest(*was.profile, was.profile->longest_hold, time, self.id, was.stack);
}

void profile_lost(Thread &self, LockId id) {
  Inside inside(self);
  ThreadProfile::Open was;
  take_out(self, id, was);
}

void profile_thread_end(Thread &self) {
  if (!self.profile) return;
  self.profile->open_count = 0;
  self.profile->wanted = 0;
}

// ---- writing

namespace {

void write_histogram(char kind, LockId lock, const uint64_t *buckets) {
  Line line(SNARL_LINE_PROFILE);
  line.letter(kind).hex(lock);
  for (uint32_t i = 0; i < SNARL_BUCKETS; ++i)
    if (uint64_t count = load(buckets[i])) line.hex(i).hex(count);
  trace.write(line);
}

void write_profile(Profile &profile) {
  if (profile.sum() == profile.written) return;
  profile.written = profile.sum();
  if (profile.announced != trace.epoch()) {
    profile.announced = trace.epoch();
    Line lock(SNARL_LINE_LOCK);
    lock.hex(profile.lock).letter(profile.kind).hex(reinterpret_cast<uintptr_t>(profile.address));
    lock.hex(stacks.announce(profile.first));
    trace.write(lock);
  }
  Longest longest[] = {profile.longest_wait, profile.longest_hold};
  for (const Longest &one : longest) {
    if (one.thread) threads.announce(one.thread);
    stacks.announce(one.stack);
  }
  Line line(SNARL_LINE_PROFILE);
  line.letter('l').hex(profile.lock).hex(load(profile.acquisitions)).hex(load(profile.contended));
  line.hex(load(profile.waited)).hex(longest[0].time).hex(longest[0].thread).hex(longest[0].stack);
  line.hex(load(profile.held)).hex(longest[1].time).hex(longest[1].thread).hex(longest[1].stack);
  trace.write(line);
  write_histogram('h', profile.lock, profile.holds);
  Waits *waits = load_acquire(profile.waits);
  if (!waits) return;
  write_histogram('w', profile.lock, waits->buckets);
  for (const Waits::Place &place : waits->places) {
    if (!load(place.times)) continue;
    Line at(SNARL_LINE_PROFILE);
    at.letter('s').hex(profile.lock).hex(stacks.announce(load(place.stack)));
    at.hex(load(place.times)).hex(load(place.waited));
    trace.write(at);
  }
}

template <class Function> void for_each_profile(Function function) {
  for (Profile *const &slot : slots)
    if (Profile *profile = load_acquire(slot)) function(*profile);
  for (LockClass &one : classes)
    if (Profile *profile = load_acquire(one.shared)) function(*profile);
}

} // namespace

void profile_write(bool last) {
  uint64_t time = monotonic_now();
  if (!last && (time < last_write + 1000 * kMillisecond || time - last_write < (last_write - begun) / 8)) return;
  Locked locked(writing);
  last_write = time;
  if (!trace.start()) return trace.count("lines_lost");
  Line line(SNARL_LINE_PROFILE);
  line.letter('t').hex(time - begun);
  trace.write(line);
  for_each_profile(write_profile);
}

void profile_forked(Thread &self) {
  Inside inside(self);
  making.reset();
  writing.reset();
  for_each_profile([](Profile &profile) {
    constexpr size_t kNumbers = offsetof(Profile, acquisitions);
    __builtin_memset(reinterpret_cast<char *>(&profile) + kNumbers, 0, sizeof profile - kNumbers);
    profile.longer = 0;
    if (profile.waits) __builtin_memset(static_cast<void *>(profile.waits), 0, sizeof *profile.waits);
  });
  profile_begin();
  profile_thread_end(self);
}

} // namespace snarl_rt
