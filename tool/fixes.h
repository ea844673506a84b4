// Fixes that findings carry: written into the sources (--fix), or to a file for clang-apply-replacements
// (--export-fixes).
#pragma once
#include "render.h"
#include "sources.h"
#include "llvm/Support/Error.h"

namespace snarl {

/// Applies the fixes of all findings. A finding whose fixes overlap those of an earlier one is left alone, as a whole.
/// A file is replaced as a whole or not at all. Returns a note: "2 fixes made in 1 file".
llvm::Expected<Notice> apply_fixes(const Findings &findings, Sources &sources);

/// YAML as clang-tidy's --export-fixes writes it, with every finding, fixed or not.
llvm::Error export_fixes(llvm::StringRef file, const Findings &findings, Sources &sources);

} // namespace snarl
