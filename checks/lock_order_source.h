#pragma once
#include "finding.h"

namespace snarl {
struct Program;

/// Circles in the order in which the linked program takes its locks.
void lock_order_from_source(const Program &program, Findings &out);

} // namespace snarl
