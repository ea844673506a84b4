// `snarl check` in five steps: which files, their facts (in parallel), the linked program, its rules, the report.
#include "check.h"
#include "analysis.h"
#include "compile_commands.h"
#include "frontend.h"
#include "sources.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/Threading.h"
#include <mutex>

namespace snarl {
namespace {

using clang::tooling::CompileCommand;
using Commands = std::vector<CompileCommand>;

/// "[ 37/120] src/file.cpp" on one line of a terminal; silent elsewhere.
class Progress {
public:
  Progress(size_t total, bool quiet) : total_(total), enabled_(!quiet && llvm::errs().is_displayed()) {}
  ~Progress() {
    if (enabled_) llvm::errs() << "\r\x1b[K";
  }
  void next(llvm::StringRef file) {
    if (!enabled_) return;
    std::lock_guard lock(mutex_);
    std::string total = llvm::utostr(total_), done = llvm::utostr(++done_);
    std::string line =
        "[" + std::string(total.size() - done.size(), ' ') + done + "/" + total + "] " + shown_path(file, "");
    llvm::errs() << "\r" << llvm::StringRef(line).take_front(terminal_width() - 1) << "\x1b[K";
    llvm::errs().flush();
  }

private:
  std::mutex mutex_;
  size_t done_ = 0;
  const size_t total_;
  const bool enabled_;
};

std::vector<Extraction> extract_all(const Commands &commands, const Models &models, unsigned jobs, bool quiet) {
  std::vector<Extraction> extractions(commands.size()); // by position: what comes out does not depend on who is first
  Progress progress(commands.size(), quiet);
  ExtractFileOptions options;
  options.leak = commands.size() == 1;
  auto extract = [&](size_t i) {
    progress.next(file_of(commands[i]));
    extractions[i] = extract_file(commands[i], models, options);
  };
  llvm::CrashRecoveryContext::Enable();
  if (jobs == 1 || commands.size() == 1) {
    for (size_t i = 0; i < commands.size(); ++i) extract(i);
  } else {
    llvm::DefaultThreadPool pool(llvm::hardware_concurrency(jobs));
    for (size_t i = 0; i < commands.size(); ++i) pool.async(extract, i);
    pool.wait();
  }
  llvm::CrashRecoveryContext::Disable();
  return extractions;
}

/// The deepest folder above all files: where the project's configuration is looked for.
std::string common_folder(const Commands &commands) {
  std::string folder = llvm::sys::path::parent_path(file_of(commands.front())).str();
  for (const CompileCommand &command : commands) {
    std::string file = file_of(command);
    while (!folder.empty() && !path_below(file, folder)) {
      std::string up = llvm::sys::path::parent_path(folder).str();
      if (up == folder) break;
      folder = up;
    }
  }
  return folder;
}

} // namespace

int check_command(llvm::ArrayRef<const char *> args) {
  CommandSource source;
  Analysis analysis;
  unsigned jobs = 0;
  bool whole_program = false, no_cache = false;

  Options options(
      "check", "[options] [file or folder...] [-- compiler arguments]",
      "Looks for data races, deadlocks and blocked coroutines in C and C++ sources, over all files at once.\n\n"
      "Without files, everything in compile_commands.json is checked. With files (or folders: all files of the "
      "database below them) only these are read, which is quick but sees less: a lock that another file takes "
      "first is not known. --whole-program reads everything and reports what concerns the files. Arguments "
      "after -- are used for every file in place of a database.");
  options.section("Input");
  options.value("p", "DIR", "folder of compile_commands.json (default: looked for in and above the files)",
                source.build_dir);
  options.value("j", "N", "files read at a time (default: one for each processor)", jobs);
  options.values("extra-arg", "ARG", "add ARG at the end of every compile command; can be repeated", source.extra);
  options.values("extra-arg-before", "ARG", "add ARG at its beginning", source.extra_before);
  options.flag("whole-program", "read the whole database although files are named", whole_program);
  options.flag("no-cache", "accepted for scripts; nothing is cached", no_cache);
  analysis.declare(options);
  options.epilogue(
      "Exit codes: 0 nothing found, 1 findings (see --fail-on), 2 snarl could not do its work, or not all of "
      "it: a file did not compile. The rest is checked and reported all the same.");
  if (auto exit_code = options.parse(args)) return *exit_code;

  source.fixed = options.has_rest();
  source.arguments = options.rest();
  const std::vector<std::string> &files = options.arguments();
  if (analysis.list_checks() && files.empty() && source.build_dir.empty()) {
    if (llvm::Error error = analysis.configure(absolute_path("."))) return fail(llvm::toString(std::move(error)));
    analysis.print_checks(llvm::outs());
    return 0;
  }
  auto commands = compile_commands(source, files);
  if (!commands) return fail(llvm::toString(commands.takeError()));
  if (llvm::Error error = analysis.configure(common_folder(*commands))) return fail(llvm::toString(std::move(error)));
  if (analysis.list_checks()) {
    analysis.print_checks(llvm::outs());
    return 0;
  }

  std::vector<std::string> only;
  if (whole_program && !files.empty() && !source.fixed) {
    for (const CompileCommand &command : *commands) only.push_back(file_of(command));
    auto all = compile_commands(source, {});
    if (!all) return fail(llvm::toString(all.takeError()));
    commands = std::move(*all);
  }

  Stopwatch watch(analysis.time);
  ReportInfo info;
  info.verb = "check";
  info.extent = counted(commands->size(), "file");
  std::vector<Extraction> extractions = extract_all(*commands, analysis.models(), jobs, analysis.output.quiet);
  std::vector<Facts> units;
  size_t failed = 0;
  for (Extraction &extraction : extractions) {
    llvm::append_range(info.notices, extraction.notices);
    failed += extraction.failed();
    units.push_back(std::move(extraction.facts));
  }
  if (failed) {
    info.successful = false;
    info.notices.push_back(
        {Severity::Error,
         llvm::utostr(failed) + " of " + info.extent + " did not compile; what could be read of them is included",
         {}});
  }
  watch.lap("facts");
  Findings findings = analysis.judge(std::move(units), info, only);
  Stopwatch report_watch(analysis.time);
  int exit_code = write_report(llvm::outs(), findings, info, analysis.output);
  report_watch.lap("report");
  return exit_code;
}

} // namespace snarl
