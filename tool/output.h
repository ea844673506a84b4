// The end of every verb that has findings: which format, where to, and the exit code.
#pragma once
#include "options.h"
#include "render.h"

namespace snarl {

struct OutputOptions {
  unsigned format = 0;        ///< index into {"text", "json"}
  unsigned colour = 0;        ///< index into {"auto", "always", "never"}
  unsigned fail_on = 1;       ///< a Severity
  bool fail_on_given = false; ///< --fail-on, as opposed to its default
  std::string sarif;          ///< file to write, or empty
  bool quiet = false;         ///< no summary

  /// Declares --format, --sarif, --color, --fail-on and --quiet.
  void declare(Options &options);
};

/// One line each, on stderr, in clang's format.
void print_notices(const std::vector<Notice> &notices, llvm::StringRef directory);

/// Exit codes of every verb that reports.
enum ExitCode { kClean = 0, kFindings = 1, kTrouble = 2 };

/// Findings to `out` (stdout for `check`, stderr where stdout is the program's), SARIF to its file, notices and a
/// summary to stderr. Returns kTrouble if something could not be written or `info` says that not everything was looked
/// at, else kFindings if a finding is at least as severe as --fail-on, else kClean.
int write_report(llvm::raw_ostream &out, const Findings &findings, const ReportInfo &info,
                 const OutputOptions &options);

} // namespace snarl
