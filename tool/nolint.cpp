#include "nolint.h"
#include "clang/Basic/LangOptions.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/StringExtras.h"

namespace snarl {
namespace {

enum class Kind { Line, NextLine, Begin, End };

struct Directive {
  Kind kind;
  std::string arguments; ///< between the parentheses
  NolintDirective directive;
};

// One comment can hold several: "NOLINT(a) NOLINT(b)". A word that merely starts or ends alike ("NOLINTED") is none.
void read_comment(llvm::StringRef text, unsigned line, std::vector<Directive> &out) {
  size_t read = 0; // up to where lines have been counted
  for (size_t at = 0; (at = text.find("NOLINT", at)) != llvm::StringRef::npos;) {
    auto in_word = [](char c) { return llvm::isAlnum(c) || c == '_'; };
    size_t begin = at;
    line += text.slice(read, begin).count('\n');
    read = begin;
    at += llvm::StringRef("NOLINT").size();
    llvm::StringRef suffix = text.substr(at).take_while(in_word);
    at += suffix.size();
    if (begin > 0 && in_word(text[begin - 1])) continue;
    Directive found;
    if (suffix.empty())
      found.kind = Kind::Line;
    else if (suffix == "NEXTLINE")
      found.kind = Kind::NextLine;
    else if (suffix == "BEGIN")
      found.kind = Kind::Begin;
    else if (suffix == "END")
      found.kind = Kind::End;
    else
      continue;

    NolintDirective &directive = found.directive;
    directive.line = line;
    llvm::StringRef rest = text.substr(at).split('\n').first;
    if (rest.starts_with("(") && rest.contains(')')) {
      found.arguments = rest.slice(1, rest.find(')')).str();
      at += rest.find(')') + 1;
      auto globs = Globs::parse(found.arguments);
      if (!globs) {
        llvm::consumeError(globs.takeError()); // some other tool's syntax: not meant for us
        continue;
      }
      directive.rules = std::move(*globs);
      bool begins = text.take_front(begin).find_first_not_of("/* \t") == llvm::StringRef::npos;
      for (const Rule *rule : all_rules()) directive.ours |= begins && directive.rules->names(rule->name);
    }
    directive.text = text.slice(begin, at).str();
    out.push_back(std::move(found));
  }
}

// Clang's lexer without a preprocessor: all it takes to tell comments from strings.
std::vector<Directive> read_comments(llvm::StringRef text) {
  std::vector<Directive> found;
  if (!text.contains("NOLINT")) return found;
  clang::LangOptions language;
  language.LineComment = language.CPlusPlus = true;
  language.CPlusPlus11 = language.RawStringLiterals = language.CPlusPlus14 = true; // R"(...)", 1'000
  clang::Lexer lexer(clang::SourceLocation(), language, text.begin(), text.begin(), text.end());
  lexer.SetCommentRetentionState(true);
  unsigned line = 1;
  const char *counted = text.begin();
  clang::Token token;
  for (bool end = false; !end;) {
    end = lexer.LexFromRawLexer(token); // a comment can be the very last token
    if (!token.is(clang::tok::comment)) continue;
    llvm::StringRef comment(lexer.getBufferLocation() - token.getLength(), token.getLength());
    line += llvm::StringRef(counted, comment.begin() - counted).count('\n');
    counted = comment.begin();
    read_comment(comment, line, found);
  }
  return found;
}

} // namespace

std::vector<NolintDirective> parse_nolint(llvm::StringRef text) {
  std::vector<Directive> comments = read_comments(text);
  std::vector<NolintDirective> directives;
  std::vector<Directive> open; // begins that wait for their end, innermost last
  for (Directive &comment : comments) {
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
  for (Directive &comment : open) {
    comment.directive.unmatched = true;
    directives.push_back(std::move(comment.directive));
  }
  return directives;
}

std::vector<NolintDirective> &Nolint::directives(llvm::StringRef file) {
  auto [it, fresh] = files_.try_emplace(file.str());
  if (fresh) it->second = parse_nolint(sources_.text(file));
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
      if (directive.unmatched && (directive.ours || !directive.rules))
        notices.push_back({Severity::Warning, directive.text + " has no counterpart and suppresses nothing", place});
      else if (directive.ours && !directive.used &&
               llvm::any_of(rules_that_ran, [&](const Rule *rule) { return directive.rules->names(rule->name); }))
        notices.push_back({Severity::Note, directive.text + " suppresses nothing", place});
    }
  return notices;
}

} // namespace snarl
