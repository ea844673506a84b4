// Can this circle of wanted locks be reached by another schedule of the recorded run? The sync-preserving test of Tunc,
// Mathur, Pavlogiannis and Viswanathan, "Sound Dynamic Deadlock Prediction in Linear Time" (PLDI 2023), with
// readers, tried and timed locks, and a third writer in front of readers.
#pragma once
#include "full_log.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace snarl {

/// One side of a pattern: a thread, and the events at which it takes the lock, ascending.
struct PatternSide {
  uint32_t thread = 0; ///< index into FullLog::threads
  const std::vector<uint32_t> *acquires = nullptr;
};

/// How far each thread has come when all sides wait for one another.
struct Witness {
  std::vector<uint32_t> done;   ///< by thread: events that have happened
  std::vector<uint32_t> wanted; ///< by side: the event that cannot happen
};

/// A piece of a schedule: events [from, to) of one thread.
struct ScheduleRun {
  uint32_t thread = 0, from = 0, to = 0;
};

class SyncPreserving {
public:
  explicit SyncPreserving(const FullLog &log);

  /// The first reordering in which every side has everything before its acquisition behind it, and none its
  /// acquisition. Linear in the log for one pattern. Nothing: there is none that keeps the order of sections of each
  /// lock.
  std::optional<Witness> check(const std::vector<PatternSide> &pattern);
  /// Events that were looked at by all checks.
  size_t steps() const { return steps_; }

  /// The events of a witness in an order that respects threads, edges and locks. Every event happens at a time when it
  /// can.
  std::vector<ScheduleRun> schedule(const Witness &witness) const;

private:
  static constexpr uint32_t none = UINT32_MAX;
  /// What a thread last did with a lock within the present set.
  struct Last {
    uint32_t thread = 0, read = none, write = none, check = 0;
  };
  void include(uint32_t thread, uint32_t events);
  bool close();
  bool settle(uint32_t lock);

  const FullLog &log_;
  std::vector<std::vector<Last>> last_;                    ///< by lock that several threads take
  std::vector<llvm::DenseMap<uint32_t, uint32_t>> places_; ///< by thread: lock -> index in last_[lock]
  std::vector<uint32_t> done_, goal_, next_edge_;          ///< by thread
  std::vector<uint32_t> queue_;
  std::vector<uint32_t> changed_; ///< locks
  std::vector<bool> queued_, is_changed_;
  uint32_t check_ = 0;
  size_t steps_ = 0;
};

} // namespace snarl
