// Handles of threads, followed through one function along each path with its tests (`joinable()`, flags, results), and
// what detached threads and callbacks borrow. Members and globals, whose life spans functions, are judged by what the
// whole program ever does with them.
#include "thread_lifetime_source.h"
#include "lifetimes.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>
#include <set>

namespace snarl {
namespace {

constexpr size_t kMaxStates = 3000; ///< of one function, over all blocks; a function with more is not judged

enum class Status : uint8_t { Unknown, Empty, Joinable, Joined, Detached };

struct Handle {
  Path path;
  Status status = Status::Unknown;
  const Op *since = nullptr;   ///< the operation that brought it there
  const Op *started = nullptr; ///< its Spawn
  friend bool operator==(const Handle &a, const Handle &b) {
    return a.path == b.path && a.status == b.status && a.since == b.since;
  }
};

struct State {
  std::vector<Handle> handles;
  std::vector<std::pair<Path, bool>> flags;
  std::vector<std::pair<uint32_t, bool>> results;
  friend bool operator==(const State &a, const State &b) {
    return a.handles == b.handles && a.flags == b.flags && a.results == b.results;
  }
  Handle *find(const Path &path) {
    auto it = llvm::find_if(handles, [&](const Handle &h) { return h.path == path; });
    return it == handles.end() ? nullptr : &*it;
  }
};

class Judge {
public:
  Judge(const Program &program, FunctionId id, Findings &out)
      : program_(program), id_(id), f_(program.functions[id]), out_(out) {}
  void handles();
  void callbacks();

private:
  enum class Type { None, Thread, JThread, Many };
  Type type_of(const Path &path) const;
  bool tracked(const Path &path) const;
  void set(State &state, const Path &path, Status status, const Op *op, const Op *started = nullptr);
  void step(State &state, const Op &op, OpPlace at);
  void many(const Path &path, OpPlace spawned, const Op &spawn);
  void leaves(const Handle &handle, const Op &op, const std::string &how);
  bool correlated(const Handle &handle, const Op &op) const;
  void detached(const Handle &handle, const Op &op, OpPlace at);
  std::string borrows(const Op &spawn, bool &this_too) const;
  bool this_can_end() const;
  std::string name(const Path &path) const;
  Finding &add(const Op &op, const std::string &message, const std::string &key);

  const Program &program_;
  FunctionId id_;
  const Function &f_;
  Findings &out_;
  std::set<std::string> said_;
  std::vector<Path> mentioned_elsewhere_;
};

} // namespace

static Path whole(Path path) {
  while (!path.steps.empty() && path.steps.back().kind != PathStep::Field) path.steps.pop_back();
  return path;
}

std::string Judge::name(const Path &path) const {
  if (path.root == Root::Local && path.steps.empty() && path.index < f_.locals.size())
    return f_.locals[path.index].name.str() == "temporary"
               ? "the thread"
               : fmt::format("'{}'", f_.locals[path.index].name.str().str());
  if (path.root == Root::Param && path.steps.empty() && path.index < f_.params.size())
    return fmt::format("'{}'", f_.params[path.index].name.str().str());
  return quoted(program_, path);
}

Judge::Type Judge::type_of(const Path &path) const {
  llvm::StringRef type;
  if (path.root == Root::Local && path.index < f_.locals.size()) type = f_.locals[path.index].type.str();
  if (path.root == Root::Variable)
    if (const Decl *decl = program_.decl(path.symbol)) type = decl->type.str();
  type.consume_front("class ");
  if (type == "std::thread" || type == "thread") return Type::Thread;
  if (type == "std::jthread" || type == "jthread") return Type::JThread;
  if (type.contains("std::thread") && !type.contains("::id") && !type.contains("*") && !type.contains("&") &&
      (type.contains("vector<") || type.contains("array<") || type.contains("deque<") || type.contains("list<") ||
       type.contains("[")))
    return Type::Many;
  return Type::None;
}

bool Judge::tracked(const Path &path) const {
  if (!path.steps.empty() || !own_object(program_, f_, path)) return false;
  // What has its address taken can be joined through it.
  return path.root == Root::Local && !llvm::is_contained(mentioned_elsewhere_, path);
}

Finding &Judge::add(const Op &op, const std::string &message, const std::string &key) {
  Finding finding;
  finding.rule = "thread-lifetime";
  finding.severity = Severity::Error;
  finding.message = message;
  set_primary(program_, finding, Hop{op.site, id_, {}});
  finding.key = fmt::format("{} in {}", key, finding.function);
  out_.push_back(std::move(finding));
  return out_.back();
}

void Judge::set(State &state, const Path &path, Status status, const Op *op, const Op *started) {
  Handle *h = state.find(path);
  if (!h) h = &state.handles.emplace_back(Handle{path, status, op, started});
  *h = Handle{path, status, op, started};
}

/// Was the thread started under some condition, and is `op` one of the ways out on which it was perhaps joined under
/// the same one? A test that is not understood then says nothing.
bool Judge::correlated(const Handle &handle, const Op &op) const {
  uint32_t start = ~0u, end = ~0u;
  std::vector<OpPlace> joins;
  OpPlace out;
  for (uint32_t b = 0; b < f_.blocks.size(); ++b)
    for (uint32_t i = 0; i < f_.blocks[b].ops.size(); ++i) {
      const Op &o = f_.blocks[b].ops[i];
      if (&o == handle.started) start = b;
      if (&o == &op) end = b, out = {b, i};
      if ((o.kind == OpKind::Join || o.kind == OpKind::Detach) && o.path == handle.path) joins.push_back({b, i});
    }
  if (start == end || start == f_.entry) return false;
  std::vector<bool> seen(f_.blocks.size());
  llvm::SmallVector<uint32_t, 16> work{f_.entry};
  while (!work.empty()) {
    uint32_t at = work.pop_back_val();
    if (at == start || seen[at]) continue;
    seen[at] = true;
    work.append(f_.blocks[at].successors.begin(), f_.blocks[at].successors.end());
  }
  return seen[end] && llvm::any_of(joins, [&](OpPlace join) { return comes_after(f_, join, out); });
}

/// A joinable thread is given up.
void Judge::leaves(const Handle &handle, const Op &op, const std::string &how) {
  std::string who = name(handle.path);
  if (correlated(handle, op)) return;
  if (!said_.insert(fmt::format("{} {}", who, handle.started->id)).second) return;
  bool settled = llvm::any_of(f_.blocks, [&](const Block &b) {
    return llvm::any_of(b.ops, [&](const Op &o) {
      return (o.kind == OpKind::Join || o.kind == OpKind::Detach) && o.path == handle.path;
    });
  });
  Finding &finding =
      add(settled ? op : *handle.started,
          settled ? fmt::format("{} can still be joinable when {}: the program is terminated", who, how)
                  : fmt::format("{} is neither joined nor detached before {}: the program is terminated", who, how),
          who + " left joinable");
  finding.steps.push_back(source_step(program_, Hop{handle.started->site, id_, {}}, "thread started here"));
  finding.steps.push_back(source_step(program_, Hop{op.site, id_, {}}, how + " here"));
  finding.names = {who};
  // A std::jthread joins at its end; not where the handle goes on to somebody who expects a std::thread.
  bool moves = llvm::any_of(f_.blocks, [&](const Block &b) {
    return llvm::any_of(
        b.ops, [&](const Op &o) { return o.kind == OpKind::Move && (o.path == handle.path || o.dest == handle.path); });
  });
  const Op &started = *handle.started;
  if (started.fix && !moves)
    finding.fixes.push_back({started.fix_begin.place(), started.fix_end.place(), started.fix.str().str()});
}

static bool names_object(const Value &value, const Path &path) {
  return value.path == path || llvm::is_contained(value.bound, path);
}

void Judge::step(State &state, const Op &op, OpPlace at) {
  if (op.id) llvm::erase_if(state.results, [&](const auto &r) { return r.first == op.id; });
  auto give_up = [&](const std::string &how) {
    if (f_.is_main || f_.nothrow) return; // the exception ends the program as it is
    for (const Handle &h : state.handles)
      if (h.status == Status::Joinable && type_of(h.path) == Type::Thread) leaves(h, op, how);
  };
  for (Handle &h : state.handles) { // handed to others
    auto named = [&](const Value &v) { return names_object(v, h.path); };
    if (llvm::any_of(op.args, named) || (op.kind != OpKind::Return && named(op.value)) ||
        (op.kind == OpKind::Call && op.path == h.path))
      h.status = Status::Unknown;
  }
  switch (op.kind) {
  case OpKind::Spawn: {
    Path dest = op.dest;
    if (op.spawn != SpawnKind::Thread || !tracked(dest) || type_of(dest) == Type::Many) {
      if (tracked(whole(dest)) && type_of(whole(dest)) == Type::Many) many(whole(dest), at, op);
      return;
    }
    if (Handle *h = state.find(dest); h && h->status == Status::Joinable && type_of(dest) == Type::Thread)
      leaves(*h, op, "another is assigned to it");
    set(state, dest, Status::Joinable, &op, &op);
    return;
  }
  case OpKind::Join:
  case OpKind::Detach: {
    Handle *h = state.find(op.path);
    if (!h || op.all) return;
    bool again = h->status == Status::Joined || h->status == Status::Detached;
    if (again && type_of(h->path) != Type::None) {
      std::string who = name(h->path);
      const char *verb = op.kind == OpKind::Join ? "joined" : "detached";
      const char *before = h->status == Status::Joined ? "joined" : "detached";
      if (said_.insert(fmt::format("{} {} again", who, op.id)).second) {
        Finding &finding =
            add(op, fmt::format("{} is {} here, but was {} already", who, verb, before), who + " joined twice");
        finding.steps.push_back(source_step(program_, Hop{h->since->site, id_, {}}, fmt::format("{} here", before)));
        finding.steps.push_back(source_step(program_, Hop{op.site, id_, {}}, fmt::format("{} again here", verb)));
        finding.names = {who};
      }
    }
    if (op.kind == OpKind::Detach && h->status == Status::Joinable && h->started) detached(*h, op, at);
    h->status = op.kind == OpKind::Join ? Status::Joined : Status::Detached;
    h->since = &op;
    return;
  }
  case OpKind::Move: {
    Handle *from = state.find(op.path), copy;
    if (from) copy = *from;
    if (op.all) {
      if (from) from->status = Status::Unknown;
      if (Handle *to = state.find(op.dest)) to->status = Status::Unknown;
      return;
    }
    if (Handle *to = state.find(op.dest);
        to && to->status == Status::Joinable && type_of(op.dest) == Type::Thread && !(op.path == op.dest))
      leaves(*to, op, "another is assigned to it");
    if (from) from->status = Status::Empty, from->since = &op;
    if (tracked(op.dest) && type_of(op.dest) != Type::None)
      set(state, op.dest, from ? copy.status : Status::Unknown, &op, from ? copy.started : nullptr);
    return;
  }
  case OpKind::Destroy: {
    Handle *h = state.find(op.path);
    if (!h) return;
    if (h->status == Status::Joinable && h->started && type_of(h->path) == Type::Thread)
      leaves(*h, op, "it is destroyed");
    h->status = Status::Empty;
    return;
  }
  case OpKind::Return:
    if (Handle *h = state.find(op.value.path)) h->status = Status::Empty;
    return;
  case OpKind::Throw:
    if (!op.in_try)
      give_up(op.api.str() == "throw" || op.api.empty() ? "an exception is thrown"
                                                        : fmt::format("'{}' throws", op.api.str().str()));
    return;
  case OpKind::Call: {
    auto callee = program_.by_usr.find(op.callee);
    if (!op.in_try && op.callee && callee != program_.by_usr.end() &&
        program_.info[callee->second].summary.throws.size() == 1) // itself, not something far below
      give_up(fmt::format("'{}' throws", op.callee_name.str().str()));
    return;
  }
  default: return;
  }
}

static bool refine(State &state, const Branch &branch, bool taken) {
  bool value = taken == branch.success_on_true;
  switch (branch.kind) {
  case Branch::None: return true;
  case Branch::Owns: {
    Handle *h = state.find(branch.path);
    if (!h || h->status == Status::Unknown) return true;
    return (h->status == Status::Joinable) == value;
  }
  case Branch::Result: {
    for (auto &[op, known] : state.results)
      if (op == branch.op) return known == value;
    state.results.emplace_back(branch.op, value);
    return true;
  }
  case Branch::Flag: {
    for (auto &[path, known] : state.flags)
      if (path == branch.path) return known == value;
    state.flags.emplace_back(branch.path, value);
    return true;
  }
  }
  return true;
}

void Judge::handles() {
  bool starts = false;
  for (const Block &b : f_.blocks)
    for (const Op &op : b.ops) starts |= op.kind == OpKind::Spawn && op.spawn == SpawnKind::Thread && op.dest.known();
  if (!starts) return;
  // A handle that a lambda refers to is joined who knows where.
  for (const Function &g : program_.functions)
    if (g.enclosing == f_.usr)
      for (const Path &path : g.borrowed) mentioned_elsewhere_.push_back(path);
  std::vector<std::vector<State>> in(f_.blocks.size());
  std::vector<std::pair<uint32_t, State>> work{{f_.entry, {}}};
  in[f_.entry].emplace_back();
  size_t states = 1;
  Findings kept;
  std::swap(kept, out_);
  while (!work.empty()) {
    auto [b, state] = std::move(work.back());
    work.pop_back();
    for (uint32_t i = 0; i < f_.blocks[b].ops.size(); ++i) step(state, f_.blocks[b].ops[i], {b, i});
    const Block &block = f_.blocks[b];
    for (size_t i = 0; i < block.successors.size(); ++i) {
      State onward = state;
      if (block.successors.size() == 2 && !refine(onward, block.branch, i == 0)) continue;
      std::vector<State> &there = in[block.successors[i]];
      if (llvm::is_contained(there, onward)) continue;
      if (++states > kMaxStates) {
        out_ = std::move(kept);
        return;
      }
      there.push_back(onward);
      work.push_back({block.successors[i], std::move(onward)});
    }
  }
  std::move(out_.begin(), out_.end(), std::back_inserter(kept));
  out_ = std::move(kept);
}

/// A local container of threads. A loop that joins its elements is taken to join them all.
void Judge::many(const Path &path, OpPlace spawned, const Op &spawn) {
  std::vector<bool> joins(f_.blocks.size());
  bool joined = false, escapes = false;
  std::vector<bool> loops = in_loops(f_);
  for (uint32_t b = 0; b < f_.blocks.size(); ++b)
    for (uint32_t i = 0; i < f_.blocks[b].ops.size(); ++i) {
      const Op &op = f_.blocks[b].ops[i];
      auto named = [&](const Value &v) {
        return whole(v.path) == path || v.function.str().contains("S@thread@F@join") ||
               llvm::any_of(v.bound, [&](const Path &p) { return whole(p) == path; });
      };
      if ((op.kind == OpKind::Join || op.kind == OpKind::Detach) && whole(op.path) == path) {
        joined = joins[b] = true;
        for (uint32_t other = 0; other < f_.blocks.size(); ++other) // the loop's test as well
          if (loops[b] && loops[other] && comes_after(f_, {b, 0}, {other, 0}) && comes_after(f_, {other, ~0u}, {b, 0}))
            joins[other] = true;
      } else if (op.kind == OpKind::Move || op.kind == OpKind::Return || op.kind == OpKind::Call ||
                 op.kind == OpKind::Assign) {
        escapes |=
            (whole(op.path) == path && op.kind != OpKind::Destroy) || named(op.value) || llvm::any_of(op.args, named);
      } else if (op.kind == OpKind::Spawn) {
        escapes |= llvm::any_of(op.args, named) || named(op.value);
      }
    }
  if (escapes) return;
  for (uint32_t b = 0; b < f_.blocks.size(); ++b)
    for (uint32_t i = 0; i < f_.blocks[b].ops.size(); ++i) {
      const Op &op = f_.blocks[b].ops[i];
      if (op.kind != OpKind::Destroy || !(op.path == path)) continue;
      bool after_join = joins[b];
      for (uint32_t j = 0; j < f_.blocks.size(); ++j)
        if (joins[j]) after_join |= comes_after(f_, {j, 0}, {b, i});
      if (after_join || !comes_after(f_, spawned, {b, i})) continue;
      Handle handle{path, Status::Joinable, &spawn, &spawn};
      leaves(handle, op, joined ? "it is left early" : "it is destroyed");
    }
}

// ---- What a thread borrows

/// Names of this function's objects that the callable refers to; `this_too`: also this object.
std::string Judge::borrows(const Op &spawn, bool &this_too) const {
  std::vector<std::string> names;
  auto note = [&](const Path &path, bool by_address) {
    if (path.root == Root::This && path.steps.empty())
      this_too = true;
    else if (by_address && own_object(program_, f_, path) && type_of(path) == Type::None)
      names.push_back(name(path));
  };
  const Function *entry = program_.find(spawn.value.function);
  if (entry && entry->is_lambda && entry->enclosing == f_.usr)
    for (const Path &path : entry->borrowed) note(path, true);
  if (!entry || !entry->is_lambda)
    for (const Path &path : spawn.value.bound) note(path, path.root == Root::Variable);
  for (const Value &arg : spawn.args)
    if (arg.borrowed && !arg.moved) note(arg.path, true);
  if (this_too && entry && entry->is_lambda) // something else keeps the object: self = shared_from_this()
    for (const Path &path : entry->captures) {
      bool keeps = !path.known() || path.root == Root::Result;
      if (path.root == Root::Local && path.index < f_.locals.size() && f_.locals[path.index].record == f_.record)
        keeps = true;
      if (path.root == Root::Param && path.index < f_.params.size() && f_.params[path.index].record == f_.record)
        keeps = true;
      if (keeps) this_too = false;
    }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Is there reason to think that objects of this class end while the program runs?
bool Judge::this_can_end() const {
  const Function *method = &f_;
  if (!method->record || f_.is_main) return false;
  bool ends = false, stays = false;
  const auto known = program_.records.find(method->record);
  for (FunctionId id = 0; id < program_.functions.size(); ++id) {
    const Function &g = program_.functions[id];
    if (g.is_destructor && g.record == method->record && waits(program_, id)) return false;
    for (const Local &local : g.locals)
      if (local.record == method->record && local.by_value) (g.is_main && local.outermost ? stays : ends) = true;
  }
  std::string record = known == program_.records.end() ? "" : known->second.name.str().str();
  for (const auto &[usr, decl] : program_.decls)
    if (!decl.is_field && decl.by_value && decl.record != method->record && !record.empty() &&
        (decl.type.str() == record || decl.type.str().ends_with(fmt::format("::{}", record)) ||
         llvm::StringRef(record).ends_with(fmt::format("::{}", decl.type.str().str()))))
      (decl.is_static || !decl.function ? stays : ends) = true;
  return ends || !stays;
}

void Judge::detached(const Handle &handle, const Op &op, OpPlace at) {
  bool this_too = false;
  std::string locals = borrows(*handle.started, this_too);
  if (f_.is_main) return;
  std::string what;
  if (!locals.empty() && !waits_after(program_, id_, at))
    what = locals;
  else if (this_too && this_can_end())
    what = "'this'";
  if (what.empty() || !said_.insert(fmt::format("detached {}", handle.started->id)).second) return;
  Finding &finding = add(op, fmt::format("the detached thread uses {}, which may be gone before it ends", what),
                         "detached thread uses " + what);
  finding.steps.push_back(source_step(program_, Hop{handle.started->site, id_, {}},
                                      fmt::format("the thread is started with {} here", what)));
  finding.steps.push_back(source_step(program_, Hop{op.site, id_, {}}, "detached here"));
  finding.names = {what};
}

/// Callbacks given to pools and event loops, with references to locals.
void Judge::callbacks() {
  if (f_.is_main || f_.is_coroutine) return;
  for (uint32_t b = 0; b < f_.blocks.size(); ++b)
    for (uint32_t i = 0; i < f_.blocks[b].ops.size(); ++i) {
      const Op &op = f_.blocks[b].ops[i];
      if (op.kind != OpKind::Spawn || (op.spawn != SpawnKind::Pool && op.spawn != SpawnKind::EventLoop)) continue;
      llvm::StringRef api = op.api.str();
      if (api.contains("::then") || api.contains("finally") || api.contains("handle_exception") ||
          api.contains("parallel") || api.contains("std::") || api.contains("for_each"))
        continue;
      bool this_too = false;
      std::string locals = borrows(op, this_too);
      if (locals.empty() || waits_after(program_, id_, {b, i})) continue;
      // A pool that lives here ends, and its threads with it, before the function does.
      bool own = llvm::any_of(f_.locals, [](const Local &l) {
        std::string type = l.type.str().lower();
        for (llvm::StringRef word : {"pool", "executor", "loop", "context", "group", "scheduler", "arena", "service"})
          if (llvm::StringRef(type).contains(word)) return l.by_value;
        return llvm::StringRef(type).contains("future"); // perhaps waited for
      });
      if (own) continue;
      Finding &finding =
          add(op, fmt::format("the callback given to '{}' uses {}, which ends with this function", api.str(), locals),
              "callback uses " + locals);
      finding.steps.push_back(source_step(program_, Hop{op.site, id_, {}}, "handed over here"));
      finding.names = {locals};
    }
}

// ---- Members and globals

/// Handles that some function starts a thread in, and nobody ever joins, detaches, moves or hands on.
static void never_joined(const Program &program, Findings &out) {
  if (!program.closed) return;
  struct Start {
    FunctionId in;
    const Op *op;
  };
  std::map<Symbol, Start> started;
  std::set<Symbol> settled;
  bool joins_by_name = false;
  for (FunctionId id = 0; id < program.functions.size(); ++id)
    for (const Block &b : program.functions[id].blocks)
      for (const Op &op : b.ops) {
        auto mention = [&](const Path &path) {
          if (Symbol field = path.last_field()) settled.insert(field);
        };
        auto value = [&](const Value &v) {
          mention(v.path);
          for (const Path &path : v.bound) mention(path);
          joins_by_name |= v.function.str().contains("S@thread@F@");
        };
        value(op.value);
        for (const Value &v : op.args) value(v);
        if (op.kind == OpKind::Spawn && op.spawn == SpawnKind::Thread && op.api.str() == "std::thread" &&
            op.dest.last_field()) {
          const Decl *decl = program.decl(op.dest.last_field());
          if (decl && decl->type.str().contains("thread") && !decl->type.str().contains("jthread") &&
              (decl->is_field || !decl->function))
            started.insert({op.dest.last_field(), {id, &op}});
        } else if (op.kind != OpKind::Destroy) {
          mention(op.path);
          mention(op.dest);
        }
      }
  if (joins_by_name) return;
  for (const auto &[symbol, start] : started) {
    if (settled.count(symbol)) continue;
    const Decl *decl = program.decl(symbol);
    std::string who = fmt::format("'{}'", decl->name.str().str());
    Finding finding;
    finding.rule = "thread-lifetime";
    finding.severity = Severity::Error;
    finding.message =
        fmt::format("the thread in {} is never joined nor detached: its destructor terminates the program", who);
    set_primary(program, finding, Hop{start.op->site, start.in, {}});
    finding.steps.push_back(source_step(program, Hop{start.op->site, start.in, {}}, "thread started here"));
    Step declared;
    declared.place = decl->site.place(), declared.message = fmt::format("{} is declared here", who);
    finding.steps.push_back(std::move(declared));
    finding.names = {who};
    finding.key = who + " never joined";
    out.push_back(std::move(finding));
  }
}

/// A thread that joins the handle it was started in. Only a join that nothing but joinable() guards counts.
static void self_join(const Program &program, Findings &out) {
  for (FunctionId id = 0; id < program.functions.size(); ++id)
    for (const CallEdge &edge : program.info[id].edges) {
      if (!edge.spawn || !edge.op || edge.op->kind != OpKind::Spawn || edge.op->spawn != SpawnKind::Thread) continue;
      Symbol handle = edge.op->dest.last_field();
      const Decl *decl = handle ? program.decl(handle) : nullptr;
      if (!decl || edge.op->dest.steps.size() > 1 || decl->type.str().contains("<")) continue;
      std::set<FunctionId> seen;
      std::vector<FunctionId> work{edge.callee};
      while (!work.empty() && seen.size() < 50) {
        FunctionId at = work.back();
        work.pop_back();
        const Function &f = program.functions[at];
        if (!seen.insert(at).second) continue;
        bool guarded = llvm::any_of(
            f.blocks, [](const Block &b) { return b.successors.size() == 2 && b.branch.kind != Branch::Owns; });
        for (const Block &b : f.blocks)
          for (const Op &op : b.ops) {
            if (op.kind != OpKind::Join || guarded || op.path.last_field() != handle || op.path.steps.size() > 1)
              continue;
            Finding finding;
            finding.rule = "thread-lifetime";
            finding.severity = Severity::Error;
            std::string who = fmt::format("'{}'", decl->name.str().str());
            finding.message = fmt::format("the thread in {} joins itself here", who);
            set_primary(program, finding, Hop{op.site, at, {}});
            finding.steps.push_back(source_step(program, Hop{edge.op->site, id, {}}, "thread started here"));
            finding.steps.push_back(source_step(program, Hop{op.site, at, {}}, "joined by itself here"));
            finding.names = {who};
            finding.key = who + " joins itself";
            out.push_back(std::move(finding));
          }
        for (const CallEdge &next : program.info[at].edges)
          if (!next.spawn && (next.same_frame || (next.receiver.root == Root::This && next.receiver.steps.empty()) ||
                              (next.receiver.root == Root::Capture && next.receiver.steps.empty())))
            work.push_back(next.callee);
      }
    }
}

void find_thread_lifetimes(const Program &program, Findings &out) {
  for (FunctionId id = 0; id < program.functions.size(); ++id) {
    Judge judge(program, id, out);
    judge.handles();
    judge.callbacks();
  }
  never_joined(program, out);
  self_join(program, out);
}

} // namespace snarl
