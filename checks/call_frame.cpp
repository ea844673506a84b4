#include "call_frame.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

Chain through(const Hop &call, const Chain &chain) {
  Chain longer{call};
  if (chain.size() < kMaxChain)
    longer.insert(longer.end(), chain.begin(), chain.end());
  else { // the ends say most
    longer.insert(longer.end(), chain.begin(), chain.begin() + kMaxChain - 2);
    longer.push_back(chain.back());
  }
  return longer;
}

Path CallFrame::up(const Path &path) const {
  Path root;
  root.root = path.root;
  root.index = path.index;
  root.symbol = path.symbol;
  switch (path.root) {
  case Root::Variable: return path;
  case Root::This: return rebased(path, root, receiver);
  case Root::Param: return rebased(path, root, path.index < args.size() ? args[path.index] : Path());
  case Root::Capture: return rebased(path, root, path.index < captures.size() ? captures[path.index] : Path());
  case Root::Return: return rebased(path, root, result);
  case Root::None:
  case Root::Local:
  case Root::Result: return rebased(path, root, Path());
  }
  return path;
}

Hold CallFrame::up(const Hold &hold, const Hop &call) const {
  Hold h = hold;
  h.lock = up(hold.lock);
  h.owner = up(hold.owner);
  h.taken = through(call, hold.taken);
  return h;
}

Acquisition CallFrame::up(const Acquisition &acquisition, const Hop &call) const {
  Acquisition a = acquisition;
  a.lock = up(a.lock);
  a.stored = up(a.stored);
  for (Path &p : a.dropped) p = up(p);
  a.chain = through(call, a.chain);
  return a;
}

static bool by_value(const Program &program, const Path &path, size_t from) {
  for (size_t i = from; i < path.steps.size(); ++i) {
    if (path.steps[i].kind == PathStep::Deref) return false;
    if (path.steps[i].kind == PathStep::Index && i > 0)
      if (const Decl *container = program.decl(path.steps[i - 1].symbol);
          container && holds_pointers(container->type.str()))
        return false;
    if (path.steps[i].kind != PathStep::Field) continue;
    const Decl *decl = program.decl(path.steps[i].symbol);
    if (!decl || !decl->by_value) return false;
  }
  return true;
}

Hold CallFrame::down(const Program &program, Hold hold) const {
  Path best_from, best_to;
  auto consider = [&](const Path &from, Root root, uint32_t index) {
    if (!from.known() || !starts_with(hold.lock, from)) return;
    if (best_from.known() && best_from.steps.size() >= from.steps.size()) return;
    best_from = from;
    best_to = Path();
    best_to.root = root;
    best_to.index = index;
  };
  consider(receiver, Root::This, 0);
  for (size_t i = 0; i < args.size(); ++i) consider(args[i], Root::Param, i);
  for (size_t i = 0; i < captures.size(); ++i) consider(captures[i], Root::Capture, i);
  hold.owner = Path();
  if (best_from.known()) {
    hold.lock = rebased(hold.lock, best_from, best_to);
    return hold;
  }
  if (hold.lock.root == Root::Variable) return hold;
  Path owner = owner_of(hold.lock);
  if (owner.known() && starts_with(receiver, owner))
    hold.reach = by_value(program, receiver, owner.steps.size()) ? Hold::Contains : Hold::Leads;
  else if (owner.known() && llvm::any_of(args, [&](const Path &a) { return starts_with(a, owner); }))
    hold.reach = Hold::Leads;
  else if (hold.reach != Hold::None && !starts_with(receiver, Path())) // passed on from a caller further up
    hold.reach = receiver.root == Root::This ? hold.reach : Hold::None;
  Path root;
  root.root = hold.lock.root;
  root.index = hold.lock.index;
  root.symbol = hold.lock.symbol;
  hold.lock = rebased(hold.lock, root, Path());
  return hold;
}

} // namespace snarl
