// A rule is a value: a name, its documentation, and up to two functions. There is no base class and no registration at
// start-up; rules.def is the one list. Documentation lives beside the code and feeds `snarl explain`, the rules page,
// `--list-checks` and SARIF.
#pragma once
#include "finding.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace snarl {

struct Program; // facts of the whole program, linked: program.h
struct Run;     // one recorded process: run.h

enum class Level { On, Strict };

struct Rule {
  const char *name;    ///< public, kebab-case, as in docs/rules.md
  const char *summary; ///< one sentence, no full stop
  Severity severity;   ///< default
  Level level;
  const char *why;     ///< a few sentences: what goes wrong, what is reported, what is not
  const char *bad;     ///< example that is reported; compiled and checked by the tests
  const char *good;    ///< the same done right; checked to be silent
  const char *silence; ///< how to say "this is on purpose"
  void (*from_source)(const Program &program, Findings &out); ///< null: not decided from source
  void (*from_run)(const Run &run, Findings &out);            ///< null: not decided from runs
};

/// All rules in the order of rules.def.
llvm::ArrayRef<const Rule *> all_rules();
/// Accepts the name with or without the "snarl-" prefix; null if there is none.
const Rule *find_rule(llvm::StringRef name);

} // namespace snarl
