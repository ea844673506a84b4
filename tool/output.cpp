#include "output.h"
#include "sources.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/WithColor.h"
#include <algorithm>

namespace snarl {
namespace {

// NO_COLOR: see no-color.org; any value that is not empty counts.
bool use_colour(const llvm::raw_ostream &out, unsigned choice) {
  if (choice != 0) return choice == 1;
  auto no_colour = llvm::sys::Process::GetEnv("NO_COLOR");
  return out.has_colors() && out.is_displayed() && (!no_colour || no_colour->empty());
}

void print_notice(const Notice &notice, llvm::StringRef directory) {
  llvm::raw_ostream &err = llvm::errs();
  std::string where = "snarl";
  if (!notice.place.file.empty()) {
    where = shown_path(notice.place.file, directory);
    if (notice.place.line) where += ":" + std::to_string(notice.place.line);
    if (notice.place.line && notice.place.column) where += ":" + std::to_string(notice.place.column);
  }
  switch (notice.severity) {
  case Severity::Note: llvm::WithColor::note(err, where); break;
  case Severity::Warning: llvm::WithColor::warning(err, where); break;
  case Severity::Error: llvm::WithColor::error(err, where); break;
  }
  err << notice.message << '\n';
}

} // namespace

void OutputOptions::declare(Options &options) {
  options.choice("format", {"text", "json"}, "what is printed; JSON is described in docs/output.md (default: text)",
                 format);
  options.value("sarif", "FILE", "also write the findings as SARIF 2.1.0", sarif);
  options.choice("color", {"auto", "always", "never"}, "auto: on a terminal, unless NO_COLOR is set (default: auto)",
                 colour);
  options.option("fail-on", "note|warning|error",
                 "exit with 1 if there is a finding at least that severe (default: warning)",
                 [this](llvm::StringRef text) -> llvm::Error {
                   for (Severity severity : {Severity::Note, Severity::Warning, Severity::Error})
                     if (text == to_string(severity)) {
                       fail_on = static_cast<unsigned>(severity);
                       fail_on_given = true;
                       return llvm::Error::success();
                     }
                   return llvm::createStringError("'" + text + "' is none of note|warning|error");
                 });
  options.flag("quiet", "no progress and no summary on stderr", quiet);
}

void print_notices(const std::vector<Notice> &notices, llvm::StringRef directory) {
  for (const Notice &notice : notices) print_notice(notice, directory);
}

int write_report(llvm::raw_ostream &out, const Findings &findings, const ReportInfo &info,
                 const OutputOptions &options) {
  if (options.format == 1) {
    render_json(out, findings, info);
  } else {
    TextOptions text;
    text.colour = use_colour(out, options.colour);
    text.directory = info.directory;
    if (out.is_displayed()) text.width = terminal_width();
    render_text(out, findings, text);
  }
  out.flush();

  print_notices(info.notices, info.directory);
  bool written = true;
  if (!options.sarif.empty())
    if (llvm::Error error = write_sarif(options.sarif, findings, info)) {
      fail(llvm::toString(std::move(error)));
      written = false;
    }
  if (!options.quiet)
    llvm::errs() << "snarl: " << summary_line(findings, info) << (info.extent.empty() ? "" : " in " + info.extent)
                 << '\n';

  if (!info.successful || !written) return kTrouble;
  auto failing = [&](const Finding &finding) { return static_cast<unsigned>(finding.severity) >= options.fail_on; };
  return std::any_of(findings.begin(), findings.end(), failing) ? kFindings : kClean;
}

} // namespace snarl
