// Lists of rules as people write them in --checks=, in .snarl.yaml and in NOLINT(...).
#pragma once
#include "checks/rule.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/GlobPattern.h"
#include <string>
#include <vector>

namespace snarl {

/// Globs separated by commas or line ends; `-glob` takes away; the last one that matches decides. Rule names match with
/// and without their "snarl-" prefix.
class Globs {
public:
  Globs() = default;
  /// Fails on a malformed glob, which the error names.
  static llvm::Expected<Globs> parse(llvm::StringRef text);

  bool contains(llvm::StringRef rule) const;
  /// Is the rule taken in by its full name, not just by a wildcard?
  bool names(llvm::StringRef rule) const;
  /// Words without wildcards that may be misspelt rule names: those that name no rule.
  std::vector<std::string> unknown_names() const;
  bool empty() const { return items_.empty(); }

private:
  struct Item {
    std::string text;
    bool positive = true, wildcard = false;
    llvm::GlobPattern pattern;
  };
  const Item *last_match(llvm::StringRef rule) const;
  std::vector<Item> items_;
};

/// Which rules run: those that are on by default, then `checks` ("*" and "-*" speak of these only); rules of level
/// strict when `strict`, or when named.
llvm::Expected<std::vector<const Rule *>> select_rules(llvm::StringRef checks, bool strict);

} // namespace snarl
