// The lock-order rule as runs show it.
#pragma once
#include "finding.h"
#include "run.h"
#include <vector>

namespace snarl {

/// Cycles among what one process did.
void lock_order_from_run(const Run &run, Findings &out);

/// Cycles that need two or more of the runs: one took the locks in one order, another in the other. Locks are then the
/// same if their classes are; that says too little where a class has several instances in a run, so those are left out.
/// Tier `possible`.
void lock_order_across_runs(const std::vector<Run> &runs, Findings &out);

} // namespace snarl
