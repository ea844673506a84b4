#pragma once
#include "finding.h"

namespace snarl {

struct Run;
/// Blocking calls with a lock held during which others waited for the lock, with the time lost.
void blocking_under_lock_from_run(const Run &run, Findings &out);

} // namespace snarl
