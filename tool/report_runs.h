// The judging that `snarl run` and `snarl report` share: rules over each run, then over all of them together, then what
// the source says, then what is not to be shown.
#pragma once
#include "analysis.h"
#include "checks/run.h"
#include "nolint.h"
#include "report_suppress.h"
#include "sources.h"
#include "symbolize.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace snarl {

class RunAnalysis {
public:
  /// The options of Analysis, and --suppressions.
  void declare(Options &options);
  /// Reads configuration and suppression files. An error is one line.
  llvm::Error configure();

  /// Findings of all runs, merged: one for each key, the surest. What was not seen goes to `info`.
  Findings judge(std::vector<Run> &runs, ReportInfo &info);
  /// The same for one run that is still going on: only what has happened for sure.
  Findings judge_live(Run &run);
  /// Findings that both halves have become one of tier `confirmed`; the rest is appended.
  static Findings join(Findings from_runs, Findings from_source);
  /// Takes out what NOLINT comments and suppression files name.
  void suppress(Findings &findings, ReportInfo &info);
  /// Names that could not be found; the suppressions that matched nothing.
  void add_notices(ReportInfo &info) const;

  Analysis analysis;

private:
  std::shared_ptr<Symbolizer> symbols_ = std::make_shared<Symbolizer>();
  std::vector<std::string> suppression_files_;
  RunSuppressions suppressions_;
  Sources sources_;
  std::optional<Nolint> nolint_;
};

/// "1 process, 4 threads, 6 locks".
std::string extent(const std::vector<Run> &runs);

} // namespace snarl
