// The header that `snarl annotate` puts beside the sources.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <string>

namespace snarl {

struct MacroHeader {
  std::string prefix;    ///< of the macros
  bool pthread = false;  ///< tells Clang what the functions of <pthread.h> do
  bool standard = false; ///< annotated::mutex, annotated::lock_guard and so on
  std::string text() const;
  /// Was this file written by text()? Then takes over what it has.
  bool adopt(llvm::StringRef text);
};

/// What annotated:: has in place of std::.
bool is_wrapped_type(llvm::StringRef name);

} // namespace snarl
