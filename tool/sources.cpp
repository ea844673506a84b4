#include "sources.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace snarl {

Sources::File &Sources::load(llvm::StringRef name) {
  auto [it, fresh] = files_.try_emplace(name);
  if (fresh)
    if (auto text = llvm::MemoryBuffer::getFile(name)) it->second.text = std::move(*text);
  return it->second;
}

llvm::StringRef Sources::text(llvm::StringRef name) {
  const File &file = load(name);
  return file.text ? file.text->getBuffer() : "";
}

std::optional<unsigned> Sources::offset(llvm::StringRef file, unsigned number, unsigned column) {
  llvm::StringRef all = text(file);
  std::optional<llvm::StringRef> found = line(file, number);
  if (!found && number == load(file).lines.size() + 1 && column <= 1) return unsigned(all.size());
  if (!found || column > found->size() + 1) return std::nullopt;
  return unsigned(found->data() - all.data()) + (column ? column - 1 : 0);
}

std::optional<llvm::StringRef> Sources::line(llvm::StringRef name, unsigned number) {
  if (name.empty() || number == 0) return std::nullopt;
  File &file = load(name);
  if (file.lines.empty() && file.text)
    for (llvm::StringRef rest = file.text->getBuffer(); !rest.empty();) {
      auto [line, tail] = rest.split('\n');
      file.lines.push_back(line.rtrim('\r'));
      rest = tail;
    }
  if (number > file.lines.size()) return std::nullopt;
  return file.lines[number - 1];
}

unsigned token_end(llvm::StringRef line, unsigned column) {
  auto in_word = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  size_t at = column - 1;
  if (at >= line.size()) return column + 1;
  if (!in_word(line[at])) return column + llvm::getNumBytesForUTF8(static_cast<llvm::UTF8>(line[at]));
  while (at < line.size() && in_word(line[at])) ++at;
  return at + 1;
}

unsigned utf16_column(llvm::StringRef line, unsigned byte_column) {
  llvm::StringRef before = line.take_front(byte_column - 1);
  unsigned units = byte_column - 1 - before.size(); // beyond the end of the line: nothing to convert
  while (!before.empty()) {
    auto *bytes = reinterpret_cast<const llvm::UTF8 *>(before.data());
    unsigned length = llvm::getNumBytesForUTF8(*bytes);
    if (length > before.size() || !llvm::isLegalUTF8Sequence(bytes, bytes + length)) length = 1;
    units += length == 4 ? 2 : 1;
    before = before.drop_front(length);
  }
  return units + 1;
}

// Asked for once: it costs three system calls, paths are shown by the thousand, and snarl never changes its directory.
static llvm::StringRef current_directory() {
  static const std::string directory = [] {
    llvm::SmallString<256> path;
    return llvm::sys::fs::current_path(path) ? std::string("/") : path.str().str();
  }();
  return directory;
}

std::string absolute_path(llvm::StringRef file, llvm::StringRef directory) {
  llvm::SmallString<256> path(directory.empty() ? current_directory() : directory);
  llvm::sys::path::append(path, file);
  if (llvm::sys::path::is_absolute(file))
    path = file;
  else if (!llvm::sys::path::is_absolute(path))
    return absolute_path(path);
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  return path.str().str();
}

std::optional<std::string> path_below(llvm::StringRef file, llvm::StringRef directory) {
  std::string path = absolute_path(file, directory);
  std::string base = directory.empty() ? current_directory().str() : absolute_path(directory);
  llvm::StringRef rest = path;
  if (!rest.consume_front(base)) return std::nullopt;
  if (base != "/" && !rest.consume_front("/")) return std::nullopt;
  return rest.str();
}

std::string shown_path(llvm::StringRef file, llvm::StringRef directory) {
  if (auto below = path_below(file, directory)) return *below;
  return absolute_path(file, directory);
}

} // namespace snarl
