#include "objects.h"
#include "call_frame.h"
#include "path.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <deque>

namespace snarl {

Objects::Objects(const Program &program) : program_(program), callers_(program.functions.size()) {
  for (FunctionId f = 0; f < program.functions.size(); ++f)
    for (const CallEdge &e : program.info[f].edges) callers_[e.callee].push_back({f, &e});
}

bool Objects::comes(FunctionId function, uint32_t agent) const {
  return llvm::any_of(program_.info[function].contexts,
                      [&](const Context &c) { return llvm::is_contained(c.agents, agent); });
}

bool Objects::started_in_loop(uint32_t agent) const {
  FunctionId entry = program_.agents[agent].entry;
  return entry != kNoFunction &&
         llvm::any_of(callers_[entry], [](const Caller &c) { return c.edge->spawn && c.edge->repeats; });
}

const std::vector<Origin> &Objects::origins(const Use &use, uint32_t agent) {
  auto [it, fresh] = known_.try_emplace({use.function, to_string(use.point->path), agent});
  if (fresh) it->second = follow(use.function, use.point->path, agent);
  return it->second;
}

std::vector<Origin> Objects::follow(FunctionId function, const Path &path, uint32_t agent) const {
  std::vector<Origin> ends;
  std::deque<Origin> work{{path, function}};
  std::set<std::tuple<FunctionId, std::string, bool, bool, bool>> seen;
  auto visit = [&](Origin o) {
    if (seen.size() < kMaxVisits && seen.emplace(o.function, to_string(o.path), o.started, o.in_loop, o.above).second)
      work.push_back(std::move(o));
  };
  auto end = [&](Origin o) {
    if (ends.size() < kMaxOrigins) ends.push_back(std::move(o));
  };
  while (!work.empty()) {
    Origin at = std::move(work.front());
    work.pop_front();
    const Function &f = program_.functions[at.function];
    bool entry = !at.started && program_.agents[agent].entry == at.function;
    switch (at.path.root) {
    case Root::None: continue;
    case Root::Variable:
      // A local of a function that this thread does not run was given to it.
      if (const Decl *d = program_.decl(at.path.symbol); d && d->function && !d->is_static && !at.started) {
        auto owner = program_.by_usr.find(d->function);
        at.started = owner != program_.by_usr.end() && !comes(owner->second, agent);
        at.in_loop = at.started && started_in_loop(agent);
      }
      end(std::move(at));
      continue;
    case Root::Local:
    case Root::Result:
    case Root::Return:
      // Stored where others find it: `clients_[fd] = c`.
      for (const Block &b : f.blocks)
        for (const Op &op : b.ops)
          if (op.kind == OpKind::Assign && has_field(op.dest) && op.value.path.known() && !op.value.moved &&
              starts_with(at.path, op.value.path) && !starts_with(op.dest, op.value.path))
            visit({rebased(at.path, op.value.path, op.dest), at.function, at.started, at.in_loop, at.above});
      end(std::move(at));
      continue;
    case Root::This:
    case Root::Capture:
      if (f.is_lambda) { // its surroundings give it both
        auto around = program_.by_usr.find(f.enclosing);
        if (around == program_.by_usr.end()) continue;
        CallFrame frame;
        frame.captures = f.captures;
        Path root;
        root.root = Root::This;
        frame.receiver = root;
        bool start = !at.started && (entry || !comes(around->second, agent));
        bool in_loop = start && started_in_loop(agent);
        visit({frame.up(at.path), around->second, at.started || start, at.in_loop || in_loop, at.above});
        continue;
      }
      break;
    case Root::Param: break;
    }
    bool called = false;
    for (const Caller &c : callers_[at.function]) {
      bool start = c.edge->spawn;
      if (!at.started && start && !(entry && same_site(c.edge->op->site, program_.agents[agent].started))) continue;
      if (!at.started && !start && !comes(c.function, agent)) continue;
      CallFrame frame;
      frame.receiver = c.edge->receiver;
      frame.args = c.edge->args;
      called = true;
      bool in_loop = at.in_loop || (start && !at.started && c.edge->repeats);
      visit({frame.up(at.path), c.function, at.started || start, in_loop, at.above || at.started});
    }
    bool outside = llvm::any_of(program_.info[at.function].contexts, [&](const Context &c) {
      return c.caller == kNoFunction && (at.started || llvm::is_contained(c.agents, agent));
    });
    if (!called || outside) end(std::move(at));
  }
  return ends;
}

Same same_steps(const Path &one, bool write, const Path &other, bool other_writes) {
  size_t common = std::min(one.steps.size(), other.steps.size());
  Same result = Same::Yes;
  for (size_t i = 0; i < common; ++i) {
    const PathStep &a = one.steps[i], &b = other.steps[i];
    if (a.kind != b.kind) return Same::No;
    if (a.kind == PathStep::Deref) result = std::min(result, Same::Perhaps);
    if (a.kind == PathStep::Field && a.symbol != b.symbol) return Same::No;
    if (a.kind != PathStep::Index) continue;
    auto constant = [](const PathStep &s) {
      return !s.symbol.empty() && llvm::all_of(s.symbol.str(), [](char c) { return llvm::isDigit(c); });
    };
    auto all = [](const PathStep &s) { return s.symbol.str() == "*"; };
    if (constant(a) && constant(b)) {
      if (a.symbol != b.symbol) return Same::No;
    } else if (all(a) != all(b)) {
      result = std::min(result, Same::Perhaps);
    } else {
      return Same::No;
    }
  }
  if (one.steps.size() == other.steps.size()) return result;
  // A container against one of its elements: only what changes the container itself touches both.
  bool one_is_whole = one.steps.size() == common;
  const Path &longer = one_is_whole ? other : one;
  bool element = longer.steps.size() == common + 1 && longer.steps.back().kind == PathStep::Index;
  return element && (one_is_whole ? write : other_writes) ? result : Same::No;
}

Same Objects::compare(const Origin &one, bool write, const Origin &other, bool other_writes, bool one_thread) const {
  if (one.path.root != other.path.root) return Same::No;
  Same steps = same_steps(one.path, write, other.path, other_writes);
  if (steps == Same::No) return steps;
  switch (one.path.root) {
  case Root::Variable: {
    if (one.path.symbol != other.path.symbol) return Same::No;
    const Decl *d = program_.decl(one.path.symbol);
    // Each call of a function has locals of its own; only what a thread was given is shared with it.
    if (d && d->function && !d->is_static) {
      if (!one.started && !other.started) return Same::No;
      if (one_thread && !(one.in_loop && other.in_loop)) return Same::No;
    }
    bool leads_away = (d && !d->by_value && has_field(one.path)) || !inside(program_, program_.functions[0], one.path);
    return leads_away ? std::min(steps, Same::Perhaps) : steps;
  }
  case Root::Local:
  case Root::Result:
    // Several threads started in a loop have an object of their own each, unless the loop's function was given it.
    if (one_thread && !(one.in_loop && one.above && other.in_loop && other.above)) return Same::No;
    if (one.function != other.function || one.path.index != other.path.index) return Same::No;
    return one.started || other.started ? std::min(steps, Same::Perhaps) : Same::No;
  case Root::This:
  case Root::Param: {
    if (!one.started && !other.started) return Same::No;
    if (one_thread && !(one.in_loop && other.in_loop)) return Same::No;
    if (one.function == other.function) return one.path.index == other.path.index ? steps : Same::No;
    // The methods of one class are called for one object more often than not; what functions are given is any object.
    if (one.path.root == Root::Param) return Same::No;
    Symbol record = program_.functions[one.function].record;
    return record && record == program_.functions[other.function].record ? Same::ByType : Same::No;
  }
  default: return Same::No;
  }
}

Same Objects::same(const Use &one, uint32_t a, const Use &other, uint32_t b) {
  Same best = Same::No;
  const std::vector<Origin> mine = origins(one, a);
  for (const Origin &theirs : origins(other, b))
    for (const Origin &o : mine) best = std::max(best, compare(o, one.write, theirs, other.write, a == b));
  return best;
}

} // namespace snarl
