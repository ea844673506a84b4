#include "compile_commands.h"
#include "sources.h"
#include "clang/Driver/Types.h"
#include "clang/Tooling/ArgumentsAdjusters.h"
#include "clang/Tooling/JSONCompilationDatabase.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <map>

namespace snarl {
namespace {

using namespace clang::tooling;
using Commands = std::vector<CompileCommand>;

constexpr char kRemedy[] =
    "make it with `cmake -DCMAKE_EXPORT_COMPILE_COMMANDS=ON` or `bear -- make` and name its folder "
    "with -p, or give the compiler's arguments after --";

// Assembler, Objective-C, CUDA and the like stand in databases too; -x decides where it is given.
bool is_c_or_cxx(const CompileCommand &command) {
  namespace types = clang::driver::types;
  types::ID type = types::TY_INVALID;
  llvm::StringRef extension = llvm::sys::path::extension(command.Filename);
  if (extension.consume_front(".")) type = types::lookupTypeForExtension(extension);
  for (size_t i = 0; i < command.CommandLine.size(); ++i) {
    llvm::StringRef word = command.CommandLine[i];
    if (!word.consume_front("-x")) continue;
    if (word.empty() && i + 1 < command.CommandLine.size()) word = command.CommandLine[i + 1];
    if (word != "none") type = types::lookupTypeForTypeSpecifier(word.str().c_str());
  }
  switch (type) {
  case types::TY_C:
  case types::TY_CXX:
  case types::TY_PP_C:
  case types::TY_PP_CXX:
  case types::TY_CHeader:
  case types::TY_CXXHeader:
  case types::TY_CXXModule:
  case types::TY_PP_CHeader:
  case types::TY_PP_CXXHeader: return true;
  default: return false;
  }
}

llvm::Expected<std::unique_ptr<CompilationDatabase>> open_database(const CommandSource &source,
                                                                   const std::vector<std::string> &files) {
  std::string error;
  std::unique_ptr<CompilationDatabase> database;
  if (!source.build_dir.empty()) {
    llvm::StringRef directory = source.build_dir;
    if (!llvm::sys::fs::exists(directory)) return llvm::createStringError("-p: there is no '" + directory + "'");
    if (!llvm::sys::fs::is_directory(directory)) directory = llvm::sys::path::parent_path(directory);
    if (directory.empty()) directory = ".";
    database = CompilationDatabase::loadFromDirectory(directory, error);
    if (database) return database;
    llvm::SmallString<256> json(directory);
    llvm::sys::path::append(json, "compile_commands.json");
    if (!llvm::sys::fs::exists(json))
      return llvm::createStringError("there is no compile_commands.json in '" + directory + "'; " + kRemedy);
    if (!JSONCompilationDatabase::loadFromFile(json, error, JSONCommandLineSyntax::AutoDetect))
      return llvm::createStringError("cannot read '" + json + "': " + llvm::StringRef(error).trim().split('\n').first);
    return llvm::createStringError("cannot use '" + json + "'");
  }
  std::string start = absolute_path(files.empty() ? "." : files.front());
  if (files.empty() || llvm::sys::fs::is_directory(start))
    database = CompilationDatabase::autoDetectFromDirectory(start, error);
  else
    database = CompilationDatabase::autoDetectFromSource(start, error);
  if (database) return database;
  return llvm::createStringError("there is no compile_commands.json in '" + start + "' or above; " + kRemedy);
}

bool is_below(llvm::StringRef file, llvm::StringRef folder) {
  return file.consume_front(folder) && (file.empty() || file.starts_with("/") || folder.ends_with("/"));
}

llvm::Expected<Commands> named(const CompilationDatabase &database, const std::vector<std::string> &files) {
  Commands commands;
  for (const std::string &name : files) {
    std::string file = absolute_path(name);
    if (!llvm::sys::fs::exists(file)) return llvm::createStringError("there is no file '" + name + "'");
    if (!llvm::sys::fs::is_directory(file)) {
      llvm::append_range(commands, database.getCompileCommands(file));
      continue;
    }
    size_t before = commands.size();
    for (CompileCommand &command : database.getAllCompileCommands())
      if (is_below(file_of(command), file) && is_c_or_cxx(command)) commands.push_back(std::move(command));
    if (commands.size() == before)
      return llvm::createStringError("no C or C++ file of the compile database is below '" + name + "'");
  }
  return commands;
}

// With fixed arguments there is no list of files: a folder cannot be searched for them in the user's sense.
llvm::Expected<Commands> fixed(const CommandSource &source, const std::vector<std::string> &files) {
  FixedCompilationDatabase database(".", source.arguments);
  if (files.empty()) return llvm::createStringError("name the files to check: with -- there is no list of files");
  return named(database, files);
}

} // namespace

std::string file_of(const CompileCommand &command) {
  return absolute_path(command.Filename, command.Directory);
}

llvm::Expected<Commands> compile_commands(const CommandSource &source, const std::vector<std::string> &files) {
  Commands commands;
  if (source.fixed) {
    auto found = fixed(source, files);
    if (!found) return found.takeError();
    commands = std::move(*found);
  } else {
    auto database = open_database(source, files);
    if (!database) return database.takeError();
    if (files.empty()) {
      commands = (*database)->getAllCompileCommands();
      llvm::erase_if(commands, [](const CompileCommand &command) { return !is_c_or_cxx(command); });
      if (commands.empty()) return llvm::createStringError("the compile database names no C or C++ file");
    } else {
      auto found = named(**database, files);
      if (!found) return found.takeError();
      commands = std::move(*found);
    }
  }
  // The same file built for two targets differs only in what it writes; looking twice would find everything twice.
  auto key = [](const CompileCommand &command) {
    std::vector<std::string> words{file_of(command), command.Directory};
    for (size_t i = 0; i < command.CommandLine.size(); ++i) {
      llvm::StringRef word = command.CommandLine[i];
      if (word == "-o" || word == "-MF" || word == "-MT")
        ++i;
      else
        words.push_back(word.str());
    }
    return words;
  };
  std::map<std::vector<std::string>, CompileCommand> unique;
  for (CompileCommand &command : commands) unique.try_emplace(key(command), std::move(command));
  commands.clear();
  using enum ArgumentInsertPosition; // the end is before the file if "--" stands there
  for (auto &[words, command] : unique) {
    command.CommandLine = getInsertArgumentAdjuster(source.extra_before, BEGIN)(command.CommandLine, command.Filename);
    command.CommandLine = getInsertArgumentAdjuster(source.extra, END)(command.CommandLine, command.Filename);
    commands.push_back(std::move(command));
  }
  return commands;
}

} // namespace snarl
