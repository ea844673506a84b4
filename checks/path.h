// Access paths as text, for facts files, dumps and tests, and the small questions everyone asks of a path.
#pragma once
#include "facts.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace snarl {

/// One token without blanks: a letter for the root, its number or symbol, then the steps.
///   N none  T this  P2 parameter  V{sym} variable  L3 local  C1 capture  R7 result  O returned object
///   .{sym} field  [{sym} index  * dereference
/// `symbol_text` spells the symbols: an index into a string table in facts files, the text itself in dumps.
std::string print_path(const Path &path, llvm::function_ref<std::string(Symbol)> symbol_text);

/// With the symbols' own text, for people.
std::string to_string(const Path &path);

/// The inverse of print_path where symbols are decimal numbers; `symbol` maps a number to its symbol or says there is
/// none.
std::optional<Path> parse_path(llvm::StringRef text, llvm::function_ref<std::optional<Symbol>(uint32_t)> symbol);

/// `path` followed by one step. Longer than kMaxPathSteps: rooted at None with the last steps kept.
Path extended(Path path, PathStep::Kind kind, Symbol symbol = {});

} // namespace snarl
