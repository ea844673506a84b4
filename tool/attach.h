#pragma once
#include "llvm/ADT/ArrayRef.h"

namespace snarl {

/// `snarl attach`: what the threads of a running process are doing. Returns the exit code.
int attach_command(llvm::ArrayRef<const char *> args);

} // namespace snarl
