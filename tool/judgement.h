// What the rules said about one program, before comments and filters: the part of a check that can be kept, as text.
#pragma once
#include "render.h"
#include <optional>

namespace snarl {

struct Judgement {
  Findings findings;                   ///< of all rules that ran, sorted
  std::vector<std::string> bounds;     ///< what was cut, ready to print
  std::vector<std::string> main_files; ///< absolute paths, sorted
  std::vector<Notice> notices;         ///< of the front end
  unsigned failed = 0;                 ///< files that did not compile
};

/// Nothing if it cannot be written so that the same comes back (names that are no UTF-8).
std::optional<std::string> write_judgement(const Judgement &judgement);
/// Nothing if the text is damaged.
std::optional<Judgement> read_judgement(llvm::StringRef text);

} // namespace snarl
