// The shape of one function's control flow, for rules that ask what comes after what and what depends on which branch.
#pragma once
#include "facts.h"
#include "llvm/ADT/BitVector.h"

namespace snarl {

class Flow {
public:
  explicit Flow(const Function &function);

  /// Is `to` reached from `from` without going over a back edge? A block reaches itself.
  bool forward(uint32_t from, uint32_t to) const { return forward_[from].test(to); }
  /// Is `to` reached from `from` (by at least one edge) on a way that avoids `without`?
  bool reaches(uint32_t from, uint32_t to, uint32_t without = ~0u) const;
  bool in_loop(uint32_t block) const { return reaches(block, block); }
  /// Does every way from `of` to the end go through `block`?
  bool postdominates(uint32_t block, uint32_t of) const { return after_[of].test(block); }
  /// Does every way from the start to `of` go through `block`?
  bool dominates(uint32_t block, uint32_t of) const { return before_[of].test(block); }
  /// Blocks on whose branch it depends directly whether `block` runs (Ferrante, Ottenstein and Warren, TOPLAS 1987).
  llvm::SmallVector<uint32_t, 4> decided_by(uint32_t block) const;
  /// The same, transitively, but not over back edges.
  llvm::BitVector controllers(uint32_t block) const;

private:
  const Function &f_;
  std::vector<uint32_t> order_; ///< reverse post-order
  std::vector<llvm::BitVector> forward_, before_, after_;
};

/// Where an operation stands.
struct Spot {
  uint32_t block = 0, index = 0;
};

} // namespace snarl
