#pragma once
#include "llvm/ADT/ArrayRef.h"

namespace snarl {

/// `snarl confirm`: runs a program again, driving it into deadlocks that were predicted. Returns the exit code.
int confirm_command(llvm::ArrayRef<const char *> args);

} // namespace snarl
