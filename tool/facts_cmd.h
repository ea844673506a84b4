// `snarl facts` and `snarl link`: the two halves of `snarl check`, for build systems and caches.
#pragma once
#include "llvm/ADT/ArrayRef.h"

namespace snarl {

int facts_command(llvm::ArrayRef<const char *> args);
int link_command(llvm::ArrayRef<const char *> args);

} // namespace snarl
