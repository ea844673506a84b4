#include "hand_over.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

static bool add(Signals::Set &set, Symbol object) {
  auto less = [](Symbol a, Symbol b) { return a.str() < b.str(); };
  auto it = std::lower_bound(set.begin(), set.end(), object, less);
  if (it != set.end() && *it == object) return false;
  set.insert(it, object);
  return true;
}

void Signals::wait(Symbol object) {
  add(waited, object);
  since.clear();
}

void Signals::signal(Symbol object) {
  add(given, object);
  add(since, object);
}

void Signals::then(const Signals &callee) {
  if (!callee.waited.empty()) since.clear();
  for (Symbol s : callee.waited) add(waited, s);
  for (Symbol s : callee.given) add(given, s);
  for (Symbol s : callee.since) add(since, s);
}

bool Signals::merge(const Signals &other) {
  bool more = false;
  for (Symbol s : other.waited) more |= add(waited, s);
  for (Symbol s : other.given) more |= add(given, s);
  for (Symbol s : other.since) more |= add(since, s);
  return more;
}

static bool type_contains(const Program &program, Symbol object, std::initializer_list<const char *> words) {
  const Decl *d = program.decl(object);
  return d && llvm::any_of(words, [&](const char *w) { return d->type.str().contains(w); });
}

SignalOp signal_of(const Program &program, const Op &op) {
  Symbol object = op.path.last_field();
  if (!object) return {};
  switch (op.kind) {
  case OpKind::Wait: return {object, {}};
  case OpKind::Notify: return {{}, object};
  case OpKind::Block: {
    const Decl *d = program.decl(object);
    if (!d || !d->sync_object || op.block != BlockKind::ThreadWait) return {};
    bool both = type_contains(program, object, {"barrier"}) || op.api.str().ends_with("arrive_and_wait");
    return {object, both ? object : Symbol()};
  }
  case OpKind::Access: // setting a flag
    return op.atomic && op.write ? SignalOp{{}, object} : SignalOp{};
  default: return {};
  }
}

HandOvers::HandOvers(const Program &program) : program_(program) {
  for (FunctionId f = 0; f < program.functions.size(); ++f)
    for (const Block &b : program.functions[f].blocks)
      for (const Op &op : b.ops)
        if (Symbol s = signal_of(program, op).signals)
          for (const Context &c : program.info[f].contexts) signallers_[s].insert(c.agents.begin(), c.agents.end());
}

bool HandOvers::signals(uint32_t agent, Symbol object) const {
  auto it = signallers_.find(object);
  return it != signallers_.end() && it->second.count(agent);
}

bool HandOvers::before(const Signals &early, uint32_t agent, const Signals &late) const {
  return llvm::any_of(late.waited, [&](Symbol s) { return signals(agent, s) && !llvm::is_contained(early.given, s); });
}

bool HandOvers::in_turns(const Signals &one, uint32_t a, const Signals &other, uint32_t b) const {
  auto turn = [&](const Signals &mine, const Signals &theirs, uint32_t agent, Symbol s) {
    return llvm::is_contained(mine.waited, s) && !llvm::is_contained(theirs.since, s) && signals(agent, s);
  };
  for (Symbol s : other.waited) {
    if (!turn(other, one, a, s)) continue;
    // What is signalled once and for all lets everybody in who waits for it.
    bool once = type_contains(program_, s, {"latch", "Notification", "Baton"});
    for (Symbol back : one.waited)
      if (turn(one, other, b, back) && (back != s || !once)) return true;
  }
  return false;
}

bool HandOvers::ordered(const Use &one, uint32_t a, const Use &other, uint32_t b) const {
  Signals mine = signals_at(program_, one), theirs = signals_at(program_, other);
  return before(mine, a, theirs) || before(theirs, b, mine) || in_turns(mine, a, theirs, b);
}

Signals signals_at(const Program &program, const Use &use) {
  std::vector<const Signals *> way{&use.point->signals};
  const Context *c = use.context;
  FunctionId callee = use.function;
  for (unsigned depth = 0; c->caller != kNoFunction && depth < 16; ++depth) {
    const FunctionInfo &caller = program.info[c->caller];
    auto edge = llvm::find_if(
        caller.edges, [&](const CallEdge &e) { return e.callee == callee && same_site(e.op->site, c->call_site); });
    if (edge == caller.edges.end() || edge->spawn || c->caller_context >= caller.contexts.size()) break;
    way.push_back(&edge->signals);
    callee = c->caller;
    c = &caller.contexts[c->caller_context];
  }
  Signals all;
  for (const Signals *s : llvm::reverse(way)) all.then(*s);
  return all;
}

} // namespace snarl
