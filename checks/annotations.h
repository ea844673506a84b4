// Clang's thread-safety attributes, as far as the program itself proves them: what `snarl annotate` writes.
#pragma once
#include "program.h"

namespace snarl {

/// One attribute for one declaration.
struct Annotation {
  enum Kind : uint8_t {
    GuardedBy,
    PtGuardedBy,
    Requires,
    RequiresShared,
    Excludes,
    Acquire,
    AcquireShared,
    Release,
    TryAcquire,
    Capability,       ///< on the class that `site`, one of its methods, belongs to
    ScopedCapability, ///< the same
    NoAnalysis,
  } kind = GuardedBy;
  Site site;        ///< where the field, variable or function is declared or defined
  std::string name; ///< of it, qualified, for people
  /// The lock as it is written at that declaration; $0, $1... stand for parameters. Empty: none is named.
  std::string lock;
  unsigned functions = 1; ///< that say so, by what they do
};

/// The macro's name without a prefix: "GUARDED_BY".
const char *macro_name(Annotation::Kind kind);

struct Annotations {
  std::vector<Annotation> all;             ///< in the order of kinds, then places; each once
  std::map<std::string, unsigned> skipped; ///< why a lock that is held was not written down -> for how many places
};

/// What every access, caller or way out agrees on. An access that `findings` complain of has no say: what the compiler
/// says there is true. Neither has one of an object that other threads cannot know yet.
Annotations infer_annotations(const Program &program, const Findings &findings);

} // namespace snarl
