// Every access that can meet another one, by location: what unguarded-access, wrong-lock and data-race judge.
#pragma once
#include "program.h"

namespace snarl {

/// Locations in the order of their names, uses in the order of functions. Left out: constants, atomics, objects that
/// synchronise, objects this thread alone knows, and what happens before a second thread can come near.
std::vector<SharedLocation> shared_locations(const Program &program);

/// The pairs of agents in which two uses can meet.
std::vector<std::pair<uint32_t, uint32_t>> meetings(const Program &program, const Use &one, const Use &other);
bool can_meet(const Program &program, const Use &one, const Use &other);

/// Locks held at a use: its function's and its callers'.
std::vector<Hold> held_at(const Program &program, const Use &use);
/// A lock we cannot name: one of several, or whatever a guard of the caller's owns.
bool anonymous(const Hold &hold);

} // namespace snarl
