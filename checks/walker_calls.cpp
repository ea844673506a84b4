// What a call does to a lock state: the frames, the ways out of the callee that fit, and their effect here.
#include "walker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace snarl {

Hop Walker::hop(const Op &op) const {
  return {op.site, self_, op.callee_name};
}

bool Walker::tested(uint32_t op) const {
  return llvm::any_of(f_.blocks, [&](const Block &b) { return b.branch.kind == Branch::Result && b.branch.op == op; });
}

/// The type of parameter `index` in a function type as clang prints it: "int (struct queue *, bool)".
static llvm::StringRef parameter_type(llvm::StringRef signature, unsigned index) {
  size_t open = signature.find('(');
  if (open == llvm::StringRef::npos) return {};
  int depth = 0;
  unsigned number = 0;
  size_t start = open + 1;
  for (size_t i = start; i < signature.size(); ++i) {
    char c = signature[i];
    if (c == '(' || c == '<' || c == '[') ++depth;
    bool end = depth == 0 && (c == ',' || c == ')');
    if (end && number == index) return signature.slice(start, i).trim();
    if (end && c == ')') return {};
    if (end) {
      ++number;
      start = i + 1;
    }
    if (c == ')' || c == '>' || c == ']') --depth;
  }
  return {};
}

static bool is_switch(const Function &f, uint32_t param) {
  llvm::StringRef type = parameter_type(f.signature.str(), param);
  return type == "bool" || type == "_Bool" || type == "int";
}

std::vector<Condition> Walker::conditions(const State &state) const {
  std::vector<Condition> all;
  for (const auto &[path, truth] : state.flags) {
    bool parameter = path.root == Root::Param && path.steps.empty() && is_switch(f_, path.index);
    bool field = (path.root == Root::This || path.root == Root::Param) && has_field(path);
    if ((parameter || field ||
         (path.root == Root::Variable && !program_.decl(path.symbol) && !path.symbol.str().starts_with("?"))) &&
        all.size() < 16)
      all.push_back({path, truth});
  }
  return all;
}

bool Walker::meets(std::vector<Condition> &when, const CallFrame &frame, const State &state, const Op &op,
                   bool &unknown) const {
  std::vector<Condition> open;
  for (const Condition &c : when) {
    std::optional<bool> truth;
    Path path;
    if (c.path.root == Root::Param && c.path.steps.empty()) {
      if (c.path.index >= op.args.size()) {
        unknown = true;
        continue;
      }
      const Value &v = op.args[c.path.index];
      path = v.path;
      if (v.truth != Value::Unknown) truth = v.truth == Value::NonZero;
    } else {
      path = state.resolve_place(frame.up(c.path));
    }
    for (const auto &[flag, known] : state.flags)
      if (path.known() && flag == path) truth = known;
    bool field = has_field(path) && (path.root == Root::This || path.root == Root::Param);
    if (truth) {
      if (*truth != c.truth) return false;
    } else if (field || (path.root == Root::Param && path.steps.empty() && is_switch(f_, path.index))) {
      open.push_back({path, c.truth});
    } else if (!has_field(c.path)) {
      unknown = true;
    }
  }
  when = std::move(open);
  return true;
}

CallFrame Walker::frame(const State &state, const Op &op, const Target &target) const {
  const Function &callee = program_.functions[target.function];
  CallFrame fr;
  fr.callee = &callee;
  fr.result = result_path(op);
  bool home = callee.is_lambda && callee.enclosing == f_.usr;
  size_t shift = 0;
  std::vector<Path> bound;
  for (const Path &p :
       op.kind == OpKind::Spawn || op.kind == OpKind::Wait ? op.value.bound : llvm::SmallVector<Path, 1>())
    bound.push_back(state.resolve(p));
  if (callee.is_lambda) {
    if (home) {
      fr.receiver = root_path(Root::This);
      for (const Path &c : callee.captures) fr.captures.push_back(state.resolve(c));
    } else if (f_.is_lambda && callee.enclosing == f_.enclosing) {
      fr.receiver = root_path(Root::This);
    }
  } else if (callee.is_method) {
    if (!bound.empty()) {
      fr.receiver = bound[0];
      shift = 1;
    } else if (op.kind == OpKind::Spawn || op.kind == OpKind::Wait) {
      if (!op.args.empty()) fr.receiver = state.resolve(op.args[0].path);
    } else if (callee.is_constructor && !op.path.known()) {
      fr.receiver = fr.result;
    } else if (op.callee || op.via || op.kind == OpKind::Destroy) {
      fr.receiver = state.resolve(op.path);
    }
  }
  for (size_t i = shift; i < bound.size(); ++i) fr.args.push_back(bound[i]);
  size_t first_arg = (op.kind == OpKind::Spawn && callee.is_method && !callee.is_lambda && bound.empty()) ? 1 : 0;
  if (!op.via)
    for (size_t i = first_arg; i < op.args.size(); ++i)
      fr.args.push_back(op.args[i].path.known() ? state.resolve(op.args[i].path) : Path());
  return fr;
}

CallFrame Walker::callback_frame(const State &state, const CallFrame &outer, const Callback &callback,
                                 const Target &target, const Value &value) const {
  const Function &callee = program_.functions[target.function];
  CallFrame fr;
  fr.callee = &callee;
  size_t shift = 0;
  if (callee.is_lambda) {
    if (callee.enclosing == f_.usr) {
      fr.receiver = root_path(Root::This);
      for (const Path &c : callee.captures) fr.captures.push_back(state.resolve(c));
    } else if (f_.is_lambda && callee.enclosing == f_.enclosing) {
      fr.receiver = root_path(Root::This);
    }
  } else if (callee.is_method && !value.bound.empty()) {
    fr.receiver = state.resolve(value.bound[0]);
    shift = 1;
  }
  for (size_t i = shift; i < value.bound.size(); ++i) fr.args.push_back(state.resolve(value.bound[i]));
  for (const Path &a : callback.args) {
    Path up = state.resolve(outer.up(a));
    if (callee.is_method && !callee.is_lambda && !fr.receiver.known() && value.bound.empty())
      fr.receiver = up;
    else
      fr.args.push_back(up);
  }
  return fr;
}

void Walker::apply(State &state, const Exit &exit, const CallFrame &frame, const Op &op, FunctionId callee) {
  Hop at = hop(op);
  if (at.callee.empty()) at.callee = program_.functions[callee].name;
  auto up = [&](const Path &p) { return state.resolve(frame.up(p)); };
  for (const Path &p : exit.dropped) {
    if (!p.steps.empty() && p.steps.back().kind == PathStep::Deref) {
      Path guard = p;
      guard.steps.pop_back();
      guard = up(guard);
      size_t before = state.holds.size();
      state.release_owned_by(guard);
      if (state.holds.size() == before && guard.known() && guard.root != Root::Local)
        state.release(lock_of_guard(guard));
    } else {
      relieve(state.release(up(p)).hold);
    }
  }
  for (const auto &[name, object] : exit.names) {
    Path n = frame.up(name), o = up(object);
    if (n.known() && !by_value_place(n)) state.bind(n, o);
  }
  for (const Exit::Binding &b : exit.guards) {
    Exit::Binding mine = b;
    mine.guard = up(b.guard);
    mine.lock = up(b.lock);
    if (mine.guard.known() &&
        llvm::none_of(state.guards, [&](const auto &x) { return x.guard == mine.guard && x.lock == mine.lock; }))
      state.guards.push_back(mine);
  }
  for (const Hold &h : exit.holds) {
    Hold mine = frame.up(h, at);
    bool of_guard = !mine.lock.steps.empty() && mine.lock.steps.back().kind == PathStep::Deref;
    mine.lock = state.resolve(mine.lock);
    mine.owner = mine.owner.known() ? state.resolve(mine.owner) : Path();
    if (of_guard)
      for (const Exit::Binding &b : state.bound_to(mine.owner)) mine.lock = b.lock;
    mine.assumed = false;
    state.acquire(std::move(mine));
  }
  for (const Path &p : exit.joined) join(state, up(p));
  for (const Thread &t : exit.started) {
    Path handle = stripped(up(t.handle));
    if (handle.known())
      start(state, handle, t.started);
    else
      state.unjoinable = true;
  }
  state.unjoinable |= exit.started_unjoinable;
  state.signals.then(exit.signals);
  for (const Path &p : exit.published) {
    Path mine = up(p);
    if (mine.known()) state.publish(mine);
  }
  if (exit.returns_fresh) state.own.push_back(result_path(op));
}

std::vector<const Exit *> Walker::exits_for(const State &state, const CallFrame &frame, const Op &op, FunctionId callee,
                                            std::vector<std::optional<bool>> &results) const {
  std::vector<Exit> all;
  std::vector<const Exit *> origin;
  for (const Exit &e : program_.info[callee].summary.exits) {
    std::vector<Condition> when = e.when;
    bool unknown = false;
    if (!meets(when, frame, state, op, unknown)) continue;
    all.push_back(e);
    origin.push_back(&e);
  }
  std::vector<const Exit *> chosen;
  auto taken = [](const Exit &e) { return e.holds.size(); };
  bool differ = llvm::any_of(all, [&](const Exit &e) { return taken(e) != taken(all[0]); });
  bool known = llvm::all_of(all, [](const Exit &e) { return e.result.has_value(); });
  size_t most = 0, least = ~size_t(0);
  for (const Exit &e : all) {
    most = std::max(most, taken(e));
    least = std::min(least, taken(e));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    const Exit &e = all[i];
    std::optional<bool> result = e.result;
    if (differ && !known && !program_.functions[callee].is_constructor) { // a guard remembers which it was
      // Holds a lock on some ways out only. If the caller looks at the result, that is what tells them apart (C
      // functions say 0 for success); if it does not, the lock left held is a mistake of the callee and not ours to
      // follow.
      bool c_style = program_.functions[callee].signature.str().starts_with("int ");
      if (tested(op.id)) {
        if (!result) result = (taken(e) == most) != c_style;
      } else if (taken(e) != least) {
        continue;
      }
    }
    chosen.push_back(origin[i]);
    results.push_back(result);
  }
  return chosen;
}

/// assertHeld(), mutex_assert_held(&m), AssertLocked(): says what holds here, does nothing.
static bool asserts_held(const Op &op) {
  std::string name;
  for (char c :
       op.callee_name.str().rsplit(':').second.empty() ? op.callee_name.str() : op.callee_name.str().rsplit(':').second)
    if (c != '_') name += llvm::toLower(c);
  return llvm::StringRef(name).contains("assertheld") || llvm::StringRef(name).contains("assertlocked");
}

/// unlock_both(), release(): a function whose body is not seen and that says what it does.
static bool gives_back(const Op &op) {
  std::string name = op.callee_name.str().rsplit(':').second.lower();
  if (name.empty()) name = op.callee_name.str().lower();
  return llvm::StringRef(name).contains("unlock") || llvm::StringRef(name).contains("release") ||
         llvm::StringRef(name).contains("leave");
}

/// Threads that the callee starts, or what is handed to it.
void Walker::begin(State &state, const Op &op) const {
  auto add = [&](const std::vector<Target> &targets) {
    for (const Target &t : targets) state.begin(program_.info[t.function].summary.begun);
  };
  add(graph_.targets(self_, op));
  for (const Value &v : op.args)
    if (v.function) add(graph_.values(self_, v));
}

void Walker::call(const Op &op, State state, States &out) {
  if (asserts_held(op)) {
    Hold h;
    h.lock = state.resolve(op.path.known() ? op.path : op.args.empty() ? Path() : op.args[0].path);
    h.assumed = true;
    h.taken = {hop(op)};
    if (h.lock.known() && llvm::none_of(state.holds, [&](const Hold &x) { return x.lock == h.lock; }))
      state.holds.push_back(h);
    out.push_back(std::move(state));
    return;
  }
  begin(state, op);
  if (in_loop_[block_]) state.forget_root(root_path(Root::Result, op.id)); // another object each time round
  std::vector<Target> targets = graph_.targets(self_, op);
  // Bodies that run later, or nowhere we can see.
  llvm::erase_if(targets, [&](const Target &t) { return program_.functions[t.function].is_coroutine; });
  if (op.awaited) targets.clear();
  if (targets.empty()) {
    const Function *declared = program_.find(op.callee);
    if (declared && declared->blocks.empty())
      for (const Contract &c : declared->contracts) {
        CallFrame fr;
        fr.receiver = state.resolve(op.path);
        for (const Value &v : op.args) fr.args.push_back(state.resolve(v.path));
        fr.result = result_path(op);
        Path lock = state.resolve(fr.up(c.lock));
        if (c.kind == Contract::Acquires) {
          Hold h;
          h.lock = lock;
          h.mode = c.mode;
          h.taken = {hop(op)};
          state.acquire(h);
        } else if (c.kind == Contract::Releases) {
          state.release(lock);
        }
      }
    state.given.clear(); // may lock or unlock what it likes
    if (gives_back(op)) llvm::erase_if(state.holds, [&](const Hold &h) { return by_hand(h); });
    for (const Value &v : op.args)
      if (v.path.known() && (v.borrowed || v.moved) && !op.awaited) {
        Path p = state.resolve(v.path);
        if (state.is_own(p) && !op.through) state.publish(p);
      }
    out.push_back(std::move(state));
    return;
  }
  for (const Target &t : targets) {
    CallFrame fr = frame(state, op, t);
    std::vector<std::optional<bool>> results;
    std::vector<const Exit *> exits = exits_for(state, fr, op, t.function, results);
    for (size_t i = 0; i < exits.size(); ++i) { // none: never returns
      State s = state;
      apply(s, *exits[i], fr, op, t.function);
      if (results[i]) s.results.emplace_back(op.id, *results[i]);
      out.push_back(std::move(s));
    }
  }
}

} // namespace snarl
