// What the library knows of one thread, and the list of all of them.
//
// The record is mapped memory reached by one initial-exec TLS pointer: static TLS comes out of the thread's own stack
// allocation, and programs make threads with 16 KiB. Records are recycled but never unmapped, so the watcher may read
// the record of a thread that is just ending; what it reads it checks again later.
//
// `inside` is the guard: while it is set, wrappers entered by this thread (from a signal handler that interrupted us,
// or from libc functions that we call) pass straight through.
#pragma once
#include "chains.h"
#include "measure_state.h"
#include "stack.h"

namespace snarl_rt {

using ThreadId = uint32_t; ///< 1 is main, 0 none
using LockId = uint32_t;

/// A lock this thread holds. A slot above the count has address null: that is how a half-made entry is told.
/// Fields that are written together lie in one word: before the next atomic instruction every store must have left.
struct Held {
  void *address = nullptr;
  uint64_t chain = 0; ///< hash of all entries up to this one
  union {
    struct {
      LockId id;
      StackId stack;
    };
    uint64_t who = 0;
  };
  union {
    struct {
      uint32_t depth; ///< how many times more than once (recursive mutex, repeated read lock); kInWait
      char kind;      ///< letter of the trace's L line
      char mode;      ///< 'x' or 's'
    };
    uint64_t how = 0;
  };
  static SNARL_INLINE uint64_t pack_who(LockId id, StackId stack) { return id | uint64_t{stack} << 32; }
  static SNARL_INLINE uint64_t pack_how(char kind, char mode) {
    return uint64_t{static_cast<uint8_t>(kind)} << 32 | uint64_t{static_cast<uint8_t>(mode)} << 40;
  }
};
static_assert(sizeof(Held) == 32 && offsetof(Held, kind) == 28 && offsetof(Held, mode) == 29);

/// What a thread waits for, published by plain stores before the call that may block; `ticket` last.
struct Wait {
  union {
    struct {
      char kind; ///< 0: not waiting, else the letter of the trace's k line
      char mode;
      bool timed;
      char family;       ///< of a lock: m mutex, w rwlock, s spin, S semaphore, o once, u custom
      uint32_t sequence; ///< one more at each wait
    };
    uint64_t ticket = 0;
  };
  const void *object = nullptr;
  uintptr_t frame = 0;         ///< frame address of the wrapper: the caller's registers can be read there
  ThreadId peer = 0;           ///< for joins
  const void *mutex = nullptr; ///< for condition variables: the mutex that is taken again at the end

  static SNARL_INLINE uint64_t next_ticket(uint64_t last, char kind, char mode, bool timed, char family) {
    return (last & ~uint64_t{0xffffffff}) + (uint64_t{1} << 32) +
           (static_cast<uint8_t>(kind) | static_cast<uint32_t>(static_cast<uint8_t>(mode)) << 8 |
            static_cast<uint32_t>(timed) << 16 | static_cast<uint32_t>(static_cast<uint8_t>(family)) << 24);
  }
};
static_assert(offsetof(Wait, sequence) == 4);

/// An initialiser that this thread is running: pthread_once's, or a function-local static's.
struct RunningOnce {
  const void *once = nullptr;
  uintptr_t frame = 0;   ///< of the call: once it has been left, so has the initialiser
  uint32_t recorded = 0; ///< Thread::recorded when it began
};

/// Where a thread came from; kept for ever, since threads are told in the trace only when they matter.
struct Birth {
  ThreadId parent = 0;
  uint32_t parent_segment = 0;
  StackId stack = 0;
  int tid = 0;
  uint8_t announced = 0;
};

constexpr uint32_t kHandOvers = 32;
constexpr int kInVforkChild = 0x100000; ///< in Thread::inside

struct Thread {
  // ---- hot: every lock and unlock
  int inside = 0;
  uint32_t held_count = 0;
  Held *held = nullptr;
  uint32_t held_capacity = 0;
  int tid = 0;
  int tid_before_fork = 0;
  uint64_t segment_salt = 0;
  KeySet situations;
  Wait wait;

  // ---- order
  ThreadId id = 0;
  uint32_t segment = 0;
  bool segment_used = false;   ///< a situation was recorded in it
  bool segment_closed = false; ///< something was ordered after its end: the next record begins a new one
  bool order_limit_told = false;
  uint32_t order_edges = 0;
  uint32_t recorded = 0;               ///< situations, ever
  bool has_news = false;               ///< recorded something, or came after one who had: its wake-ups matter
  uint64_t last_wake = 0;              ///< the last (thread, segment) that an order edge came from
  uint64_t outermost[kHandOvers] = {}; ///< mutex | wake-ups so far << 32: taken while nothing else was held, by mutex
  uint32_t handed[kHandOvers] = {};    ///< the hand-over followed last, by mutex

  // ---- life
  enum State : int { Free, Starting, Running, Ended, Parked /*a fiber that does not run*/ };
  State state = Free;
  bool joined_or_detached = false;
  uint64_t handle = 0; ///< pthread_t
  void *(*start)(void *) = nullptr;
  int (*start_c11)(void *) = nullptr;
  void *argument = nullptr;
  StackBounds stack;
  Thread *next = nullptr; ///< in the list of all records
  int exit_rounds = 0;
  uint32_t seen_sequence = 0, seen_looks = 0; ///< the watcher's: the wait it saw, and how often in a row
  uint32_t distinct_count = 0; ///< so many of the locks held, from the bottom, were seen to be all different ...
  uint64_t distinct_chain = 0; ///< ... when this was the chain of the uppermost of them
  uint32_t on_purpose = 0;     ///< annotated: orders of locks that are taken now are meant to be
  char name[48] = {};
  RunningOnce once[8];
  uint32_t once_count = 0;
  void (*once_init)() = nullptr; ///< handed to the initialiser's trampoline
  const void *once_object = nullptr;
  Caller once_caller;
  struct FullLog *full = nullptr; ///< what is logged with record=full, see full.cpp
  struct ThreadProfile *profile = nullptr; ///< with contention=1, see measure_profile.cpp; stays with the record
  bool full_over = false;         ///< its log is complete
  uintptr_t stopped_at = 0;       ///< frame of the wrapper in which steering holds the thread up, 0: nowhere
  uint64_t points = 0;            ///< synchronisation points passed, counted by noise only
  uint64_t delayed_us = 0;        ///< by noise
  uint8_t once_passed[32] = {};   ///< a bit for each once that recorded something: this thread came after it

  // ---- measurements: see measure.h
  BlockingCall call;
  EventLoop loop;
  FailedTries tries;
  WaitNotes notes;

  StackMemory stack_memory;
};

extern __thread Thread *current_thread __asm__("snarl_rt_current_thread") __attribute__((tls_model("initial-exec")));

/// Guards our own slow paths of one thread for a scope.
class Inside {
public:
  explicit Inside(Thread &thread) : thread_(thread) {
    store(thread_.inside, thread_.inside + 1);
    compiler_barrier();
  }
  ~Inside() {
    compiler_barrier();
    store(thread_.inside, thread_.inside - 1);
  }
  Inside(const Inside &) = delete;

private:
  Thread &thread_;
};

/// All threads. The list only grows; ended records that nobody can join any more are used again.
class Threads {
public:
  /// The calling thread's record, made if there is none: main, or a thread that was not made through pthread_create.
  SNARL_COLD Thread *attach();
  /// A record for a thread about to be created by `parent`. Null: no memory.
  Thread *prepare(Thread &parent, uint32_t parent_segment, StackId created_at);
  /// The thread could not be created.
  void abandon(Thread &thread);
  void started(Thread &thread);
  void ended(Thread &thread);
  /// The record of a pthread_t that can still be joined, or null.
  Thread *by_handle(uint64_t handle);
  Thread *first() const { return load_acquire(first_); }
  /// No second thread has been seen so far.
  bool only_one() const { return load(last_id_) < 2; }
  Birth *birth(ThreadId id);
  /// In a forked child: only `self` is left, and it is thread 1.
  void after_fork(Thread &self);
  /// Writes the T lines (and creation edges) of the thread and its ancestors if this trace does not have them.
  void announce(ThreadId id);
  SpinLock &lock() { return lock_; }

private:
  Thread *make(ThreadId parent, uint32_t parent_segment, StackId created_at);
  ThreadId new_birth(ThreadId parent, uint32_t parent_segment, StackId created_at);
  static constexpr size_t kChunk = 4096, kChunks = 4096;
  SpinLock lock_;
  Thread *first_ = nullptr;
  Birth *births_[kChunks] = {};
  ThreadId last_id_ = 0;
};
extern Threads threads;

/// The record when verbs apply now, else null: inside our own code, in a vfork child, or out of memory.
SNARL_INLINE Thread *enter() {
  Thread *self = current_thread;
  if (SNARL_LIKELY(self != nullptr)) return SNARL_LIKELY(load(self->inside) == 0) ? self : nullptr;
  return threads.attach();
}

} // namespace snarl_rt
