// What a function leaves for the rules (points, pairs, edges) and for its callers (summary).
#include "path.h"
#include "walker.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

static void merge_holds(std::vector<Hold> &into, const std::vector<Hold> &other, bool first) {
  if (first) {
    into = other;
    return;
  }
  auto same = [](const Hold &a, const Hold &b) { return a.lock == b.lock && a.mode == b.mode; };
  for (Hold &h : into)
    if (llvm::none_of(other, [&](const Hold &o) { return o.must && same(h, o); })) h.must = false;
  for (const Hold &o : other)
    if (llvm::none_of(into, [&](const Hold &h) { return same(h, o); })) {
      into.push_back(o);
      into.back().must = false;
    }
}

static void merge_paths(std::vector<Path> &into, const std::vector<Path> &other) {
  for (const Path &p : other)
    if (!llvm::is_contained(into, p)) into.push_back(p);
}

static void merge_ended(std::vector<Site> &into, const std::vector<Site> &other, bool first) {
  if (first)
    into = other;
  else
    llvm::erase_if(into,
                   [&](const Site &s) { return llvm::none_of(other, [&](const Site &o) { return same_site(s, o); }); });
}

static bool same_chain(const Chain &a, const Chain &b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const Hop &x, const Hop &y) {
           return x.in == y.in && x.site.line == y.site.line && x.site.column == y.site.column;
         });
}

/// Is this a wait for something that the function has asked before whether it is ready: `if (f.wait_for(0s) == ready)
/// f.get()`?
bool Walker::polled(const Op &op) const {
  return op.path.known() && llvm::any_of(f_.blocks, [&](const Block &b) {
           return llvm::any_of(b.ops, [&](const Op &other) {
             return other.kind == op.kind && &other != &op && other.timeout_ms == 0 && other.path == op.path;
           });
         });
}

/// The locks that a wait on a condition variable gives back while it waits.
std::vector<Path> Walker::waits_with(const State &state, const Op &op) const {
  Path guard = state.resolve(op.args[0].path);
  std::vector<Path> locks{guard};
  for (const Hold &h : state.holds)
    if (h.owner.known() && h.owner == guard) locks.push_back(h.lock);
  for (const Exit::Binding &b : state.bound_to(guard)) locks.push_back(b.lock);
  return locks;
}

void Walker::record(const Op &op, const States &states) {
  switch (op.kind) {
  case OpKind::Access: record_point(out_.accesses, op, states); break;
  case OpKind::Suspend: record_point(out_.suspensions, op, states); break;
  case OpKind::Block:
  case OpKind::Wait:
    if (op.timeout_ms != 0 && !polled(op)) {
      record_point(out_.blocks, op, states);
      for (const State &s : states) {
        BlockingCall b{&op, {hop(op)}, s.dropped};
        if (op.kind == OpKind::Wait && !op.args.empty()) merge_paths(b.dropped, waits_with(s, op));
        add_block(s, std::move(b));
      }
    }
    if (op.kind == OpKind::Wait) record_call(op, states);
    break;
  case OpKind::Acquire:
    if (op.how == How::Adopt) check_adoption(op, states);
    record_call(op, states);
    break;
  case OpKind::Release:
    check_release(op, states);
    record_call(op, states);
    break;
  case OpKind::Call:
    if (!op.callee || op.is_virtual) record_foreign(op, states);
    check_throw(op, states);
    record_call(op, states);
    break;
  case OpKind::Destroy:
  case OpKind::Spawn: record_call(op, states); break;
  case OpKind::Remark:
    if (op.remark == Remark::Resumes) record_foreign(op, states);
    break;
  case OpKind::Throw: check_throw(op, states); break;
  case OpKind::ThreadExit: check_leaving(op, states, LockFault::ThreadEnded, {hop(op)}); break;
  case OpKind::LockDestroy:
    if (!op.args.empty()) check_leaving(op, states, LockFault::DestroyedHeld, {hop(op)});
    break;
  default: break;
  }
}

void Walker::record_point(std::vector<Point> &points, const Op &op, const States &states) {
  Point p;
  p.op = &op;
  bool first = true;
  for (const State &s : states) {
    Path path = op.kind == OpKind::Access ? s.resolve_place(op.path) : s.resolve(op.path);
    if (first) p.path = path;
    merge_holds(p.holds, s.holds, first);
    merge_paths(p.dropped, s.dropped);
    p.beside |= s.threads_run();
    merge_ended(p.ended, s.ended(), first);
    add_sites(p.begun, s.begun);
    p.signals.merge(s.signals);
    p.own = (first || p.own) && is_own(s, path);
    first = false;
  }
  points.push_back(std::move(p));
}

/// Code that is not known here is called; kept only where a lock is held.
void Walker::record_foreign(const Op &op, const States &states) {
  if (llvm::any_of(states, [](const State &s) { return !s.holds.empty(); })) record_point(out_.foreign, op, states);
}

void Walker::record_wants(const Op &op, const State &state, std::vector<Want> &wants) {
  auto finish = [&](Acquisition a, std::vector<Hold> extra) {
    for (Path &p : a.dropped) p = state.resolve(p);
    a.lock = state.resolve(a.lock);
    a.stored = state.resolve(a.stored);
    // "Whatever that guard is bound to", now that the guard is known.
    if (!a.lock.steps.empty() && a.lock.steps.back().kind == PathStep::Deref) {
      Path guard = a.lock;
      guard.steps.pop_back();
      for (const Exit::Binding &b : state.bound_to(guard)) a.lock = b.lock;
    }
    for (Path &p : a.dropped)
      if (!p.steps.empty() && p.steps.back().kind == PathStep::Deref) {
        Path guard = p;
        guard.steps.pop_back();
        for (const Exit::Binding &b : state.bound_to(guard)) p = b.lock;
      }
    merge_paths(a.dropped, state.dropped);
    for (const Condition &c : conditions(state))
      if (!llvm::is_contained(a.when, c)) a.when.push_back(c);
    wants.push_back({std::move(a), std::move(extra)});
  };
  Hop at = hop(op);
  auto from_callee = [&](const Target &t, const CallFrame &fr) {
    Hop call = at;
    if (call.callee.empty()) call.callee = program_.functions[t.function].name;
    for (const Acquisition &a : program_.info[t.function].summary.acquires) {
      Acquisition mine = fr.up(a, call);
      mine.indirect |= !t.sure;
      bool unknown = false;
      if (!meets(mine.when, fr, state, op, unknown)) continue;
      mine.conditional |= unknown;
      if (op.kind == OpKind::Call && !op.callee) mine.stored = state.resolve(op.path);
      finish(std::move(mine), {});
    }
  };
  std::vector<Target> targets = graph_.targets(self_, op);
  if (op.kind == OpKind::Acquire) {
    if (op.how == How::Defer || op.how == How::Adopt) return;
    std::vector<Exit::Binding> locks;
    Path guard = op.dest.known() ? state.resolve(op.dest) : Path();
    for (const Value &v : op.args) locks.push_back({guard, state.resolve(v.path), op.mode, op.traits, op.via});
    if (op.args.empty()) locks = state.bound_to(guard);
    if (locks.empty() && guard.known()) {
      Path p = guard;
      p.steps.push_back({PathStep::Deref, {}});
      locks.push_back({guard, p, op.mode, op.traits, op.via});
    }
    if (op.via && !targets.empty() && !program_.info[targets[0].function].summary.acquires.empty()) {
      for (const Exit::Binding &b : locks) {
        Op as_call = op;
        as_call.path = b.lock;
        from_callee(targets[0], frame(state, as_call, targets[0]));
      }
      if (llvm::any_of(program_.info[targets[0].function].summary.exits,
                       [](const Exit &e) { return !e.holds.empty(); }))
        return;
    }
    for (const Exit::Binding &b : locks) {
      Acquisition a;
      a.lock = b.lock;
      a.mode = b.mode;
      a.how = op.how;
      a.traits = b.traits;
      if (const Decl *decl = program_.decl(b.lock.last_field())) a.traits.recursive |= decl->lock.recursive;
      a.chain = {at};
      finish(std::move(a), {});
    }
    return;
  }
  if (op.awaited || op.kind == OpKind::Spawn) return;
  for (const Target &t : targets) {
    if (program_.functions[t.function].is_coroutine) continue;
    CallFrame fr = frame(state, op, t);
    from_callee(t, fr);
    for (const Callback &cb : program_.info[t.function].summary.callbacks) {
      if (cb.param >= op.args.size()) continue;
      const Value &value = op.args[cb.param];
      if (!value.function && value.path.root == Root::Param && value.path.steps.empty())
        continue; // the caller's to know
      for (const Target &called : graph_.values(self_, value)) {
        if (program_.functions[called.function].is_coroutine) continue;
        CallFrame inner = callback_frame(state, fr, cb, called, op.args[cb.param]);
        std::vector<Hold> extra;
        Hop call = at;
        for (const Hold &h : cb.holds) {
          extra.push_back(fr.up(h, call));
          extra.back().lock = state.resolve(extra.back().lock);
        }
        Hop back = cb.chain.back();
        back.callee = program_.functions[called.function].name;
        for (const Acquisition &a : program_.info[called.function].summary.acquires) {
          Acquisition mine = inner.up(a, back);
          mine.conditional |= llvm::any_of(mine.when, [](const Condition &c) { return !has_field(c.path); });
          mine.when.clear();
          mine.chain = through(call, mine.chain);
          mine.indirect |= !called.sure;
          merge_paths(mine.dropped, cb.dropped);
          finish(std::move(mine), extra);
        }
      }
    }
  }
}

void Walker::record_edge(const Op &op, const State &state, const CallFrame &fr, const Target &target,
                         const std::vector<Hold> &extra, bool spawn) {
  CallEdge e;
  e.callee = target.function;
  e.op = &op;
  e.receiver = fr.receiver;
  e.args = fr.args;
  e.holds = state.holds;
  e.holds.insert(e.holds.end(), extra.begin(), extra.end());
  e.dropped = state.dropped;
  e.beside = state.threads_run();
  e.ended = state.ended();
  e.begun = state.begun;
  e.signals = state.signals;
  e.own_receiver = fr.receiver.known() && is_own(state, fr.receiver);
  for (size_t i = 0; i < fr.args.size() && i < 64; ++i)
    if (fr.args[i].known() && is_own(state, fr.args[i])) e.own_args |= 1ull << i;
  e.spawn = spawn;
  e.kind = op.spawn;
  e.repeats = in_loop_[block_];
  if (spawn && e.repeats) { // unless the thread of the round before was joined
    auto here = [&](const Site &s) { return same_site(s, op.site); };
    e.repeats = llvm::any_of(e.begun, here) && llvm::none_of(e.ended, here);
  }
  e.awaited = op.awaited;
  const Function &callee = program_.functions[target.function];
  e.same_frame = callee.is_lambda && (callee.enclosing == f_.usr || (f_.is_lambda && callee.enclosing == f_.enclosing));
  for (CallEdge &known : out_.edges)
    if (known.callee == e.callee && known.op == e.op && known.receiver == e.receiver) {
      merge_holds(known.holds, e.holds, false);
      merge_paths(known.dropped, e.dropped);
      known.beside |= e.beside;
      known.repeats |= e.repeats;
      merge_ended(known.ended, e.ended, false);
      add_sites(known.begun, e.begun);
      known.signals.merge(e.signals);
      known.own_receiver &= e.own_receiver;
      known.own_args &= e.own_args;
      return;
    }
  out_.edges.push_back(std::move(e));
}

void Walker::record_call(const Op &op, const States &states) {
  std::vector<Target> targets = graph_.targets(self_, op);
  Hop at = hop(op);
  struct Seen {
    LockPair pair;
    size_t states = 0;
  };
  std::vector<Seen> seen;
  for (const State &s : states) {
    for (const Target &t : targets) {
      CallFrame fr = frame(s, op, t);
      record_edge(op, s, fr, t, {}, op.kind == OpKind::Spawn);
      if (op.kind == OpKind::Spawn || op.awaited || program_.functions[t.function].is_coroutine) continue;
      Hop call = at;
      if (call.callee.empty()) call.callee = program_.functions[t.function].name;
      const Summary &summary = program_.info[t.function].summary;
      for (const BlockingCall &b : summary.blocks) {
        BlockingCall mine{b.op, through(call, b.chain), s.dropped};
        for (const Path &p : b.dropped) {
          Path lock = s.resolve(fr.up(p));
          mine.dropped.push_back(lock);
          if (lock.steps.empty() || lock.steps.back().kind != PathStep::Deref) continue;
          lock.steps.pop_back(); // whatever that guard holds
          for (const Hold &h : s.holds)
            if (h.owner.known() && h.owner == lock) mine.dropped.push_back(h.lock);
        }
        add_block(s, std::move(mine));
      }
      for (const LockPair &p : summary.pairs) {
        LockPair mine;
        for (const Hold &h : p.holds) {
          mine.holds.push_back(fr.up(h, call));
          mine.holds.back().lock = s.resolve(mine.holds.back().lock);
        }
        mine.wanted = fr.up(p.wanted, call);
        mine.wanted.lock = s.resolve(mine.wanted.lock);
        mine.beside = p.beside || s.threads_run();
        seen.push_back({std::move(mine), states.size()});
      }
      for (const Callback &cb : summary.callbacks) {
        if (cb.param >= op.args.size()) continue;
        const Value &value = op.args[cb.param];
        Path path = value.path.known() ? s.resolve(value.path) : Path();
        if (!value.function && path.root == Root::Param && path.steps.empty()) {
          Callback mine;
          mine.param = path.index;
          mine.holds = s.holds;
          for (const Hold &h : cb.holds) {
            mine.holds.push_back(fr.up(h, call));
            mine.holds.back().lock = s.resolve(mine.holds.back().lock);
          }
          for (const Path &p : cb.args) mine.args.push_back(s.resolve(fr.up(p)));
          mine.dropped = s.dropped;
          mine.chain = through(call, cb.chain);
          add_callback(std::move(mine));
          continue;
        }
        for (const Target &called : graph_.values(self_, value)) {
          CallFrame inner = callback_frame(s, fr, cb, called, value);
          std::vector<Hold> extra;
          for (const Hold &h : cb.holds) {
            extra.push_back(fr.up(h, call));
            extra.back().lock = s.resolve(extra.back().lock);
          }
          record_edge(op, s, inner, called, extra, false);
          if (program_.functions[called.function].is_coroutine) continue;
          Hop back = cb.chain.back();
          back.callee = program_.functions[called.function].name;
          for (const BlockingCall &b : program_.info[called.function].summary.blocks)
            add_block(s, {b.op, through(call, through(back, b.chain)), s.dropped}, extra);
        }
      }
    }
    // A call of something handed to us.
    if (op.kind == OpKind::Call && !op.callee) {
      Path path = s.resolve(op.path);
      if (path.root == Root::Param && path.steps.empty()) {
        Callback cb;
        cb.param = path.index;
        cb.holds = s.holds;
        cb.dropped = s.dropped;
        for (const Value &v : op.args) cb.args.push_back(v.path.known() ? s.resolve(v.path) : Path());
        cb.chain = {at};
        add_callback(std::move(cb));
      }
    }
    std::vector<Want> wants;
    record_wants(op, s, wants);
    for (Want &w : wants) {
      LockPair p;
      p.holds = s.holds;
      p.holds.insert(p.holds.end(), w.extra.begin(), w.extra.end());
      llvm::erase_if(p.holds, [&](const Hold &h) { return llvm::is_contained(w.acquisition.dropped, h.lock); });
      p.wanted = w.acquisition;
      p.beside = s.threads_run();
      add_acquisition(w.acquisition);
      auto known = llvm::find_if(seen, [&](const Seen &k) {
        return k.pair.wanted.lock == p.wanted.lock && k.pair.wanted.mode == p.wanted.mode &&
               same_chain(k.pair.wanted.chain, p.wanted.chain);
      });
      if (known == seen.end()) {
        seen.push_back({std::move(p), 1});
      } else {
        merge_holds(known->pair.holds, p.holds, false);
        ++known->states;
      }
    }
  }
  for (Seen &k : seen) {
    if (k.pair.holds.empty()) continue;
    if (k.states < states.size())
      for (Hold &h : k.pair.holds) h.must = h.must && op.kind == OpKind::Acquire && h.must;
    auto nameless = [&](const Path &p) {
      return containment(program_, p).empty() &&
             (p.root == Root::Param || p.root == Root::This || p.root == Root::Capture);
    };
    if (nameless(k.pair.wanted.lock) || llvm::any_of(k.pair.holds, [&](const Hold &h) { return nameless(h.lock); })) {
      if (out_.summary.pairs.size() < options_.max_acquisitions)
        out_.summary.pairs.push_back(k.pair);
      else
        cut_ = true;
    }
    out_.pairs.push_back(std::move(k.pair));
  }
}

void Walker::add_acquisition(Acquisition a) {
  if (a.lock.root == Root::Local || a.lock.root == Root::Result) {
    Path root;
    root.root = a.lock.root;
    root.index = a.lock.index;
    a.lock = rebased(a.lock, root, Path());
  }
  if (!a.lock.known() && a.lock.steps.empty()) return;
  for (Acquisition &k : out_.summary.acquires)
    if (k.lock == a.lock && k.mode == a.mode && (k.how == How::Lock) == (a.how == How::Lock) &&
        k.dropped == a.dropped && k.when == a.when) {
      if (a.conditional == k.conditional ? a.chain.size() < k.chain.size() : k.conditional) k = std::move(a);
      return;
    }
  if (out_.summary.acquires.size() >= options_.max_acquisitions) {
    cut_ = true;
    return;
  }
  out_.summary.acquires.push_back(std::move(a));
}

/// Locks taken here under which `b` blocks; those of callers are the callers' to report.
void Walker::add_wait(const State &state, const BlockingCall &b, const std::vector<Hold> &extra) {
  LockedWait w;
  w.call = b;
  auto add = [&](const Hold &h) {
    // A lock of that class is given back meanwhile: perhaps this one, by another name.
    bool given = llvm::any_of(b.dropped, [&](const Path &p) {
      return p == h.lock || (p.last_field() && p.last_field() == h.lock.last_field());
    });
    if (h.must && !h.assumed && !h.taken.empty() && h.traits.thread_bound && !given) w.holds.push_back(h);
  };
  for (const Hold &h : state.holds) add(h);
  for (const Hold &h : extra) add(h);
  if (w.holds.empty()) return;
  for (LockedWait &known : out_.waits)
    if (known.call.op == b.op && same_chain(known.call.chain, b.chain)) return;
  if (out_.waits.size() < options_.max_blocks)
    out_.waits.push_back(std::move(w));
  else
    cut_ = true;
}

void Walker::add_block(const State &state, BlockingCall b, const std::vector<Hold> &extra) {
  add_wait(state, b, extra);
  for (BlockingCall &k : out_.summary.blocks)
    if (k.op == b.op) {
      llvm::erase_if(k.dropped, [&](const Path &p) { return !llvm::is_contained(b.dropped, p); });
      if (b.chain.size() < k.chain.size()) k.chain = std::move(b.chain);
      return;
    }
  if (out_.summary.blocks.size() >= options_.max_blocks) {
    cut_ = true;
    return;
  }
  out_.summary.blocks.push_back(std::move(b));
}

void Walker::add_callback(Callback cb) {
  for (Callback &k : out_.summary.callbacks)
    if (k.param == cb.param && same_chain(k.chain, cb.chain)) {
      merge_holds(k.holds, cb.holds, false);
      return;
    }
  if (out_.summary.callbacks.size() < options_.max_blocks)
    out_.summary.callbacks.push_back(std::move(cb));
  else
    cut_ = true;
}

void Walker::finish() {
  if (f_.exit >= in_.size()) return;
  States states = in_[f_.exit];
  block_ = f_.exit;
  for (const Op &op : f_.blocks[f_.exit].ops) {
    States after;
    for (State &s : states) step(op, std::move(s), after);
    states = std::move(after);
  }
  check_ways_out(states);
  auto said = [](const Path &p) {
    return p.root == Root::This || p.root == Root::Param || p.root == Root::Variable || p.root == Root::Return ||
           p.root == Root::Capture;
  };
  for (const State &s : states) {
    Exit e;
    for (const Hold &h : s.holds) {
      if (h.assumed || !h.must || refused(s, h)) continue;
      bool own_mutex =
          h.lock.root == Root::Local && h.lock.index < f_.locals.size() && f_.locals[h.lock.index].by_value;
      bool dead_guard = h.owner.root == Root::Local || h.owner.root == Root::Result;
      if (own_mutex || dead_guard) continue;
      e.holds.push_back(h);
      if (!said(h.lock)) { // no name for callers: the class must do
        Path root;
        root.root = h.lock.root;
        root.index = h.lock.index;
        e.holds.back().lock = rebased(h.lock, root, Path());
      }
    }
    for (const Path &p : s.dropped)
      if (said(p)) e.dropped.push_back(p);
    for (const auto &n : s.names)
      if ((n.first.root == Root::This || n.first.root == Root::Param || n.first.root == Root::Return) && said(n.second))
        e.names.push_back(n);
    for (const Exit::Binding &b : s.guards)
      if (b.guard.root == Root::This || b.guard.root == Root::Param || b.guard.root == Root::Return)
        e.guards.push_back(b);
    for (const Thread &t : s.threads)
      if (said(t.handle)) {
        if (t.joined)
          e.joined.push_back(t.handle);
        else
          e.started.push_back(t);
      }
    e.started_unjoinable = s.unjoinable;
    e.result = s.returned;
    e.when = conditions(s);
    e.returns_fresh = s.returns_fresh;
    e.signals = s.signals;
    for (const Path &p : s.published)
      if (p.root == Root::Param || p.root == Root::This) e.published.push_back(p);
    auto same_locks = [](const Exit &a, const Exit &b) {
      auto same = [](const Hold &x, const Hold &y) {
        return x.lock == y.lock && x.owner == y.owner && x.mode == y.mode;
      };
      return a.holds.size() == b.holds.size() && a.dropped == b.dropped && a.result == b.result &&
             (a.holds.empty() || a.when == b.when) && std::equal(a.holds.begin(), a.holds.end(), b.holds.begin(), same);
    };
    auto known = llvm::find_if(out_.summary.exits, [&](const Exit &k) { return same_locks(k, e); });
    if (known == out_.summary.exits.end()) {
      if (out_.summary.exits.size() < options_.max_states)
        out_.summary.exits.push_back(std::move(e));
      else
        cut_ = true;
      continue;
    }
    llvm::erase_if(known->when, [&](const Condition &c) { return !llvm::is_contained(e.when, c); });
    llvm::erase_if(known->names, [&](const auto &n) { return !llvm::is_contained(e.names, n); });
    for (const Thread &t : e.started)
      if (llvm::none_of(known->started, [&](const Thread &k) { return k.handle == t.handle; }))
        known->started.push_back(t);
    merge_paths(known->joined, e.joined);
    llvm::erase_if(known->started, [&](const Thread &t) { return llvm::is_contained(known->joined, t.handle); });
    merge_paths(known->published, e.published);
    known->signals.merge(e.signals);
    known->started_unjoinable |= e.started_unjoinable;
    known->returns_fresh &= e.returns_fresh;
  }
}

} // namespace snarl
