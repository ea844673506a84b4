// Facts of many files: read in parallel, or taken from the cache where nothing changed. For the verbs that look at a
// whole program.
#pragma once
#include "analysis.h"
#include "compile_commands.h"
#include "facts_cache.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace snarl {

using Commands = std::vector<clang::tooling::CompileCommand>;

/// Calls `task` with 0 ... count-1, several at a time. What it does must not depend on who is first.
void in_parallel(size_t count, unsigned jobs, llvm::function_ref<void(size_t)> task);

/// Facts of all files, from the cache where nothing changed.
class Reading {
public:
  Reading(const Commands &commands, const Analysis &analysis, FactsCache &cache, unsigned jobs);
  /// Under which key the cache has what was judged of these files by these rules; empty if a file is not in the cache.
  std::string judged() const;
  size_t unchanged() const;
  std::vector<Extraction> read();

private:
  const Commands &commands_;
  const Analysis &analysis_;
  FactsCache &cache_;
  const unsigned jobs_;
  std::vector<std::string> entries_;
};

/// The deepest folder above all files: where the project's configuration is looked for.
std::string common_folder(const Commands &commands);

} // namespace snarl
