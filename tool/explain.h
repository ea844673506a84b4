// `snarl explain`: the documentation that lives beside each rule.
#pragma once
#include "llvm/ADT/ArrayRef.h"

namespace snarl {

int explain_command(llvm::ArrayRef<const char *> args);

} // namespace snarl
