// What a rule says. A finding is data: rules fill it, renderers (tool/render_*.cpp, the clang-tidy module) print it,
// and nothing else formats text for people.
#pragma once
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace snarl {

/// A position in the source as a person would point at it. `line` and `column` count from 1; 0 means unknown.
struct Place {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;

  bool known() const { return line != 0 && !file.empty(); }
  friend bool operator==(const Place &a, const Place &b) {
    return a.line == b.line && a.column == b.column && a.file == b.file;
  }
  friend bool operator<(const Place &a, const Place &b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  }
};

/// How much harm: error (will go wrong), warning (can go wrong), note (worth knowing).
enum class Severity { Note, Warning, Error };

/// How sure, in rising order. See docs/design.md.
///   Possible   the pattern only
///   Ordered    not excluded by create/join, gates or a single thread
///   Feasible   a reordering of the recorded run reaches it
///   Confirmed  a run was driven into it, or static and dynamic evidence agree
///   Actual     it happened
enum class Tier { Possible, Ordered, Feasible, Confirmed, Actual };

const char *to_string(Severity severity);
const char *to_string(Tier tier);

/// One frame of a stack: innermost first in a Stack. `inlined` frames share the machine address of the next one.
struct Frame {
  std::string function; ///< demangled; empty if unknown
  Place place;          ///< may be unknown
  std::string module;   ///< object file, for frames from runs
  uint64_t offset = 0;  ///< in the module
  bool inlined = false;
};
using Stack = std::vector<Frame>;

/// One thing that happened, or would happen, on the way to the problem.
struct Step {
  Place place;
  std::string message;
  std::string side; ///< which thread or chain this belongs to ("thread 2", "one side"); steps of a side are in order
  std::string function; ///< enclosing function, qualified
  Stack stack;          ///< from runs; empty for source
  bool main = true;     ///< false: detail that a short rendering may leave out
};

struct FixIt {
  Place begin, end; ///< half open
  std::string replacement;
};

struct Finding {
  std::string rule; ///< without the "snarl-" prefix
  Severity severity = Severity::Warning;
  Tier tier = Tier::Possible;
  /// 0..100: how likely it is that somebody who looks at the code agrees. Orders findings, and is what
  /// --min-confidence compares. `reason` says in one clause what it rests on; empty: nothing to add.
  unsigned confidence = 80;
  std::string reason;
  std::string message;
  Place place;          ///< primary
  std::string function; ///< enclosing function of the primary place
  std::vector<Step> steps;
  std::vector<FixIt> fixes;
  /// A schedule that leads there, step by step, over all sides in the order of time. Only at tier `feasible` and above;
  /// `schedule` shows it as text.
  std::vector<Step> witness;
  /// Ready-made lines that end a long rendering: the possible unsafe schedule, one column per thread. Text only, may be
  /// empty; every line ends with \n.
  std::string schedule;
  /// What it is about, as people call it: locks, variables. Suppression files match these beside functions and files.
  std::vector<std::string> names;
  /// What makes two reports the same problem although lines moved: names, not positions. Feeds partialFingerprints,
  /// merging and the baseline.
  std::string key;
};

using Findings = std::vector<Finding>;

/// Sorted by place, rule, message; exact duplicates (same rule, place and key) merged.
void normalise(Findings &findings);

} // namespace snarl
