// How findings are shown. Rules and readers produce data; only the renderers turn it into text for people (clang's
// diagnostic format) and for other tools (JSON, SARIF 2.1.0). All are pure functions of their arguments and of the
// source files that the places name: the same findings give the same bytes.
#pragma once
#include "checks/finding.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>
#include <vector>

namespace snarl {

/// What the reader has to know beside the findings: a file that did not compile, a table that was full.
struct Notice {
  Severity severity = Severity::Warning;
  std::string message;
  Place place; ///< may be unknown; a place with line 0 names a file as a whole
};

/// A finding that somebody has said to be on purpose.
struct Suppressed {
  Finding finding;
  bool in_source = true; ///< a NOLINT comment; false: a suppression file or baseline
  std::string reason;    ///< may be empty
};

/// How the findings came about.
struct ReportInfo {
  std::string verb; ///< "check", "run", "report", ...
  std::vector<Notice> notices;
  std::vector<Suppressed> suppressed;
  bool successful = true; ///< false: not everything could be looked at
  std::string extent;     ///< what was looked at, for the summary: "34 files"; may be empty
  std::string directory;  ///< base of relative paths; empty: the current directory
};

struct TextOptions {
  bool colour = false;
  unsigned width = 80;   ///< columns for stacks
  std::string directory; ///< files below it are shown relative to it; empty: the current directory
  bool snippets = true;  ///< source lines with carets
};

/// clang's format, with one note for each further place and a numbered stack for each step that has one.
void render_text(llvm::raw_ostream &out, const Findings &findings, const TextOptions &options = {});

/// "2 errors, 1 warning (3 suppressed)", or "no findings". One line, without the end of line.
std::string summary_line(const Findings &findings, const ReportInfo &info = {});

/// The schema is described in docs/output.md.
void render_json(llvm::raw_ostream &out, const Findings &findings, const ReportInfo &info = {});

/// SARIF 2.1.0 (OASIS, 2020): rules with their documentation, one threadFlow for each side of a finding, stacks.
void render_sarif(llvm::raw_ostream &out, const Findings &findings, const ReportInfo &info = {});

/// Writes render_sarif's output to `file`, which is replaced as a whole or left alone. The error names the file.
llvm::Error write_sarif(llvm::StringRef file, const Findings &findings, const ReportInfo &info = {});

} // namespace snarl
