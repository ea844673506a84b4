// Plans for the recording library: which threads to hold up where, so that a circle of locks closes. As a file they are
// also what `snarl confirm` leaves behind for doing it again. The format is described in docs/confirm.md, its other
// reader is runtime/steer_plan.cpp.
#pragma once
#include "checks/lock_pattern.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace snarl {

struct SteeringPlan {
  unsigned delay_ms = 0;   ///< at one stop
  unsigned budget_ms = 0;  ///< at all stops of a process together
  unsigned first = 0;      ///< the side, from 1, whose thread goes ahead of the others; 0: whoever comes
  bool occurrences = true; ///< stop only at the pairs of locks that were recorded
  std::string about, key;  ///< of the finding: its message, its key
  std::vector<SteeredSide> sides;
};

/// Sides that a plan can have; a circle of more threads cannot be steered into.
constexpr size_t kMostSides = 8;

std::string write_plan(const SteeringPlan &plan);
/// The error names the line.
llvm::Expected<SteeringPlan> read_plan(llvm::StringRef text);

} // namespace snarl
