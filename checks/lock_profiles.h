// Profiles of locks (--contention), summed up: the instances of a lock that are the same in the source, in all
// processes that run the same program.
#pragma once
#include "finding.h"
#include "run.h"
#include "llvm/ADT/ArrayRef.h"
#include <algorithm>
#include <string>
#include <vector>

namespace snarl {

struct ContendedLock {
  std::string name;     ///< Run::lock_class
  size_t instances = 0; ///< as far as they have numbers of their own
  uint64_t taken = 0, contended = 0;
  uint64_t waited = 0, held = 0; ///< in sum, nanoseconds
  Histogram waits, holds;        ///< waits: of contended acquisitions only
  struct Longest {
    uint64_t time = 0;
    const Run *run = nullptr; ///< null: there is none
    ThreadId thread = 0;
    StackId stack = 0;
  };
  Longest longest_wait, longest_hold;
  struct Place {
    const Run *run = nullptr;
    StackId stack = 0; ///< 0: several
    uint64_t times = 0, waited = 0;
  };
  std::vector<Place> places; ///< where it was waited for

  /// Time that a share (0 to 1) of waits, holds did not exceed; within 6.25 %.
  uint64_t wait_percentile(double share) const { return std::min(waits.percentile(share), longest_wait.time); }
  uint64_t hold_percentile(double share) const { return std::min(holds.percentile(share), longest_hold.time); }
  /// Of all acquisitions, 0 to 1.
  double contended_share() const { return taken ? double(contended) / double(taken) : 0; }
};

/// By time waited, then by how often they were taken; empty if nothing was profiled. Points into `runs`.
std::vector<ContendedLock> contended_locks(llvm::ArrayRef<Run> runs);

/// A note for each lock that threads have waited for during a hundredth of the time or more.
void contention_findings(llvm::ArrayRef<Run> runs, Findings &out);

/// Time that the longest profile covers, nanoseconds; 0: there is none.
uint64_t profiled_time(llvm::ArrayRef<Run> runs);

/// "34 %", "0.2 %", "<0.1 %".
std::string percent(double share);

} // namespace snarl
