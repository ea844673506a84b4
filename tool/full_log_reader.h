// Reads a full log (runtime/trace_format.h), which lies beside its trace.
#pragma once
#include "checks/run.h"
#include "llvm/ADT/StringRef.h"

namespace snarl {

/// Gives the run its full log if it was recorded with one. What is missing or damaged is told as a blind spot.
void attach_full_log(Run &run);

/// Decodes the bytes of a log. Locks that the trace does not know are added to the run. Blocks that make no sense end
/// their thread's log; `damaged` counts them.
FullLog decode_full_log(llvm::StringRef bytes, Run &run, size_t &damaged);

} // namespace snarl
