#pragma once
#include "finding.h"

namespace snarl {
struct Program;
/// thread-lifetime, as the source shows it.
void find_thread_lifetimes(const Program &program, Findings &out);
} // namespace snarl
