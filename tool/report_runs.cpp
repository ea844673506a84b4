#include "report_runs.h"
#include "checks/lock_order_run.h"
#include "checks/rule.h"
#include "nolint.h"
#include "sources.h"
#include "unseen.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace snarl {

void RunAnalysis::declare(Options &options) {
  analysis.declare(options);
  options.values(
      "suppressions", "FILE",
      "lines rule:pattern; findings that name a function, file or lock that matches are not shown (again for "
      "several files)",
      suppression_files_);
}

llvm::Error RunAnalysis::configure() {
  if (llvm::Error error = analysis.configure(absolute_path("."))) return error;
  for (const std::string &file : suppression_files_)
    if (llvm::Error error = suppressions_.read(file)) return error;
  return llvm::Error::success();
}

/// Several processes that saw the same are one finding, the surest.
static Findings merge(Findings all) {
  std::map<std::pair<std::string, std::string>, size_t> known;
  Findings merged;
  for (Finding &finding : all) {
    auto [at, fresh] = known.emplace(std::pair(finding.rule, finding.key), merged.size());
    if (fresh)
      merged.push_back(std::move(finding));
    else if (finding.tier > merged[at->second].tier)
      merged[at->second] = std::move(finding);
  }
  return merged;
}

Findings RunAnalysis::judge(std::vector<Run> &runs, ReportInfo &info) {
  Findings all;
  std::map<std::string, size_t> blind; // the same words for many processes are one notice
  bool lock_order = false;
  for (Run &run : runs) run.symbols = symbols_;
  for (const Rule *rule : analysis.rules()) {
    lock_order |= llvm::StringRef(rule->name) == "lock-order";
    if (!rule->from_run) continue;
    for (const Run &run : runs) rule->from_run(run, all);
  }
  if (lock_order) lock_order_across_runs(runs, all);
  for (const Run &run : runs)
    for (const std::string &spot : run.blind_spots) ++blind[run.program.empty() ? spot : run.program + ": " + spot];
  std::map<std::string, size_t> not_seen;
  for (const Run &run : runs)
    for (const std::string &words : unseen(run)) ++not_seen[run.program.empty() ? words : run.program + ": " + words];
  for (const auto &[words, count] : not_seen)
    info.notices.push_back(
        {Severity::Note, count == 1 ? words : fmt::format("{} (in {} processes)", words, count), {}});
  for (const auto &[spot, count] : blind)
    info.notices.push_back(
        {Severity::Warning, count == 1 ? spot : fmt::format("{} (in {} processes)", spot, count), {}});
  Findings merged = merge(std::move(all));
  normalise(merged);
  return merged;
}

Findings RunAnalysis::judge_live(Run &run) {
  run.symbols = symbols_;
  Findings all;
  for (const Rule *rule : analysis.rules())
    for (llvm::StringRef name : {"deadlock", "self-deadlock", "hang"})
      if (name == rule->name) rule->from_run(run, all);
  if (!nolint_) nolint_.emplace(sources_);
  std::erase_if(all, [&](const Finding &finding) {
    return suppressions_.matches(finding) || nolint_->suppresses(finding) || analysis.known(finding);
  });
  return all;
}

void RunAnalysis::suppress(Findings &findings, ReportInfo &info) {
  suppressions_.apply(findings, info.suppressed);
  if (!nolint_) nolint_.emplace(sources_);
  Findings left;
  for (Finding &finding : findings) {
    if (nolint_->suppresses(finding))
      info.suppressed.push_back({std::move(finding), /*in_source=*/true, ""});
    else
      left.push_back(std::move(finding));
  }
  findings = std::move(left);
  analysis.take_known(findings, info);
}

void RunAnalysis::add_notices(ReportInfo &info) const {
  for (const std::string &note : symbols_->notes()) info.notices.push_back({Severity::Note, note, {}});
  for (Notice &notice : suppressions_.unused()) info.notices.push_back(std::move(notice));
}

// ---- source and runs together

/// Lines of a finding as both halves write them: compilers and traces may name a file by different paths, so its base
/// name.
static std::set<std::pair<std::string, unsigned>> lines(const Finding &finding) {
  std::set<std::pair<std::string, unsigned>> all;
  auto add = [&](const Place &place) {
    if (place.known()) all.insert({llvm::sys::path::filename(place.file).str(), place.line});
  };
  add(finding.place);
  for (const Step &step : finding.steps)
    if (step.main) add(step.place);
  return all;
}

/// Do both speak of the same acquisitions? A circle has at least two of them, a lock taken again one.
static bool same_places(const Finding &a, const Finding &b, size_t wanted) {
  auto x = lines(a), y = lines(b);
  return std::count_if(x.begin(), x.end(), [&](const auto &line) { return y.count(line); }) >= ptrdiff_t(wanted);
}

Findings RunAnalysis::join(Findings from_runs, Findings from_source) {
  for (Finding &source : from_source) {
    bool order = source.rule == "lock-order";
    if (!order && source.rule != "self-deadlock") continue;
    for (Finding &run : from_runs) {
      bool same_rule = run.rule == source.rule, hang = order && run.rule == "deadlock";
      if ((!same_rule && !hang) || !same_places(run, source, order ? 2 : 1)) continue;
      source.tier = Tier::Confirmed;
      if (!same_rule) continue;
      // The run brings stacks, the source the names of members: one finding with both.
      if (run.tier < Tier::Confirmed) run.tier = Tier::Confirmed;
      if (run.severity < source.severity) run.severity = source.severity;
      run.names.insert(run.names.end(), source.names.begin(), source.names.end());
      Step step;
      step.place = source.place;
      step.function = source.function;
      step.message = "the source says the same: " + source.message;
      step.side = "source";
      if (source.rule == run.rule) run.steps.push_back(std::move(step));
      source.rule.clear(); // taken in
      break;
    }
  }
  for (Finding &source : from_source)
    if (!source.rule.empty()) from_runs.push_back(std::move(source));
  normalise(from_runs);
  return from_runs;
}

std::string extent(const std::vector<Run> &runs) {
  size_t threads = 0, locks = 0;
  for (const Run &run : runs) {
    threads += std::max<size_t>(run.threads.size(), 1); // one that did nothing of interest is not recorded
    locks += run.locks.size();
  }
  auto count = [](size_t n, const char *one, const char *many) { return fmt::format("{} {}", n, n == 1 ? one : many); };
  return count(runs.size(), "process", "processes") + ", " + count(threads, "thread", "threads") + ", " +
         count(locks, "lock", "locks");
}

} // namespace snarl
