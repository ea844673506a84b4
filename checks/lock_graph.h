// Cycles in the order locks are taken: one algorithm for source and runs.
//
// Input are dependencies: an agent (thread of a run, or thread entry of the source) wants a lock while it holds others.
// A cycle of dependencies d0 .. dk-1 is a potential deadlock if each di wants a lock that d(i+1) holds, in modes that
// exclude each other; if the agents are different (or one agent that can run beside itself); if no lock is held on
// all... more exactly, on any two sides in modes that exclude each other (a gate); and if the wanted locks are
// distinct. These are the abstract deadlock patterns of Tunc, Mathur, Pavlogiannis and Viswanathan, "Sound Dynamic
// Deadlock Prediction in Linear Time" (PLDI 2023), extended by reader modes. Trylocks are never wanted, but they are
// held.
//
// Cost: dependencies that hold and want the same are one node; strongly connected components of the locks first
// (Tarjan), then a bounded enumeration of simple cycles inside each component, shortest first, walking only where the
// way back is short enough; then witnesses. At most one cycle per set of locks and places.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace snarl {

struct LockUse {
  uint32_t lock = 0;
  bool shared = false;
  bool gate_only = false; ///< held: no reason to wait in a cycle, but it keeps others out as any lock does
};

struct Dependency {
  uint32_t agent = 0;
  bool repeats = false; ///< the agent can run at the same time as itself
  std::vector<LockUse> held;
  LockUse wanted;
  /// Dependencies of equal variant, not 0, are interchangeable witnesses (same places): of cycles that differ in
  /// nothing but such witnesses or in the instances of locks, only the first is returned.
  uint32_t variant = 0;
};

struct LockCycle {
  std::vector<size_t> dependencies; ///< indices; [i].wanted is held by [i+1], the last's by [0]
};

struct CycleOptions {
  size_t max_length = 64;
  size_t max_cycles = 1000;
  size_t max_steps = 10'000'000; ///< of the enumeration: bounds the time, about a second
  /// Can the two happen at the same time? Beyond what agents say: create/join, vector clocks. Null: yes.
  std::function<bool(size_t, size_t)> may_overlap;
  /// Is this choice of dependencies, a cycle as in LockCycle, one to be returned? Otherwise others of the same locks
  /// and places are tried, up to max_refused of them. Null: the first is.
  std::function<bool(const std::vector<size_t> &)> accept;
  size_t max_refused = 100;
  /// Does a reader that waits behind a waiting writer block readers (writer preference)? Null: no.
  std::function<bool(uint32_t lock)> writer_preference;
};

struct CycleResult {
  std::vector<LockCycle> cycles; ///< deterministic order: by length, then by dependency indices
  bool bounded = false;          ///< a bound was hit: there may be more
  size_t steps = 0;              ///< work done, in the unit of max_steps
};

CycleResult find_lock_cycles(const std::vector<Dependency> &dependencies, const CycleOptions &options = {});

} // namespace snarl
