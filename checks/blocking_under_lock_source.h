#pragma once
#include "finding.h"
#include "program.h"

namespace snarl {

/// blocking-under-lock, as far as the source shows it.
void blocking_under_lock_from_source(const Program &program, Findings &out);

} // namespace snarl
