#include "explain.h"
#include "checks/rule.h"
#include "options.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

namespace snarl {
namespace {

std::string where_from(const Rule &rule) {
  if (rule.from_source && rule.from_run) return "source and runs";
  return rule.from_source ? "source" : "runs";
}

std::string properties(const Rule &rule) {
  return std::string(to_string(rule.severity)) + ", " +
         (rule.level == Level::On ? "on by default" : "off by default (--enable=strict)") + ", from " +
         where_from(rule);
}

/// Width of the text, and whether headings are bold.
struct Page {
  llvm::raw_ostream &out;
  unsigned width;

  void heading(llvm::StringRef text) {
    out << '\n';
    out.changeColor(llvm::raw_ostream::SAVEDCOLOR, /*Bold=*/true) << text;
    out.resetColor();
    out << '\n';
  }
  void paragraph(llvm::StringRef text) { out << wrap(reflow(text), width) << '\n'; }
  void code(llvm::StringRef text) {
    llvm::SmallVector<llvm::StringRef, 32> lines;
    text.trim('\n').split(lines, '\n');
    for (llvm::StringRef line : lines) out << (line.empty() ? "" : "    ") << line << '\n';
  }
};

void explain(const Rule &rule, Page page) {
  page.out.changeColor(llvm::raw_ostream::SAVEDCOLOR, /*Bold=*/true) << rule.name;
  page.out.resetColor();
  page.out << " (" << properties(rule) << ")\n";
  page.paragraph(sentence(rule.summary));
  page.heading("Why");
  page.paragraph(rule.why);
  page.heading("Reported");
  page.code(rule.bad);
  page.heading("Right");
  page.code(rule.good);
  page.heading("On purpose");
  page.paragraph(rule.silence);
}

void markdown(llvm::raw_ostream &out) {
  out << "# Rules\n\n"
         "<!-- Written by `snarl explain --markdown`; the texts are in checks/, one file per rule. -->\n\n"
         "One rule has one name, whether the source or a run showed the problem. Inside clang-tidy the names carry "
         "the\n"
         "prefix `snarl-`. `snarl explain RULE` prints the same text in a terminal.\n\n"
         "| rule | reports | severity | default | from |\n|---|---|---|---|---|\n";
  for (const Rule *rule : all_rules())
    out << "| [" << rule->name << "](#" << rule->name << ") | " << rule->summary << " | " << to_string(rule->severity)
        << " | " << (rule->level == Level::On ? "on" : "strict") << " | " << where_from(*rule) << " |\n";
  for (const Rule *rule : all_rules()) {
    auto code = [&](llvm::StringRef text) { out << "```cpp\n" << text.trim('\n') << "\n```\n\n"; };
    out << "\n## " << rule->name << "\n\n"
        << wrap(sentence(rule->summary), 120) << "\n\n*" << properties(*rule) << "*\n\n"
        << wrap(reflow(rule->why), 120) << "\n\nReported:\n\n";
    code(rule->bad);
    out << "Right:\n\n";
    code(rule->good);
    out << wrap("On purpose: " + reflow(rule->silence), 120) << "\n";
  }
}

} // namespace

int explain_command(llvm::ArrayRef<const char *> args) {
  bool as_markdown = false;
  Options options("explain", "RULE...",
                  "What a rule means: why it matters, an example of each kind, how to silence it. "
                  "Without a rule: the list of rules.");
  options.flag("markdown", "print the page of all rules, docs/rules.md", as_markdown);
  if (auto exit_code = options.parse(args)) return *exit_code;
  llvm::raw_ostream &out = llvm::outs();
  if (as_markdown) {
    markdown(out);
    return 0;
  }
  out.enable_colors(out.is_displayed() && out.has_colors() && !llvm::sys::Process::GetEnv("NO_COLOR"));
  if (options.arguments().empty()) {
    for (const Rule *rule : all_rules()) out << llvm::left_justify(rule->name, 24) << rule->summary << '\n';
    return 0;
  }
  std::vector<const Rule *> rules;
  for (const std::string &name : options.arguments()) {
    const Rule *rule = find_rule(name);
    if (!rule) {
      std::vector<std::string> names;
      for (const Rule *known : all_rules()) names.push_back(known->name);
      std::string near = did_you_mean(name, names);
      return fail("there is no rule '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?") +
                  " (snarl explain lists all)");
    }
    rules.push_back(rule);
  }
  for (const Rule *rule : rules) {
    if (rule != rules.front()) out << '\n';
    explain(*rule, {out, std::min(terminal_width(), 100u)});
  }
  return 0;
}

} // namespace snarl
