#include "analysis.h"
#include "checks/link.h"
#include "fixes.h"
#include "nolint.h"
#include "sources.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"
#include <algorithm>

namespace snarl {

void Analysis::declare(Options &options) {
  options.section("Rules");
  options.value("checks", "GLOBS",
                "rules to run: names, * and ?, separated by commas; -GLOB takes away. Added to the default (all rules "
                "that are on) and to the configuration; '-*,lock-order' runs one rule",
                checks_);
  options.choice("enable", {"default", "strict"}, "strict: also the rules that are off by default", enable_);
  options.value("warnings-as-errors", "GLOBS", "rules whose findings become errors", warnings_as_errors_text_);
  options.value("header-filter", "REGEX",
                "show findings in headers only if the path matches (default: all of your headers)", header_filter_);
  options.value("config-file", "FILE",
                "use this configuration (default: the nearest .snarl.yaml at or above the files)", config_file_);
  options.flag("list-checks", "print the rules that would run, and stop", list_checks_);
  options.values("baseline", "FILE", "leave out the findings in FILE; can be repeated", baseline_files_);
  options.value("write-baseline", "FILE", "write all findings to FILE, for --baseline", write_baseline_);
  options.section("Output");
  output.declare(options);
  options.value("export-fixes", "FILE", "write findings and fixes as YAML for clang-apply-replacements", export_fixes_);
  options.flag("fix", "change the sources where the fix is certain", fix_);
  options.flag("profile", "print to stderr where time and memory went, rule by rule", profile.enabled);
}

llvm::Error Analysis::configure(llvm::StringRef directory) {
  std::string file = config_file_.empty() ? find_config(directory) : config_file_;
  if (!file.empty()) {
    auto config = read_config(file);
    if (!config) return config.takeError();
    config_ = std::move(*config);
  }
  auto rules = select_rules(config_.checks + "," + checks_, enable_ == 1 || config_.strict);
  if (!rules) return rules.takeError();
  rules_ = std::move(*rules);
  auto globs = Globs::parse(config_.warnings_as_errors + "," + warnings_as_errors_text_);
  if (!globs) return globs.takeError();
  warnings_as_errors_ = std::move(*globs);
  if (header_filter_.empty()) header_filter_ = config_.header_filter;
  std::string error;
  if (!header_filter_.empty() && !llvm::Regex(header_filter_).isValid(error))
    return llvm::createStringError("--header-filter: '" + header_filter_ + "' is not a regular expression: " + error);
  for (const std::string &name : baseline_files_)
    if (llvm::Error error = baseline_.read(name)) return error;
  if (config_.fail_on && !output.fail_on_given) output.fail_on = *config_.fail_on;
  return llvm::Error::success();
}

void Analysis::print_checks(llvm::raw_ostream &out) const {
  for (const Rule *rule : rules_) out << rule->name << '\n';
}

bool Analysis::shown(const Finding &finding, const std::vector<std::string> &main_files,
                     const std::vector<std::string> &only) const {
  std::string primary = absolute_path(finding.place.file);
  if (!header_filter_.empty() && !std::binary_search(main_files.begin(), main_files.end(), primary) &&
      !llvm::Regex(header_filter_).match(primary))
    return false;
  auto named = [&](const std::string &file) { return llvm::is_contained(only, file); };
  return only.empty() || named(primary) ||
         llvm::any_of(finding.steps, [&](const Step &step) { return named(absolute_path(step.place.file)); });
}

std::string Analysis::models_text() const {
  if (config_.file.empty()) return "";
  auto buffer = llvm::MemoryBuffer::getFile(config_.file);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

Judgement Analysis::judge(std::vector<Facts> units, const Program **linked) {
  Judgement judgement;
  for (const Facts &unit : units) judgement.main_files.push_back(absolute_path(unit.main_file.str()));
  std::sort(judgement.main_files.begin(), judgement.main_files.end());
  profile.start();
  // Never freed: that takes longer than the rules, and the process is about to end.
  const Program &program = *new Program(link(std::move(units)));
  if (linked) *linked = &program;
  profile.lap("link");

  for (const Rule *rule : rules_) {
    if (!rule->from_source) continue;
    rule->from_source(program, judgement.findings);
    profile.lap(rule->name);
  }
  normalise(judgement.findings);
  judgement.bounds = program.bounds;
  return judgement;
}

Findings Analysis::present(Judgement judgement, ReportInfo &info, const std::vector<std::string> &only) {
  profile.start();
  Sources sources;
  Nolint nolint(sources);
  for (const std::string &file : judgement.main_files) nolint.look_at(file);
  Findings findings;
  for (Finding &finding : judgement.findings) {
    if (!shown(finding, judgement.main_files, only)) continue;
    if (nolint.suppresses(finding)) {
      info.suppressed.push_back({std::move(finding), /*in_source=*/true, ""});
      continue;
    }
    if (warnings_as_errors_.contains(finding.rule)) finding.severity = Severity::Error;
    findings.push_back(std::move(finding));
  }
  take_known(findings, info);
  llvm::append_range(info.notices, nolint.notices(rules_));
  for (const std::string &bound : judgement.bounds) info.notices.push_back({Severity::Note, bound, {}});
  profile.lap("comments");
  return findings;
}

llvm::Error Analysis::finish(const Findings &findings, ReportInfo &info) {
  if (unsigned unused = baseline_.unused())
    info.notices.push_back({Severity::Note,
                            counted(unused, "finding") + " of the baseline did not come up again; --write-baseline "
                                                         "writes one without",
                            {}});
  if (!write_baseline_.empty()) {
    llvm::Error error = llvm::writeToOutput(write_baseline_, [&](llvm::raw_ostream &out) {
      out << baseline_text(findings, info.suppressed);
      return llvm::Error::success();
    });
    if (error)
      return llvm::createStringError("cannot write the baseline '" + write_baseline_ +
                                     "': " + llvm::toString(std::move(error)));
  }
  Sources sources;
  if (!export_fixes_.empty())
    if (llvm::Error error = export_fixes(export_fixes_, findings, sources)) return error;
  return llvm::Error::success();
}

llvm::Error Analysis::fix(const Findings &findings) const {
  if (!fix_) return llvm::Error::success();
  Sources sources;
  auto notice = apply_fixes(findings, sources);
  if (!notice) return notice.takeError();
  print_notices({*notice}, "");
  return llvm::Error::success();
}

} // namespace snarl
