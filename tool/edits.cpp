#include "edits.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace snarl {

void FileEdits::insert(unsigned offset, const std::string &text, size_t owner) {
  Edit &edit = edits_[{offset, text}];
  edit.offset = offset;
  edit.text = text;
  edit.owners.insert(owner);
}

void FileEdits::replace(unsigned offset, unsigned length, const std::string &text) {
  edits_[{offset, text}] = {offset, length, text, {}};
}

FileEdits FileEdits::living(const std::vector<bool> &alive) const {
  FileEdits result;
  for (const auto &[key, edit] : edits_)
    if (edit.owners.empty() || llvm::any_of(edit.owners, [&](size_t owner) { return alive[owner]; }))
      result.edits_.emplace(key, edit);
  return result;
}

llvm::Expected<std::string> FileEdits::apply(llvm::StringRef file, llvm::StringRef text) const {
  clang::tooling::Replacements replacements;
  for (auto it = edits_.begin(); it != edits_.end();) {
    unsigned offset = it->second.offset, length = 0;
    std::string all; // Replacements takes one for each place
    for (; it != edits_.end() && it->second.offset == offset; ++it) {
      all += it->second.text;
      length = std::max(length, it->second.length);
    }
    if (llvm::Error error = replacements.add({file, offset, length, all})) return std::move(error);
  }
  return clang::tooling::applyAllReplacements(text, replacements);
}

unsigned FileEdits::original(unsigned changed, std::set<size_t> *owners) const {
  unsigned shift = 0; // how much longer the text has become so far; wraps, as it may have become shorter
  for (const auto &[key, edit] : edits_) {
    unsigned begin = edit.offset + shift;
    if (changed < begin) break;
    if (changed < begin + edit.text.size()) {
      if (owners) owners->insert(edit.owners.begin(), edit.owners.end());
      return edit.offset;
    }
    shift += unsigned(edit.text.size()) - edit.length;
  }
  return changed - shift;
}

std::string unified_diff(llvm::StringRef path, const llvm::StringRef *old_text, llvm::StringRef new_text) {
  auto lines_of = [](llvm::StringRef text) {
    llvm::SmallVector<llvm::StringRef, 0> lines;
    while (!text.empty()) {
      size_t end = text.find('\n');
      lines.push_back(text.take_front(end == llvm::StringRef::npos ? end : end + 1));
      text = text.drop_front(lines.back().size());
    }
    return lines;
  };
  auto old_lines = lines_of(old_text ? *old_text : ""), new_lines = lines_of(new_text);
  // Lines are changed in place; only #include lines and whole files are added.
  struct Line {
    char mark;
    llvm::StringRef text;
  };
  std::vector<Line> script;
  size_t i = 0, j = 0;
  while (i < old_lines.size() || j < new_lines.size()) {
    if (i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j]) {
      script.push_back({' ', old_lines[i]});
      ++i, ++j;
      continue;
    }
    bool longer = new_lines.size() - j > old_lines.size() - i;
    if (longer && new_lines[j].starts_with("#include")) {
      script.push_back({'+', new_lines[j++]});
      continue;
    }
    if (i < old_lines.size()) script.push_back({'-', old_lines[i++]});
    if (j < new_lines.size()) script.push_back({'+', new_lines[j++]});
  }
  std::string out;
  constexpr size_t kContext = 3;
  size_t old_line = 1, new_line = 1;
  for (size_t at = 0; at < script.size();) {
    if (script[at].mark == ' ') {
      ++at, ++old_line, ++new_line;
      continue;
    }
    size_t begin = at - std::min(at, kContext), end = at;
    for (size_t k = at; k < script.size() && k < end + 2 * kContext + 1; ++k)
      if (script[k].mark != ' ') end = k;
    end = std::min(end + kContext + 1, script.size());
    size_t before = at - begin, olds = 0, news = 0;
    std::string removed, added, body;
    auto flush = [&] { // a block of changes: first what goes, then what comes
      body += removed + added;
      removed.clear(), added.clear();
    };
    for (size_t k = begin; k < end; ++k) {
      const Line &line = script[k];
      std::string text = line.mark + line.text.str();
      if (!line.text.ends_with("\n")) text += "\n\\ No newline at end of file\n";
      olds += line.mark != '+', news += line.mark != '-';
      if (line.mark == ' ') {
        flush();
        body += text;
      } else {
        (line.mark == '-' ? removed : added) += text;
      }
    }
    flush();
    out += "@@ -" + llvm::utostr(olds ? old_line - before : 0) + "," + llvm::utostr(olds) + " +" +
           llvm::utostr(new_line - before) + "," + llvm::utostr(news) + " @@\n" + body;
    old_line += olds - before, new_line += news - before;
    at = end;
  }
  if (out.empty()) return out;
  return (old_text ? "--- a/" + path.str() : std::string("--- /dev/null")) + "\n+++ b/" + path.str() + "\n" + out;
}

} // namespace snarl
