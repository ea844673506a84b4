// The `snarl` command: one verb per job, each with its own options and --help.
#include "annotate.h"
#include "attach.h"
#include "check.h"
#include "confirm.h"
#include "explain.h"
#include "facts_cmd.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>

namespace {

using Arguments = llvm::ArrayRef<const char *>;

struct Verb {
  const char *name;
  const char *summary;
  int (*function)(Arguments arguments);
};

int help_command(Arguments arguments);
int version_command(Arguments arguments);
int unknown_verb(llvm::StringRef word);

constexpr Verb kVerbs[] = {
    {"check", "look for problems in source files, over the whole program", snarl::check_command},
    {"annotate", "write Clang's thread-safety attributes into the sources", snarl::annotate_command},
    {"run", "run a program unchanged and report what its threads did", snarl::run_command},
    {"attach", "show what the threads of a running process wait for", snarl::attach_command},
    {"report", "report again from recorded traces", snarl::report_command},
    {"confirm", "drive a program into a deadlock that was predicted", snarl::confirm_command},
    {"explain", "what a rule means: why, bad and good example, how to silence it", snarl::explain_command},
    {"facts", "first half of check, for build systems: one file's facts", snarl::facts_command},
    {"link", "second half of check: findings from facts of many files", snarl::link_command},
    {"help", "this text, or the options of a verb", help_command},
    {"version", "the version of snarl", version_command},
};

int help_command(Arguments arguments) {
  if (!arguments.empty()) {
    for (const Verb &verb : kVerbs)
      if (arguments.front() == llvm::StringRef(verb.name) && verb.function != help_command)
        return verb.function({"--help"});
    return unknown_verb(arguments.front());
  }
  llvm::outs() << "snarl finds data races, deadlocks and blocked coroutines in C and C++ programs.\n\n"
                  "usage: snarl VERB [options] ...\n\n";
  for (const Verb &verb : kVerbs)
    llvm::outs() << llvm::left_justify(std::string("  ") + verb.name, 12) << verb.summary << '\n';
  llvm::outs()
      << "\n`snarl VERB --help` lists the options of a verb. Exit codes: 0 nothing found, 1 findings, 2 snarl could\n"
         "not do its work.\n";
  return 0;
}

int version_command(Arguments) {
  llvm::outs() << "snarl " SNARL_VERSION "\n";
  return 0;
}

int unknown_verb(llvm::StringRef word) {
  std::vector<std::string> names;
  for (const Verb &verb : kVerbs) names.push_back(verb.name);
  std::string near = snarl::did_you_mean(word.ltrim('-'), names);
  return snarl::fail(llvm::Twine(word.starts_with("-") ? "unknown option '" : "unknown verb '") + word + "'" +
                     (near.empty() ? std::string() : "; did you mean 'snarl " + near + "'?") +
                     " (snarl --help lists all)");
}

// Ends without tearing down: a front end that crashed has left pieces behind that LLVM's shutdown would trip over, and
// freeing a large program only to exit costs time.
[[noreturn]] void finish(int exit_code) {
  llvm::outs().flush();
  if (std::error_code error = llvm::outs().error()) {
    llvm::outs().clear_error();
    exit_code = snarl::fail("cannot write to standard output: " + error.message());
  }
  std::fflush(nullptr);
  llvm::sys::Process::Exit(exit_code, /*NoCleanup=*/true);
}

int dispatch(Arguments arguments) {
  if (arguments.empty()) {
    help_command({});
    return 2;
  }
  llvm::StringRef word = arguments.front();
  if (word == "--help" || word == "-h" || word == "-help") return help_command({});
  if (word == "--version") return version_command({});
  for (const Verb &verb : kVerbs)
    if (word == verb.name) return verb.function(arguments.drop_front());
  return unknown_verb(word);
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  finish(dispatch(Arguments(argv + 1, argv + argc)));
}
