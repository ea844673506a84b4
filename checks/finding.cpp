#include "finding.h"
#include <algorithm>

namespace snarl {

const char *to_string(Severity severity) {
  switch (severity) {
  case Severity::Note: return "note";
  case Severity::Warning: return "warning";
  case Severity::Error: return "error";
  }
  return "?";
}

const char *to_string(Tier tier) {
  switch (tier) {
  case Tier::Possible: return "possible";
  case Tier::Ordered: return "ordered";
  case Tier::Feasible: return "feasible";
  case Tier::Confirmed: return "confirmed";
  case Tier::Actual: return "actual";
  }
  return "?";
}

void normalise(Findings &findings) {
  auto order = [](const Finding &f) { return std::tie(f.place, f.rule, f.key); };
  std::sort(findings.begin(), findings.end(), [&](const Finding &a, const Finding &b) {
    if (order(a) != order(b)) return order(a) < order(b);
    if (a.tier != b.tier) return a.tier > b.tier; // the surest of several equal reports survives
    return a.message < b.message;
  });
  auto same = [](const Finding &a, const Finding &b) {
    return a.rule == b.rule && a.place == b.place && a.key == b.key;
  };
  findings.erase(std::unique(findings.begin(), findings.end(), same), findings.end());
}

} // namespace snarl
