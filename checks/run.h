// What one process did: the recorded trace with addresses turned into names. Filled by tool/trace_reader.cpp and
// tool/symbolize.cpp, read by the rules.
#pragma once
#include "finding.h"
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace snarl {

using ThreadId = uint32_t; ///< snarl's own numbers, 1 = main
using LockId = uint32_t;   ///< one per (address, generation)

enum class LockMode : uint8_t { Exclusive, Shared };
enum class RunLockKind : uint8_t { Mutex, Recursive, ErrorCheck, Rwlock, RwlockPreferWriter, Spin, Semaphore, Once };

struct RunLock {
  LockId id = 0;
  RunLockKind kind = RunLockKind::Mutex;
  uint64_t address = 0;
  std::string name;  ///< "tool+0x28" for a global, else "mutex #7 (first taken in Bus::emit)"
  Stack first_seen;
  /// Lock class: same for all instances that are the same in the source; global name, or place of creation/first use.
  std::string lock_class;
  bool recursive() const { return kind == RunLockKind::Recursive; }
  bool shared() const { return kind == RunLockKind::Rwlock || kind == RunLockKind::RwlockPreferWriter; }
};

struct RunThread {
  ThreadId id = 0;
  ThreadId parent = 0;
  uint64_t os_id = 0;
  std::string name;
  Stack created;
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

struct HeldLock {
  LockId lock = 0;
  LockMode mode = LockMode::Exclusive;
  Stack taken;
};

/// A thread wanted a lock while holding others. Held locks are in the order they were taken.
struct Situation {
  SegmentId segment;
  std::vector<HeldLock> held;
  LockId wanted = 0;
  LockMode mode = LockMode::Exclusive;
  bool timed = false;
  Stack stack;
};

enum class MisuseKind : uint8_t {
  UnlockNotOwner, UnlockUnlocked, DestroyedHeld, ThreadExitHolding, RelockRefused /*EDEADLK*/, Relock /*will hang*/,
};

struct Misuse {
  MisuseKind kind{};
  ThreadId thread = 0;
  LockId lock = 0;
  Stack stack;
  ThreadId owner = 0;  ///< who holds it, 0 if nobody
  Stack taken;         ///< where it was taken
};

enum class WaitKind : uint8_t { None, Lock, Join, Once, Condition, Semaphore, Barrier };

struct BlockedThread {
  ThreadId thread = 0;
  WaitKind waits = WaitKind::None; ///< None: running, or blocked where the library cannot see
  LockId lock = 0;       ///< for Lock
  LockMode mode = LockMode::Exclusive;
  ThreadId joins = 0;    ///< for Join
  uint64_t object = 0;   ///< address for the others
  bool timed = false;
  bool in_cycle = false; ///< part of the circular wait, not a bystander
  Stack stack;
  std::vector<HeldLock> held;
};

/// A circular wait that existed when it was recorded, re-validated by the library.
struct LiveDeadlock {
  enum class Kind : uint8_t { Cycle, NoWaker /*every thread waits and none can wake another*/, OrphanedLock } kind{};
  std::vector<BlockedThread> threads; ///< the members of the cycle first, in order: each waits for the next
};

struct Run {
  uint64_t pid = 0, parent_pid = 0;
  std::string program; ///< path of the executable
  std::string trace_file;
  std::map<ThreadId, RunThread> threads;
  std::map<LockId, RunLock> locks;
  std::vector<Situation> situations;
  std::vector<Misuse> misuses;
  std::vector<LiveDeadlock> deadlocks;
  /// counters of what was not seen ("situations_dropped" -> 12), already in words for people
  std::vector<std::string> blind_spots;
  bool ended = false; ///< false: killed, or still running

  /// Does everything in `a` happen before everything in `b` (create, join, barrier, hand-over), whatever the schedule?
  bool happens_before(SegmentId a, SegmentId b) const;
  /// Neither happens before the other, and they are different threads.
  bool may_overlap(SegmentId a, SegmentId b) const;
  /// Edges: end of `first` happens before the start of `second`. Sorted; filled by the reader.
  std::vector<std::pair<SegmentId, SegmentId>> order;
  /// Segments after which ordering was no longer tracked exactly (see trace_format.h): their findings stay `possible`.
  std::vector<SegmentId> untracked_after;
};

} // namespace snarl
