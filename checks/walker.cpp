#include "walker.h"
#include "summary.h"
#include "llvm/ADT/STLExtras.h"
#include <queue>

namespace snarl {

Walker::Walker(Program &program, const CallGraph &graph, const LinkOptions &options, FunctionId self)
    : program_(program), graph_(graph), options_(options), self_(self), f_(program.functions[self]) {}

void Walker::find_loops() {
  size_t n = f_.blocks.size();
  loop_head_.assign(n, false);
  in_loop_.assign(n, false);
  std::vector<uint8_t> colour(n, 0); // 1 open, 2 done
  std::vector<std::pair<uint32_t, size_t>> stack{{f_.entry, 0}};
  colour[f_.entry] = 1;
  while (!stack.empty()) {
    auto &[block, next] = stack.back();
    const auto &successors = f_.blocks[block].successors;
    if (next < successors.size()) {
      uint32_t to = successors[successors.size() - ++next]; // so that the order is that of the source
      if (colour[to] == 0) {
        colour[to] = 1;
        stack.emplace_back(to, 0);
      } else if (colour[to] == 1) {
        loop_head_[to] = true;
      }
      continue;
    }
    colour[block] = 2;
    order_.push_back(block);
    stack.pop_back();
  }
  std::reverse(order_.begin(), order_.end());
  // A block is in a loop if it reaches itself.
  for (uint32_t start = 0; start < n; ++start) {
    if (!colour[start]) continue;
    std::vector<bool> seen(n, false);
    std::vector<uint32_t> work(f_.blocks[start].successors.begin(), f_.blocks[start].successors.end());
    while (!work.empty() && !in_loop_[start]) {
      uint32_t b = work.back();
      work.pop_back();
      if (b == start) in_loop_[start] = true;
      if (seen[b]) continue;
      seen[b] = true;
      work.insert(work.end(), f_.blocks[b].successors.begin(), f_.blocks[b].successors.end());
    }
  }
}

/// `while (!done.load()) ...;` waits for whoever sets `done`: the atomic that is read last before a loop is left here.
Symbol Walker::polled_until(uint32_t block, size_t successor) const {
  const Block &b = f_.blocks[block];
  if (!in_loop_[block] || b.successors.size() != 2) return {};
  uint32_t out = b.successors[successor];
  auto reaches = [&](uint32_t from) {
    std::vector<bool> seen(f_.blocks.size(), false);
    std::vector<uint32_t> work{from};
    while (!work.empty()) {
      uint32_t at = work.back();
      work.pop_back();
      if (at == block) return true;
      if (seen[at]) continue;
      seen[at] = true;
      work.insert(work.end(), f_.blocks[at].successors.begin(), f_.blocks[at].successors.end());
    }
    return false;
  };
  for (const Op &op : llvm::reverse(b.ops))
    if (op.kind == OpKind::Access && op.atomic && !op.write) return reaches(out) ? Symbol() : op.path.last_field();
  return {};
}

State Walker::entry_state() const {
  State s;
  for (const Contract &c : f_.contracts) {
    // A function that releases by contract is entered with the lock held.
    if (c.kind != Contract::Requires && c.kind != Contract::Releases) continue;
    // "stopLocked" may also be the one that locks.
    bool takes = llvm::any_of(f_.blocks, [&](const Block &b) {
      return llvm::any_of(b.ops, [&](const Op &op) {
        return op.kind == OpKind::Acquire && llvm::any_of(op.args, [&](const Value &v) { return v.path == c.lock; });
      });
    });
    if (takes && c.kind == Contract::Requires) continue;
    Hold h;
    h.lock = c.lock;
    h.mode = c.mode;
    h.assumed = true;
    h.taken = {Hop{f_.site, self_, {}}};
    s.holds.push_back(h);
  }
  return s;
}

void Walker::tidy(States &states) {
  States kept;
  for (State &s : states) {
    auto same = llvm::find_if(kept, [&](const State &k) { return k.same_locks(s) && k.returned == s.returned; });
    if (same != kept.end())
      same->merge(s);
    else
      kept.push_back(std::move(s));
  }
  while (kept.size() > options_.max_states) {
    cut_ = true;
    kept[kept.size() - 2].merge_all(kept.back());
    kept.pop_back();
  }
  states = std::move(kept);
}

void Walker::deliver(uint32_t block, State state, std::vector<uint32_t> &work) {
  States &in = in_[block];
  if (loop_head_[block])
    for (State &s : in) s.generalise(state);
  bool changed = false;
  auto same = llvm::find_if(in, [&](const State &s) { return s.same_locks(state) && s.returned == state.returned; });
  if (same != in.end()) {
    changed = same->merge(state);
  } else if (in.size() >= options_.max_states) {
    cut_ = true;
    changed = in.back().merge_all(state);
  } else {
    in.push_back(std::move(state));
    changed = true;
  }
  if (loop_head_[block]) tidy(in); // generalising can make two states equal
  if (changed && !llvm::is_contained(work, block)) work.push_back(block);
}

/// `for (int once = (lock(m), 1); once; once = (unlock(m), 0))`, the usual body of a locking macro. The facts do not
/// say how often a loop runs, but a loop that releases what was taken before it can only be meant to run once: what
/// comes from outside goes in, what comes back goes out.
void Walker::find_once(uint32_t head) {
  auto more = [](const State &a, const State &b) {
    return a.holds.size() > b.holds.size() && llvm::all_of(b.holds, [&](const Hold &h) {
             return llvm::any_of(a.holds, [&](const Hold &x) { return x.lock == h.lock; });
           });
  };
  for (const State &first : in_[head])
    for (const State &again : in_[head])
      if (!first.came_back && again.came_back && more(first, again)) once_[head] = true;
}

void Walker::fixpoint() {
  in_.assign(f_.blocks.size(), {});
  visits_.assign(f_.blocks.size(), 0);
  std::vector<uint32_t> rank(f_.blocks.size(), 0);
  for (size_t i = 0; i < order_.size(); ++i) rank[order_[i]] = i;
  std::vector<uint32_t> work;
  deliver(f_.entry, entry_state(), work);
  while (!work.empty()) {
    auto next = std::min_element(work.begin(), work.end(), [&](uint32_t a, uint32_t b) { return rank[a] < rank[b]; });
    uint32_t b = *next;
    work.erase(next);
    if (++visits_[b] > options_.max_visits) {
      cut_ = true;
      continue;
    }
    block_ = b;
    States states = in_[b];
    for (const Op &op : f_.blocks[b].ops) {
      States after;
      for (State &s : states) step(op, std::move(s), after);
      tidy(after);
      states = std::move(after);
    }
    const Block &block = f_.blocks[b];
    for (size_t i = 0; i < block.successors.size(); ++i)
      for (const State &s : states) {
        State onward = s;
        if (block.successors.size() == 2 && !refine(onward, block.branch, i == 0)) continue;
        if (once_[b] && s.came_back == (i == 0)) continue;
        if (Symbol flag = polled_until(b, i)) onward.signals.wait(flag);
        onward.came_back = loop_head_[block.successors[i]] && rank[block.successors[i]] <= rank[b];
        deliver(block.successors[i], std::move(onward), work);
      }
  }
}

bool Walker::refine(State &state, const Branch &branch, bool taken) const {
  bool value = taken == branch.success_on_true;
  switch (branch.kind) {
  case Branch::None: return true;
  case Branch::Result: {
    for (auto &[op, known] : state.results)
      if (op == branch.op) return known == value;
    state.results.emplace_back(branch.op, value);
    return true;
  }
  case Branch::Owns: {
    Path guard = state.resolve(branch.path);
    bool owns = llvm::any_of(state.holds, [&](const Hold &h) { return h.owner.known() && h.owner == guard; });
    if (owns || !state.bound_to(guard).empty()) return owns == value;
    if (value && guard.root == Root::Param) { // the caller's guard: whatever it owns is held from here
      Hold h;
      h.lock = guard;
      h.lock.steps.push_back({PathStep::Deref, {}});
      h.owner = guard;
      h.assumed = true;
      h.taken = {Hop{f_.site, self_, {}}};
      state.holds.push_back(h);
    }
    return true;
  }
  case Branch::Flag: {
    for (auto &[path, known] : state.flags)
      if (path == branch.path) return known == value;
    state.flags.emplace_back(branch.path, value);
    if (const Decl *d = program_.decl(branch.path.last_field()); d && d->atomic && value)
      state.signals.wait(d->usr); // `if (ready) ...`: whoever set it came before
    return true;
  }
  }
  return true;
}

bool Walker::run() {
  find_loops();
  once_.assign(f_.blocks.size(), false);
  fixpoint();
  for (uint32_t b : order_)
    if (loop_head_[b] && f_.blocks[b].successors.size() == 2) find_once(b);
  if (llvm::is_contained(once_, true)) fixpoint();
  for (uint32_t b : order_) {
    block_ = b;
    States states = in_[b];
    for (const Op &op : f_.blocks[b].ops) {
      if (states.empty()) break;
      record(op, states);
      States after;
      for (State &s : states) step(op, std::move(s), after);
      tidy(after);
      states = std::move(after);
      for (const State &s : states) add_sites(out_.summary.begun, s.begun);
    }
  }
  finish();
  if (cut_) program_.bounded["functions with more lock states than are followed"].insert(self_);
  auto size = [](const Summary &s) {
    return std::tuple(s.exits.size(), s.acquires.size(), s.blocks.size(), s.callbacks.size(), s.pairs.size(),
                      s.begun.size());
  };
  FunctionInfo &mine = program_.info[self_];
  bool changed = size(mine.summary) != size(out_.summary);
  mine = std::move(out_);
  return changed;
}

void summarize(Program &program, const CallGraph &graph, const LinkOptions &options) {
  for (const Function &f : program.functions)
    for (const Path &c : f.captures)
      if (c.root == Root::Variable) program.captured.insert(c.symbol);
  for (const std::vector<FunctionId> &component : graph.bottom_up()) {
    for (size_t round = 0; round < options.max_rounds; ++round) {
      bool changed = false;
      for (FunctionId f : component)
        if (!program.functions[f].blocks.empty()) changed |= Walker(program, graph, options, f).run();
      if (!changed || component.size() == 1) {
        // A function that only calls itself needs a second look, no more.
        if (!changed || round > 0 || !llvm::any_of(program.info[component[0]].edges, [&](const CallEdge &e) {
              return e.callee == component[0];
            }))
          break;
      }
      if (round + 1 == options.max_rounds)
        program.bounded["groups of mutually recursive functions that were not followed to the end"].insert(
            component[0]);
    }
  }
}

} // namespace snarl
