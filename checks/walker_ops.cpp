// What each operation does to a lock state; calls are in walker_calls.cpp.
#include "hand_over.h"
#include "walker.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

bool Walker::by_value_place(const Path &path) const {
  if (path.steps.empty()) {
    if (path.root == Root::Local) return path.index < f_.locals.size() && f_.locals[path.index].by_value;
    if (path.root == Root::Param) return path.index < f_.params.size() && f_.params[path.index].by_value;
    if (path.root != Root::Variable) return false;
  }
  if (!path.steps.empty() && path.steps.back().kind != PathStep::Field) return false;
  const Decl *decl = program_.decl(path.last_field());
  return decl && decl->by_value;
}

/// Has the object that `path` lies in been stopped here: have all threads been joined that it keeps in its members?
static bool stopped(const Program &program, const State &state, const Path &path) {
  auto joined = [&](const Path &object, Symbol handle) {
    return llvm::any_of(state.threads, [&](const Thread &t) {
      return t.joined && owner_of(stripped(t.handle)) == object && t.handle.last_field() == handle;
    });
  };
  return llvm::any_of(state.threads, [&](const Thread &t) {
    Path handle = stripped(t.handle), object = owner_of(handle);
    const Decl *member = program.decl(handle.last_field());
    if (!t.joined || !member || !member->record || !has_field(handle) || !starts_with(path, object)) return false;
    return llvm::all_of(program.decls, [&](const auto &other) {
      return other.second.record != member->record || other.second.type != member->type || joined(object, other.first);
    });
  });
}

/// Does the function initialise the lock of the object `path` lies in? Then it makes the object.
static bool makes(const Function &f, const State &state, const Path &path) {
  auto in_same_object = [&](const Path &lock) {
    Path object = owner_of(stripped(state.resolve(lock)));
    return has_field(lock) && object.root != Root::None && object.root != Root::This && starts_with(path, object);
  };
  return llvm::any_of(f.blocks, [&](const Block &b) {
    return llvm::any_of(b.ops, [&](const Op &op) {
      return op.kind == OpKind::LockInit && !op.args.empty() && in_same_object(op.args[0].path);
    });
  });
}

bool Walker::is_own(const State &state, const Path &path) const {
  // What an object that ends still has is its own, but for what it shares or only refers to.
  if (f_.is_destructor && path.known() && path.root != Root::Variable)
    return llvm::none_of(path.steps, [&](const PathStep &s) {
      const Decl *d = program_.decl(s.symbol);
      return d && (d->type.str().ends_with("&") || d->type.str().contains("shared_ptr"));
    });
  if (!inside(program_, f_, path)) return false;
  if (state.is_own(path) || stopped(program_, state, path) || makes(f_, state, path)) return true;
  Path root = root_path(path.root, path.index);
  root.symbol = path.symbol;
  // An object on this stack is known to others once threads run that this function started, or once it was kept
  // somewhere.
  bool kept = state.threads_run() || llvm::is_contained(state.published, root);
  switch (path.root) {
  case Root::This: return f_.is_constructor || f_.is_destructor;
  case Root::Local: return !kept && path.index < f_.locals.size() && f_.locals[path.index].by_value;
  case Root::Param: return !kept && path.index < f_.params.size() && f_.params[path.index].by_value;
  case Root::Variable: { // its address was taken, to hand it to a callee
    const Decl *d = program_.decl(path.symbol);
    return !kept && d && d->function == f_.usr && !d->is_static && d->by_value && !program_.captured.contains(d->usr);
  }
  default: return false;
  }
}

void Walker::step(const Op &op, State state, States &out) {
  SignalOp signal = signal_of(program_, op);
  if (signal.signals) state.signals.signal(signal.signals);
  if (signal.waits) state.signals.wait(signal.waits);
  if (op.id) llvm::erase_if(state.results, [&](const auto &r) { return r.first == op.id; }); // of the last time round
  switch (op.kind) {
  case OpKind::Acquire: return acquire(op, std::move(state), out);
  case OpKind::Call: return call(op, std::move(state), out);
  case OpKind::Destroy: return destroy(op, std::move(state), out);
  case OpKind::Release: {
    std::vector<Target> via = graph_.targets(self_, op);
    if (op.via && !via.empty() && !op.args.empty()) {
      bool releases =
          llvm::any_of(program_.info[via[0].function].summary.exits, [](const Exit &e) { return !e.dropped.empty(); });
      if (releases) {
        for (const Exit &e : program_.info[via[0].function].summary.exits) {
          State s = state;
          for (const Value &v : op.args) {
            Op as_call = op;
            as_call.path = v.path;
            apply(s, e, frame(s, as_call, via[0]), op, via[0].function);
          }
          out.push_back(std::move(s));
        }
        return;
      }
    }
    release(op, state);
    break;
  }
  case OpKind::Disown: {
    Path guard = state.resolve(op.dest);
    for (Hold &h : state.holds)
      if (h.owner.known() && h.owner == guard) h.owner = Path();
    llvm::erase_if(state.guards, [&](const Exit::Binding &b) { return b.guard == guard; });
    break;
  }
  case OpKind::AssertHeld:
    for (const Value &v : op.args) {
      Hold h;
      h.lock = state.resolve(v.path);
      h.mode = op.mode;
      h.assumed = true;
      h.taken = {hop(op)};
      if (llvm::none_of(state.holds, [&](const Hold &x) { return x.lock == h.lock; })) state.holds.push_back(h);
    }
    break;
  case OpKind::Spawn: spawn(op, state); break;
  case OpKind::Join: join(state, state.resolve(op.path)); break;
  case OpKind::Detach: {
    Path handle = stripped(state.resolve(op.path));
    llvm::erase_if(state.threads, [&](const Thread &t) { return starts_with(stripped(t.handle), handle); });
    state.unjoinable = true;
    break;
  }
  case OpKind::Assign: assign(op, state); break;
  case OpKind::Move: {
    Path from = state.resolve(op.path), to = op.dest;
    if (!to.known() || from == to) break;
    if (state.is_own(from) && to.root != Root::Local && to.root != Root::Result && to.root != Root::Return &&
        !is_own(state, to)) {
      Path target = state.resolve(to);
      state.publish(from);
    }
    if (to.root == Root::Local && to.steps.empty()) state.forget_root(to);
    state.rename(op.path, to);
    if (from != op.path) {
      for (Hold &h : state.holds)
        if (h.owner.known() && starts_with(h.owner, from)) h.owner = rebased(h.owner, from, to);
      for (auto &b : state.guards)
        if (starts_with(b.guard, from)) b.guard = rebased(b.guard, from, to);
    }
    break;
  }
  case OpKind::Return:
    state.left = {op.site};
    return_value(op, state);
    break;
  case OpKind::LockInit:
  case OpKind::Access:
  case OpKind::Suspend:
  case OpKind::Block:
  case OpKind::Wait:
  case OpKind::Notify:
  case OpKind::Remark:
  case OpKind::Throw:
  case OpKind::ThreadExit:
  case OpKind::LockDestroy: break;
  }
  out.push_back(std::move(state));
}

void Walker::acquire(const Op &op, State state, States &out) {
  Path guard = op.dest.known() ? state.resolve(op.dest) : Path();
  std::vector<Exit::Binding> wanted;
  for (const Value &v : op.args) wanted.push_back({guard, state.resolve(v.path), op.mode, op.traits, op.via});
  if (op.args.empty()) {
    wanted = state.bound_to(guard);
    if (wanted.empty() && guard.known()) wanted.push_back({guard, lock_of_guard(guard), op.mode, op.traits, op.via});
  } else if (guard.known()) {
    llvm::erase_if(state.guards, [&](const Exit::Binding &b) { return b.guard == guard; });
    state.guards.insert(state.guards.end(), wanted.begin(), wanted.end());
  }
  if (op.how == How::Defer) {
    out.push_back(std::move(state));
    return;
  }
  auto hold = [&](const Exit::Binding &b) {
    Hold h;
    h.lock = b.lock;
    h.owner = guard;
    h.mode = b.mode;
    h.traits = b.traits;
    h.taken = {hop(op)};
    h.attempt = op.how == How::Try || op.how == How::Timed;
    // lock() of a mutex for coroutines returns something to await.
    if (const Function *lock = program_.find(b.via)) {
      llvm::StringRef signature = lock->signature.str();
      h.traits.thread_bound &= signature.empty() || signature.starts_with("void ") || signature.starts_with("bool ") ||
                               signature.starts_with("_Bool ") || signature.starts_with("int ");
    }
    if (const Decl *decl = program_.decl(b.lock.last_field())) {
      h.traits.recursive |= decl->lock.recursive;
      h.traits.thread_bound &= decl->lock.is_lock ? decl->lock.thread_bound : true;
    }
    return h;
  };
  if (op.how == How::Adopt) {
    for (const Exit::Binding &b : wanted) {
      auto held = llvm::find_if(state.holds, [&](const Hold &h) { return h.lock == b.lock && !h.owner.known(); });
      if (held != state.holds.end()) {
        relieve(*held);
        held->owner = guard;
        continue;
      }
      state.holds.push_back(hold(b));
      state.holds.back().assumed = true;
    }
    out.push_back(std::move(state));
    return;
  }
  bool may_fail = op.how == How::Try || op.how == How::Timed;
  if (may_fail) {
    State failed = state;
    failed.results.emplace_back(op.id, false);
    out.push_back(std::move(failed));
    state.results.emplace_back(op.id, true);
  }
  // A lock type of the program's own: what its method takes is what is held, or else the object itself.
  if (op.via) {
    std::vector<Target> via = graph_.targets(self_, op);
    if (via.empty() && !wanted.empty() && wanted[0].via) {
      Op by_guard = op;
      by_guard.via = wanted[0].via;
      via = graph_.targets(self_, by_guard);
    }
    bool takes = !via.empty() && llvm::any_of(program_.info[via[0].function].summary.exits,
                                              [](const Exit &e) { return !e.holds.empty(); });
    if (takes) {
      for (const Exit &e : program_.info[via[0].function].summary.exits) {
        if (e.holds.empty()) continue;
        State s = state;
        size_t before = s.holds.size();
        for (const Exit::Binding &b : wanted) {
          Op as_call = op;
          as_call.path = b.lock;
          apply(s, e, frame(s, as_call, via[0]), op, via[0].function);
        }
        for (size_t i = before; i < s.holds.size(); ++i)
          if (guard.known()) s.holds[i].owner = guard;
        out.push_back(std::move(s));
      }
      return;
    }
  }
  for (const Exit::Binding &b : wanted) state.acquire(hold(b));
  out.push_back(std::move(state));
}

void Walker::release(const Op &op, State &state) {
  for (const Value &v : op.args) {
    Path lock = state.resolve(v.path);
    Released released = state.release(lock);
    relieve(released.hold);
    if (!op.via && lock.known() && llvm::none_of(state.given, [&](const auto &g) { return g.first == lock; }))
      state.given.emplace_back(lock, op.site);
  }
  if (!op.args.empty() || !op.dest.known()) return;
  Path guard = state.resolve(op.dest);
  size_t before = state.holds.size();
  state.release_owned_by(guard);
  if (state.holds.size() == before && state.bound_to(guard).empty() && guard.root != Root::Local)
    state.release(lock_of_guard(guard));
}

void Walker::join(State &state, const Path &handle) {
  Path key = stripped(handle);
  bool found = false;
  for (Thread &t : state.threads) {
    Path other = stripped(t.handle);
    if (!starts_with(other, key) && !starts_with(key, other)) continue;
    t.joined = true;
    found = true;
  }
  if (!found && key.known()) state.threads.push_back({key, true, {}});
}

void Walker::start(State &state, const Path &handle, const std::vector<Site> &where) {
  // A container holds the threads of several starts.
  for (Thread &t : state.threads)
    if (t.handle == handle) {
      t.joined = false;
      for (const Site &s : where)
        if (llvm::none_of(t.started, [&](const Site &k) { return same_site(k, s); })) t.started.push_back(s);
      return;
    }
  state.threads.push_back({handle, false, where});
}

void Walker::spawn(const Op &op, State &state) {
  Path handle = op.dest.known() ? stripped(state.resolve(op.dest)) : Path();
  if (op.spawn != SpawnKind::Signal) state.begin({op.site});
  bool joins = op.spawn == SpawnKind::Thread || op.spawn == SpawnKind::Async;
  if (op.spawn != SpawnKind::Signal) {
    if (handle.known() && joins) {
      start(state, handle, {op.site});
    } else if (op.spawn != SpawnKind::Async) { // a discarded future waits at once
      state.unjoinable = true;
    }
  }
  for (const Value &v : op.args)
    if (v.path.known()) state.publish(state.resolve(v.path));
  for (const Path &p : op.value.bound) state.publish(state.resolve(p));
  if (op.value.path.known()) state.publish(state.resolve(op.value.path));
  if (const Function *entry = program_.find(op.value.function))
    for (const Path &p : entry->captures)
      if (p.known()) state.publish(state.resolve(p));
}

void Walker::assign(const Op &op, State &state) {
  Path object = op.value.path.known() ? state.resolve(op.value.path) : Path();
  Path name = op.dest.steps.empty() ? op.dest : state.resolve_place(op.dest);
  if (!name.known()) return;
  if (has_field(name)) { // switches are remembered: `q->in_callback = true`
    llvm::erase_if(state.flags, [&](const auto &flag) { return flag.first == name; });
    if (op.value.truth != Value::Unknown) state.flags.emplace_back(name, op.value.truth == Value::NonZero);
  }
  bool local = name.root == Root::Local && name.steps.empty();
  if (local) {
    llvm::erase_if(state.flags, [&](const auto &flag) { return flag.first == name; });
    if (op.value.truth != Value::Unknown) state.flags.emplace_back(name, op.value.truth == Value::NonZero);
  }
  // Kept where others can find it.
  bool kept = !local && name.root != Root::Result && name.root != Root::Return && !is_own(state, name);
  if (kept && object.known()) state.publish(object);
  if (kept && op.value.function)
    for (const Path &p : op.value.bound) state.publish(state.resolve(p));
  if (by_value_place(name) && !op.value.function) { // a copy of the object, not another name for it
    if (local && op.value.fresh) state.own.push_back(name);
    return;
  }
  if (local && object.known() && starts_with(object, name)) {
    // `p = p->next`: what was below p is now p, what was p has no name.
    Path aside = root_path(Root::Local, ~0u);
    state.rename(object, aside);
    state.forget_root(name);
    state.rename(aside, name);
    return;
  }
  if (local) {
    state.forget_root(name);
    llvm::erase_if(state.own, [&](const Path &p) { return starts_with(p, name); });
  }
  state.bind(name, object);
  if (op.value.fresh &&
      (local || name.root == Root::Result || name.root == Root::Return || name.root == Root::Variable))
    state.own.push_back(name);
}

void Walker::return_value(const Op &op, State &state) {
  Path value = op.value.path.known() ? state.resolve(op.value.path) : Path();
  Path returned = root_path(Root::Return);
  if (op.value.path.known())
    for (const auto &[id, result] : state.results)
      if (op.value.path.root == Root::Result && op.value.path.index == id && op.value.path.steps.empty())
        state.returned = result != op.value.negated;
  if (op.value.truth != Value::Unknown) state.returned = op.value.truth == Value::NonZero;
  for (const auto &[flag, truth] : state.flags)
    if (flag == op.value.path) state.returned = truth;
  state.returns_fresh = op.value.fresh || (value.known() && state.is_own(value));
  if (!value.known()) return;
  bool object = op.value.moved || by_value_place(op.value.path);
  if (object && value.root == Root::Local)
    state.rename(value, returned); // the local lives on as the result
  else if (value != returned)
    state.bind(returned, value);
}

void Walker::destroy(const Op &op, State state, States &out) {
  const Path &path = op.path;
  auto end = [&](State &s) {
    s.destroy(path);
    for (Thread &t : s.threads) // a thread object that ends has been joined, or ends the program
      if (starts_with(t.handle, path)) t.joined = true;
  };
  std::vector<Target> targets = graph_.targets(self_, op);
  if (!targets.empty()) {
    CallFrame fr = frame(state, op, targets[0]);
    fr.receiver = path; // the object itself, not what a pointer in it names
    States ended;
    for (const Exit &e : program_.info[targets[0].function].summary.exits) {
      State s = state;
      apply(s, e, fr, op, targets[0].function);
      ended.push_back(std::move(s));
    }
    // Destructors that release on one way only (moved-from guards): the way that releases is the one that counts.
    auto left = [](const State &s) { return std::pair(s.holds.size(), s.dropped.size()); };
    std::pair<size_t, size_t> least(~size_t(0), 0);
    for (const State &s : ended) least = std::min(least, left(s));
    llvm::erase_if(ended, [&](const State &s) { return left(s) != least; });
    if (!ended.empty()) {
      for (State &s : ended) end(s);
      std::move(ended.begin(), ended.end(), std::back_inserter(out));
      return;
    }
  }
  end(state);
  out.push_back(std::move(state));
}

} // namespace snarl
