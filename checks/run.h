// What one process did, as its trace says it: numbers and addresses, and the means to turn them into names. Filled by
// tool/trace_reader.cpp, read by the rules.
//
// Stacks stay numbers until somebody shows them: turning every recorded address into function, file and line would cost
// more time and memory than everything else, and most of what is recorded is never shown. Names come from `symbols`.
#pragma once
#include "finding.h"
#include "full_log.h"
#include "run_measured.h"
#include "lock_pattern.h"
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace snarl {

enum class RunLockKind : uint8_t {
  Mutex,
  Recursive,
  ErrorCheck,
  Rwlock,
  RwlockPreferWriter,
  Spin,
  Semaphore,
  Once,
  Custom
};

/// An executable mapping of an object file.
struct RunModule {
  uint64_t start = 0, end = 0, file_offset = 0;
  std::string build_id; ///< lower-case hexadecimal; empty if it has none
  std::string path;
};

/// Program counters, innermost first, absolute, pointing into the call. `modules_seen` says which mappings were known
/// when the stack was taken: the last of them that covers an address is the one it belongs to.
struct RunStack {
  std::vector<uint64_t> pcs;
  uint32_t modules_seen = 0;
};

struct RunLock {
  LockId id = 0;
  RunLockKind kind = RunLockKind::Mutex;
  uint64_t address = 0;
  uint32_t modules_seen = 0;
  StackId first_seen = 0;
  std::string name; ///< given by annotation
  bool recursive() const { return kind == RunLockKind::Recursive; }
  bool shared() const { return kind == RunLockKind::Rwlock || kind == RunLockKind::RwlockPreferWriter; }
};

struct RunThread {
  ThreadId id = 0;
  ThreadId parent = 0;
  uint64_t os_id = 0;
  std::string name;
  StackId created = 0;
  bool ended = false;
};

/// Stretch of one thread between two operations that order threads (create, join, barrier, ...).
struct SegmentId {
  ThreadId thread = 0;
  uint32_t number = 0;
  friend bool operator==(SegmentId a, SegmentId b) { return a.thread == b.thread && a.number == b.number; }
  friend bool operator<(SegmentId a, SegmentId b) {
    return a.thread != b.thread ? a.thread < b.thread : a.number < b.number;
  }
};

/// The end of `first` happens before the start of `second`.
struct OrderEdge {
  SegmentId first, second;
  friend bool operator<(const OrderEdge &a, const OrderEdge &b) {
    return std::tie(a.first, a.second) < std::tie(b.first, b.second);
  }
};

struct HeldLock {
  LockId lock = 0;
  LockMode mode = LockMode::Exclusive;
  StackId taken = 0;
  bool on_purpose = false; ///< before the wanted one, say annotations: no link of a circle, but it still excludes others
};

/// A thread wanted a lock while holding others. Held locks are in the order they were taken.
struct Situation {
  SegmentId segment;
  std::vector<HeldLock> held;
  LockId wanted = 0;
  LockMode mode = LockMode::Exclusive;
  bool timed = false;
  StackId stack = 0;
};

enum class MisuseKind : uint8_t {
  UnlockNotOwner,
  UnlockUnlocked,
  DestroyedHeld,
  ThreadExitHolding,
  RelockRefused /*EDEADLK*/,
  Relock /*will hang*/,
  InitHeld,
  InitAgain /*a global, not destroyed, other threads are there*/,
  OwnerDiedIgnored /*robust mutex given back without having been declared consistent*/,
  ForkHeld /*a forked child wants what another thread of its parent held*/,
  WaitUnlocked /*condition wait without the mutex*/,
  TwoMutexes /*condition waits at once with different mutexes*/,
  SignalLost /*the signal came when nobody waited; `owner` sent it, `thread` waits for ever*/,
  ConditionDestroyed /*`owner` waits on it*/,
  DestroyedWaited /*semaphore or barrier that `owner` waits for*/,
};

struct Misuse {
  MisuseKind kind{};
  ThreadId thread = 0;
  LockId lock = 0;
  StackId stack = 0;
  ThreadId owner = 0;  ///< who holds it, 0 if nobody
  StackId taken = 0;   ///< where it was taken; for conditions: where `owner` waits, or sent the signal
  uint64_t object = 0; ///< address of the condition variable, semaphore or barrier; 0: it is about the lock alone
  uint32_t modules_seen = 0;
};

enum class WaitKind : uint8_t { None, Lock, Join, Once, Condition, Semaphore, Barrier };

/// What the kernel says of a thread that waits for nothing that the library sees.
struct KernelState {
  uint64_t os_id = 0;
  char state = 0;    ///< as in proc(5): R running, S sleeping, ...; 0 not known
  int64_t call = -1; ///< number of the system call it is in, -1 none
  uint64_t arguments[3] = {};
  std::string file; ///< what the first argument is as a descriptor: "pipe:[9]", "/dev/pts/0"; may be empty
};

struct BlockedThread {
  ThreadId thread = 0;             ///< 0: one that the library does not know, see `kernel`
  WaitKind waits = WaitKind::None; ///< None: running, or blocked where the library cannot see
  LockId lock = 0;                 ///< for Lock
  LockMode mode = LockMode::Exclusive;
  ThreadId joins = 0;  ///< for Join
  uint64_t object = 0; ///< address for the others
  bool timed = false;
  bool in_cycle = false; ///< part of the circular wait, not a bystander
  StackId stack = 0;
  std::vector<HeldLock> held;
  KernelState kernel;
};

/// A circular wait that existed when it was recorded, re-validated by the library.
struct LiveDeadlock {
  enum class Kind : uint8_t {
    Cycle,
    NoWaker, ///< every thread waits and none can wake another
    OrphanedLock,
    LeftByFork, ///< the holder is a thread of the parent process
  } kind{};
  bool sure = true; ///< false: as far as can be known from who ended such waits before
  uint32_t modules_seen = 0;
  std::vector<BlockedThread> threads; ///< the members of the cycle first, in order: each waits for the next
};

/// What all threads were doing at a moment that somebody chose.
struct Snapshot {
  bool timed_out = false; ///< the time that `snarl run` gave the program was over; else somebody asked
  uint64_t number = 0;    ///< the asker's
  uint32_t modules_seen = 0;
  std::vector<BlockedThread> threads;
};

/// A thread was held up by `snarl confirm`, before the lock that a side of its plan holds, or the one it wants.
struct SteeredStop {
  ThreadId thread = 0;
  unsigned side = 0; ///< from 1
  bool before_hold = false;
  uint64_t ms = 0;
  enum class End : uint8_t { Closed, Arrived, Time, Standstill } end{};
};

struct Run;

/// Turns addresses into names. What cannot be named is left empty, never guessed.
class Symbols {
public:
  virtual ~Symbols() = default;
  /// Frames of a stack, inlined ones included. Frames of the threading library, of the recording library and of the
  /// standard library are taken off both ends, so that the first frame is the user's; never empty unless the stack is.
  virtual Stack frames(const Run &run, const RunStack &stack) = 0;
  /// "tool+0x28" for an address within a global variable; empty if it is not in one.
  virtual std::string variable(const Run &run, uint64_t address, uint32_t modules_seen) = 0;
};

struct Run {
  uint64_t pid = 0, parent_pid = 0;
  uint64_t started = 0; ///< nanoseconds since 1970
  std::string program;  ///< path of the executable
  std::string trace_file;
  std::vector<RunModule> modules; ///< in the order of mapping
  std::unordered_map<StackId, RunStack> stacks;
  std::map<ThreadId, RunThread> threads;
  std::map<LockId, RunLock> locks;
  std::vector<Situation> situations;
  std::set<std::pair<LockId, LockId>> orders_on_purpose; ///< held, wanted: as annotations say
  std::vector<Misuse> misuses;
  std::vector<LiveDeadlock> deadlocks;
  Measured measured;
  std::vector<Snapshot> snapshots;
  std::vector<SteeredStop> steered;
  /// What to drive a run into for a finding, by its key. Filled by the rule that made it.
  mutable std::map<std::string, LockPattern> patterns;
  /// What was not seen, in words for people ("12 situations dropped"). Rules add the bounds that they hit.
  mutable std::vector<std::string> blind_spots;
  bool ended = false;                ///< false: killed, or still running
  bool has_full_log = false;         ///< the trace says that one was written
  std::shared_ptr<FullLog> full_log; ///< recorded with --record=full
  std::shared_ptr<Symbols> symbols;  ///< null: nothing has a name
  uint64_t futex_waits = 0;          ///< on futexes that the program makes itself, whose meaning nobody knows
  StackId first_futex_wait = 0;

  std::vector<OrderEdge> order; ///< sorted
  /// Segments after which ordering was no longer tracked exactly (see trace_format.h): their findings stay `possible`.
  /// The first such segment of each thread.
  std::map<ThreadId, uint32_t> untracked_after;

  // ---- names
  Stack frames(StackId stack) const;
  /// First frame of the stack; empty if nothing is known.
  Frame top(StackId stack) const;
  /// The first frame in words that stay the same from run to run: "Bus::emit", else "libbus.so+0x1234"; may be empty.
  std::string where(StackId stack) const;
  /// The same with the line: tells places of one function apart, for one state of the source.
  std::string spot(StackId stack) const;
  /// "cash_m", "tool+0x28" for a global; else "mutex #7 (first taken in Bus::emit)".
  std::string lock_name(LockId lock) const;
  /// The same for all instances that are the same in the source, and from run to run: the global's name, or kind and
  /// function of the first use. For keys: lines may move.
  std::string lock_class(LockId lock) const;
  /// The same with the line of the first use, to tell whether two runs speak of one lock. Empty if nothing is known.
  std::string lock_origin(LockId lock) const;
  /// "ready" for a global that is not a lock; else empty.
  std::string object_name(uint64_t address, uint32_t modules_seen) const;
  /// "main thread", "thread 3", "thread 3 (reader)" when it was given a name of its own.
  std::string thread_name(ThreadId thread) const;

  // ---- order. Vector clocks would need a clock per segment; the questions asked are few, so what comes after a
  // segment is computed from the edges when somebody asks, in O(edges), and kept. Segments with the same next edge out
  // of their thread share the answer. Not for concurrent use.

  /// Does everything in `a` happen before everything in `b` (create, join, barrier, hand-over), whatever the schedule?
  bool happens_before(SegmentId a, SegmentId b) const;
  /// Neither happens before the other, and they are different threads.
  bool may_overlap(SegmentId a, SegmentId b) const;
  /// Is there another thread that could do something during `segment`?
  bool alone(SegmentId segment) const;
  /// Was the order of this segment recorded in full?
  bool tracked(SegmentId segment) const;

private:
  /// First segment of each thread of ordered_ that happens after the end of a segment; UINT32_MAX: none.
  using Reach = std::vector<uint32_t>;
  const Reach &after(SegmentId from) const;
  uint32_t after(SegmentId from, ThreadId thread) const;
  mutable std::vector<ThreadId> ordered_; ///< threads that `order` names, sorted
  mutable std::unordered_map<uint64_t, Reach> after_;
};

const char *to_string(RunLockKind kind); ///< "mutex", "rwlock", ...

} // namespace snarl
