// Interprets one function: lock states over its CFG, then what holds at each operation, then its summary.
#pragma once
#include "call_frame.h"
#include "call_graph.h"
#include "lock_state.h"

namespace snarl {

inline Path root_path(Root root, uint32_t index = 0) {
  Path p;
  p.root = root;
  p.index = index;
  return p;
}

/// Stands for "whatever lock the guard `guard` is bound to".
inline Path lock_of_guard(Path guard) {
  guard.steps.push_back({PathStep::Deref, {}});
  return guard;
}

inline Path result_path(const Op &op) {
  return op.dest.known() ? op.dest : root_path(Root::Result, op.id);
}

class Walker {
public:
  Walker(Program &program, const CallGraph &graph, const LinkOptions &options, FunctionId self);
  /// Replaces Program::info[self]. Returns true if the summary may say more than before.
  bool run();

private:
  using States = std::vector<State>;
  struct Want {
    Acquisition acquisition;
    std::vector<Hold> extra; ///< held by the callee when it calls back
  };

  // Control flow (walker.cpp)
  void find_loops();
  State entry_state() const;
  void fixpoint();
  void deliver(uint32_t block, State state, std::vector<uint32_t> &work);
  bool refine(State &state, const Branch &branch, bool taken) const;
  void find_once(uint32_t head);
  Symbol polled_until(uint32_t block, size_t successor) const;
  void tidy(States &states);
  void step(const Op &op, State state, States &out);

  // Operations (walker_ops.cpp, walker_calls.cpp)
  void acquire(const Op &op, State state, States &out);
  void release(const Op &op, State &state);
  void call(const Op &op, State state, States &out);
  void spawn(const Op &op, State &state);
  void begin(State &state, const Op &op) const;
  void start(State &state, const Path &handle, const std::vector<Site> &where);
  void join(State &state, const Path &handle);
  void assign(const Op &op, State &state);
  void destroy(const Op &op, State state, States &out);
  void return_value(const Op &op, State &state);
  void apply(State &state, const Exit &exit, const CallFrame &frame, const Op &op, FunctionId callee);
  std::vector<const Exit *> exits_for(const State &state, const CallFrame &frame, const Op &op, FunctionId callee,
                                      std::vector<std::optional<bool>> &results) const;
  CallFrame frame(const State &state, const Op &op, const Target &target) const;
  CallFrame callback_frame(const State &state, const CallFrame &outer, const Callback &callback, const Target &target,
                           const Value &value) const;
  Hop hop(const Op &op) const;
  bool tested(uint32_t op) const;
  bool polled(const Op &op) const;
  std::vector<Condition> conditions(const State &state) const;
  /// Rewrites conditions of a callee for this function. False if the call contradicts one. `unknown`: one was left
  /// open.
  bool meets(std::vector<Condition> &when, const CallFrame &frame, const State &state, const Op &op,
             bool &unknown) const;
  bool by_value_place(const Path &path) const;
  bool is_own(const State &state, const Path &path) const;

  // What is reported to rules and callers (walker_record.cpp)
  void record(const Op &op, const States &states);
  void record_point(std::vector<Point> &points, const Op &op, const States &states);
  void record_call(const Op &op, const States &states);
  void record_wants(const Op &op, const State &state, std::vector<Want> &wants);
  void record_edge(const Op &op, const State &state, const CallFrame &frame, const Target &target,
                   const std::vector<Hold> &extra, bool spawn);
  void add_acquisition(Acquisition acquisition);
  void add_block(const State &state, BlockingCall block, const std::vector<Hold> &extra = {});
  void add_wait(const State &state, const BlockingCall &block, const std::vector<Hold> &extra);
  void record_foreign(const Op &op, const States &states);
  std::vector<Path> waits_with(const State &state, const Op &op) const;
  void add_callback(Callback callback);
  void finish();

  // Locks out of balance (walker_balance.cpp)
  bool by_hand(const Hold &hold) const;
  bool asks_twice() const;
  bool taken_in_loop(const Hold &hold) const;
  bool refused(const State &state, const Hold &hold) const;
  void add_fault(LockFault fault);
  void check_release(const Op &op, const States &states);
  void check_adoption(const Op &op, const States &states);
  void check_leaving(const Op &op, const States &states, LockFault::Kind kind, const Chain &chain);
  void check_throw(const Op &op, const States &states);
  void check_ways_out(const States &states);
  void relieve(const Hold &hold);

  Program &program_;
  const CallGraph &graph_;
  const LinkOptions &options_;
  const FunctionId self_;
  const Function &f_;
  std::vector<States> in_;
  std::vector<unsigned> visits_;
  std::vector<bool> loop_head_, in_loop_, once_;
  std::vector<uint32_t> order_; ///< reverse post-order
  uint32_t block_ = 0;          ///< being interpreted
  FunctionInfo out_;
  bool cut_ = false;
};

} // namespace snarl
