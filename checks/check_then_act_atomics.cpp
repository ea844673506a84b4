// Two operations on one atomic where one would have to do.
#include "check_then_act.h"
#include "link_paths.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace snarl {

std::optional<Spot> spot_of(const Function &f, const Op *op) {
  for (uint32_t b = 0; b < f.blocks.size(); ++b)
    for (uint32_t i = 0; i < f.blocks[b].ops.size(); ++i)
      if (&f.blocks[b].ops[i] == op) return Spot{b, i};
  return std::nullopt;
}

bool controlled_by(const Function &f, const llvm::BitVector &controllers, uint32_t id) {
  return llvm::any_of(controllers.set_bits(),
                      [&](unsigned b) { return llvm::is_contained(f.blocks[b].branch.uses, id); });
}

/// A thread that each object of the class starts for itself: never two on one object.
static bool thread_of_object(const Program &program, uint32_t agent, const Path &location) {
  const Decl *d = program.decl(location.last_field());
  if (location.root != Root::This || !d || !d->record || program.agents[agent].entry == kNoFunction) return false;
  bool found = false;
  for (FunctionId f = 0; f < program.functions.size(); ++f)
    for (const CallEdge &e : program.info[f].edges) {
      if (!e.spawn || e.callee != program.agents[agent].entry || !same_site(e.op->site, program.agents[agent].started))
        continue;
      if (e.repeats || !(program.functions[f].record == d->record)) return false;
      found = true;
    }
  return found;
}

bool others_write(const Program &program, FunctionId function, const Path &location) {
  Symbol field = location.last_field();
  auto touches = [&](const Path &p) {
    return p.last_field() == field || (p.root == Root::Variable && p.symbol == field) ||
           llvm::any_of(p.steps, [&](const PathStep &s) { return s.symbol == field; });
  };
  for (FunctionId g = 0; g < program.functions.size(); ++g)
    for (const Point &w : program.info[g].accesses) {
      if (!w.op->write || w.own || !touches(w.path)) continue;
      for (const Context &theirs : program.info[g].contexts)
        for (const Context &mine : program.info[function].contexts)
          if ((theirs.concurrent || w.beside) && (mine.concurrent || w.beside) &&
              !(w.path.root == Root::This && theirs.own_this) && !mine.own_this &&
              program.may_overlap(mine.agents, theirs.agents) &&
              !(mine.agents == theirs.agents && mine.agents.size() == 1 &&
                thread_of_object(program, mine.agents[0], location)))
            return true;
    }
  return false;
}

namespace {

/// Does more than this hang on the branches that decide about it?
bool decides_more(const Function &f, const Flow &flow, const llvm::BitVector &controllers, uint32_t check,
                  const Op *act) {
  for (uint32_t b = 0; b < f.blocks.size(); ++b) {
    bool more = llvm::any_of(f.blocks[b].ops, [&](const Op &op) {
      bool effect = op.kind == OpKind::Call || op.kind == OpKind::Spawn || op.kind == OpKind::Notify ||
                    op.kind == OpKind::Block || (op.kind == OpKind::Access && op.write) ||
                    (op.kind == OpKind::Return && op.value.truth != Value::Unknown);
      return effect && &op != act;
    });
    if (!more) continue;
    llvm::BitVector mine = flow.controllers(b);
    for (unsigned c : controllers.set_bits())
      if (mine.test(c) && llvm::is_contained(f.blocks[c].branch.uses, check)) return true;
  }
  return false;
}

bool used(const Function &f, uint32_t id) {
  return llvm::any_of(f.blocks, [&](const Block &b) {
    return llvm::is_contained(b.branch.uses, id) ||
           llvm::any_of(b.ops, [&](const Op &op) { return llvm::is_contained(op.uses, id); });
  });
}

/// An element picked by a variable index: usually one for each thread.
bool element(const Path &p) {
  return llvm::any_of(p.steps, [](const PathStep &s) {
    return s.kind == PathStep::Index && !llvm::all_of(s.symbol.str(), [](char c) { return c >= '0' && c <= '9'; });
  });
}

class Atomics {
public:
  Atomics(const Program &program, FunctionId f) : program_(program), f_(f), fn_(program.functions[f]) {}

  void run(std::vector<Decision> &out) {
    std::vector<const Point *> loads, writes;
    for (const Point &p : program_.info[f_].accesses) {
      const Decl *d = program_.decl(p.path.last_field());
      if (!p.op->atomic || p.own || !d || element(p.path) || p.op->in_macro_of_system) continue;
      (p.op->write ? writes : loads).push_back(&p);
    }
    if (loads.empty() || writes.empty()) return;
    std::set<const Op *> said;
    for (const Point *write : writes) {
      if (write->op->update == Update::Cas) continue;
      for (const Point *load : loads)
        if (load->path == write->path && !said.count(write->op) && (stale(*load, *write) || reloaded(*write, *load)) &&
            others_write(program_, f_, write->path)) {
          said.insert(write->op);
          Decision d;
          d.function = f_;
          bool before = load->op->id < write->op->id;
          d.check = before ? load->op : write->op;
          d.act = before ? write->op : load->op;
          d.location = write->path;
          d.stores = before && write->op->update == Update::None;
          out.push_back(d);
        }
    }
  }

private:
  const Flow &flow() {
    if (!flow_) flow_.emplace(fn_);
    return *flow_;
  }

  bool under_lock(const Point &p) const {
    if (llvm::any_of(p.holds, [](const Hold &h) { return h.must; })) return true;
    const auto &contexts = program_.info[f_].contexts;
    return !contexts.empty() && llvm::all_of(contexts, [](const Context &c) {
      return llvm::any_of(c.holds, [](const Hold &h) { return h.must; });
    });
  }

  /// x.store(f(x.load())), if (x.load() < n) x.fetch_add(1)
  bool stale(const Point &load, const Point &write) {
    bool by_value = llvm::is_contained(write.op->uses, load.op->id);
    bool store = write.op->update == Update::None;
    if (!store && used(fn_, write.op->id)) return false; // looks again at what it found
    if (by_value && !store) return false;                // x.fetch_add(x.load()): strange, but whole
    auto from = spot_of(fn_, load.op), to = spot_of(fn_, write.op);
    if (!from || !to || !flow().forward(from->block, to->block)) return false;
    llvm::BitVector controllers = flow().controllers(to->block);
    bool by_branch = controlled_by(fn_, controllers, load.op->id);
    if (!by_value && !by_branch) return false;
    // One writer by design: what it wrote itself it may read without order.
    bool open = llvm::any_of(program_.info[f_].contexts, [&](const Context &c) {
      return llvm::all_of(c.agents, [&](uint32_t a) { return program_.agents[a].entry != kNoFunction; });
    });
    if (load.op->api.str() == "relaxed" && !open) return false;
    // Writers exclude each other by a lock; a test under it is made again.
    if (under_lock(load) && under_lock(write)) return false;
    if (under_lock(write))
      for (const Point &again : program_.info[f_].accesses)
        if (again.op->atomic && !again.op->write && again.path == write.path && under_lock(again) &&
            controlled_by(fn_, controllers, again.op->id))
          return false;
    // Claimed by another operation: if (x.load()) if (x.exchange(0)) ...
    for (const Point &claim : program_.info[f_].accesses)
      if (claim.op->atomic && claim.op->write && claim.op->update != Update::None && &claim != &write &&
          controlled_by(fn_, controllers, claim.op->id))
        return false;
    // Waits for it, then says what is the case: while (x.load() == 0) ; x.store(2);
    if (!by_value && flow().reaches(from->block, from->block, to->block) &&
        flow().postdominates(to->block, from->block))
      return false;
    if (!by_value && store && write.op->value.truth != Value::Unknown) {
      const Decl *d = program_.decl(write.path.last_field());
      bool flag = d && (d->type.str().contains("bool") || d->type.str().contains("atomic_flag"));
      if (flag && !decides_more(fn_, flow(), controllers, load.op->id, write.op)) return false; // saves a write only
    }
    return true;
  }

  /// --refs; if (refs == 0) ...: what the first operation returned is lost.
  bool reloaded(const Point &write, const Point &load) {
    if (write.op->update != Update::Rmw || write.op->id > load.op->id || used(fn_, write.op->id)) return false;
    if (under_lock(write) || under_lock(load)) return false;
    auto from = spot_of(fn_, write.op), to = spot_of(fn_, load.op);
    if (!from || !to || from->block != to->block) return false;
    const Block &block = fn_.blocks[from->block];
    if (!llvm::is_contained(block.branch.uses, load.op->id) || flow().in_loop(from->block)) return false;
    for (uint32_t i = from->index + 1; i < to->index; ++i)
      if (block.ops[i].kind != OpKind::Access || block.ops[i].write) return false; // not one step any more
    llvm::BitVector branch(fn_.blocks.size());
    branch.set(from->block);
    return decides_more(fn_, flow(), branch, load.op->id, nullptr);
  }

  const Program &program_;
  const FunctionId f_;
  const Function &fn_;
  std::optional<Flow> flow_;
};

} // namespace

std::vector<Decision> decisions_on_atomics(const Program &program) {
  std::vector<Decision> out;
  for (FunctionId f = 0; f < program.functions.size(); ++f)
    if (!program.functions[f].in_system_header && !program.functions[f].is_constructor) Atomics(program, f).run(out);
  return out;
}

} // namespace snarl
