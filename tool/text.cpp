#include "text.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Process.h"
#include <algorithm>

namespace snarl {

std::string did_you_mean(llvm::StringRef word, llvm::ArrayRef<std::string> candidates) {
  std::string best;
  unsigned best_distance = std::max<unsigned>(2, word.size() / 3) + 1; // two swapped letters are two edits
  for (const std::string &candidate : candidates) {
    if (candidate.size() < 2) continue;
    unsigned distance = word.edit_distance(candidate, /*AllowReplacements=*/true, best_distance);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string counted(size_t number, llvm::StringRef what) {
  return llvm::utostr(number) + " " + what.str() + (number == 1 ? "" : "s");
}

std::string sentence(llvm::StringRef text) {
  std::string out = text.str();
  if (!out.empty()) out[0] = llvm::toUpper(out[0]);
  if (!out.empty() && out.back() != '.') out += '.';
  return out;
}

std::string reflow(llvm::StringRef text) {
  std::string out;
  llvm::SmallVector<llvm::StringRef, 16> lines;
  text.trim('\n').split(lines, '\n');
  bool joins = false; // does the next line go on where this one ends?
  for (size_t i = 0; i < lines.size(); ++i) {
    llvm::StringRef line = lines[i];
    bool apart = line.empty() || line.starts_with(" ") || line.starts_with("- ");
    if (i) out += joins && !apart ? " " : "\n";
    out += line;
    joins = !line.empty() && !line.starts_with(" ");
  }
  return out;
}

std::string wrap(llvm::StringRef text, unsigned width, unsigned indent) {
  std::string out;
  llvm::SmallVector<llvm::StringRef, 8> lines;
  text.split(lines, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i) out += "\n" + (lines[i].empty() ? "" : std::string(indent, ' '));
    if (lines[i].starts_with(" ")) {
      out += lines[i];
      continue;
    }
    size_t column = i ? indent : 0;
    llvm::SmallVector<llvm::StringRef, 32> words;
    lines[i].split(words, ' ', -1, /*KeepEmpty=*/false);
    for (size_t w = 0; w < words.size(); ++w) {
      if (w && column + 1 + words[w].size() > width) {
        out += "\n" + std::string(indent, ' ');
        column = indent;
      } else if (w) {
        out += ' ';
        ++column;
      }
      out += words[w];
      column += words[w].size();
    }
  }
  return out;
}

unsigned terminal_width() {
  unsigned columns = llvm::sys::Process::StandardOutColumns();
  return columns ? std::clamp(columns, 40u, 120u) : 80;
}

} // namespace snarl
