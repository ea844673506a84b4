// Decisions on shared state that may no longer hold when they are acted on.
#pragma once
#include "flow.h"
#include "program.h"

namespace snarl {

struct Decision {
  FunctionId function = kNoFunction;
  const Op *check = nullptr, *act = nullptr; ///< accesses, or calls of functions that lock inside
  Path location;
  Path lock;           ///< unknown for atomics
  Site dropped;        ///< where the lock is taken again; none for calls
  bool stores = false; ///< atomics: the act is a plain store
};

/// Read in one critical section, changed accordingly in a later one of the same lock.
std::vector<Decision> decisions_under_locks(const Program &program);
/// Loaded by one atomic operation, changed accordingly by another.
std::vector<Decision> decisions_on_atomics(const Program &program);

/// Can another thread write the location while `function` runs?
bool others_write(const Program &program, FunctionId function, const Path &location);
std::optional<Spot> spot_of(const Function &function, const Op *op);
/// Does the branch at the end of some controlling block depend on operation `id`?
bool controlled_by(const Function &function, const llvm::BitVector &controllers, uint32_t id);

} // namespace snarl
