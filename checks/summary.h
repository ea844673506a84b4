// Bottom-up half of the link: each function is interpreted once over its skeleton CFG, with the summaries of what it
// calls.
#pragma once
#include "call_graph.h"

namespace snarl {

/// Fills Program::info but for the contexts.
void summarize(Program &program, const CallGraph &graph, const LinkOptions &options);

} // namespace snarl
