#include "plan.h"
#include "llvm/ADT/StringExtras.h"
#include <fmt/format.h>

namespace snarl {

static std::string one_line(std::string text) {
  for (char &c : text)
    if (c == '\n') c = ' ';
  return text;
}

std::string write_plan(const SteeringPlan &plan) {
  std::vector<ModulePlace> modules;
  auto module = [&](const ModulePlace &place) {
    for (size_t i = 0; i < modules.size(); ++i)
      if (modules[i].build_id == place.build_id && modules[i].path == place.path) return i;
    modules.push_back({place.build_id, place.path, 0});
    return modules.size() - 1;
  };
  std::string sides;
  auto point = [&](const char *word, const SteeredPoint &p) {
    sides += fmt::format("{} {} ", word, p.shared ? 's' : 'x');
    sides += p.global ? fmt::format("{} {:x}\n", module(*p.global), p.global->offset) : "-\n";
    for (const ModulePlace &frame : p.frames) sides += fmt::format("at {} {:x}\n", module(frame), frame.offset);
  };
  for (const SteeredSide &side : plan.sides) {
    sides += "side\n";
    point("hold", side.hold);
    point("want", side.want);
    bool exact = side.hold.global && side.want.global; // says all about the locks that there is to say
    if (plan.occurrences && side.occurrence && !exact) sides += fmt::format("occurrence {}\n", side.occurrence);
  }
  std::string text = "snarl plan 1\n";
  if (!plan.about.empty()) text += fmt::format("about {}\n", one_line(plan.about));
  if (!plan.key.empty()) text += fmt::format("key {}\n", one_line(plan.key));
  text += fmt::format("delay {}\nbudget {}\nfirst {}\n", plan.delay_ms, plan.budget_ms, plan.first);
  for (const ModulePlace &m : modules)
    text += fmt::format("module {} {}\n", m.build_id.empty() ? "-" : m.build_id, one_line(m.path));
  return text + sides;
}

namespace {

class PlanReader {
public:
  /// Empty, or what is wrong with the line.
  std::string line(llvm::StringRef text) {
    if (text.empty() || text.starts_with("#")) return {};
    auto [word, rest] = text.split(' ');
    if (word == "about") return plan_.about = rest.str(), "";
    if (word == "key") return plan_.key = rest.str(), "";
    if (word == "delay") return number(rest, 60'000, plan_.delay_ms);
    if (word == "budget") return number(rest, 600'000, plan_.budget_ms);
    if (word == "first") return number(rest, kMostSides, plan_.first);
    if (word == "module") return module(rest);
    if (word == "side") return side(rest);
    if (plan_.sides.empty()) return "'" + word.str() + "' before the first side";
    SteeredSide &last = plan_.sides.back();
    if (word == "hold") return point(rest, last.hold);
    if (word == "want") return point(rest, last.want);
    if (word == "occurrence") return number(rest, 1 << 20, last.occurrence);
    if (word == "at") return frame(rest);
    return "unknown word '" + word.str() + "'";
  }

  std::string finish(SteeringPlan &plan) {
    if (std::string bad = whole(); !bad.empty()) return bad;
    if (plan_.sides.size() < 2) return "a circle has at least two sides";
    if (!plan_.delay_ms) return "no delay";
    if (plan_.first > plan_.sides.size()) return "there is no side to go first";
    plan = std::move(plan_);
    return {};
  }

private:
  static std::string number(llvm::StringRef text, unsigned most, unsigned &into) {
    if (text.getAsInteger(10, into) || into > most)
      return "'" + text.str() + "' is no number up to " + std::to_string(most);
    return {};
  }
  std::string module(llvm::StringRef text) {
    auto [build_id, path] = text.split(' ');
    if (path.empty() || !plan_.sides.empty()) return "modules are 'module BUILD-ID PATH', before the sides";
    modules_.push_back({build_id == "-" ? "" : build_id.str(), path.str(), 0});
    return {};
  }
  std::string side(llvm::StringRef text) {
    if (!text.empty()) return "nothing comes after 'side'";
    if (plan_.sides.size() == kMostSides) return "too many sides";
    if (std::string bad = whole(); !bad.empty()) return bad;
    plan_.sides.emplace_back();
    point_ = nullptr;
    return {};
  }
  /// Nothing is missing in the side that ends.
  std::string whole() const {
    if (plan_.sides.empty()) return {};
    const SteeredSide &last = plan_.sides.back();
    return last.hold.frames.empty() || last.want.frames.empty() ? "a side needs hold and want, each with its frames"
                                                                : "";
  }
  std::string place(llvm::StringRef text, ModulePlace &into) const {
    auto [index, offset] = text.split(' ');
    size_t module = 0;
    uint64_t value = 0;
    if (index.getAsInteger(10, module) || module >= modules_.size() || offset.getAsInteger(16, value))
      return "'" + text.str() + "' is no module and offset";
    into = modules_[module];
    into.offset = value;
    return {};
  }
  std::string point(llvm::StringRef text, SteeredPoint &into) {
    auto [mode, where] = text.split(' ');
    if ((mode != "x" && mode != "s") || where.empty() || !into.frames.empty())
      return "'" + text.str() + "' is neither 'MODE -' nor 'MODE MODULE DISTANCE'";
    point_ = &into;
    into.shared = mode == "s";
    if (where == "-") return {};
    into.global.emplace();
    return place(where, *into.global);
  }
  std::string frame(llvm::StringRef text) {
    if (!point_) return "'at' belongs to hold or want";
    point_->frames.emplace_back();
    return place(text, point_->frames.back());
  }

  SteeringPlan plan_;
  std::vector<ModulePlace> modules_;
  SteeredPoint *point_ = nullptr;
};

} // namespace

llvm::Expected<SteeringPlan> read_plan(llvm::StringRef text) {
  PlanReader reader;
  SteeringPlan plan;
  unsigned number = 0;
  auto bad = [&](const std::string &what) { return llvm::createStringError(fmt::format("line {}: {}", number, what)); };
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    text = rest;
    if (++number == 1) {
      if (line.starts_with("snarl plan ") && line != "snarl plan 1")
        return bad("a plan of another version: make it again with this snarl");
      if (line != "snarl plan 1") return bad("not a plan: it does not begin with 'snarl plan 1'");
    } else if (std::string what = reader.line(line); !what.empty()) {
      return bad(what);
    }
  }
  if (!number) return bad("not a plan: it is empty");
  if (std::string what = reader.finish(plan); !what.empty()) return bad(what);
  return plan;
}

} // namespace snarl
