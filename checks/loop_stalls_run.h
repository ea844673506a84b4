#pragma once
#include "finding.h"

namespace snarl {

struct Run;
/// Event loops that did not come back in time, with the stack that held them: findings of blocking-in-coroutine.
void loop_stalls_from_run(const Run &run, Findings &out);

} // namespace snarl
