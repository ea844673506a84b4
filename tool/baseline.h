// A baseline: the findings a project has today, so that only new ones fail. Written by --write-baseline, read by
// --baseline, kept in the project's repository. Findings are known by rule and key, which is made of names: lines may
// move, files may be renamed. Text, sorted, one finding per line, so that people can review and merge it:
//
//   snarl-baseline 1
//   lock-order<TAB>2<TAB>Account::mu|Log::mu        rule, how many, key (\n, \t and \\ escaped)
#pragma once
#include "render.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace snarl {

class Baseline {
public:
  /// Adds the findings of a file. The error names file, line and remedy.
  llvm::Error read(llvm::StringRef file);
  llvm::Error parse(llvm::MemoryBufferRef text);
  /// Moves what was there before from `findings` to `suppressed`.
  void apply(Findings &findings, std::vector<Suppressed> &suppressed);
  /// Is there an entry for it? Does not count as used.
  bool has(const Finding &finding) const { return left_.count({finding.rule, finding.key}); }
  /// How many entries nothing matched: what was put right since.
  unsigned unused() const;

private:
  std::map<std::pair<std::string, std::string>, unsigned> left_; ///< rule and key -> findings that may still come
};

/// The file that accepts these findings and those that a baseline accepted already.
std::string baseline_text(const Findings &findings, const std::vector<Suppressed> &suppressed);

} // namespace snarl
