#include "fixes.h"
#include "text.h"
#include "clang/Tooling/Core/Diagnostic.h"
#include "clang/Tooling/Core/Replacement.h"
#include "clang/Tooling/DiagnosticsYaml.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/YAMLTraits.h"
#include <map>

namespace snarl {
namespace {

using clang::tooling::Replacement;
using clang::tooling::Replacements;
using ByFile = std::map<std::string, Replacements>;

std::optional<Replacement> replacement(const FixIt &fix, Sources &sources) {
  std::string file = absolute_path(fix.begin.file);
  llvm::StringRef text = sources.text(file);
  std::optional<unsigned> begin = sources.offset(file, fix.begin.line, fix.begin.column),
                          end = sources.offset(file, fix.end.line, fix.end.column);
  if (text.empty() || !begin || !end || *end < *begin) return std::nullopt;
  return Replacement(file, *begin, *end - *begin, fix.replacement);
}

/// Adds all fixes of a finding, or none.
bool add_fixes(const Finding &finding, Sources &sources, ByFile &all) {
  ByFile tried = all;
  for (const FixIt &fix : finding.fixes) {
    std::optional<Replacement> one = replacement(fix, sources);
    if (!one) return false;
    if (llvm::Error error = tried[one->getFilePath().str()].add(*one)) { // overlaps
      llvm::consumeError(std::move(error));
      return false;
    }
  }
  all = std::move(tried);
  return true;
}

llvm::Error write_whole(llvm::StringRef file, llvm::StringRef text) {
  return llvm::writeToOutput(file, [&](llvm::raw_ostream &out) {
    out << text;
    return llvm::Error::success();
  });
}

} // namespace

llvm::Expected<Notice> apply_fixes(const Findings &findings, Sources &sources) {
  ByFile all;
  size_t made = 0, left = 0;
  for (const Finding &finding : findings)
    if (!finding.fixes.empty()) ++(add_fixes(finding, sources, all) ? made : left);
  for (const auto &[file, replacements] : all) {
    auto fixed = clang::tooling::applyAllReplacements(sources.text(file), replacements);
    if (!fixed) return fixed.takeError();
    if (llvm::Error error = write_whole(file, *fixed))
      return llvm::createStringError("cannot write the fixed '" + file + "': " + llvm::toString(std::move(error)));
  }
  std::string message = made ? counted(made, "finding") + " fixed in " + counted(all.size(), "file") : "nothing to fix";
  if (left) message += "; " + counted(left, "fix") + " would overlap: run --fix again";
  return Notice{Severity::Note, message, {}};
}

llvm::Error export_fixes(llvm::StringRef file, const Findings &findings, Sources &sources) {
  clang::tooling::TranslationUnitDiagnostics unit;
  for (const Finding &finding : findings) {
    if (!finding.place.known()) continue;
    std::string primary = absolute_path(finding.place.file);
    auto level = finding.severity == Severity::Error     ? clang::tooling::Diagnostic::Error
                 : finding.severity == Severity::Warning ? clang::tooling::Diagnostic::Warning
                                                         : clang::tooling::Diagnostic::Remark;
    clang::tooling::Diagnostic diagnostic("snarl-" + finding.rule, level, llvm::sys::path::parent_path(primary));
    diagnostic.Message.Message = finding.message;
    diagnostic.Message.FilePath = primary;
    diagnostic.Message.FileOffset = sources.offset(primary, finding.place.line, finding.place.column).value_or(0);
    ByFile fixes;
    if (add_fixes(finding, sources, fixes))
      for (auto &[name, replacements] : fixes) diagnostic.Message.Fix[name] = std::move(replacements);
    unit.Diagnostics.push_back(std::move(diagnostic));
    if (unit.MainSourceFile.empty()) unit.MainSourceFile = primary;
  }
  std::string text;
  llvm::raw_string_ostream out(text);
  llvm::yaml::Output yaml(out);
  yaml << unit;
  if (llvm::Error error = write_whole(file, text))
    return llvm::createStringError("--export-fixes: cannot write '" + file + "': " + llvm::toString(std::move(error)));
  return llvm::Error::success();
}

} // namespace snarl
