#pragma once
#include "finding.h"

namespace snarl {
struct Program;

/// Notifications that can get lost, wake the wrong waiter, or never come.
void condvar_notify_from_source(const Program &program, Findings &out);

} // namespace snarl
