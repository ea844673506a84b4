#include "waits.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

std::set<Symbol> reads_of(const Program &program, FunctionId function, unsigned depth) {
  std::set<Symbol> out;
  for (const Point &p : program.info[function].accesses)
    if (Symbol field = p.path.last_field()) {
      const Decl *d = program.decl(field);
      if (!d || d->constant) continue;
      out.insert(field);
      // it->second.done, map_[k].done: the container counts as well
      for (const PathStep &step : p.path.steps)
        if (step.kind == PathStep::Field && !p.path.steps.empty()) out.insert(step.symbol);
    }
  if (depth)
    for (const CallEdge &e : program.info[function].edges)
      if (!e.spawn && e.callee != function) out.merge(reads_of(program, e.callee, depth - 1));
  return out;
}

bool holds_lock(const std::vector<Hold> &holds, Symbol key) {
  return llvm::any_of(holds, [&](const Hold &h) {
    return h.lock.last_field() == key || llvm::any_of(h.lock.steps, [&](const PathStep &s) { return s.symbol == key; });
  });
}

namespace {

/// What the operations numbered `uses` of a function read.
void add_reads(const Program &program, FunctionId f, llvm::ArrayRef<uint32_t> uses, std::set<Symbol> &out) {
  const FunctionInfo &info = program.info[f];
  for (const Point &p : info.accesses)
    if (llvm::is_contained(uses, p.op->id))
      if (Symbol field = p.path.last_field()) out.insert(field);
  for (const CallEdge &e : info.edges)
    if (!e.spawn && llvm::is_contained(uses, e.op->id)) out.merge(reads_of(program, e.callee));
}

/// Does it depend on a test that is made again after the wait? A test on the way to the wait, whose other outcome
/// leads on: `while (!ready) wait();`, `for (;;) { if (ready) {...} else wait(); }`.
bool looped(const Function &f, const Flow &flow, uint32_t at) {
  bool decided = false;
  for (uint32_t b : flow.decided_by(at)) {
    decided = true;
    const auto &to = f.blocks[b].successors;
    if (b == at) return true; // do wait(); while (!ready);
    for (uint32_t on : to)
      if (!flow.postdominates(at, on) && flow.reaches(at, b, on)) return true;
  }
  return !decided && flow.in_loop(at);
}

} // namespace

std::vector<Waiting> all_waits(const Program &program) {
  std::vector<Waiting> out;
  for (FunctionId i = 0; i < program.functions.size(); ++i) {
    const Function &f = program.functions[i];
    if (f.in_system_header) continue;
    std::optional<Flow> flow;
    for (uint32_t b = 0; b < f.blocks.size(); ++b)
      for (uint32_t at = 0; at < f.blocks[b].ops.size(); ++at) {
        const Op &op = f.blocks[b].ops[at];
        if (op.kind != OpKind::Wait) continue;
        if (!flow) flow.emplace(f);
        Waiting w;
        w.function = i;
        w.op = &op;
        w.spot = {b, at};
        w.condition = op.path.last_field();
        for (const Point &p : program.info[i].blocks)
          if (p.op == &op) {
            w.condition = p.path.last_field();
            w.holds = p.holds;
          }
        const Path &given = op.args.empty() ? Path() : op.args[0].path;
        for (const Hold &h : w.holds)
          if (h.lock == given || (h.owner.known() && h.owner == given)) w.lock = h.lock;
        if (!w.lock.known() && given.last_field() && given.root != Root::Local) w.lock = given;
        if (!w.lock.last_field() && w.holds.size() == 1) w.lock = w.holds[0].lock;
        w.predicate = op.value.function || op.value.path.known();
        if (op.value.function)
          if (auto fn = program.by_usr.find(op.value.function); fn != program.by_usr.end())
            w.tested = reads_of(program, fn->second);
        for (uint32_t c : flow->decided_by(b)) // tested before it waits
          if (flow->forward(c, b)) add_reads(program, i, f.blocks[c].branch.uses, w.tested);
        w.looped = looped(f, *flow, b);
        for (llvm::StringRef rest = op.signature.str(); !rest.empty();) {
          auto [one, more] = rest.split('\n');
          if (!one.empty()) w.enough.insert(Symbol(one));
          rest = more;
        }
        out.push_back(std::move(w));
      }
  }
  llvm::sort(out, [](const Waiting &a, const Waiting &b) { return a.op->site.place() < b.op->site.place(); });
  return out;
}

} // namespace snarl
