#include "path.h"
#include "llvm/ADT/StringExtras.h"

namespace snarl {

static constexpr char kRootLetters[] = "NTPVLCRO"; // in the order of enum Root
static constexpr char kStepLetters[] = ".[*";      // in the order of PathStep::Kind

Symbol Path::last_field() const {
  for (const PathStep &step : llvm::reverse(steps))
    if (step.kind == PathStep::Field) return step.symbol;
  return root == Root::Variable ? symbol : Symbol();
}

std::string print_path(const Path &path, llvm::function_ref<std::string(Symbol)> symbol_text) {
  std::string text(1, kRootLetters[unsigned(path.root)]);
  if (path.root == Root::Variable)
    text += symbol_text(path.symbol);
  else if (path.root != Root::None && path.root != Root::This && path.root != Root::Return)
    text += std::to_string(path.index);
  for (const PathStep &step : path.steps) {
    text += kStepLetters[step.kind];
    if (step.kind != PathStep::Deref) text += symbol_text(step.symbol);
  }
  return text;
}

std::string to_string(const Path &path) {
  return print_path(path, [](Symbol symbol) { return symbol.str().str(); });
}

std::optional<Path> parse_path(llvm::StringRef text, llvm::function_ref<std::optional<Symbol>(uint32_t)> symbol) {
  auto number = [&](uint32_t &value) { return !text.consumeInteger(10, value); };
  auto named = [&](Symbol &value) {
    uint32_t index = 0;
    if (!number(index)) return false;
    std::optional<Symbol> found = symbol(index);
    if (found) value = *found;
    return found.has_value();
  };
  Path path;
  size_t root = text.empty() ? llvm::StringRef::npos : llvm::StringRef(kRootLetters).find(text.front());
  if (root == llvm::StringRef::npos) return std::nullopt;
  path.root = Root(root);
  text = text.drop_front();
  switch (path.root) {
  case Root::None:
  case Root::This:
  case Root::Return: break;
  case Root::Variable:
    if (!named(path.symbol)) return std::nullopt;
    break;
  default:
    if (!number(path.index)) return std::nullopt;
  }
  while (!text.empty()) {
    size_t kind = llvm::StringRef(kStepLetters).find(text.front());
    if (kind == llvm::StringRef::npos || path.steps.size() == kMaxPathSteps) return std::nullopt;
    text = text.drop_front();
    PathStep step{PathStep::Kind(kind), {}};
    if (step.kind != PathStep::Deref && !named(step.symbol)) return std::nullopt;
    path.steps.push_back(step);
  }
  return path;
}

Path extended(Path path, PathStep::Kind kind, Symbol symbol) {
  path.steps.push_back({kind, symbol});
  if (path.steps.size() > kMaxPathSteps) {
    path.root = Root::None;
    path.index = 0;
    path.symbol = {};
    path.steps.erase(path.steps.begin());
  }
  return path;
}

} // namespace snarl
