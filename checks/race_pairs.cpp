#include "race_pairs.h"
#include "guarded_by.h"
#include "shared_uses.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace snarl {

/// Of one location at most so many uses are compared with each other; the first writes come first.
static constexpr size_t kMaxUses = 96;
/// A call through a pointer that can lead to so many functions says little about which thread calls which.
static constexpr size_t kManyTargets = 3;

bool perhaps_common_lock(const std::vector<Hold> &one, const std::vector<Hold> &other) {
  auto vague = [](const std::vector<Hold> &holds) { return llvm::any_of(holds, anonymous); };
  if (vague(one) || vague(other)) return true;
  return llvm::any_of(one, [&](const Hold &a) {
    return llvm::any_of(other, [&](const Hold &b) { return a.lock.last_field() == b.lock.last_field(); });
  });
}

bool RacePairs::started(uint32_t agent) const {
  const Agent &a = program_.agents[agent];
  bool thread = a.kind == SpawnKind::Thread || a.kind == SpawnKind::Async || a.kind == SpawnKind::Pool;
  return thread && a.entry != kNoFunction && !a.starters.empty();
}

/// Is it seen to be started more than once? That strangers may call its starter twice does not count.
bool RacePairs::repeated(uint32_t agent) const {
  return objects_.started_in_loop(agent) || llvm::any_of(program_.agents[agent].starters, [&](uint32_t s) {
           return program_.agents[s].entry != kNoFunction;
         });
}

bool RacePairs::in_sight(uint32_t agent) const {
  const Agent &a = program_.agents[agent];
  bool main = a.entry != kNoFunction && program_.functions[a.entry].is_main;
  return started(agent) || main || (a.entry == kNoFunction && a.kind == SpawnKind::Thread);
}

/// Is `use` on the way to the start of the thread, in a function that has not come so far yet?
bool RacePairs::before_start(const Use &use, uint32_t agent) const {
  const Site &start = program_.agents[agent].started;
  auto starts = [&](const std::vector<Site> &sites) {
    return llvm::any_of(sites, [&](const Site &s) { return same_site(s, start); });
  };
  const std::vector<Site> *begun = &use.point->begun;
  FunctionId f = use.function;
  const Context *c = use.context;
  for (unsigned depth = 0; depth < 16; ++depth) {
    if (starts(*begun)) return false;
    if (starts(program_.info[f].summary.begun)) return true;
    if (c->caller == kNoFunction) return false;
    const FunctionInfo &caller = program_.info[c->caller];
    auto edge = llvm::find_if(caller.edges,
                              [&](const CallEdge &e) { return e.callee == f && same_site(e.op->site, c->call_site); });
    if (edge == caller.edges.end() || c->caller_context >= caller.contexts.size()) return false;
    if (edge->spawn) return false; // a thread goes on while its starter starts the next
    begun = &edge->begun;
    f = c->caller;
    c = &caller.contexts[c->caller_context];
  }
  return false;
}

/// Does the agent come to the function only through functions of which there are several versions, or, in a thread that
/// was started, through callbacks that can be one of many? Which thread calls which of those is not known.
bool RacePairs::uncertain(FunctionId function, uint32_t agent) {
  auto several = program_.bounded.find(kSeveralBodies);
  FunctionId entry = program_.agents[agent].entry;
  if (entry == kNoFunction) return false;
  auto [it, fresh] = certain_.try_emplace(agent);
  std::set<FunctionId> &certain = it->second;
  if (fresh) {
    std::vector<FunctionId> work{entry};
    while (!work.empty()) {
      FunctionId f = work.back();
      work.pop_back();
      if (several != program_.bounded.end() && several->second.count(f)) continue;
      if (!certain.insert(f).second) continue;
      std::map<const Op *, std::set<FunctionId>> indirect;
      for (const CallEdge &e : program_.info[f].edges)
        if (!e.op->callee) indirect[e.op].insert(e.callee);
      for (const CallEdge &e : program_.info[f].edges)
        if (!e.spawn && (!started(agent) || e.op->callee || indirect[e.op].size() < kManyTargets))
          work.push_back(e.callee);
    }
  }
  return !certain.count(function);
}

/// An awaiter gets its result after whoever await_suspend gave it to has resumed the coroutine.
static bool after_resumption(const Program &program, const Use &use) {
  return llvm::StringRef(program.name_of(use.function)).ends_with("::await_resume");
}

bool RacePairs::may_race(const Use &one, const Use &other) const {
  if (!one.write && !other.write) return false;
  if (after_resumption(program_, one) || after_resumption(program_, other)) return false;
  std::vector<Hold> mine = held_at(program_, one), theirs = held_at(program_, other);
  return (mine.empty() || theirs.empty()) && !perhaps_common_lock(mine, theirs);
}

/// What a coroutine lends to a thread it has back when it goes on: the await is the hand-over.
static bool lent_by_coroutine(const Program &program, const SharedLocation &location) {
  const Decl *d = program.decl(location.location.last_field());
  const Function *owner = d && d->function && !d->is_static ? program.find(d->function) : nullptr;
  return owner && owner->is_coroutine;
}

/// A local variable of a function is another one in each call. Two threads that come to one place in a lambda that
/// captures it, one as its entry and the other by calling what it was given, are one and the same run of the lambda.
static bool own_to_call(const Program &program, const SharedLocation &location) {
  const Decl *d = program.decl(location.location.last_field());
  return d && d->function && !d->is_static && !d->is_field;
}

RacePair RacePairs::find(const SharedLocation &location) {
  if (lent_by_coroutine(program_, location)) return {};
  auto entry = [&](uint32_t agent) { return program_.agents[agent].entry; };
  std::vector<const Use *> uses;
  for (const Use &u : location.uses) uses.push_back(&u);
  llvm::sort(uses, [](const Use *a, const Use *b) {
    return std::pair(!a->write, a) < std::pair(!b->write, b);
  }); // of one vector
  if (uses.size() > kMaxUses) uses.resize(kMaxUses);
  RacePair best;
  for (size_t i = 0; i < uses.size(); ++i)
    for (size_t j = i; j < uses.size(); ++j) {
      const Use &one = *uses[i], &other = *uses[j];
      if (!may_race(one, other)) continue;
      for (auto [a, b] : meetings(program_, one, other)) {
        if ((!started(a) && !started(b)) || !in_sight(a) || !in_sight(b)) continue;
        if (a == b && !repeated(a)) continue;
        if (uncertain(one.function, a) || uncertain(other.function, b)) continue;
        if (own_to_call(program_, location) && one.point->op == other.point->op && entry(a) != entry(b)) continue;
        if (a != b && (before_start(one, b) || before_start(other, a))) continue;
        if (hand_overs_.ordered(one, a, other, b)) continue;
        Same same = objects_.same(one, a, other, b);
        // Which program of several has which thread is not known.
        if (same <= best.same || (same < Same::Yes && program_.bounded.count(kSeveralBodies))) continue;
        best = {&one, &other, a, b, same};
        if (!one.write) std::swap(best.one, best.other), std::swap(best.agent, best.other_agent);
        if (same == Same::Yes) return best;
      }
    }
  return best;
}

} // namespace snarl
