// Link: the facts of all translation units become one program.
#pragma once
#include "program.h"

namespace snarl {

struct LinkOptions {
  size_t max_states = 8;        ///< lock states followed at one point of a function before they are merged
  size_t max_visits = 24;       ///< of one block, for loops
  size_t max_acquisitions = 64; ///< per summary
  size_t max_blocks = 32;       ///< blocking calls per summary
  size_t max_targets = 16;      ///< of one virtual or indirect call
  size_t max_contexts = 32;     ///< ways into a function told apart
  size_t max_rounds = 6;        ///< over a set of mutually recursive functions
};

/// Never fails: what is missing is unknown, what was cut is counted in Program::bounds. The result does not depend on
/// the order of `units`.
Program link(std::vector<Facts> units, const LinkOptions &options = {});

} // namespace snarl
