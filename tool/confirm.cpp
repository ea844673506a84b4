// The command line of `snarl confirm`.
#include "confirm.h"
#include "confirmation.h"
#include "launch.h"
#include "plan.h"
#include "trace_reader.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace snarl {
namespace {

const char kDescription[] =
    "Runs a program again and drives it into a deadlock that was predicted (lock-order in the report of `snarl run "
    "--trace DIR` or `snarl report`): the threads of the circle are held up, each with its lock in its hand, until all "
    "are there. What closed for real becomes a finding of tier 'confirmed'. The program is not changed, only slower, "
    "and "
    "is ended when the deadlock stands.\n\n"
    "Without --finding or --key all predicted deadlocks of the traces are tried.";

const char kEpilogue[] =
    "A deadlock that closed leaves a plan, confirmed-N.plan, in the folder of the traces: `snarl confirm --replay FILE "
    "-- "
    "program` does it again. One that was not reached may be impossible, for reasons that the trace does not show, or "
    "only hard to reach.\n\n"
    "Exit codes: 0 no circle closed, 1 a deadlock was confirmed, 2 snarl could not do its work.";

/// What can be driven to, in the order in which `snarl report` prints it.
struct Candidate {
  Finding finding;
  LockPattern pattern;
};

std::vector<Candidate> candidates(Findings findings, const std::vector<Run> &runs) {
  std::map<std::string, LockPattern> patterns = patterns_of(runs);
  std::vector<Candidate> all;
  for (Finding &finding : findings)
    if (auto at = patterns.find(finding.key); finding.rule == "lock-order" && at != patterns.end())
      all.push_back({std::move(finding), at->second});
  return all;
}

void list(const std::vector<Candidate> &all) {
  for (size_t i = 0; i < all.size(); ++i)
    llvm::outs() << fmt::format("{}: {} [{}]\n   key: {}\n", i + 1, all[i].finding.message,
                                to_string(all[i].finding.tier), all[i].finding.key);
}

std::string predicted(size_t n) {
  return fmt::format("{} predicted {}", n, n == 1 ? "deadlock" : "deadlocks");
}

int replay_command(const std::string &file, Confirmation &confirmation, const RunAnalysis &analysis) {
  auto buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer) return fail("cannot read '" + file + "': " + buffer.getError().message());
  auto plan = read_plan((*buffer)->getBuffer());
  if (!plan) return fail(file + ": " + llvm::toString(plan.takeError()));
  if (llvm::Error error = confirmation.replay(*plan)) return fail(llvm::toString(std::move(error)));
  ReportInfo info;
  info.verb = "confirm";
  if (!confirmation.confirmed())
    info.notices.push_back({Severity::Note, "not reached by " + file + ": " + plan->about, {}});
  analysis.add_notices(info);
  int exit_code = write_report(llvm::errs(), confirmation.live(), info, analysis.analysis.output);
  return exit_code == kTrouble ? kTrouble : confirmation.confirmed() ? kFindings : kClean;
}

} // namespace

int confirm_command(llvm::ArrayRef<const char *> args) {
  RunAnalysis analysis;
  ConfirmOptions confirm;
  std::string key, replay;
  unsigned number = 0;
  bool only_list = false;
  Options options("confirm", "[options] TRACE... -- program [arguments...]", kDescription);
  options.section("What to try");
  options.value("finding", "N", "only the N-th predicted deadlock, as --list numbers them", number);
  options.value("key", "KEY", "only the one with this key, as --list and JSON show it", key);
  options.flag("list", "print the predicted deadlocks and run nothing", only_list);
  options.value("runs", "N", "give up after N runs for each (default: 10); later ones hold threads up longer",
                confirm.runs);
  options.option("timeout", "N[s|m|h]", "end a run after that time (default: never)",
                 [&](llvm::StringRef text) { return parse_time(text, confirm.timeout); });
  options.value("replay", "FILE", "do again what closed before; no traces are needed", replay);
  analysis.declare(options);
  options.epilogue(kEpilogue);
  if (auto exit_code = options.parse(args)) return *exit_code;
  if (llvm::Error error = analysis.configure()) return fail(llvm::toString(std::move(error)));
  const std::vector<std::string> &traces = options.arguments();
  confirm.command = options.rest();
  confirm.quiet = analysis.analysis.output.quiet || analysis.analysis.output.format != 0;
  if (!confirm.runs) return fail("--runs: nothing is confirmed by no runs");
  if (traces.empty() && replay.empty())
    return fail("confirm: name the folder of the traces (snarl run --trace DIR records them)");
  if (confirm.command.empty() && !only_list)
    return fail("confirm: name the program: snarl confirm TRACE_DIR -- program arguments");
  if (!only_list) {
    auto library = find_runtime_library();
    if (!library) return fail(llvm::toString(library.takeError()));
    confirm.library = *library;
  }
  if (!replay.empty()) {
    Confirmation confirmation(analysis, confirm);
    return replay_command(replay, confirmation, analysis);
  }

  ReportInfo info;
  info.verb = "confirm";
  for (const std::string &path : traces)
    if (!llvm::sys::fs::exists(path)) return fail("cannot read '" + path + "': no such file or directory");
  auto runs = read_traces(traces);
  if (!runs) return fail(llvm::toString(runs.takeError()));
  Findings findings = analysis.judge(*runs, info);
  analysis.suppress(findings, info);
  info.notices.clear(); // of the traces: the report has said them
  std::vector<Candidate> all = candidates(std::move(findings), *runs);
  if (only_list) return list(all), kClean;
  if (number > all.size()) return fail(fmt::format("--finding={}: the traces have {}", number, predicted(all.size())));
  if (number) all = {all[number - 1]};
  if (!key.empty()) {
    std::erase_if(all, [&](const Candidate &c) { return c.finding.key != key; });
    if (all.empty()) return fail("--key: no predicted deadlock has this key (--list shows them)");
  }

  confirm.replay_folder = traces[0];
  if (!llvm::sys::fs::is_directory(traces[0])) {
    confirm.replay_folder = llvm::sys::path::parent_path(traces[0]).str();
    if (confirm.replay_folder.empty()) confirm.replay_folder = ".";
  }
  Confirmation confirmation(analysis, confirm);
  Findings shown;
  for (Candidate &candidate : all) {
    if (!confirm.quiet) llvm::errs() << "snarl: trying: " << candidate.finding.message << '\n';
    if (llvm::Error error = confirmation.attempt(candidate.finding, candidate.pattern))
      return fail(llvm::toString(std::move(error)));
    if (candidate.finding.tier == Tier::Confirmed) shown.push_back(std::move(candidate.finding));
  }
  shown.insert(shown.end(), confirmation.live().begin(), confirmation.live().end());
  normalise(shown);
  info.notices = confirmation.notices();
  analysis.add_notices(info);
  OutputOptions output = analysis.analysis.output;
  output.quiet = true; // our own summary says more
  int exit_code = write_report(llvm::errs(), shown, info, output);
  if (!confirm.quiet) {
    for (const std::string &file : confirmation.replay_files())
      llvm::errs() << "snarl: again: snarl confirm --replay " << file << " -- " << confirm.command[0]
                   << (confirm.command.size() > 1 ? " ..." : "") << '\n';
    llvm::errs() << fmt::format("snarl: {} of {} confirmed\n", confirmation.confirmed(), predicted(all.size()));
  }
  if (exit_code == kTrouble) return kTrouble;
  return confirmation.confirmed() ? kFindings : kClean;
}

} // namespace snarl
