// A thread logs into a buffer of its own; a full one becomes one write(2). So nothing is shared on the way, and a
// process that is killed loses what its threads had in their buffers: at most kBuffer bytes each, and, while the
// watcher runs, at most what came in the last second.
//
// Two may write a buffer: its thread when it is full, and the watcher. Who does has `writing`; a thread that finds the
// watcher at it waits for that one write. Everything else in a FullLog is its thread's own. `size` is stored after what
// it covers, so that whoever reads it sees whole records.
//
// What a lock's sequence number needs is that it is taken while the lock is held; it lies beside the lock's number
// (locks.h). Exclusive holders of a mutex need no atomic instruction for that, readers do.
#include "full.h"
#include "event.h"
#include "options.h"
#include "writer.h"
#include <errno.h>

namespace snarl_rt {

struct Site {
  LockId lock;
  StackId stack;
  uint32_t how, sequence;
};

struct FullLog {
  static constexpr uint32_t kBuffer = 32 * 1024, kLongest = 64, kOpen = 64;
  FullLog *next = nullptr; ///< in the list of all
  int in_use = 0;
  int writing = 0;
  uint32_t block = 0;   ///< blocks written
  uint32_t size = 0;    ///< bytes logged
  uint32_t written = 0; ///< of these, in the file
  ThreadId thread = 0;
  LockId wanted = 0; ///< what extra_want came for last
  bool wanted_timed = false, wanted_once = false;
  uint64_t dropped = 0;
  uint32_t open_count = 0; ///< locks acquired and not yet released, as a reader counts them
  LockId open[kOpen] = {};
  Site sites[SNARL_FULL_SITES] = {};
  struct Header {
    uint32_t magic, thread, block, bytes;
  };
  uint8_t buffer[kBuffer];
};

namespace {

FullLog *all = nullptr;
uint64_t numbers = 0; ///< of operations that order threads
uint64_t total = 0;   ///< bytes in the file
bool stopped = false; ///< the limit is reached, or the process is over
AppendFile file;
SpinLock open_lock;
char path[1100];

/// The file beside the trace; made when the first buffer is written.
bool open_file() {
  if (file.is_open()) return true;
  Locked locked(open_lock);
  if (file.is_open()) return true;
  if (!trace.start()) return false;
  size_t n = length(trace.path()) - length("trace");
  __builtin_memcpy(path, trace.path(), n);
  __builtin_memcpy(path + n, "full", sizeof "full");
  if (file.create(path) < 0) return false;
  Line line(SNARL_LINE_FULL_LOG);
  line.hex(options.record_limit_kb << 10);
  trace.write(line);
  total = sizeof SNARL_FULL_MAGIC - 1;
  return file.append(path, SNARL_FULL_MAGIC, sizeof SNARL_FULL_MAGIC - 1);
}

void stop(const char *why) {
  if (__atomic_exchange_n(&stopped, true, __ATOMIC_ACQ_REL)) return;
  trace.count(why);
  Line line(SNARL_LINE_COUNTER); // at once: the process may be killed
  line.text(why).hex(1);
  trace.write(line);
}

/// Writes what is logged and not in the file yet. `own`: called by its thread; the buffer is empty afterwards.
void write_out(FullLog &log, bool own) {
  while (__atomic_exchange_n(&log.writing, 1, __ATOMIC_ACQUIRE)) {
    if (!own) return; // its thread is at it
    raw_syscall(SYS_sched_yield);
  }
  uint32_t from = log.written, to = load_acquire(log.size);
  if (to > from) {
    uint64_t bytes = to - from + sizeof(FullLog::Header);
    FullLog::Header header{SNARL_FULL_BLOCK, log.thread, log.block, to - from};
    if (__atomic_add_fetch(&total, bytes, __ATOMIC_RELAXED) > options.record_limit_kb << 10)
      stop("full_log_limit_reached");
    else if (!open_file() || !file.append(path, log.buffer + from, to - from, &header, sizeof header))
      stop("full_log_write_failed");
    else
      ++log.block;
    log.written = to;
  }
  if (own) {
    log.written = 0;
    store(log.size, 0);
  }
  store_release(log.writing, 0);
}

FullLog *make_log(Thread &self) {
  FullLog *log = load_acquire(all);
  for (int free = 0; log; log = log->next, free = 0)
    if (!load(log->in_use) &&
        __atomic_compare_exchange_n(&log->in_use, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
      break;
  if (!log) {
    log = static_cast<FullLog *>(map_pages(sizeof(FullLog)));
    if (!log) return nullptr;
    log->in_use = 1;
    log->next = load(all);
    while (!__atomic_compare_exchange_n(&all, &log->next, log, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
  }
  log->block = log->size = log->written = log->open_count = 0;
  log->wanted = 0;
  log->thread = self.id;
  for (Site &site : log->sites) site = {};
  threads.announce(self.id);
  return self.full = log;
}

/// The thread's log with room for one record, or null.
SNARL_INLINE FullLog *room(Thread &self) {
  FullLog *log = self.full;
  if (SNARL_UNLIKELY(!log) && (self.full_over || !(log = make_log(self))))
    return trace.count("full_log_events_dropped"), nullptr;
  if (SNARL_UNLIKELY(log->size > FullLog::kBuffer - FullLog::kLongest)) write_out(*log, true);
  if (SNARL_UNLIKELY(load(stopped))) return ++log->dropped, nullptr;
  return log;
}

/// Writes a record behind what is logged.
class Record {
public:
  SNARL_INLINE explicit Record(FullLog &log) : log_(log), at_(log.buffer + log.size) {}
  SNARL_INLINE ~Record() { store_release(log_.size, static_cast<uint32_t>(at_ - log_.buffer)); }
  SNARL_INLINE Record &byte(uint32_t value) {
    *at_++ = static_cast<uint8_t>(value);
    return *this;
  }
  SNARL_INLINE Record &number(uint64_t value) {
    for (; value > 0x7f; value >>= 7) *at_++ = static_cast<uint8_t>(value | 0x80);
    *at_++ = static_cast<uint8_t>(value);
    return *this;
  }

private:
  FullLog &log_;
  uint8_t *at_;
};

LockHistory *history_of(const Held &entry) {
  if (entry.kind == 'm' || entry.kind == 'r' || entry.kind == 'e') {
    auto *mutex = static_cast<pthread_mutex_t *>(entry.address);
    if (SNARL_LIKELY(slot_id(load(slot_in(mutex)->word), mutex) == entry.id)) return &slot_in(mutex)->history;
  }
  return ref_of(entry).history;
}

/// Zero: not known, the table of locks is full.
SNARL_INLINE uint32_t next_sequence(const Held &entry) {
  LockHistory *history = history_of(entry);
  if (SNARL_UNLIKELY(!history)) return 0;
  if (entry.kind == 'm' || entry.kind == 'r' || entry.kind == 'e') {
    uint32_t next = load(history->acquisitions) + 1;
    store(history->acquisitions, next);
    return next;
  }
  return __atomic_add_fetch(&history->acquisitions, 1, __ATOMIC_RELAXED);
}

void new_site(FullLog &log, uint32_t at, const Held &entry, uint32_t how, uint32_t sequence) {
  stacks.announce(entry.stack);
  if (sequence == 1)
    Record(log)
        .byte(SNARL_FULL_LOCK)
        .number(entry.id)
        .byte(static_cast<uint8_t>(entry.kind))
        .number(reinterpret_cast<uintptr_t>(entry.address))
        .number(entry.stack);
  log.sites[at] = {entry.id, entry.stack, how, sequence};
  Record(log).byte(SNARL_FULL_ACQUIRE).byte(at).number(entry.id).byte(how).number(entry.stack).number(sequence);
}

SNARL_INLINE void acquired(FullLog &log, const Held &entry, uint32_t how, uint32_t sequence) {
  uint32_t at = (entry.id * 0x9e3779b1u ^ entry.stack * 0x85ebca6bu ^ how << 27) >> 25;
  static_assert(SNARL_FULL_SITES == 1 << (32 - 25));
  Site &site = log.sites[at];
  if (SNARL_LIKELY(site.lock == entry.id && site.stack == entry.stack && site.how == how && site.sequence)) {
    Record(log).byte(SNARL_FULL_SITE | at).number(sequence - site.sequence);
    site.sequence = sequence;
  } else {
    new_site(log, at, entry, how, sequence);
  }
  if (log.open_count < FullLog::kOpen) log.open[log.open_count] = entry.id;
  ++log.open_count;
}

SNARL_INLINE void released(FullLog &log, LockId id) {
  uint32_t n = log.open_count;
  if (SNARL_LIKELY(n && n <= FullLog::kOpen && log.open[n - 1] == id)) {
    Record(log).byte(SNARL_FULL_RELEASE);
    --log.open_count;
    return;
  }
  Record(log).byte(SNARL_FULL_RELEASE_LOCK).number(id);
  // As a reader does: the last one of this number goes. Beyond kOpen nobody knows which that is, so from there on the
  // releases are told by number until all are given back.
  for (uint32_t i = n < FullLog::kOpen ? n : 0; i-- > 0;)
    if (log.open[i] == id) {
      for (--log.open_count; i < log.open_count; ++i) log.open[i] = log.open[i + 1];
      return;
    }
  if (n > FullLog::kOpen) --log.open_count;
}

uint64_t next_number() {
  return __atomic_add_fetch(&numbers, 1, __ATOMIC_ACQ_REL);
}

} // namespace

void full_want(Thread &self, LockId id, char kind, bool timed) {
  Inside inside(self);
  FullLog *log = room(self);
  if (!log) return;
  log->wanted = id;
  log->wanted_timed = timed;
  log->wanted_once = kind == 'o';
}

void full_got(Thread &self, const Held &entry, uint32_t how) {
  Inside inside(self);
  uint32_t sequence = next_sequence(entry);
  FullLog *log = room(self);
  if (SNARL_UNLIKELY(!log)) return;
  if (entry.mode == 's') how |= SNARL_FULL_SHARED;
  if (SNARL_UNLIKELY(log->wanted != entry.id || log->wanted_timed))
    how |= log->wanted == entry.id ? SNARL_FULL_TIMED : how & SNARL_FULL_AGAIN ? 0 : SNARL_FULL_TRIED;
  log->wanted = 0;
  log->wanted_once = false;
  acquired(*log, entry, how, sequence);
  if (SNARL_UNLIKELY(!sequence)) Record(*log).byte(SNARL_FULL_LOST).number(entry.id);
}

void full_release(Thread &self, const Held &entry) {
  Inside inside(self);
  if (FullLog *log = room(self)) released(*log, entry.id);
}

void full_lost(Thread &self, LockId id) {
  Inside inside(self);
  if (FullLog *log = room(self)) Record(*log).byte(SNARL_FULL_LOST).number(id);
}

void full_block(Thread &self, char kind, const void *object, const Held *mutex) {
  if (kind != 'c' && kind != 'b') return;
  if (mutex) full_release(self, *mutex);
  Inside inside(self);
  uint64_t number = next_number();
  if (FullLog *log = room(self))
    Record(*log)
        .byte(SNARL_FULL_WAIT)
        .byte(static_cast<uint8_t>(kind))
        .number(reinterpret_cast<uintptr_t>(object))
        .number(number);
}

void full_unblock(Thread &self, char kind, const void *object, bool done, const Held *mutex, Caller caller) {
  if (kind == 'j') return; // full_thread tells of joins
  Inside inside(self);
  uint64_t number = next_number();
  FullLog *log = room(self);
  if (!log) return;
  Record(*log)
      .byte(SNARL_FULL_WAITED)
      .byte(static_cast<uint8_t>(kind))
      .number(reinterpret_cast<uintptr_t>(object))
      .number(number)
      .byte(done);
  if (mutex) {
    Held again = *mutex; // the place is that of the wait
    again.stack = stack_of(self, caller);
    full_got(self, again, SNARL_FULL_AGAIN);
  }
  if (kind == 'o' && log->wanted_once) {
    Held passed;
    passed.address = const_cast<void *>(object);
    passed.who = Held::pack_who(log->wanted, stack_of(self, caller));
    passed.how = Held::pack_how('o', 's');
    full_got(self, passed, SNARL_FULL_PASS);
    full_release(self, passed);
  }
}

void full_wake(Thread &self, char kind, const void *object) {
  Inside inside(self);
  uint64_t number = next_number();
  if (FullLog *log = room(self))
    Record(*log)
        .byte(SNARL_FULL_WAKE)
        .byte(static_cast<uint8_t>(kind))
        .number(reinterpret_cast<uintptr_t>(object))
        .number(number);
}

void full_thread(Thread &self, uint8_t record, ThreadId other) {
  Inside inside(self);
  FullLog *log = room(self);
  if (!log) return;
  Record(*log).byte(record).number(other);
  write_out(*log, true); // what the other thread does means nothing without this
}

void full_end(Thread &self) {
  FullLog *log = self.full;
  if (!log) return;
  Inside inside(self);
  if (room(self)) Record(*log).byte(SNARL_FULL_END);
  write_out(*log, true);
  if (log->dropped) trace.count("full_log_events_dropped", log->dropped);
  log->dropped = 0;
  self.full = nullptr;
  self.full_over = true;
  store_release(log->in_use, 0);
}

void full_forked(Thread &self) {
  Inside inside(self);
  for (FullLog *log = all; log; log = log->next) {
    log->writing = 0;
    log->size = log->written = 0;
    log->dropped = 0;
    if (log != self.full) log->in_use = 0;
  }
  open_lock.reset();
  file.start_over();
  total = numbers = 0;
  stopped = false;
  if (self.full) self.full->in_use = 0;
  self.full = nullptr;
  for (uint32_t i = 0; i < self.held_count; ++i)
    if (self.held[i].address) full_got(self, self.held[i], 0);
}

void full_flush(bool last) {
  if (last) store(stopped, true);
  uint64_t dropped = 0;
  for (FullLog *log = load_acquire(all); log; log = log->next) {
    write_out(*log, false);
    dropped += log->dropped;
  }
  if (last && dropped) trace.count("full_log_events_dropped", dropped);
}

} // namespace snarl_rt
