// Top-down half of the link: by whom, with which locks and beside which threads each function runs.
#pragma once
#include "link.h"

namespace snarl {

/// Fills Program::agents, closed, threads and FunctionInfo::contexts.
void find_contexts(Program &program, const LinkOptions &options);

} // namespace snarl
