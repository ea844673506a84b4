#include "report.h"
#include "checks/facts_io.h"
#include "checks/lock_profiles.h"
#include "contention.h"
#include "report_runs.h"
#include "trace_reader.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <fmt/format.h>

namespace snarl {
namespace {

/// A trace begins with its version line. Everything else that is no folder is taken for facts, whose reader says so if
/// it is not.
bool is_trace(const std::string &path) {
  if (llvm::sys::fs::is_directory(path) || llvm::StringRef(path).ends_with(".trace")) return true;
  auto head = llvm::MemoryBuffer::getFileSlice(path, 2, 0);
  return head && (*head)->getBuffer() == "V ";
}

/// report --contention: the profile, and the longest waits and holds with their stacks.
int report_contention(std::vector<Run> &runs, const OutputOptions &options, const std::string &output,
                      const std::string &folded) {
  if (!has_profile(runs))
    return fail(
        "report: there is no profile of locks in these traces: `snarl run --contention --trace DIR` records one");
  auto symbols = std::make_shared<Symbolizer>();
  for (Run &run : runs) run.symbols = symbols;
  if (!folded.empty())
    if (llvm::Error error = write_folded(folded, runs)) return fail(llvm::toString(std::move(error)));
  std::error_code code;
  llvm::raw_fd_ostream out(output.empty() ? "-" : output, code, llvm::sys::fs::OF_None);
  if (code) return fail("cannot write '" + output + "': " + code.message());
  if (options.format != 0) {
    print_contention_json(out, runs);
    return kClean;
  }
  print_contention(out, runs, SIZE_MAX);
  Findings notes;
  contention_findings(runs, notes);
  if (!notes.empty()) out << '\n';
  render_text(out, notes);
  return kClean;
}

} // namespace

int report_command(llvm::ArrayRef<const char *> args) {
  RunAnalysis runs_analysis;
  std::string output, folded;
  bool contention = false;
  Options options(
      "report", "[options] TRACE... [FACTS...]",
      "Reports from recorded traces (folders, or files in them) as `snarl run` does. Several traces are judged "
      "together: an order of locks seen in one run and its reverse in another are a finding. With facts from "
      "`snarl facts`, the source is judged too, and what source and runs agree on is one finding of tier "
      "'confirmed'.");
  runs_analysis.declare(options);
  options.value("o", "FILE", "print the findings into FILE (default: standard output)", output);
  options.section("Profile of locks, from traces of `snarl run --contention`");
  options.flag("contention", "show how often and how long each lock was waited for and held, instead of findings",
               contention);
  options.value("folded", "FILE", "write the stacks that waited, with microseconds, for flame graphs", folded);
  options.epilogue("Exit codes: 0 nothing found, 1 findings (see --fail-on), 2 a trace or facts file cannot be read.");
  if (auto exit_code = options.parse(args)) return *exit_code;
  if (llvm::Error error = runs_analysis.configure()) return fail(llvm::toString(std::move(error)));
  Analysis &analysis = runs_analysis.analysis;
  if (analysis.list_checks()) {
    analysis.print_checks(llvm::outs());
    return kClean;
  }
  if (options.arguments().empty())
    return fail("report: name the folder of the traces (snarl run --trace DIR records them)");

  std::vector<std::string> traces, facts_files;
  for (const std::string &path : options.arguments()) {
    if (!llvm::sys::fs::exists(path)) return fail("cannot read '" + path + "': no such file or directory");
    (is_trace(path) ? traces : facts_files).push_back(path);
  }
  ReportInfo info;
  info.verb = "report";
  std::vector<std::string> skipped;
  auto runs = read_traces(traces, &skipped);
  if (!runs) return fail(llvm::toString(runs.takeError()));
  for (const std::string &message : skipped) {
    info.notices.push_back({Severity::Error, message, {}});
    info.successful = false; // the rest is reported all the same
  }
  if (contention || !folded.empty()) {
    print_notices(info.notices, "");
    int exit_code = report_contention(*runs, analysis.output, output, folded);
    return info.successful ? exit_code : kTrouble;
  }
  std::vector<Facts> units;
  for (const std::string &file : facts_files) {
    auto buffer = llvm::MemoryBuffer::getFile(file);
    if (!buffer) return fail("cannot read '" + file + "': " + buffer.getError().message());
    auto facts = read_facts(**buffer);
    if (!facts) return fail(llvm::toString(facts.takeError()));
    units.push_back(std::move(*facts));
  }

  Findings findings = runs_analysis.judge(*runs, info);
  runs_analysis.suppress(findings, info);
  if (!units.empty())
    findings = RunAnalysis::join(std::move(findings), analysis.present(analysis.judge(std::move(units)), info));
  runs_analysis.add_notices(info);
  if (llvm::Error error = analysis.finish(findings, info)) return fail(llvm::toString(std::move(error)));

  std::error_code code;
  std::optional<llvm::raw_fd_ostream> file;
  if (!output.empty()) {
    file.emplace(output, code, llvm::sys::fs::OF_None);
    if (code) return fail("cannot write '" + output + "': " + code.message());
  }
  OutputOptions shown = analysis.output;
  shown.quiet = true; // the summary says more here
  int exit_code = write_report(file ? *file : llvm::outs(), findings, info, shown);
  if (!analysis.output.quiet)
    llvm::errs() << "snarl: " << summary_line(findings, info) << " in " << extent(*runs) << '\n';
  return exit_code;
}

} // namespace snarl
