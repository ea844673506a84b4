// `snarl check`: facts of all files, link, rules, report.
#pragma once
#include "llvm/ADT/ArrayRef.h"

namespace snarl {

/// Arguments after the verb. Returns the exit code.
int check_command(llvm::ArrayRef<const char *> args);

} // namespace snarl
