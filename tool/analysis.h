// What `snarl check` and `snarl link` share: which rules run over the linked program, and which findings are shown.
#pragma once
#include "baseline.h"
#include "checks/config.h"
#include "checks/facts.h"
#include "globs.h"
#include "judgement.h"
#include "options.h"
#include "output.h"
#include "profile.h"
#include "render.h"

namespace snarl {

/// Options and configuration; the command line goes before the file.
class Analysis {
public:
  void declare(Options &options);

  /// Reads .snarl.yaml: the one named by --config-file, or the nearest one in `directory` or above. An error is one
  /// line.
  llvm::Error configure(llvm::StringRef directory);
  /// --list-checks: prints the rules that would run.
  bool list_checks() const { return list_checks_; }
  void print_checks(llvm::raw_ostream &out) const;

  const std::vector<const Rule *> &rules() const { return rules_; } ///< that run
  const Models &models() const { return config_.models; }
  /// All that decides about facts beside the source: the text of the configuration.
  std::string models_text() const;
  OutputOptions output;
  Profile profile;

  /// Links and runs the rules. The linked program lives as long as the process.
  Judgement judge(std::vector<Facts> units, const Program **linked = nullptr);
  /// Sorts out what is not to be shown. What was suppressed or not seen goes to `info`. `only`: absolute paths,
  /// findings without a place in one of them are left out; empty: no such filter.
  Findings present(Judgement judgement, ReportInfo &info, const std::vector<std::string> &only = {});

  /// Takes out what the baseline has.
  void take_known(Findings &findings, ReportInfo &info) { baseline_.apply(findings, info.suppressed); }
  bool known(const Finding &finding) const { return baseline_.has(finding); }
  /// Before the report: what the baseline has too much, the new baseline, fixes for other tools.
  llvm::Error finish(const Findings &findings, ReportInfo &info);
  /// --fix, after the report, which shows the sources as they were.
  llvm::Error fix(const Findings &findings) const;

private:
  bool shown(const Finding &finding, const std::vector<std::string> &main_files,
             const std::vector<std::string> &only) const;

  Config config_;
  std::vector<const Rule *> rules_;
  Globs warnings_as_errors_;
  Baseline baseline_;
  std::vector<std::string> baseline_files_;
  std::string write_baseline_, export_fixes_;
  bool fix_ = false;
  std::string checks_, config_file_, header_filter_, warnings_as_errors_text_;
  unsigned enable_ = 0;
  std::optional<unsigned> fail_on_;
  bool list_checks_ = false;
};

} // namespace snarl
