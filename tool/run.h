#pragma once
#include "llvm/ADT/ArrayRef.h"

namespace snarl {

/// `snarl run`: a program, unchanged, under the recording library; what happened is reported when it ends, deadlocks at
/// once. Returns the exit code.
int run_command(llvm::ArrayRef<const char *> args);

} // namespace snarl
