#include "report.h"
#include "checks/facts_io.h"
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

} // namespace

int report_command(llvm::ArrayRef<const char *> args) {
  RunAnalysis runs_analysis;
  std::string output;
  Options options(
      "report", "[options] TRACE... [FACTS...]",
      "Reports from recorded traces (folders, or files in them) as `snarl run` does. Several traces are judged "
      "together: an order of locks seen in one run and its reverse in another are a finding. With facts from "
      "`snarl facts`, the source is judged too, and what source and runs agree on is one finding of tier "
      "'confirmed'.");
  runs_analysis.declare(options);
  options.value("o", "FILE", "print the findings into FILE (default: standard output)", output);
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
