// Source files as the renderers and NOLINT see them: lines, and what people call the file.
#pragma once
#include "checks/finding.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace snarl {

/// Reads each file once. Not thread-safe.
class Sources {
public:
  /// Line `number` (from 1) without its end; nothing if the file cannot be read or is shorter.
  std::optional<llvm::StringRef> line(llvm::StringRef file, unsigned number);
  /// All of it; empty if the file cannot be read.
  llvm::StringRef text(llvm::StringRef file);
  /// Byte offset of a line and byte column (both from 1; column 0 is 1); nothing if they are not in the file.
  std::optional<unsigned> offset(llvm::StringRef file, unsigned line, unsigned column);

private:
  struct File {
    std::unique_ptr<llvm::MemoryBuffer> text; ///< null: cannot be read
    std::vector<llvm::StringRef> lines;       ///< filled when first asked for
  };
  File &load(llvm::StringRef name);
  llvm::StringMap<File> files_;
};

/// Byte column after the identifier (or single character) that begins at byte column `column`, both from 1.
unsigned token_end(llvm::StringRef line, unsigned column);

/// Byte column (from 1) to UTF-16 column (from 1). Bytes that are no UTF-8 count as one.
unsigned utf16_column(llvm::StringRef line, unsigned byte_column);

/// Absolute path without "." and "..".
std::string absolute_path(llvm::StringRef file, llvm::StringRef directory = {});

/// The path below `directory` (empty: the current one) if it is there; nothing otherwise.
std::optional<std::string> path_below(llvm::StringRef file, llvm::StringRef directory);

/// As people want to read it: relative if it is below `directory`.
std::string shown_path(llvm::StringRef file, llvm::StringRef directory);

} // namespace snarl
