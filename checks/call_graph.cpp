#include "call_graph.h"
#include "link_paths.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

namespace {
enum SlotKind : uint8_t { FieldSlot, VariableSlot, ParamSlot, LocalSlot, ReturnSlot, ResultSlot };
}

CallGraph::CallGraph(Program &program, const LinkOptions &options) : program_(program), options_(options) {
  order_edges_.resize(program.functions.size());
  for (Function &f : program.functions)
    for (Block &b : f.blocks)
      for (Op &op : b.ops) {
        auto take = [&](const Value &v) {
          if (auto it = program_.by_usr.find(v.function); v.function && it != program_.by_usr.end())
            program_.functions[it->second].address_taken = true;
        };
        take(op.value);
        for (const Value &v : op.args) take(v);
      }
  for (FunctionId i = 0; i < program.functions.size(); ++i)
    if (const Function &f = program.functions[i]; f.address_taken && !f.blocks.empty() && f.signature)
      by_signature_[f.signature].push_back(i);
  // The points-to sets only grow, and calls through values found in one round feed the next.
  for (unsigned round = 0; round < 12; ++round) {
    changed_ = false;
    collect();
    if (!changed_) break;
  }
  for (FunctionId i = 0; i < program.functions.size(); ++i)
    for (const Block &b : program.functions[i].blocks)
      for (const Op &op : b.ops) {
        for (const Target &t : targets(i, op)) order_edges_[i].insert(t.function);
        auto lambda = [&](const Value &v) {
          if (auto it = program_.by_usr.find(v.function); v.function && it != program_.by_usr.end())
            order_edges_[i].insert(it->second);
        };
        lambda(op.value);
        for (const Value &v : op.args) lambda(v);
      }
}

std::optional<CallGraph::Slot> CallGraph::slot(FunctionId id, const Path &path) const {
  for (const PathStep &step : llvm::reverse(path.steps))
    if (step.kind == PathStep::Field) return Slot{FieldSlot, step.symbol, 0};
  const Function &f = program_.functions[id];
  switch (path.root) {
  case Root::Variable: return Slot{VariableSlot, path.symbol, 0};
  case Root::Param: return Slot{ParamSlot, f.usr, path.index};
  case Root::Local: return Slot{LocalSlot, f.usr, path.index};
  case Root::Result: return Slot{ResultSlot, f.usr, path.index};
  case Root::Return: return Slot{ReturnSlot, f.usr, 0};
  case Root::Capture:
    if (path.index < f.captures.size())
      if (auto it = program_.by_usr.find(f.enclosing); it != program_.by_usr.end())
        return slot(it->second, f.captures[path.index]);
    return std::nullopt;
  case Root::None:
  case Root::This: return std::nullopt;
  }
  return std::nullopt;
}

void CallGraph::copy(const std::optional<Slot> &to, FunctionId from, const Value &value) {
  if (!to) return;
  Functions &set = points_to_[*to];
  size_t before = set.size();
  if (value.function) {
    if (auto it = program_.by_usr.find(value.function); it != program_.by_usr.end()) set.insert(it->second);
  } else if (auto source = slot(from, value.path); source && *source != *to) {
    if (auto it = points_to_.find(*source); it != points_to_.end()) {
      Functions add = it->second;
      set.insert(add.begin(), add.end());
    }
  }
  if (set.size() != before) changed_ = true;
}

void CallGraph::collect() {
  for (FunctionId i = 0; i < program_.functions.size(); ++i) {
    const Function &f = program_.functions[i];
    for (const Block &b : f.blocks)
      for (const Op &op : b.ops) {
        if (op.kind == OpKind::Assign) copy(slot(i, op.dest), i, op.value);
        if (op.kind == OpKind::Move) {
          Value v;
          v.path = op.path;
          copy(slot(i, op.dest), i, v);
        }
        if (op.kind == OpKind::Return) copy(Slot{ReturnSlot, f.usr, 0}, i, op.value);
        if (op.kind != OpKind::Call && op.kind != OpKind::Spawn) continue;
        for (const Target &t : targets(i, op)) {
          const Function &callee = program_.functions[t.function];
          // A started function gets its bound objects first, then the further arguments.
          size_t shift = 0;
          if (op.kind == OpKind::Spawn && op.value.bound.size() > (callee.is_method && !callee.is_lambda ? 1u : 0u))
            shift = op.value.bound.size() - (callee.is_method && !callee.is_lambda ? 1 : 0);
          for (size_t a = 0; a < op.args.size() && a + shift < callee.params.size(); ++a)
            copy(Slot{ParamSlot, callee.usr, uint32_t(a + shift)}, i, op.args[a]);
          if (op.kind == OpKind::Call) {
            Functions result;
            if (auto it = points_to_.find(Slot{ReturnSlot, callee.usr, 0}); it != points_to_.end()) result = it->second;
            if (!result.empty()) {
              Functions &set = points_to_[op.dest.known() ? slot(i, op.dest).value_or(Slot{ResultSlot, f.usr, op.id})
                                                          : Slot{ResultSlot, f.usr, op.id}];
              size_t before = set.size();
              set.insert(result.begin(), result.end());
              changed_ |= set.size() != before;
            }
          }
        }
      }
  }
}

std::vector<FunctionId> CallGraph::dispatch(Symbol method) const {
  std::vector<FunctionId> all;
  if (const Function *f = program_.find(method); f && !f->blocks.empty()) all.push_back(program_.by_usr.lookup(method));
  if (auto it = program_.overriders.find(method); it != program_.overriders.end())
    all.insert(all.end(), it->second.begin(), it->second.end());
  return all;
}

void CallGraph::add_targets(std::vector<Target> &out, const Functions &functions) const {
  std::vector<FunctionId> all;
  for (FunctionId f : functions)
    for (FunctionId t : dispatch(program_.functions[f].usr))
      if (!llvm::is_contained(all, t)) all.push_back(t);
  for (FunctionId t : all) out.push_back({t, all.size() == 1, {}});
}

std::vector<Target> CallGraph::values(FunctionId caller, const Value &value) const {
  std::vector<Target> out;
  if (value.function) {
    if (auto it = program_.by_usr.find(value.function); it != program_.by_usr.end()) add_targets(out, {it->second});
    for (Target &t : out) t.bound.assign(value.bound.begin(), value.bound.end());
    return out;
  }
  if (auto s = slot(caller, value.path))
    if (auto it = points_to_.find(*s); it != points_to_.end()) add_targets(out, it->second);
  return out;
}

std::vector<Target> CallGraph::targets(FunctionId caller, const Op &op) const {
  std::vector<Target> out;
  if (op.kind == OpKind::Spawn) return values(caller, op.value);
  if (op.kind == OpKind::Wait || op.kind == OpKind::Destroy || op.via) {
    Symbol usr = op.via ? op.via : op.kind == OpKind::Destroy ? op.callee : op.value.function;
    if (auto it = program_.by_usr.find(usr); usr && it != program_.by_usr.end())
      if (!program_.functions[it->second].blocks.empty()) out.push_back({it->second, true, {}});
    return out;
  }
  if (op.kind != OpKind::Call) return out;
  if (op.callee) {
    if (op.is_virtual) {
      std::vector<FunctionId> all = dispatch(op.callee);
      for (FunctionId t : all) out.push_back({t, all.size() == 1, {}});
    } else if (const Function *f = program_.find(op.callee); f && !f->blocks.empty()) {
      out.push_back({program_.by_usr.lookup(op.callee), true, {}});
    }
  } else {
    // What the caller hands over is called in the caller's summary, where it is known which callable it is.
    if (op.path.root == Root::Param && op.path.steps.empty()) return out;
    Value v;
    v.path = op.path;
    out = values(caller, v);
    // Nothing known of the slot: a function of just this type whose address is taken somewhere, if there are few.
    if (out.empty() && op.signature)
      if (auto it = by_signature_.find(op.signature); it != by_signature_.end() && it->second.size() <= 3)
        for (FunctionId f : it->second) out.push_back({f, false, {}});
  }
  if (out.size() > options_.max_targets) {
    out.resize(options_.max_targets);
    program_.bounded["functions with calls that have more possible targets than are followed"].insert(caller);
  }
  return out;
}

std::vector<std::vector<FunctionId>> CallGraph::bottom_up() const {
  // Tarjan, without recursion: call graphs can be deep.
  size_t n = program_.functions.size();
  std::vector<std::vector<FunctionId>> components;
  std::vector<uint32_t> number(n, 0), low(n, 0);
  std::vector<bool> on_stack(n, false);
  std::vector<FunctionId> stack;
  uint32_t next = 1;
  struct Frame {
    FunctionId f;
    std::set<FunctionId>::const_iterator it;
  };
  for (FunctionId root = 0; root < n; ++root) {
    if (number[root]) continue;
    std::vector<Frame> frames;
    auto enter = [&](FunctionId f) {
      number[f] = low[f] = next++;
      stack.push_back(f);
      on_stack[f] = true;
      frames.push_back({f, order_edges_[f].begin()});
    };
    enter(root);
    while (!frames.empty()) {
      Frame &top = frames.back();
      if (top.it != order_edges_[top.f].end()) {
        FunctionId to = *top.it++;
        if (!number[to])
          enter(to);
        else if (on_stack[to])
          low[top.f] = std::min(low[top.f], number[to]);
        continue;
      }
      FunctionId f = top.f;
      frames.pop_back();
      if (!frames.empty()) low[frames.back().f] = std::min(low[frames.back().f], low[f]);
      if (low[f] != number[f]) continue;
      std::vector<FunctionId> component;
      FunctionId member;
      do {
        member = stack.back();
        stack.pop_back();
        on_stack[member] = false;
        component.push_back(member);
      } while (member != f);
      llvm::sort(component);
      components.push_back(std::move(component));
    }
  }
  return components;
}

} // namespace snarl
