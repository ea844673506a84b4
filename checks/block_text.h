// How operations that block are spoken of.
#pragma once
#include "facts.h"
#include <string>

namespace snarl {

/// "waits for the network"
const char *what_it_does(BlockKind kind);
/// Of a Block or Wait operation.
BlockKind block_kind(const Op &op);
/// The function as people know it; "a wait" if it has no name.
std::string api_of(const Op &op);

} // namespace snarl
