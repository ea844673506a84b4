#pragma once
#include "finding.h"

namespace snarl {
struct Program;

/// Locks wanted, directly or through calls, where they are held already.
void self_deadlock_from_source(const Program &program, Findings &out);

} // namespace snarl
