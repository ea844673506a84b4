// Lock-order findings that another schedule of the recorded run certainly reaches.
#pragma once
#include "run.h"

namespace snarl {

/// Adds what the run's full log proves, at tier `feasible` and with the schedule, to `found`; a finding that is there
/// with the same key is replaced.
void lock_order_from_full_log(const Run &run, Findings &found);

} // namespace snarl
