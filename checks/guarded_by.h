// Which lock protects a location, from how the program uses it: the evidence behind unguarded-access and wrong-lock.
#pragma once
#include "program.h"

namespace snarl {

/// Fills Program::locations.
void find_locations(Program &program);

} // namespace snarl
