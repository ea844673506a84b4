#pragma once
#include "finding.h"
#include "program.h"

namespace snarl {

/// unreleased-lock, as far as the source shows it.
void unreleased_lock_from_source(const Program &program, Findings &out);

} // namespace snarl
