// Small matters of text for people.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace snarl {

/// The candidate closest to `word`, if it is close enough to have been meant; else empty.
std::string did_you_mean(llvm::StringRef word, llvm::ArrayRef<std::string> candidates);

/// "1 file", "2 files"
std::string counted(size_t number, llvm::StringRef what);

/// "locks can deadlock" -> "Locks can deadlock."
std::string sentence(llvm::StringRef text);

/// Joins the lines of each paragraph. Empty lines part paragraphs; lines that begin with a blank or "- " stay apart.
std::string reflow(llvm::StringRef text);

/// `text` with lines of at most `width` columns, words unbroken; further lines begin with `indent` spaces. Lines that
/// begin with a blank are kept as they are.
std::string wrap(llvm::StringRef text, unsigned width, unsigned indent = 0);

/// Columns of the terminal on stdout, or 80.
unsigned terminal_width();

} // namespace snarl
