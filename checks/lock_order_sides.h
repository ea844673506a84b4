// A circle of situations as a finding: what its search, within a run, in a full log or across runs, have in common.
#pragma once
#include "run.h"

namespace snarl {

struct Side {
  const Run *run = nullptr;
  const Situation *situation = nullptr;
  HeldLock held; ///< the one that the side before wants
};

/// Each side holds what the one before it wants. `across`: they come from several runs.
Finding describe(std::vector<Side> sides, Tier tier, bool across);
/// One finding per key, the surest.
void add_surest(Finding finding, Findings &found);
/// The circle stood there in the run itself: rule `deadlock` says so.
bool happened(const Run &run, const std::vector<Side> &sides);
/// The entry of `lock`, which the situation holds.
const HeldLock &held_by(const Situation &situation, LockId lock);
/// What tells a reader which lock it is; in a schedule there is no room for more.
std::string short_name(const std::string &name);

} // namespace snarl
