// Who can be called where: direct and virtual calls, and calls through values by a flow-insensitive points-to analysis
// over everything that can hold a callable (fields, variables, parameters, locals, results). Inclusion constraints in
// the manner of Andersen (1994): each slot is a node, each copy an edge, and a callable travels along each edge once.
// Few slots ever hold one, so the work is in reading the program once.
#pragma once
#include "link.h"
#include <vector>

namespace snarl {

struct Target {
  FunctionId function = kNoFunction;
  bool sure = true;        ///< false: one of several, or found by its type only
  std::vector<Path> bound; ///< objects bound to a callable that was stored; meaningful in the storing function only
};

class CallGraph {
public:
  CallGraph(Program &program, const LinkOptions &options);

  /// Functions with a body that `op` (Call, Spawn or Acquire through `via`) in `caller` can reach, sorted.
  std::vector<Target> targets(FunctionId caller, const Op &op) const;
  /// What the callable `value` can be, seen from `caller`.
  std::vector<Target> values(FunctionId caller, const Value &value) const;

  /// Strongly connected components, callees first. Lambdas come before the function that makes them.
  std::vector<std::vector<FunctionId>> bottom_up() const;

private:
  /// Something that can hold a callable: kind, number; field, variable or function.
  using Slot = std::pair<Symbol, uint64_t>;
  /// What a slot can hold, and where that goes on to.
  struct Node {
    std::vector<FunctionId> holds; ///< sorted
    std::vector<uint32_t> copied_to;
    std::vector<uint32_t> called_at; ///< positions in indirect_
  };
  /// A call or start through a slot.
  struct IndirectCall {
    FunctionId caller;
    const Op *op;
    uint32_t targets = 0; ///< followed so far
  };

  std::optional<Slot> slot(FunctionId function, const Path &path) const;
  uint32_t node(const Slot &slot);
  void collect(FunctionId function, const Op &op);
  void copy(const Slot &to, FunctionId from_function, const Value &value);
  void hold(uint32_t node, FunctionId function);
  void connect(FunctionId caller, const Op &op, FunctionId callee); ///< arguments to parameters, result to destination
  void propagate();
  void guess_by_type();
  std::vector<FunctionId> dispatch(Symbol method) const;
  void add_targets(std::vector<Target> &out, llvm::ArrayRef<FunctionId> functions) const;

  Program &program_;
  const LinkOptions &options_;
  llvm::DenseMap<Slot, uint32_t> numbers_;
  std::vector<Node> nodes_;
  std::vector<IndirectCall> indirect_;
  std::vector<std::pair<uint32_t, FunctionId>> fresh_;           ///< held, and not yet passed on
  std::vector<std::vector<FunctionId>> order_edges_;             ///< sorted
  llvm::DenseMap<Symbol, std::vector<FunctionId>> by_signature_; ///< address-taken functions
};

} // namespace snarl
