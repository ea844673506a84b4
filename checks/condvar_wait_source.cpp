// Waits on condition variables that go wrong by themselves: not tested again, with the wrong mutex, under another lock.
#include "condvar_wait_source.h"
#include "source_steps.h"
#include "waits.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>

namespace snarl {
namespace {

Finding begin(const Program &program, const Op &op, FunctionId function, Symbol condition, const Path &lock) {
  Finding finding;
  finding.rule = "condvar-wait";
  finding.severity = Severity::Warning;
  set_primary(program, finding, Hop{op.site, function, {}});
  if (const Decl *d = program.decl(condition)) finding.names.push_back(d->name.str().str());
  if (lock.last_field()) finding.names.push_back(program.name_of(lock));
  return finding;
}

std::string name_of(const Program &program, Symbol condition) {
  const Decl *d = program.decl(condition);
  return d ? fmt::format("'{}'", d->name.str().str()) : std::string("a condition variable");
}

std::optional<Spot> spot_of(const Function &f, const Op *op) {
  for (uint32_t b = 0; b < f.blocks.size(); ++b)
    for (uint32_t i = 0; i < f.blocks[b].ops.size(); ++i)
      if (&f.blocks[b].ops[i] == op) return Spot{b, i};
  return std::nullopt;
}

/// Somebody looks at the outcome of operation `id`.
bool result_used(const Function &f, uint32_t id) {
  return llvm::any_of(f.blocks, [&](const Block &b) {
    return llvm::is_contained(b.branch.uses, id) || (b.branch.kind == Branch::Result && b.branch.op == id) ||
           llvm::any_of(b.ops, [&](const Op &op) {
             return llvm::is_contained(op.uses, id) ||
                    (op.kind == OpKind::Return && op.value.path.root == Root::Result && op.value.path.index == id);
           });
  });
}

/// Is some of this tested after the wait, before it is gone round a loop?
bool tested_after(const Program &program, FunctionId function, const Flow &flow, Spot at, uint32_t id,
                  const std::set<Symbol> &fields) {
  const Function &f = program.functions[function];
  for (uint32_t b = 0; b < f.blocks.size(); ++b) {
    if (!flow.forward(at.block, b)) continue;
    for (uint32_t use : f.blocks[b].branch.uses) {
      if (use <= id) continue;
      if (fields.empty()) return true;
      for (const Point &p : program.info[function].accesses)
        if (p.op->id == use && fields.count(p.path.last_field())) return true;
      for (const CallEdge &e : program.info[function].edges)
        if (e.op->id == use &&
            llvm::any_of(reads_of(program, e.callee), [&](Symbol read) { return fields.count(read) != 0; }))
          return true;
    }
  }
  return false;
}

/// Is data used under the lock after the wait?
bool used_after(const Program &program, FunctionId function, const Flow &flow, Spot at, uint32_t id) {
  const Function &f = program.functions[function];
  return llvm::any_of(program.info[function].accesses, [&](const Point &p) {
    auto spot = spot_of(f, p.op);
    return spot && p.op->id > id && flow.forward(at.block, spot->block) && !p.op->atomic && !p.holds.empty();
  });
}

class Looping {
public:
  Looping(const Program &program, Findings &out) : program_(program), out_(out) {}

  void check(const Waiting &w) {
    if (w.predicate || w.op->timeout_ms == 0 || w.looped) return;
    judge(w, w.function, *w.op, w.holds, w.tested, 0);
  }

private:
  void judge(const Waiting &w, FunctionId function, const Op &op, const std::vector<Hold> &holds,
             const std::set<Symbol> &tested, unsigned depth) {
    const Function &f = program_.functions[function];
    bool own = llvm::any_of(
        holds, [&](const Hold &h) { return !h.assumed && !h.taken.empty() && h.taken.front().in == function; });
    auto spot = spot_of(f, &op);
    if (!spot) return;
    Flow flow(f);
    if (depth) { // a call of a function that waits
      for (uint32_t b : flow.decided_by(spot->block)) {
        if (b == spot->block) return;
        for (uint32_t to : f.blocks[b].successors)
          if (!flow.postdominates(spot->block, to) && flow.reaches(spot->block, b, to)) return;
      }
      if (flow.in_loop(spot->block)) return;
    }
    if (!own) { // a wrapper: whoever takes the lock has to loop
      if (depth >= 3) return;
      for (FunctionId caller = 0; caller < program_.functions.size(); ++caller)
        for (const CallEdge &e : program_.info[caller].edges)
          if (e.callee == function && !e.spawn && caller != function)
            judge(w, caller, *e.op, e.holds, tested, depth + 1);
      return;
    }
    bool timed = w.op->how == How::Timed;
    if (timed && (result_used(f, op.id) || tested_after(program_, function, flow, *spot, op.id, {}))) return;
    if (timed && tested.empty() && !used_after(program_, function, flow, *spot, op.id)) return; // a sleep
    if (!tested.empty() && tested_after(program_, function, flow, *spot, op.id, tested)) return;
    Finding finding = begin(program_, op, function, w.condition, w.lock);
    std::string what = name_of(program_, w.condition);
    finding.message =
        timed ? fmt::format("nobody looks at how the timed wait on {} ends, nor at what it waited for", what)
              : fmt::format("what is waited for on {} is not tested again after the wait", what);
    finding.steps.push_back(source_step(program_, Hop{op.site, function, {}},
                                        timed ? "may end by its time-out, or without any notification"
                                              : "may end without any notification"));
    if (op.fix && !timed && !tested.empty())
      finding.fixes.push_back({op.fix_begin.place(), op.fix_end.place(), op.fix.str().str()});
    finding.key = fmt::format("unlooped wait on {} in {}", what, finding.function);
    for (const Finding &known : out_)
      if (known.rule == finding.rule && known.place == finding.place) return;
    out_.push_back(std::move(finding));
  }

  const Program &program_;
  Findings &out_;
};

void two_mutexes(const Program &program, const std::vector<Waiting> &waits, Findings &out) {
  std::map<std::string, std::vector<const Waiting *>> by_condition;
  for (const Waiting &w : waits)
    if (w.condition && w.lock.last_field() && w.op->api.str().find("condition_variable_any") == llvm::StringRef::npos &&
        program.decl(w.condition))
      by_condition[w.condition.str().str()].push_back(&w);
  for (auto &[key, all] : by_condition)
    for (const Waiting *w : all) {
      const Waiting &first = *all.front();
      if (w->lock.last_field() == first.lock.last_field()) continue;
      Finding finding = begin(program, *w->op, w->function, w->condition, w->lock);
      finding.message =
          fmt::format("{} is used with {} here and with {} elsewhere: one condition variable, one mutex",
                      name_of(program, w->condition), quoted(program, w->lock), quoted(program, first.lock));
      finding.steps.push_back(source_step(program, Hop{w->op->site, w->function, {}},
                                          fmt::format("waits with {}", quoted(program, w->lock))));
      finding.steps.push_back(source_step(program, Hop{first.op->site, first.function, {}},
                                          fmt::format("waits with {}", quoted(program, first.lock))));
      finding.key = fmt::format("{} with two mutexes", name_of(program, w->condition));
      out.push_back(std::move(finding));
      break;
    }
}

void other_locks(const Program &program, const Waiting &w, Findings &out) {
  if (!w.lock.known() || w.op->how == How::Timed || w.op->timeout_ms == 0) return;
  for (const Hold &h : w.holds) {
    if (!h.must || h.assumed || h.lock == w.lock) continue;
    if (h.lock.last_field() && h.lock.last_field() == w.lock.last_field()) continue; // perhaps the same
    if (h.taken.empty() || !h.traits.thread_bound) continue;
    Finding finding = begin(program, *w.op, w.function, w.condition, w.lock);
    std::string other = h.lock.last_field() ? quoted(program, h.lock) : std::string("another lock");
    finding.message = fmt::format("waits on {} with {} held: only {} is released while it waits",
                                  name_of(program, w.condition), other, quoted(program, w.lock));
    add_chain(program, finding, h.taken, fmt::format("{} taken here", other));
    finding.steps.push_back(source_step(program, Hop{w.op->site, w.function, {}}, "waits here"));
    finding.key = fmt::format("wait on {} with {} in {}", name_of(program, w.condition), other, finding.function);
    out.push_back(std::move(finding));
    return;
  }
}

} // namespace

void condvar_wait_from_source(const Program &program, Findings &out) {
  std::vector<Waiting> waits = all_waits(program);
  Looping looping(program, out);
  for (const Waiting &w : waits) {
    looping.check(w);
    other_locks(program, w, out);
  }
  two_mutexes(program, waits, out);
}

} // namespace snarl
