#include "nolint.h"
#include "llvm/ADT/StringExtras.h"

namespace snarl {
namespace {

enum class Kind { Line, NextLine, Begin, End };

struct Comment {
  Kind kind;
  std::string arguments; ///< between the parentheses
  NolintDirective directive;
};

// One line can hold several: "// NOLINT(a) NOLINT(b)". A word that merely starts or ends alike ("NOLINTED") is none.
void read_line(llvm::StringRef line, unsigned number, std::vector<Comment> &out) {
  for (size_t at = 0; (at = line.find("NOLINT", at)) != llvm::StringRef::npos;) {
    bool in_word = at > 0 && (llvm::isAlnum(line[at - 1]) || line[at - 1] == '_');
    size_t begin = at;
    at += llvm::StringRef("NOLINT").size();
    llvm::StringRef suffix = line.substr(at).take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    at += suffix.size();
    if (in_word) continue;
    Comment comment;
    if (suffix.empty()) comment.kind = Kind::Line;
    else if (suffix == "NEXTLINE") comment.kind = Kind::NextLine;
    else if (suffix == "BEGIN") comment.kind = Kind::Begin;
    else if (suffix == "END") comment.kind = Kind::End;
    else continue;

    NolintDirective &directive = comment.directive;
    directive.line = number;
    if (llvm::StringRef rest = line.substr(at); rest.starts_with("(") && rest.contains(')')) {
      comment.arguments = rest.slice(1, rest.find(')')).str();
      at += rest.find(')') + 1;
      auto globs = Globs::parse(comment.arguments);
      if (!globs) {
        llvm::consumeError(globs.takeError()); // some other tool's syntax: not meant for us
        continue;
      }
      directive.rules = std::move(*globs);
      for (const Rule *rule : all_rules()) directive.ours |= directive.rules->names(rule->name);
    }
    directive.text = line.slice(begin, at).str();
    out.push_back(std::move(comment));
  }
}

} // namespace

std::vector<NolintDirective> parse_nolint(llvm::ArrayRef<llvm::StringRef> lines) {
  std::vector<Comment> comments;
  for (size_t i = 0; i < lines.size(); ++i)
    if (lines[i].contains("NOLINT")) read_line(lines[i], i + 1, comments);

  std::vector<NolintDirective> directives;
  std::vector<Comment> open; // begins that wait for their end, innermost last
  for (Comment &comment : comments) {
    NolintDirective &directive = comment.directive;
    switch (comment.kind) {
    case Kind::Line: directive.first = directive.last = directive.line; break;
    case Kind::NextLine: directive.first = directive.last = directive.line + 1; break;
    case Kind::Begin: open.push_back(std::move(comment)); continue;
    case Kind::End:
      if (!open.empty() && open.back().arguments == comment.arguments) {
        NolintDirective begin = std::move(open.back().directive);
        open.pop_back();
        begin.first = begin.line;
        begin.last = directive.line;
        directives.push_back(std::move(begin));
        continue;
      }
      directive.unmatched = true;
      break;
    }
    directives.push_back(std::move(directive));
  }
  for (Comment &comment : open) {
    comment.directive.unmatched = true;
    directives.push_back(std::move(comment.directive));
  }
  return directives;
}

std::vector<NolintDirective> &Nolint::directives(llvm::StringRef file) {
  auto [it, fresh] = files_.try_emplace(file.str());
  if (fresh) it->second = parse_nolint(sources_.lines(file));
  return it->second;
}

bool Nolint::suppresses(const Place &place, llvm::StringRef rule) {
  if (!place.known()) return false;
  bool found = false;
  for (NolintDirective &directive : directives(place.file))
    if (directive.covers(place.line, rule)) found = directive.used = true;
  return found;
}

bool Nolint::suppresses(const Finding &finding) {
  bool found = suppresses(finding.place, finding.rule);
  if (finding.rule == "lock-order")
    for (const Step &step : finding.steps)
      if (step.main) found |= suppresses(step.place, finding.rule);
  return found;
}

std::vector<Notice> Nolint::notices(llvm::ArrayRef<const Rule *> rules_that_ran) const {
  std::vector<Notice> notices;
  for (const auto &[file, directives] : files_)
    for (const NolintDirective &directive : directives) {
      Place place{file, directive.line, 0};
      if (directive.unmatched)
        notices.push_back({Severity::Warning, directive.text + " has no counterpart and suppresses nothing", place});
      else if (directive.ours && !directive.used &&
               llvm::any_of(rules_that_ran, [&](const Rule *rule) { return directive.rules->names(rule->name); }))
        notices.push_back({Severity::Note, directive.text + " suppresses nothing", place});
    }
  return notices;
}

} // namespace snarl
