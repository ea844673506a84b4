// NOLINT comments, as clang-tidy reads them:
//
//   x = 1; // NOLINT                        all rules on this line
//   x = 1; // NOLINT(snarl-lock-order, …)   these; names with or without "snarl-", globs allowed
//   // NOLINTNEXTLINE(…)                    the next line
//   // NOLINTBEGIN(…)  …  // NOLINTEND(…)   the lines between; both with the same list
//
// Only comments count: the words in a string literal are data.
#pragma once
#include "globs.h"
#include "render.h"
#include "sources.h"
#include <map>
#include <optional>

namespace snarl {

struct NolintDirective {
  unsigned line = 0;            ///< where it is written
  unsigned first = 0, last = 0; ///< lines it covers
  std::optional<Globs> rules;   ///< nothing: all
  std::string text;             ///< as written, for messages: "NOLINT(snarl-lock-order)"
  bool ours = false;            ///< begins its comment and names one of our rules, so nobody else can want it
  bool used = false;
  bool unmatched = false; ///< BEGIN without END or END without BEGIN: covers nothing

  bool covers(unsigned at, llvm::StringRef rule) const {
    return !unmatched && first <= at && at <= last && (!rules || rules->contains(rule));
  }
};

std::vector<NolintDirective> parse_nolint(llvm::StringRef text);

/// Asks for each finding whether a comment in the source says that it is on purpose.
class Nolint {
public:
  explicit Nolint(Sources &sources) : sources_(sources) {}

  /// At the primary place, or, for lock-order, at any acquisition of the cycle.
  bool suppresses(const Finding &finding);
  /// Reads the file's comments, so that notices() can speak of them.
  void look_at(llvm::StringRef file) { directives(file); }
  /// Comments that name our rules and suppressed nothing, and begins without an end.
  std::vector<Notice> notices(llvm::ArrayRef<const Rule *> rules_that_ran) const;

private:
  std::vector<NolintDirective> &directives(llvm::StringRef file);
  bool suppresses(const Place &place, llvm::StringRef rule);

  Sources &sources_;
  std::map<std::string, std::vector<NolintDirective>> files_;
};

} // namespace snarl
