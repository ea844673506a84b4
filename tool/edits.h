// Changes of source files that are tried before they are made: the text as it would be, and which place in it came from
// which place in the file.
#pragma once
#include "sources.h"
#include "clang/Tooling/Core/Replacement.h"
#include "llvm/Support/Error.h"
#include <map>
#include <set>

namespace snarl {

struct Edit {
  unsigned offset = 0, length = 0;
  std::string text;
  std::set<size_t> owners; ///< what it is made for; it stays as long as one of them does. Empty: stays
};

/// Of one file, sorted by place; at one place there is one edit.
class FileEdits {
public:
  /// Two insertions at one place become one, in the order in which they come; an equal one is made once.
  void insert(unsigned offset, const std::string &text, size_t owner);
  void replace(unsigned offset, unsigned length, const std::string &text);
  /// Without those whose owners are all gone.
  FileEdits living(const std::vector<bool> &alive) const;
  bool empty() const { return edits_.empty(); }
  unsigned first() const { return edits_.begin()->first.first; }

  llvm::Expected<std::string> apply(llvm::StringRef file, llvm::StringRef text) const;
  /// Where a place of the changed text was; `owners` gets those of the edit it lies in.
  unsigned original(unsigned changed, std::set<size_t> *owners = nullptr) const;

private:
  std::map<std::pair<unsigned, std::string>, Edit> edits_; ///< by place and text
};

/// One file's part of a unified diff, three lines around; empty if nothing changes. `old_text` null: a new file. Lines
/// may have been changed in place and #include lines added; of anything else the diff is right, but longer than need
/// be.
std::string unified_diff(llvm::StringRef path, const llvm::StringRef *old_text, llvm::StringRef new_text);

} // namespace snarl
