#pragma once
#include "finding.h"

namespace snarl {
struct Program;

/// Waits that are not tested again, with two mutexes, or under another lock.
void condvar_wait_from_source(const Program &program, Findings &out);

} // namespace snarl
