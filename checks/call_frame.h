// A call as a change of frame: what the callee names, in the caller's words, and back.
#pragma once
#include "link_paths.h"
#include "program.h"

namespace snarl {

struct CallFrame {
  const Function *callee = nullptr;
  Path receiver;
  std::vector<Path> args;
  std::vector<Path> captures;
  Path result;

  /// In the caller's words. What cannot be said keeps its fields on an unknown root: the lock class is still known.
  Path up(const Path &path) const;
  Hold up(const Hold &hold, const Hop &call) const;
  Acquisition up(const Acquisition &acquisition, const Hop &call) const;
  /// In the callee's words; a lock that cannot be said is kept with `reach` telling how `this` relates to its owner.
  Hold down(const Program &program, Hold hold) const;
};

/// `chain` seen through one more call.
Chain through(const Hop &call, const Chain &chain);

} // namespace snarl
