#include "options.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

namespace snarl {

void Options::section(std::string title) {
  Option heading;
  heading.help = std::move(title);
  heading.is_section = true;
  options_.push_back(std::move(heading));
}

void Options::flag(const char *name, std::string help, bool &target) {
  option(name, "", std::move(help), [&target](llvm::StringRef) {
    target = true;
    return llvm::Error::success();
  });
}

void Options::value(const char *name, const char *what, std::string help, std::string &target) {
  option(name, what, std::move(help), [&target](llvm::StringRef text) {
    target = text.str();
    return llvm::Error::success();
  });
}

void Options::value(const char *name, const char *what, std::string help, unsigned &target) {
  option(name, what, std::move(help), [&target](llvm::StringRef text) -> llvm::Error {
    if (text.getAsInteger(10, target)) return llvm::createStringError("'" + text + "' is not a number");
    return llvm::Error::success();
  });
}

void Options::values(const char *name, const char *what, std::string help, std::vector<std::string> &target) {
  option(name, what, std::move(help), [&target](llvm::StringRef text) {
    target.push_back(text.str());
    return llvm::Error::success();
  });
}

void Options::choice(const char *name, std::vector<std::string> choices, std::string help, unsigned &target) {
  std::string all;
  for (const std::string &choice : choices) all += (all.empty() ? "" : "|") + choice;
  option(name, all.c_str(), std::move(help),
         [choices = std::move(choices), all, &target](llvm::StringRef text) -> llvm::Error {
           auto it = std::find(choices.begin(), choices.end(), text);
           if (it == choices.end()) return llvm::createStringError("'" + text + "' is none of " + all);
           target = it - choices.begin();
           return llvm::Error::success();
         });
}

void Options::option(const char *name, const char *what, std::string help,
                     std::function<llvm::Error(llvm::StringRef)> set) {
  options_.push_back({name, what, std::move(help), std::move(set)});
}

void Options::optional_value(const char *name, const char *what, std::string help,
                             std::function<llvm::Error(llvm::StringRef)> set) {
  option(name, what, std::move(help), std::move(set));
  options_.back().value_optional = true;
}

const Options::Option *Options::find(llvm::StringRef name) const {
  for (const Option &option : options_)
    if (!option.is_section && option.name == name) return &option;
  return nullptr;
}

std::string Options::unknown(llvm::StringRef argument) const {
  std::vector<std::string> names{"help"};
  for (const Option &option : options_)
    if (!option.is_section) names.push_back(option.name);
  std::string message = "unknown option '" + argument.split('=').first.str() + "'";
  std::string near = did_you_mean(argument.split('=').first.ltrim('-'), names);
  if (!near.empty()) message += "; did you mean '" + std::string(near.size() == 1 ? "-" : "--") + near + "'?";
  return message + " (snarl " + verb_ + " --help lists all)";
}

std::optional<int> Options::parse(llvm::ArrayRef<const char *> args) {
  for (size_t i = 0; i < args.size(); ++i) {
    llvm::StringRef argument = args[i];
    if (argument == "--") {
      has_rest_ = true;
      for (const char *word : args.drop_front(i + 1)) rest_.push_back(word);
      return std::nullopt;
    }
    if (!argument.starts_with("-") || argument == "-") {
      if (stop_at_first_) {
        for (const char *word : args.drop_front(i)) rest_.push_back(word);
        return std::nullopt;
      }
      arguments_.push_back(argument.str());
      continue;
    }
    if (argument == "--help" || argument == "-help" || argument == "-h") {
      print_help(llvm::outs());
      return 0;
    }

    bool single_dash = !argument.starts_with("--");
    llvm::StringRef word = argument.ltrim('-');
    auto [name, text] = word.split('=');
    bool has_text = word.contains('=');
    const Option *option = find(name);
    if (!option && single_dash && (option = find(word.take_front(1)))) { // -j4
      text = word.drop_front(1);
      has_text = true;
      if (option->what.empty()) option = nullptr;
    }
    if (!option) return fail(unknown(argument));

    std::string shown = (option->name.size() == 1 ? "-" : "--") + option->name;
    if (option->what.empty() && has_text) return fail(shown + " takes no value");
    if (!option->what.empty() && !has_text && !option->value_optional) {
      if (i + 1 == args.size()) return fail(shown + " needs a value (" + option->what + ")");
      text = args[++i];
    }
    if (llvm::Error error = option->set(text)) return fail(shown + ": " + llvm::toString(std::move(error)));
  }
  return std::nullopt;
}

void Options::print_help(llvm::raw_ostream &out) const {
  constexpr unsigned kColumn = 26;
  unsigned width = terminal_width();
  out << "usage: snarl " << verb_ << ' ' << usage_ << "\n\n" << wrap(description_, width) << "\n";
  bool headed = false;
  for (const Option &option : options_) {
    if (option.is_section || !headed) out << "\n" << (option.is_section ? option.help : "Options") << ":\n";
    headed = true;
    if (option.is_section) continue;
    bool is_short = option.name.size() == 1;
    std::string left = (is_short ? "  -" : "  --") + option.name;
    std::string value = (is_short ? " " : "=") + option.what;
    if (!option.what.empty()) left += option.value_optional ? "[" + value + "]" : value;
    out << left;
    if (left.size() + 2 > kColumn)
      out << "\n" << std::string(kColumn, ' ');
    else
      out << std::string(kColumn - left.size(), ' ');
    out << llvm::StringRef(wrap(std::string(kColumn, '.') + option.help, width, kColumn)).drop_front(kColumn) << "\n";
  }
  if (!epilogue_.empty()) out << "\n" << wrap(epilogue_, width) << "\n";
}

int fail(const llvm::Twine &message) {
  llvm::outs().flush();
  llvm::WithColor::error(llvm::errs(), "snarl") << message << '\n';
  return 2;
}

} // namespace snarl
