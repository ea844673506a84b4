#include "report_suppress.h"
#include "checks/rule.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Path.h"
#include <fmt/format.h>

namespace snarl {

llvm::Error RunSuppressions::read(const std::string &file) {
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (!buffer)
    return llvm::createStringError(buffer.getError(),
                                   "cannot read the suppression file '" + file + "': " + buffer.getError().message());
  texts_.push_back(std::move(*buffer));
  std::string reason;
  unsigned number = 0;
  llvm::SmallVector<llvm::StringRef> lines;
  texts_.back()->getBuffer().split(lines, '\n');
  for (llvm::StringRef line : lines) {
    ++number;
    line = line.trim();
    if (line.empty()) reason.clear();
    if (line.consume_front("#")) {
      reason += (reason.empty() ? "" : " ") + line.trim().str();
      continue;
    }
    if (line.empty()) continue;
    auto bad = [&](const llvm::Twine &what) {
      return llvm::createStringError(llvm::inconvertibleErrorCode(), file + ":" + llvm::Twine(number) + ": " + what);
    };
    // The rule ends at the first colon; a pattern may have more of them (C++ names).
    auto [rule, pattern] = line.split(':');
    rule = rule.trim(), pattern = pattern.trim();
    if (rule.empty() || pattern.empty()) return bad("expected rule:pattern, as in 'lock-order:Bus::emit'");
    rule.consume_front("snarl-");
    if (rule.find_first_of("*?[") == llvm::StringRef::npos && !find_rule(rule))
      return bad("there is no rule '" + rule + "' (snarl check --list-checks lists them)");
    auto rule_glob = llvm::GlobPattern::create(rule), glob = llvm::GlobPattern::create(pattern);
    if (!rule_glob) return bad(llvm::toString(rule_glob.takeError()));
    if (!glob) return bad(llvm::toString(glob.takeError()));
    lines_.push_back({std::move(*rule_glob), std::move(*glob), line.str(), reason, {file, number, 1}, false});
  }
  return llvm::Error::success();
}

bool RunSuppressions::Line::matches(const Finding &finding) const {
  if (!rule.match(finding.rule)) return false;
  auto hit = [&](llvm::StringRef text) { return !text.empty() && pattern.match(text); };
  auto file = [&](llvm::StringRef path) { return hit(path) || hit(llvm::sys::path::filename(path)); };
  if (hit(finding.function) || file(finding.place.file)) return true;
  for (const std::string &name : finding.names)
    if (hit(name) || hit(llvm::StringRef(name).split(" (").first)) return true;
  for (const Step &step : finding.steps) {
    if (hit(step.function) || file(step.place.file)) return true;
    for (const Frame &frame : step.stack)
      if (hit(frame.function) || file(frame.place.file) || file(frame.module)) return true;
  }
  return false;
}

bool RunSuppressions::matches(const Finding &finding) const {
  for (const Line &line : lines_)
    if (line.matches(finding)) return true;
  return false;
}

void RunSuppressions::apply(Findings &findings, std::vector<Suppressed> &suppressed) {
  Findings left;
  for (Finding &finding : findings) {
    const Line *by = nullptr;
    for (Line &line : lines_) // all of them: each that matches is in use
      if (line.matches(finding)) {
        line.used = true;
        if (!by) by = &line;
      }
    if (by)
      suppressed.push_back({std::move(finding), /*in_source=*/false, by->reason});
    else
      left.push_back(std::move(finding));
  }
  findings = std::move(left);
}

std::vector<Notice> RunSuppressions::unused() const {
  std::vector<Notice> notices;
  for (const Line &line : lines_)
    if (!line.used)
      notices.push_back({Severity::Note, fmt::format("suppression '{}' matched nothing", line.text), line.place});
  return notices;
}

} // namespace snarl
