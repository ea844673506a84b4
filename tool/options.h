// Command-line options of one verb. Parsing and --help come from the same declarations:
//
//   Options options("check", "[options] [file...] [-- clang arguments]", "Checks C and C++ source files.");
//   options.value("p", "DIR", "folder of compile_commands.json", build_dir);
//   options.flag("quiet", "no progress and no summary", quiet);
//   if (auto exit_code = options.parse(args)) return *exit_code; // --help or an error, both already printed
//
// `--name=v`, `--name v`, `-name=v` and, for one-letter names, `-n v` and `-nv` are all understood.
#pragma once
#include "text.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace snarl {

class Options {
public:
  Options(std::string verb, std::string usage, std::string description)
      : verb_(std::move(verb)), usage_(std::move(usage)), description_(std::move(description)) {}

  /// Heading of the options that follow, in --help.
  void section(std::string title);
  void flag(const char *name, std::string help, bool &target);
  void value(const char *name, const char *what, std::string help, std::string &target);
  void value(const char *name, const char *what, std::string help, unsigned &target);
  /// Can be given several times.
  void values(const char *name, const char *what, std::string help, std::vector<std::string> &target);
  /// One of `choices`; `target` becomes its index.
  void choice(const char *name, std::vector<std::string> choices, std::string help, unsigned &target);
  /// The general form: `set` judges the value; its error message is completed with the option's name.
  void option(const char *name, const char *what, std::string help, std::function<llvm::Error(llvm::StringRef)> set);
  /// The same, but `--name` alone is enough: `set` then gets an empty text. A value comes after `=` only.
  void optional_value(const char *name, const char *what, std::string help,
                      std::function<llvm::Error(llvm::StringRef)> set);
  /// The first argument that is no option ends the options: it and all that follow go to rest().
  void stop_at_first_argument() { stop_at_first_ = true; }
  /// Text for the end of --help: exit codes, examples.
  void epilogue(std::string text) { epilogue_ = std::move(text); }

  /// Fills the targets. A value: the command is over, with that exit code (0 after --help, 2 after an error).
  std::optional<int> parse(llvm::ArrayRef<const char *> args);

  const std::vector<std::string> &arguments() const { return arguments_; } ///< neither options nor after `--`
  const std::vector<std::string> &rest() const { return rest_; }           ///< after `--`
  bool has_rest() const { return has_rest_; }                              ///< `--` was given
  void print_help(llvm::raw_ostream &out) const;

private:
  struct Option {
    std::string name, what, help; ///< `what` empty: a flag
    std::function<llvm::Error(llvm::StringRef)> set;
    bool is_section = false;
    bool value_optional = false;
  };
  const Option *find(llvm::StringRef name) const;
  std::string unknown(llvm::StringRef argument) const;

  std::string verb_, usage_, description_, epilogue_;
  std::vector<Option> options_;
  std::vector<std::string> arguments_, rest_;
  bool has_rest_ = false, stop_at_first_ = false;
};

/// Prints "snarl: error: message" to stderr. Returns 2, the exit code for "snarl could not do its work".
int fail(const llvm::Twine &message);

} // namespace snarl
