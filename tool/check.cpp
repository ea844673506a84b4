// `snarl check` in five steps: which files, their facts (in parallel), the linked program, its rules, the report.
#include "check.h"
#include "reading.h"
#include "sources.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Process.h"

namespace snarl {
namespace {

Judgement judge(const Commands &commands, Analysis &analysis, FactsCache &cache, unsigned jobs) {
  analysis.profile.start();
  Reading reading(commands, analysis, cache, jobs);
  if (cache.enabled()) analysis.profile.lap("cache, " + counted(reading.unchanged(), "file") + " unchanged");
  std::string key = reading.judged();
  if (!key.empty())
    if (std::unique_ptr<llvm::MemoryBuffer> text = cache.cache().find(key))
      if (std::optional<Judgement> judgement = read_judgement(text->getBuffer())) return std::move(*judgement);

  std::vector<Extraction> extractions = reading.read();
  std::vector<Facts> units;
  std::vector<Notice> notices;
  unsigned failed = 0;
  uint64_t spent = 0;
  for (Extraction &extraction : extractions) {
    llvm::append_range(notices, extraction.notices);
    failed += extraction.failed();
    spent += extraction.spent;
    units.push_back(std::move(extraction.facts));
  }
  analysis.profile.lap("facts");
  analysis.profile.part("of which after the front end", spent);
  Judgement judgement = analysis.judge(std::move(units));
  judgement.notices = std::move(notices);
  judgement.failed = failed;
  key = reading.judged();
  if (!key.empty())
    if (std::optional<std::string> text = write_judgement(judgement)) cache.cache().keep(key, *text);
  return judgement;
}

} // namespace

int check_command(llvm::ArrayRef<const char *> args) {
  CommandSource source;
  Analysis analysis;
  unsigned jobs = 0;
  bool whole_program = false, no_cache = false;
  std::string cache_dir = llvm::sys::Process::GetEnv("SNARL_CACHE_DIR").value_or("");

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
  options.value(
      "cache-dir", "DIR",
      "where facts are kept from run to run (default: $SNARL_CACHE_DIR, else snarl in the user's cache folder)",
      cache_dir);
  options.flag("no-cache", "read every file anew, and keep nothing", no_cache);
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
    for (const clang::tooling::CompileCommand &command : *commands) only.push_back(file_of(command));
    auto all = compile_commands(source, {});
    if (!all) return fail(llvm::toString(all.takeError()));
    commands = std::move(*all);
  }

  Cache kept;
  if (!no_cache) {
    auto opened = Cache::open(cache_dir);
    if (!opened) return fail(llvm::toString(opened.takeError()));
    kept = std::move(*opened);
  }
  FactsCache cache(std::move(kept), analysis.models_text());
  Judgement judgement = judge(*commands, analysis, cache, jobs);
  ReportInfo info;
  info.verb = "check";
  info.extent = counted(commands->size(), "file");
  info.notices = judgement.notices;
  if (judgement.failed) {
    info.successful = false;
    info.notices.push_back({Severity::Error,
                            llvm::utostr(judgement.failed) + " of " + info.extent +
                                " did not compile; what could be read of them is included",
                            {}});
  }
  Findings findings = analysis.present(std::move(judgement), info, only);
  if (llvm::Error error = analysis.finish(findings, info)) return fail(llvm::toString(std::move(error)));
  int exit_code = write_report(llvm::outs(), findings, info, analysis.output);
  if (llvm::Error error = analysis.fix(findings)) return fail(llvm::toString(std::move(error)));
  analysis.profile.lap("report");
  cache.cache().prune();
  analysis.profile.print(llvm::errs());
  return exit_code;
}

} // namespace snarl
