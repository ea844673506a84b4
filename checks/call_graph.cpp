#include "call_graph.h"
#include "link_paths.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

namespace {
enum SlotKind : uint8_t { FieldSlot, VariableSlot, ParamSlot, LocalSlot, ReturnSlot, ResultSlot };

std::pair<Symbol, uint64_t> make_slot(SlotKind kind, Symbol symbol, uint64_t number = 0) {
  return {symbol, number << 8 | kind};
}
} // namespace

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
  for (FunctionId i = 0; i < program.functions.size(); ++i)
    for (const Block &b : program.functions[i].blocks)
      for (const Op &op : b.ops) collect(i, op);
  propagate();
  guess_by_type();
  for (FunctionId i = 0; i < program.functions.size(); ++i) {
    std::vector<FunctionId> &edges = order_edges_[i];
    for (const Block &b : program.functions[i].blocks)
      for (const Op &op : b.ops) {
        for (const Target &t : targets(i, op)) edges.push_back(t.function);
        auto lambda = [&](const Value &v) {
          if (auto it = program_.by_usr.find(v.function); v.function && it != program_.by_usr.end())
            edges.push_back(it->second);
        };
        lambda(op.value);
        for (const Value &v : op.args) lambda(v);
      }
    llvm::sort(edges);
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  }
}

std::optional<CallGraph::Slot> CallGraph::slot(FunctionId id, const Path &path) const {
  for (const PathStep &step : llvm::reverse(path.steps))
    if (step.kind == PathStep::Field) return make_slot(FieldSlot, step.symbol);
  const Function &f = program_.functions[id];
  switch (path.root) {
  case Root::Variable: return make_slot(VariableSlot, path.symbol);
  case Root::Param: return make_slot(ParamSlot, f.usr, path.index);
  case Root::Local: return make_slot(LocalSlot, f.usr, path.index);
  case Root::Result: return make_slot(ResultSlot, f.usr, path.index);
  case Root::Return: return make_slot(ReturnSlot, f.usr);
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

uint32_t CallGraph::node(const Slot &slot) {
  auto [it, fresh] = numbers_.try_emplace(slot, nodes_.size());
  if (fresh) nodes_.emplace_back();
  return it->second;
}

void CallGraph::hold(uint32_t node, FunctionId function) {
  std::vector<FunctionId> &holds = nodes_[node].holds;
  auto it = llvm::lower_bound(holds, function);
  if (it != holds.end() && *it == function) return;
  holds.insert(it, function);
  fresh_.push_back({node, function});
}

void CallGraph::copy(const Slot &to, FunctionId from, const Value &value) {
  if (value.function) {
    if (auto it = program_.by_usr.find(value.function); it != program_.by_usr.end()) hold(node(to), it->second);
    return;
  }
  std::optional<Slot> source = slot(from, value.path);
  if (!source || *source == to) return;
  uint32_t target = node(to);
  Node &origin = nodes_[node(*source)]; // after the other, which may make the table grow
  origin.copied_to.push_back(target);
  for (FunctionId held : std::vector<FunctionId>(origin.holds)) hold(target, held);
}

void CallGraph::collect(FunctionId id, const Op &op) {
  switch (op.kind) {
  case OpKind::Assign:
    if (auto to = slot(id, op.dest)) copy(*to, id, op.value);
    return;
  case OpKind::Move:
    if (auto to = slot(id, op.dest)) {
      Value moved;
      moved.path = op.path;
      copy(*to, id, moved);
    }
    return;
  case OpKind::Return: return copy(make_slot(ReturnSlot, program_.functions[id].usr), id, op.value);
  case OpKind::Call:
  case OpKind::Spawn: break;
  default: return;
  }
  bool through = op.kind == OpKind::Spawn ? !op.value.function : !op.callee && !op.via;
  if (!through) {
    for (const Target &t : targets(id, op)) connect(id, op, t.function);
    return;
  }
  const Path &kept = op.kind == OpKind::Spawn ? op.value.path : op.path;
  // What the caller hands over is called in the caller's summary, where it is known which callable it is.
  if (op.kind == OpKind::Call && kept.root == Root::Param && kept.steps.empty()) return;
  if (auto from = slot(id, kept)) {
    nodes_[node(*from)].called_at.push_back(indirect_.size());
    indirect_.push_back({id, &op, 0});
  } else if (op.kind == OpKind::Call) {
    for (const Target &t : targets(id, op)) connect(id, op, t.function); // by its type
  }
}

void CallGraph::connect(FunctionId caller, const Op &op, FunctionId target) {
  const Function &callee = program_.functions[target];
  // A started function gets its bound objects first, then the further arguments.
  size_t shift = 0;
  size_t own = callee.is_method && !callee.is_lambda ? 1 : 0;
  if (op.kind == OpKind::Spawn && op.value.bound.size() > own) shift = op.value.bound.size() - own;
  for (size_t a = 0; a < op.args.size() && a + shift < callee.params.size(); ++a)
    copy(make_slot(ParamSlot, callee.usr, a + shift), caller, op.args[a]);
  if (op.kind != OpKind::Call) return;
  Slot result = make_slot(ResultSlot, program_.functions[caller].usr, op.id);
  if (op.dest.known()) result = slot(caller, op.dest).value_or(result);
  uint32_t to = node(result);
  Node &returned = nodes_[node(make_slot(ReturnSlot, callee.usr))];
  returned.copied_to.push_back(to);
  for (FunctionId held : std::vector<FunctionId>(returned.holds)) hold(to, held);
}

void CallGraph::propagate() {
  while (!fresh_.empty()) {
    auto [from, function] = fresh_.back();
    fresh_.pop_back();
    // By position: connecting adds nodes and edges. What an edge added meanwhile has to carry, it carries at once.
    for (size_t i = 0; i < nodes_[from].copied_to.size(); ++i) hold(nodes_[from].copied_to[i], function);
    for (size_t i = 0; i < nodes_[from].called_at.size(); ++i) {
      uint32_t at = nodes_[from].called_at[i];
      for (FunctionId target : dispatch(program_.functions[function].usr))
        if (indirect_[at].targets < options_.max_targets) {
          ++indirect_[at].targets;
          connect(indirect_[at].caller, *indirect_[at].op, target);
        }
    }
  }
}

/// Nothing is known of a slot: then functions of just this type whose address is taken somewhere.
void CallGraph::guess_by_type() {
  for (const IndirectCall &call : std::vector<IndirectCall>(indirect_))
    if (!call.targets && call.op->kind == OpKind::Call)
      for (const Target &t : targets(call.caller, *call.op)) connect(call.caller, *call.op, t.function);
  propagate();
}

std::vector<FunctionId> CallGraph::dispatch(Symbol method) const {
  std::vector<FunctionId> all;
  if (const Function *f = program_.find(method); f && !f->blocks.empty()) all.push_back(program_.by_usr.lookup(method));
  if (auto it = program_.overriders.find(method); it != program_.overriders.end())
    all.insert(all.end(), it->second.begin(), it->second.end());
  return all;
}

void CallGraph::add_targets(std::vector<Target> &out, llvm::ArrayRef<FunctionId> functions) const {
  std::vector<FunctionId> all;
  for (FunctionId f : functions)
    for (FunctionId t : dispatch(program_.functions[f].usr))
      if (!llvm::is_contained(all, t)) all.push_back(t);
  for (FunctionId t : all) out.push_back({t, all.size() == 1, {}});
}

std::vector<Target> CallGraph::values(FunctionId caller, const Value &value) const {
  std::vector<Target> out;
  if (value.function) {
    if (auto it = program_.by_usr.find(value.function); it != program_.by_usr.end()) add_targets(out, it->second);
    for (Target &t : out) t.bound.assign(value.bound.begin(), value.bound.end());
    return out;
  }
  if (auto s = slot(caller, value.path))
    if (auto it = numbers_.find(*s); it != numbers_.end()) add_targets(out, nodes_[it->second].holds);
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
    std::vector<FunctionId>::const_iterator it;
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
