// Suppression files for traces: findings that somebody has looked at and accepted.
//
//   # why: the callback runs before the second thread exists       the reason, shown with --format=json and in SARIF
//   lock-order:Registry::*                                         rule:pattern
//   *:libfoo.so                                                    any rule
//
// The pattern, with * ? and [a-z], is matched as a whole against each function, file (path and base name), object file
// and lock that the finding names.
#pragma once
#include "render.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace snarl {

class RunSuppressions {
public:
  /// Adds the lines of a file. The error names file and line.
  llvm::Error read(const std::string &file);
  /// Moves what is suppressed from `findings` to `suppressed`.
  void apply(Findings &findings, std::vector<Suppressed> &suppressed);
  /// Does one of the lines match? Does not count as used.
  bool matches(const Finding &finding) const;
  /// A note for each line that matched nothing.
  std::vector<Notice> unused() const;

private:
  struct Line {
    llvm::GlobPattern rule, pattern;
    std::string text, reason;
    Place place;
    bool used = false;
    bool matches(const Finding &finding) const;
  };
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> texts_; ///< the patterns point into them
  std::vector<Line> lines_;
};

} // namespace snarl
