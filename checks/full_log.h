// What every thread of a run did with locks, in order: a run recorded with --record=full. Filled by
// tool/full_log_reader.cpp, linked here, read by checks/sync_preserving.cpp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace snarl {

struct LogEvent {
  enum class Kind : uint8_t { Acquire, Release, Wait, Waited, Wake, Create, Join };
  static constexpr uint32_t none = UINT32_MAX;

  uint32_t lock = 0;   ///< Acquire, Release: index into FullLog::locks; others: into objects; Create, Join: thread id
  uint32_t number = 0; ///< Acquire: the lock's sequence number; Wait, Waited, Wake: the process's
  uint32_t stack = 0;  ///< Acquire
  uint32_t partner = none; ///< Acquire: index of its release, none if still held; Release: of its acquisition
  Kind kind = Kind::Acquire;
  char what = 0; ///< Wait, Waited, Wake: c condition, C broadcast, p semaphore, b barrier, o once
  // Acquire:
  bool shared = false;
  bool tried = false; ///< without waiting: it is never wanted
  bool timed = false;
  bool again = false; ///< by a condition wait that ends
  bool pass = false;  ///< of a once that another thread has run: wanted, but hardly held
  bool done = false;  ///< Waited: it came, and was not given up
};

/// Whoever does event `to` of a thread has event `index` of `thread` behind him, whatever the schedule.
struct LogEdge {
  uint32_t to = 0;
  uint32_t thread = 0; ///< index into FullLog::threads
  uint32_t index = 0;
};

struct LogThread {
  uint32_t id = 0; ///< as in the trace
  std::vector<LogEvent> events;
  bool whole = false;         ///< recorded to its end
  std::vector<LogEdge> edges; ///< sorted by `to`; made by link()
};

struct FullLog {
  std::vector<LogThread> threads;
  std::vector<uint32_t> locks;   ///< ids as in the trace
  std::vector<bool> lost;        ///< by lock: given back behind our back, so that nothing can be said about it
  std::vector<uint64_t> objects; ///< addresses of condition variables, semaphores, barriers, once objects

  /// Makes the edges: create and join, condition variables, semaphores, barriers, once. Where an edge comes from
  /// something that was not recorded, the thread's log is cut before it, so that what is left is whole. Sorts nothing
  /// else. Returns how many events were cut off.
  size_t link();
  size_t events() const;
};

} // namespace snarl
