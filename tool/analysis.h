// What `snarl check` and `snarl link` share: which rules run over the linked program, and which findings are shown.
#pragma once
#include "checks/config.h"
#include "checks/facts.h"
#include "globs.h"
#include "options.h"
#include "output.h"
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
  OutputOptions output;
  bool time = false; ///< --time

  /// Links, runs the rules, and sorts out what is not to be shown. What was suppressed or not seen goes to `info`.
  /// `only`: absolute paths, findings without a place in one of them are left out; empty: no such filter.
  Findings judge(std::vector<Facts> units, ReportInfo &info, const std::vector<std::string> &only = {}) const;

private:
  bool shown(const Finding &finding, const std::vector<std::string> &main_files,
             const std::vector<std::string> &only) const;

  Config config_;
  std::vector<const Rule *> rules_;
  Globs warnings_as_errors_;
  std::string checks_, config_file_, header_filter_, warnings_as_errors_text_;
  unsigned enable_ = 0;
  std::optional<unsigned> fail_on_;
  bool list_checks_ = false;
};

/// Wall-clock and CPU time since the last lap, to stderr: "facts 1.20 s (2.31 s CPU)".
class Stopwatch {
public:
  explicit Stopwatch(bool enabled);
  void lap(llvm::StringRef what);

private:
  bool enabled_;
  double wall_ = 0, cpu_ = 0;
};

} // namespace snarl
