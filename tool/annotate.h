// `snarl annotate`: Clang's thread-safety attributes, written into the sources where the whole program proves them.
#pragma once
#include "llvm/ADT/ArrayRef.h"

namespace snarl {

/// Arguments after the verb. Returns the exit code.
int annotate_command(llvm::ArrayRef<const char *> args);

} // namespace snarl
