// Who runs a function: threads are followed from where they start (main, thread entries, callers that are not in sight)
// along the calls. A context keeps what matters for races: the agents, the locks held by the callers, whether anything
// else can run at the time, and whether the objects at hand are known to this thread only. Contexts that agree in all
// but the agents are one. main is alone until it starts the first thread and after it has joined the last.
#include "contexts.h"
#include "call_frame.h"
#include "lock_state.h"
#include "path.h"
#include "llvm/ADT/STLExtras.h"
#include <deque>

namespace snarl {
namespace {

class Finder {
public:
  Finder(Program &program, const LinkOptions &options) : program_(program), options_(options) {}

  void run() {
    bool has_main = false;
    size_t n = program_.functions.size();
    called_.assign(n, false);
    sites_.assign(n, 0);
    for (FunctionId i = 0; i < n; ++i) {
      has_main |= program_.functions[i].is_main;
      for (const CallEdge &e : program_.info[i].edges) {
        program_.threads |= e.spawn && e.kind != SpawnKind::Signal;
        if (e.callee != i) {
          called_[e.callee] = true;
          ++sites_[e.callee];
        }
      }
      // A thread whose entry is not known is a thread nevertheless.
      for (const Block &b : program_.functions[i].blocks)
        for (const Op &op : b.ops) program_.threads |= op.kind == OpKind::Spawn && op.spawn != SpawnKind::Signal;
    }
    program_.closed = has_main && program_.threads;
    for (FunctionId i = 0; i < n; ++i) {
      const Function &f = program_.functions[i];
      if (f.blocks.empty()) continue;
      if (f.is_main || f.is_static_init) {
        Context c = root(agent({i, f.site, "main", false, SpawnKind::Thread}), !program_.closed);
        c.starting = program_.closed;
        enter(i, c);
      }
    }
    work();
    outside([](const Function &f) { return !f.internal && !f.is_lambda; });
    // What is called only from code nobody enters, or through values nobody was seen to call.
    outside([](const Function &f) { return f.address_taken && !f.is_lambda; });
    made_here();
    outside([](const Function &f) { return f.is_lambda; });
    // Nobody in sight mentions them, but somebody may in a way that facts do not show.
    outside([](const Function &) { return true; });
  }

private:
  uint32_t agent(Agent a) {
    for (uint32_t i = 0; i < program_.agents.size(); ++i) {
      Agent &known = program_.agents[i];
      if (known.entry == a.entry && known.name == a.name && known.started.line == a.started.line &&
          known.started.column == a.started.column) {
        known.repeats |= a.repeats;
        return i;
      }
    }
    program_.agents.push_back(std::move(a));
    return program_.agents.size() - 1;
  }

  Context root(uint32_t agent, bool concurrent) {
    Context c;
    c.agents = {agent};
    c.concurrent = concurrent;
    return c;
  }

  template <typename Which> void outside(Which which) {
    uint32_t callers = ~0u;
    for (FunctionId i = 0; i < program_.functions.size(); ++i) {
      const Function &f = program_.functions[i];
      if (f.blocks.empty() || !program_.info[i].contexts.empty() || called_[i] || !which(f)) continue;
      if (f.is_static_init || f.in_system_header) continue;
      if (callers == ~0u) callers = agent({kNoFunction, {}, "callers outside", true, SpawnKind::Thread});
      Context c = root(callers, true);
      c.own_this = f.is_constructor || f.is_destructor;
      enter(i, c);
    }
    work();
  }

  /// Lambdas that were kept somewhere and never seen called: by a thread of their own for all we know, if there are
  /// threads.
  void made_here() {
    for (FunctionId i = 0; i < program_.functions.size(); ++i) {
      const Function &f = program_.functions[i];
      if (!f.is_lambda || f.blocks.empty() || !program_.info[i].contexts.empty()) continue;
      auto maker = program_.by_usr.find(f.enclosing);
      if (maker == program_.by_usr.end()) continue;
      std::vector<Context> contexts = program_.info[maker->second].contexts;
      for (Context c : contexts) {
        c.holds.clear();
        c.own_this = false;
        c.own_params = 0;
        c.concurrent |= program_.threads;
        if (program_.threads)
          c.agents = {agent({i, f.site, "whoever calls what is stored here", repeats(c), SpawnKind::Thread})};
        enter(i, c);
      }
    }
    work();
  }

  static bool same_holds(const Context &a, const Context &b) {
    auto same = [](const Hold &x, const Hold &y) {
      return x.lock == y.lock && x.mode == y.mode && x.must == y.must && x.reach == y.reach;
    };
    return a.holds.size() == b.holds.size() && llvm::all_of(a.holds, [&](const Hold &x) {
             return llvm::any_of(b.holds, [&](const Hold &y) { return same(x, y); });
           });
  }

  /// Merges the locks of two callers; true if `mine` says less than before.
  static bool keep_perhaps(std::vector<Hold> &mine, const std::vector<Hold> &others) {
    bool lost = false;
    auto same = [](const Hold &a, const Hold &b) { return a.lock == b.lock && a.reach == b.reach; };
    for (Hold &h : mine)
      if (h.must && llvm::none_of(others, [&](const Hold &o) { return o.must && same(h, o); })) {
        h.must = false;
        lost = true;
      }
    for (const Hold &o : others)
      if (mine.size() < 16 && llvm::none_of(mine, [&](const Hold &h) { return same(h, o); })) {
        mine.push_back(o);
        mine.back().must = false;
        lost = true;
      }
    return lost;
  }

  void enter(FunctionId f, Context c) {
    std::vector<Context> &all = program_.info[f].contexts;
    llvm::sort(c.agents);
    if (all.size() >= options_.max_contexts / 2) {
      c.starting = false;
      c.begun.clear();
    }
    for (uint32_t i = 0; i < all.size(); ++i) {
      Context &k = all[i];
      auto same_ended = [](const std::vector<Site> &a, const std::vector<Site> &b) {
        return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same_site);
      };
      if (k.concurrent != c.concurrent || k.starting != c.starting || !same_ended(k.begun, c.begun) ||
          !same_ended(k.ended, c.ended) || k.own_this != c.own_this || k.own_params != c.own_params ||
          k.once != c.once || k.within != c.within || !same_holds(k, c))
        continue;
      add_agents(f, i, c.agents);
      return;
    }
    if (all.size() >= options_.max_contexts) {
      // The last one stands for all further ones: what they agree in; locks of some are perhaps held.
      program_.bounded["functions with more kinds of callers than are told apart"].insert(f);
      Context &k = all.back();
      bool lost = keep_perhaps(k.holds, c.holds) || (c.concurrent && !k.concurrent) || (k.own_this && !c.own_this) ||
                  (k.own_params & ~c.own_params) || k.starting;
      k.concurrent |= c.concurrent;
      k.ended.clear();
      k.starting = false;
      k.begun.clear();
      k.within.clear();
      k.own_this &= c.own_this;
      k.own_params &= c.own_params;
      k.once &= c.once;
      if (lost) queue_.push_back({f, uint32_t(all.size() - 1)});
      add_agents(f, all.size() - 1, c.agents);
      return;
    }
    all.push_back(std::move(c));
    queue_.push_back({f, uint32_t(all.size() - 1)});
  }

  void add_agents(FunctionId f, uint32_t index, const std::vector<uint32_t> &agents) {
    Context &k = program_.info[f].contexts[index];
    size_t before = k.agents.size();
    for (uint32_t a : agents)
      if (!llvm::is_contained(k.agents, a)) k.agents.push_back(a);
    if (k.agents.size() == before) return;
    llvm::sort(k.agents);
    queue_.push_back({f, index});
  }

  void work() {
    size_t steps = 0, limit = 200 * (program_.functions.size() + 100);
    while (!queue_.empty()) {
      auto [f, index] = queue_.front();
      queue_.pop_front();
      if (++steps > limit) {
        program_.bounded["functions whose callers were not all followed"].insert(f);
        queue_.clear();
        return;
      }
      Context c = program_.info[f].contexts[index]; // a copy: entering callees may move it
      for (const CallEdge &e : program_.info[f].edges) follow(f, index, c, e);
    }
  }

  void follow(FunctionId f, uint32_t index, const Context &c, const CallEdge &e) {
    const Function &callee = program_.functions[e.callee];
    if (callee.blocks.empty()) return;
    Context next;
    next.caller = f;
    next.caller_context = index;
    next.call_site = e.op->site;
    if (e.spawn) {
      bool loop = e.kind == SpawnKind::EventLoop;
      Agent a{e.callee, e.op->site, loop ? "the event loop" : "the thread started here", false, e.kind};
      if (loop) {
        a.entry = kNoFunction;
        a.started = {};
      }
      // One loop that starts the functions of a table starts each of them once.
      bool table = started_from_table(f, e);
      a.repeats = !loop && e.kind != SpawnKind::Signal &&
                  ((e.repeats && !table) || sites_[f] > 1 || repeats(c) || c.agents.size() > 1);
      uint32_t id = agent(a);
      if (!loop)
        for (uint32_t by : c.agents)
          if (!llvm::is_contained(program_.agents[id].starters, by)) program_.agents[id].starters.push_back(by);
      next.agents = {id};
      next.concurrent = true;
      if (!a.repeats) { // those that were joined before it was started; a second time they may run again beside it
        next.ended = c.ended;
        add_sites(next.ended, e.ended);
      }
      enter(e.callee, std::move(next));
      return;
    }
    CallFrame fr;
    fr.callee = &callee;
    fr.receiver = e.receiver;
    fr.args = e.args;
    if (e.same_frame) fr.captures = callee.captures;
    next.agents = c.agents;
    next.concurrent = c.concurrent || e.beside;
    next.once = c.once || llvm::StringRef(e.op->through.str()).ends_with("once"); // call_once, pthread_once
    next.ended = c.ended;
    add_sites(next.ended, e.ended);
    next.starting = c.starting;
    next.begun = c.begun;
    if (next.starting) add_sites(next.begun, e.begun);
    auto add = [&](const Hold &h) {
      Hold mine = fr.down(program_, h);
      if (mine.lock.steps.empty() && !mine.lock.known()) return;
      for (Hold &k : next.holds)
        if (k.lock == mine.lock && k.mode == mine.mode) {
          k.must |= mine.must;
          return;
        }
      if (next.holds.size() < 16) next.holds.push_back(std::move(mine));
    };
    for (const Hold &h : e.holds) add(h);
    for (const Hold &h : c.holds)
      if (!llvm::is_contained(e.dropped, h.lock)) add(h);
    if (e.receiver.root == Root::This || (callee.is_lambda && e.same_frame)) next.within = c.within;
    for (const PathStep &step : e.receiver.steps) {
      if (step.kind != PathStep::Field) continue;
      const Decl *d = program_.decl(step.symbol);
      if (!d || !d->by_value) next.within.clear();
      if (d && d->by_value && next.within.size() < 4) next.within.push_back(step.symbol);
    }
    // Is what the callee gets known to this thread only?
    auto own = [&](const Path &p, bool here) {
      if (here) return true;
      if (!inside(program_, program_.functions[f], p)) return false;
      if (p.root == Root::This) return c.own_this;
      return p.root == Root::Param && p.index < 64 && (c.own_params >> p.index & 1);
    };
    next.own_this =
        (e.receiver.known() && own(e.receiver, e.own_receiver)) || (callee.is_lambda && e.same_frame && c.own_this);
    for (size_t i = 0; i < e.args.size() && i < 64; ++i)
      if (e.args[i].known() && own(e.args[i], e.own_args >> i & 1)) next.own_params |= 1ull << i;
    enter(e.callee, std::move(next));
  }

  bool started_from_table(FunctionId f, const CallEdge &start) const {
    auto same = [&](const CallEdge &o) { return o.spawn && o.op == start.op; };
    if (llvm::count_if(program_.info[f].edges, same) < 2) return false;
    unsigned entries = 0;
    for (const Block &b : program_.functions[f].blocks)
      for (const Op &op : b.ops)
        entries += op.kind == OpKind::Assign && op.value.function == program_.functions[start.callee].usr;
    return entries < 2;
  }

  bool repeats(const Context &c) const {
    return llvm::any_of(c.agents, [&](uint32_t a) { return program_.agents[a].repeats; });
  }

  Program &program_;
  const LinkOptions &options_;
  std::vector<bool> called_;
  std::vector<unsigned> sites_;
  std::deque<std::pair<FunctionId, uint32_t>> queue_;
};

} // namespace

void find_contexts(Program &program, const LinkOptions &options) {
  Finder(program, options).run();
}

} // namespace snarl
