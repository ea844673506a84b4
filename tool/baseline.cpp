#include "baseline.h"
#include "text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"

namespace snarl {
namespace {

constexpr char kHead[] = "snarl-baseline 1";
constexpr char kReason[] = "in the baseline";

std::string escape(llvm::StringRef text) {
  std::string out;
  for (char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\\')
      out += "\\\\";
    else
      out += c;
  }
  return out;
}

bool unescape(llvm::StringRef text, std::string &out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return false;
    switch (text[i]) {
    case 'n': out += '\n'; break;
    case 't': out += '\t'; break;
    case '\\': out += '\\'; break;
    default: return false;
    }
  }
  return true;
}

} // namespace

llvm::Error Baseline::read(llvm::StringRef file) {
  auto buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer)
    return llvm::createStringError("cannot read the baseline '" + file + "': " + buffer.getError().message() +
                                   "; --write-baseline makes one");
  return parse(**buffer);
}

llvm::Error Baseline::parse(llvm::MemoryBufferRef text) {
  bool headed = false;
  for (llvm::line_iterator line(text, /*SkipBlanks=*/true, '#'), end; line != end; ++line) {
    auto error = [&](const llvm::Twine &what) {
      return llvm::createStringError(text.getBufferIdentifier() + ":" + llvm::Twine(line.line_number()) + ": " + what +
                                     "; write it again with --write-baseline");
    };
    if (!headed) {
      if (*line != kHead) return error("not a baseline of this version");
      headed = true;
      continue;
    }
    auto [rule, rest] = line->split('\t');
    auto [count, key] = rest.split('\t');
    unsigned number = 0;
    std::string plain;
    if (rule.empty() || count.getAsInteger(10, number) || !number || !unescape(key, plain))
      return error("not 'rule, count, key'");
    left_[{rule.str(), plain}] += number;
  }
  if (!headed)
    return llvm::createStringError(text.getBufferIdentifier() + ": empty; write it again with --write-baseline");
  return llvm::Error::success();
}

void Baseline::apply(Findings &findings, std::vector<Suppressed> &suppressed) {
  Findings fresh;
  for (Finding &finding : findings) {
    auto it = left_.find({finding.rule, finding.key});
    if (it == left_.end() || !it->second) {
      fresh.push_back(std::move(finding));
      continue;
    }
    --it->second;
    suppressed.push_back({std::move(finding), /*in_source=*/false, kReason});
  }
  findings = std::move(fresh);
}

unsigned Baseline::unused() const {
  unsigned all = 0;
  for (const auto &[finding, left] : left_) all += left;
  return all;
}

std::string baseline_text(const Findings &findings, const std::vector<Suppressed> &suppressed) {
  std::map<std::pair<std::string, std::string>, unsigned> counts;
  for (const Finding &finding : findings) ++counts[{finding.rule, finding.key}];
  for (const Suppressed &s : suppressed)
    if (s.reason == kReason) ++counts[{s.finding.rule, s.finding.key}];
  std::string text = std::string(kHead) + "\n";
  for (const auto &[finding, count] : counts)
    text += finding.first + "\t" + llvm::utostr(count) + "\t" + escape(finding.second) + "\n";
  return text;
}

} // namespace snarl
