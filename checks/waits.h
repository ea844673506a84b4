// Who waits on which condition variable for what: the common ground of condvar-wait and condvar-notify.
#pragma once
#include "flow.h"
#include "program.h"
#include <map>
#include <set>

namespace snarl {

/// One wait on a condition variable.
struct Waiting {
  FunctionId function = kNoFunction;
  const Op *op = nullptr;
  Spot spot;
  Symbol condition;        ///< field or variable of the condition variable
  Path lock;               ///< the mutex it is used with; unknown if it cannot be told
  std::vector<Hold> holds; ///< at the wait
  std::set<Symbol> tested; ///< fields and variables on which it depends whether to wait on
  std::set<Symbol> enough; ///< what is waited for, as text: conditions each of which may end the wait
  bool predicate = false;  ///< given to the wait
  bool looped = false;     ///< tested again after the wait
};

/// All waits of the program that are not in system headers, by place.
std::vector<Waiting> all_waits(const Program &program);

/// Fields and variables read in a function and in what it calls.
std::set<Symbol> reads_of(const Program &program, FunctionId function, unsigned depth = 3);

/// Is a lock whose field or variable is `key`, or which lies in it, among these?
bool holds_lock(const std::vector<Hold> &holds, Symbol key);

} // namespace snarl
