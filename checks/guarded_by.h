// Which lock protects a location, from how the program uses it: the evidence behind unguarded-access and wrong-lock.
#pragma once
#include "program.h"

namespace snarl {

/// Program::bounded: what several programs of one compile database define differently. Who calls whom below such a
/// function is not certain, as only one body can be followed.
inline constexpr const char kSeveralBodies[] =
    "functions that differ from file to file: several programs in one database";

/// Fills Program::locations.
void find_locations(Program &program);

} // namespace snarl
