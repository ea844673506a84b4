#include "facts_cache.h"
#include "checks/facts_io.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/Process.h"

namespace snarl {
namespace {

using clang::tooling::CompileCommand;

constexpr unsigned kVariants = 6; ///< contents of one file that a manifest remembers: branches that are switched

/// A change of snarl makes old entries useless; the program itself says most surely whether it is the same.
std::string own_digest() {
  auto self = llvm::MemoryBuffer::getFile("/proc/self/exe", /*IsText=*/false, /*RequiresNullTerminator=*/false);
  return self ? Digest().add((*self)->getBuffer()).hex() : "";
}

// Paths with a newline are not kept, see answers_text.
std::string answers_text(const Answers &answers) {
  std::string text;
  for (const auto &[path, answer] : answers) {
    if (path.find('\n') != std::string::npos) return "";
    text += answer + ' ' + path + '\n';
  }
  return text;
}

void write_notice(llvm::raw_ostream &out, const Notice &notice) {
  std::string message = notice.message; // one line each
  std::replace(message.begin(), message.end(), '\n', ' ');
  out << "notice " << unsigned(notice.severity) << ' ' << notice.place.line << ' ' << notice.place.column << ' '
      << notice.place.file << '\n'
      << message << '\n';
}

bool read_notice(llvm::StringRef head, llvm::StringRef message, Notice &notice) {
  unsigned severity = 0;
  if (!head.consume_front("notice ") || head.consumeInteger(10, severity) || severity > unsigned(Severity::Error) ||
      !head.consume_front(" ") || head.consumeInteger(10, notice.place.line) || !head.consume_front(" ") ||
      head.consumeInteger(10, notice.place.column) || !head.consume_front(" "))
    return false;
  notice.severity = Severity(severity);
  notice.place.file = head.str();
  notice.message = message.str();
  return true;
}

std::string extraction_text(const Extraction &extraction) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "errors " << extraction.errors << " notices " << extraction.notices.size() << '\n';
  for (const Notice &notice : extraction.notices) write_notice(out, notice);
  write_facts(extraction.facts, out);
  return text;
}

} // namespace

FactsCache::FactsCache(Cache cache, llvm::StringRef models) : cache_(std::move(cache)) {
  if (!enabled()) return;
  Digest digest;
  digest.add(own_digest()).add(models).add(llvm::utostr(kFactsVersion));
  for (const char *name : {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"}) // the driver looks at these
    digest.add(llvm::sys::Process::GetEnv(name).value_or(""));
  identity_ = digest.hex();
}

std::string FactsCache::manifest(const CompileCommand &command) const {
  Digest digest;
  digest.add(identity_).add(command.Directory).add(command.Filename);
  for (const std::string &word : command.CommandLine) digest.add(word);
  return "m" + digest.hex();
}

std::string FactsCache::lookup(const CompileCommand &command) {
  std::unique_ptr<llvm::MemoryBuffer> text = cache_.find(manifest(command));
  if (!text) return "";
  bool same = true;
  for (llvm::line_iterator line(*text, /*SkipBlanks=*/true), end; line != end; ++line) {
    auto [answer, path] = line->split(' ');
    if (answer == "=") { // the end of one content
      if (same && cache_.has(path)) return path.str();
      same = true;
    } else if (same) {
      same = state_.now(path, answer) == answer;
    }
  }
  return "";
}

std::optional<Extraction> FactsCache::load(llvm::StringRef entry) const {
  std::unique_ptr<llvm::MemoryBuffer> buffer = cache_.find(entry);
  if (!buffer) return std::nullopt;
  Extraction out;
  auto [head, rest] = buffer->getBuffer().split('\n');
  unsigned notices = 0;
  if (!head.consume_front("errors ") || head.consumeInteger(10, out.errors) || !head.consume_front(" notices ") ||
      head.getAsInteger(10, notices))
    return std::nullopt;
  for (unsigned i = 0; i < notices; ++i) {
    llvm::StringRef place, message;
    std::tie(place, rest) = rest.split('\n');
    std::tie(message, rest) = rest.split('\n');
    if (!read_notice(place, message, out.notices.emplace_back())) return std::nullopt;
  }
  auto facts = read_facts({rest, buffer->getBufferIdentifier()});
  if (!facts) {
    llvm::consumeError(facts.takeError());
    return std::nullopt;
  }
  out.facts = std::move(*facts);
  return out;
}

Extraction FactsCache::extract(const CompileCommand &command, const Models &models, ExtractFileOptions options,
                               std::string &entry) {
  entry.clear();
  if (!enabled()) return extract_file(command, models, options);
  llvm::IntrusiveRefCntPtr<RecordingFileSystem> files(
      new RecordingFileSystem(llvm::vfs::createPhysicalFileSystem().release(), state_));
  options.files = files;
  Extraction extraction = extract_file(command, models, options);
  std::string answers = answers_text(files->answers());
  if (answers.empty() || extraction.crashed) return extraction;

  std::string name = manifest(command);
  entry = "f" + Digest().add(name).add(answers).hex();
  cache_.keep(entry, extraction_text(extraction));
  // The newest content first; the others as they were, but for an older entry of the same content.
  std::string text = answers + "= " + entry + "\n";
  if (std::unique_ptr<llvm::MemoryBuffer> before = cache_.find(name)) {
    llvm::StringRef rest = before->getBuffer();
    for (unsigned kept = 1; kept < kVariants && !rest.empty();) {
      size_t end = rest.find("\n= ");
      if (end == llvm::StringRef::npos) break;
      end = rest.find('\n', end + 1);
      if (end == llvm::StringRef::npos) break;
      llvm::StringRef variant = rest.take_front(end + 1);
      rest = rest.drop_front(end + 1);
      if (variant.trim().ends_with(entry)) continue;
      text += variant;
      ++kept;
    }
  }
  cache_.keep(name, text);
  return extraction;
}

} // namespace snarl
