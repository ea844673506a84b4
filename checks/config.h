// .snarl.yaml: what a project tells snarl once. docs/configuration.md describes every key.
#pragma once
#include "models.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace snarl {

struct Config {
  std::string file;                ///< where it was read, empty: built-in defaults
  std::string checks;              ///< as --checks
  bool strict = false;             ///< as --enable=strict
  std::string warnings_as_errors;  ///< as --warnings-as-errors
  std::string header_filter;       ///< as --header-filter
  std::optional<unsigned> fail_on; ///< as --fail-on, a Severity
  Models models = Models::builtin();
};

/// An error is one line: "FILE:LINE:COLUMN: what".
llvm::Expected<Config> read_config(llvm::StringRef file);

/// The nearest .snarl.yaml in `directory` or above; empty if there is none.
std::string find_config(llvm::StringRef directory);

} // namespace snarl
