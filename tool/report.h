#pragma once
#include "llvm/ADT/ArrayRef.h"

namespace snarl {

/// `snarl report`: recorded traces, and facts beside them, are judged again. Returns the exit code.
int report_command(llvm::ArrayRef<const char *> args);

} // namespace snarl
