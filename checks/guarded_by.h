// Which lock protects a location, from how the program uses it: the evidence behind unguarded-access.
#pragma once
#include "program.h"

namespace snarl {

/// One access in one context, at a time when other threads can run.
struct Use {
  const Point *point = nullptr;
  FunctionId function = kNoFunction;
  const Context *context = nullptr;
  bool write = false;
  std::vector<Site> ended;  ///< where threads were started that are over by then
  std::vector<bool> asleep; ///< agents that have not been started by then; empty: not known
  /// Can it meet another use?
  bool meets(const Program &program, const Use &other) const;
  /// Lock of the location's guard: held, perhaps held (on some paths, or some lock we cannot name), not held.
  enum Guarded : uint8_t { No, Maybe, Yes } guarded = No;
  Site taken; ///< where the guard was taken, if held
};

struct GuardedLocation {
  Path location; ///< of some access
  Path guard;    ///< of some access that holds it
  bool declared = false;
  bool strong = false;          ///< the lock lies beside the data
  std::vector<Use> uses;        ///< all concurrent uses
  unsigned held = 0, total = 0; ///< places, not contexts
};

/// Every location for which a guard can be inferred or is declared and that some use touches without it, in the order
/// of their names.
std::vector<GuardedLocation> inconsistent_locations(const Program &program);

} // namespace snarl
