// Which files to look at, and how each is compiled.
#pragma once
#include "clang/Tooling/CompilationDatabase.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace snarl {

struct CommandSource {
  std::string build_dir;              ///< -p: folder of compile_commands.json, or the file itself; may be empty
  bool fixed = false;                 ///< `--` was given
  std::vector<std::string> arguments; ///< what followed it: arguments for every file
  std::vector<std::string> extra_before, extra; ///< --extra-arg-before, --extra-arg: added to every command
};

/// How to compile each of `files`; a folder stands for all files of the database below it. No files: the whole
/// database. C and C++ only, each file and set of arguments once, sorted by file. A file that is not in the database
/// borrows the arguments of the one most like it, so that headers can be named too. The error says what is missing and
/// what to do.
llvm::Expected<std::vector<clang::tooling::CompileCommand>> compile_commands(const CommandSource &source,
                                                                             const std::vector<std::string> &files);

/// The file of a command, absolute.
std::string file_of(const clang::tooling::CompileCommand &command);

} // namespace snarl
