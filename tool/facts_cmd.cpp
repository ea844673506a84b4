#include "facts_cmd.h"
#include "analysis.h"
#include "checks/facts_io.h"
#include "compile_commands.h"
#include "frontend.h"
#include "sources.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

namespace snarl {

int facts_command(llvm::ArrayRef<const char *> args) {
  std::string output, config_file;
  Options options(
      "facts", "-o FILE [options] -- compiler arguments with one source file",
      "Writes what one C or C++ file says about threads and locks, for `snarl link`. The arguments after -- are "
      "those of the compiler, source file included; a leading compiler name is ignored. The result depends on "
      "the preprocessed source and the options only, so it can be cached and made anywhere.");
  options.value("o", "FILE", "where to write the facts ('-': standard output)", output);
  options.value("config-file", "FILE", "use this configuration (default: the nearest .snarl.yaml at or above the file)",
                config_file);
  options.epilogue(
      "Exit codes: 0 written, 2 not written or the file did not compile (facts are written as far as they go).");
  if (auto exit_code = options.parse(args)) return *exit_code;
  if (output.empty()) return fail("facts: name the file to write with -o");
  std::vector<std::string> words = options.rest();
  if (words.empty()) return fail("facts: the compiler's arguments and the source file go after --");

  clang::tooling::CompileCommand command;
  command.Directory = absolute_path(".");
  if (llvm::StringRef(words.front()).starts_with("-") || llvm::sys::path::has_extension(words.front()))
    words.insert(words.begin(), "clang");
  for (const std::string &word : words) {
    bool is_source = !llvm::StringRef(word).starts_with("-") && &word != &words.front() && llvm::sys::fs::exists(word);
    if (is_source && llvm::StringSwitch<bool>(llvm::sys::path::extension(word))
                         .Cases(".c", ".cc", ".cpp", ".cxx", ".c++", ".C", ".CC", ".CPP", true)
                         .Cases(".i", ".ii", ".h", ".hpp", ".hh", ".cppm", true)
                         .Default(false))
      command.Filename = word;
  }
  if (command.Filename.empty()) return fail("facts: no C or C++ source file among the arguments after --");
  command.CommandLine = std::move(words);

  Config config;
  std::string found = config_file.empty() ? find_config(llvm::sys::path::parent_path(file_of(command))) : config_file;
  if (!found.empty()) {
    auto read = read_config(found);
    if (!read) return fail(llvm::toString(read.takeError()));
    config = std::move(*read);
  }
  llvm::CrashRecoveryContext::Enable();
  Extraction extraction = extract_file(command, config.models, {/*leak=*/true});
  llvm::Error error = llvm::writeToOutput(output, [&](llvm::raw_ostream &out) {
    write_facts(extraction.facts, out);
    return llvm::Error::success();
  });
  print_notices(extraction.notices, "");
  if (error) return fail("cannot write " + llvm::toString(std::move(error)));
  return extraction.failed() ? kTrouble : kClean;
}

int link_command(llvm::ArrayRef<const char *> args) {
  Analysis analysis;
  Options options("link", "[options] FACTS...",
                  "Links facts written by `snarl facts` to one program and runs the rules on "
                  "it, as `snarl check` does.");
  analysis.declare(options);
  options.epilogue("Exit codes: 0 nothing found, 1 findings (see --fail-on), 2 a file cannot be read.");
  if (auto exit_code = options.parse(args)) return *exit_code;
  if (llvm::Error error = analysis.configure(absolute_path("."))) return fail(llvm::toString(std::move(error)));
  if (analysis.list_checks()) {
    analysis.print_checks(llvm::outs());
    return 0;
  }
  if (options.arguments().empty()) return fail("link: name the facts files (snarl facts writes them)");
  analysis.profile.start();
  std::vector<Facts> units;
  for (const std::string &file : options.arguments()) {
    auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(file);
    if (!buffer) return fail("cannot read '" + file + "': " + buffer.getError().message());
    auto facts = read_facts(**buffer);
    if (!facts) return fail(llvm::toString(facts.takeError()));
    units.push_back(std::move(*facts));
  }
  ReportInfo info;
  info.verb = "link";
  info.extent = counted(units.size(), "file");
  analysis.profile.lap("read");
  Findings findings = analysis.present(analysis.judge(std::move(units)), info);
  if (llvm::Error error = analysis.finish(findings, info)) return fail(llvm::toString(std::move(error)));
  int exit_code = write_report(llvm::outs(), findings, info, analysis.output);
  if (llvm::Error error = analysis.fix(findings)) return fail(llvm::toString(std::move(error)));
  analysis.profile.lap("report");
  analysis.profile.print(llvm::errs());
  return exit_code;
}

} // namespace snarl
