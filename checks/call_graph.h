// Who can be called where: direct and virtual calls, and calls through values by a flow-insensitive points-to analysis
// over everything that can hold a callable (fields, variables, parameters, locals, results).
#pragma once
#include "link.h"
#include <map>
#include <set>
#include <tuple>

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
  using Slot = std::tuple<uint8_t, Symbol, uint32_t>; ///< kind, field/variable/function, number
  using Functions = std::set<FunctionId>;

  std::optional<Slot> slot(FunctionId function, const Path &path) const;
  void collect();
  void copy(const std::optional<Slot> &to, FunctionId from_function, const Value &value);
  std::vector<FunctionId> dispatch(Symbol method) const;
  void add_targets(std::vector<Target> &out, const Functions &functions) const;

  Program &program_;
  const LinkOptions &options_;
  std::map<Slot, Functions> points_to_;
  std::vector<std::set<FunctionId>> order_edges_;
  std::map<Symbol, std::vector<FunctionId>> by_signature_; ///< address-taken functions
  bool changed_ = false;
};

} // namespace snarl
