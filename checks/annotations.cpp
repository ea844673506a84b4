// An attribute is a claim about all code that will ever be compiled with it, so a majority is no proof here (it is in
// guarded_by.cpp, which looks for mistakes): each must follow from all accesses, all callers, all ways out.
//
// An access path speaks of several fields at once. `p->stats.hits = 1` writes `hits` and the `stats` it lies in, reads
// the pointer `p`, and writes what `p` points to: each is an access of its own, under the same locks. A lock counts for
// a field if it can be named beside it: it lies in the same object, or is a variable.
#include "annotations.h"
#include "link_paths.h"
#include "models.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <set>

namespace snarl {
namespace {

using Kind = Annotation::Kind;

std::string last_name(const Decl &decl) {
  llvm::StringRef name = decl.name.str();
  size_t at = name.rfind("::");
  return (at == llvm::StringRef::npos ? name : name.drop_front(at + 2)).str();
}

/// As written in code: without what has no name.
std::string written_name(const Decl &decl) {
  if (decl.function) return last_name(decl);
  std::string name = decl.name.str().str();
  for (llvm::StringRef hidden : {"(anonymous namespace)::", "(anonymous)::"})
    for (size_t at; (at = name.find(hidden.str())) != std::string::npos;) name.erase(at, hidden.size());
  return name;
}

/// A field or variable and what all accesses to it have in common.
struct Location {
  const Decl *decl = nullptr;
  bool pointee = false, first = true;
  std::map<std::string, unsigned> locks; ///< held at every access so far -> steps from the object to the lock
  std::set<FunctionId> functions;        ///< that say so
  std::set<const Op *> writes, all;
  unsigned unnamed = 0; ///< accesses under a lock that has no name beside the data
};

class Inference {
public:
  Inference(const Program &program, const Findings &findings) : program_(program) {
    for (const Finding &finding : findings) {
      if (!is_race(finding.rule)) continue;
      suspects_.emplace(finding.place.file, finding.place.line);
      for (const Step &step : finding.steps)
        if (step.main) suspects_.emplace(step.place.file, step.place.line);
    }
  }

  Annotations run() {
    for (FunctionId f = 0; f < program_.functions.size(); ++f) {
      const Function &function = program_.functions[f];
      if (function.in_system_header || function.is_static_init || function.blocks.empty()) continue;
      wrapper(f);
      for (const Point &point : program_.info[f].accesses) access(f, point);
      excludes(f);
    }
    guarded();
    requirements();
    return finish();
  }

private:
  static bool is_race(llvm::StringRef rule) {
    return llvm::is_contained({"unguarded-access", "data-race", "wrong-lock", "check-then-act",
                               "double-checked-locking", "read-lock-suffices"},
                              rule);
  }

  // ---- Spelling

  static const char *arrow(const Decl &decl) { return decl.by_value || decl.type.str().ends_with("&") ? "." : "->"; }

  /// The fields of `path` from step `from` on, as written in the class of the first.
  std::optional<std::string> fields(const Path &path, size_t from) const {
    std::string text;
    for (size_t i = from; i < path.steps.size(); ++i) {
      const Decl *field = path.steps[i].kind == PathStep::Field ? program_.decl(path.steps[i].symbol) : nullptr;
      if (!field) return std::nullopt;
      text += last_name(*field);
      if (i + 1 < path.steps.size()) text += arrow(*field);
    }
    return text;
  }

  /// As written in the declaration of `function`.
  std::optional<std::string> spelled(const Path &path, const Function &function) const {
    std::optional<std::string> rest = fields(path, 0);
    if (!rest) return std::nullopt;
    if (path.root == Root::This && !rest->empty()) return rest;
    if (path.root == Root::Variable) {
      const Decl *variable = program_.decl(path.symbol);
      if (!variable || variable->function) return std::nullopt;
      return written_name(*variable) + (rest->empty() ? "" : arrow(*variable) + *rest);
    }
    if (path.root != Root::Param || path.index >= function.params.size() || function.is_lambda) return std::nullopt;
    const Param &param = function.params[path.index];
    return "$" + std::to_string(path.index) + (rest->empty() ? "" : (param.reference ? "." : "->") + *rest);
  }

  /// The lock itself and the objects of the program's own lock types that it lies in: "mu_.m_" is "mu_".
  std::vector<Path> aspects(Path lock) const {
    std::vector<Path> all{lock};
    while (lock.steps.size() > 1 || (lock.steps.size() == 1 && lock.root == Root::Variable)) {
      lock.steps.pop_back();
      const Decl *holder = program_.decl(lock.last_field());
      if (!holder || !holder->by_value || (!lock.steps.empty() && lock.steps.back().kind != PathStep::Field)) break;
      if (holder->lock.is_lock) all.push_back(lock);
    }
    return all;
  }

  /// The lock as written beside the field at step `at` of `data` (-1: beside the variable at its root).
  std::optional<std::string> beside(const Path &data, int at, const Path &lock) const {
    const Decl *own = program_.decl(lock.root == Root::Variable ? lock.symbol : Symbol());
    if (own && !own->is_field) {
      const Decl *target = program_.decl(at < 0 ? data.symbol : data.steps[at].symbol);
      if (own->function && (!target || target->function != own->function)) return std::nullopt;
      if (std::optional<std::string> rest = fields(lock, 0); rest && at < 0)
        return written_name(*own) + (rest->empty() ? "" : arrow(*own) + *rest);
      if (lock.steps.empty()) return written_name(*own);
    }
    if (at < 0 || lock.root != data.root || lock.index != data.index || lock.symbol != data.symbol ||
        lock.steps.size() <= size_t(at))
      return std::nullopt;
    for (int i = 0; i < at; ++i)
      if (!(lock.steps[i] == data.steps[i])) return std::nullopt;
    return fields(lock, at);
  }

  // ---- Data

  static bool is_data(const Decl &d) {
    return !d.constant && !d.atomic && !d.sync_object && !d.thread_local_ && !d.lock.is_lock && !d.is_volatile &&
           (!d.function || d.is_static) && !d.type.str().ends_with("&");
  }

  bool suspect(const Site &site) const { return suspects_.count({site.file.str().str(), site.line}); }

  void access(FunctionId f, const Point &point) {
    const Function &function = program_.functions[f];
    const Op &op = *point.op;
    if (op.atomic || point.own || op.in_macro_of_system || suspect(op.site)) return;
    if (point.path.root == Root::This && (function.is_constructor || function.is_destructor)) return;
    if (program_.info[f].contexts.empty()) return;
    for (const Context &context : program_.info[f].contexts) {
      if (point.path.root == Root::This && context.own_this) continue;
      if (point.path.root == Root::Param && point.path.index < 64 && (context.own_params >> point.path.index & 1))
        continue;
      std::vector<Hold> holds = point.holds;
      for (const Hold &hold : context.holds)
        if (!llvm::is_contained(point.dropped, hold.lock)) holds.push_back(hold);
      if (!context.concurrent && !point.beside && holds.empty()) continue; // before the first thread
      split(f, point, holds);
    }
  }

  /// Every field that the access concerns, from the last to the first.
  void split(FunctionId f, const Point &point, const std::vector<Hold> &holds) {
    const Path &path = point.path;
    bool write = point.op->write;
    int at = int(path.steps.size()) - 1;
    bool pointee = false;
    while (at >= 0 && path.steps[at].kind != PathStep::Field) pointee |= path.steps[at--].kind == PathStep::Deref;
    for (;; --at) {
      while (at >= 0 && path.steps[at].kind != PathStep::Field) --at;
      const Decl *decl = at >= 0                       ? program_.decl(path.steps[at].symbol)
                         : path.root == Root::Variable ? program_.decl(path.symbol)
                                                       : nullptr;
      if (decl && is_data(*decl)) {
        if (pointee) use(f, point, holds, at, *decl, true, write);
        use(f, point, holds, at, *decl, false, write && !pointee);
      }
      if (at < 0) return;
      if (pointee) write = false; // what lies before a pointer is read only
      const Decl *holder = nullptr;
      for (int i = at - 1; i >= -1 && !holder; --i)
        if (i < 0 || path.steps[i].kind == PathStep::Field)
          holder = i >= 0                        ? program_.decl(path.steps[i].symbol)
                   : path.root == Root::Variable ? program_.decl(path.symbol)
                                                 : nullptr;
      pointee = holder && !holder->by_value;
    }
  }

  void use(FunctionId f, const Point &point, const std::vector<Hold> &holds, int at, const Decl &decl, bool pointee,
           bool write) {
    Location &location = locations_[{decl.usr.str().str(), pointee}];
    location.decl = &decl;
    location.pointee = pointee;
    std::map<std::string, unsigned> held;
    for (const Hold &hold : holds) {
      if (!hold.must || (write && hold.mode == Mode::Shared)) continue;
      bool named = false;
      for (const Path &lock : aspects(hold.lock))
        if (std::optional<std::string> text = beside(point.path, at, lock); text && !text->empty()) {
          held.emplace(*text, lock.steps.size());
          named = true;
        }
      location.unnamed += !named;
    }
    if (location.first)
      location.locks = std::move(held);
    else
      for (auto it = location.locks.begin(); it != location.locks.end();)
        it = held.count(it->first) ? std::next(it) : location.locks.erase(it);
    location.first = false;
    location.functions.insert(f);
    location.all.insert(point.op);
    if (write) location.writes.insert(point.op);
  }

  void guarded() {
    for (auto &[key, location] : locations_) {
      const Decl &decl = *location.decl;
      if (decl.guarded_by.known()) continue;
      if (location.locks.empty()) {
        if (location.unnamed >= location.all.size() && !location.pointee)
          ++out_.skipped["their lock has no name where they are declared"];
        continue;
      }
      if (location.writes.empty() || location.all.size() < 2) {
        if (!location.pointee) ++out_.skipped["too few accesses to tell"];
        continue;
      }
      auto outermost = std::min_element(location.locks.begin(), location.locks.end(),
                                        [](const auto &a, const auto &b) { return a.second < b.second; });
      add({location.pointee ? Kind::PtGuardedBy : Kind::GuardedBy, decl.site, decl.name.str().str(), outermost->first,
           unsigned(location.functions.size())});
      locked_.insert(key.first);
    }
  }

  // ---- Functions

  static bool can_say(const Function &function) {
    return !function.is_constructor && !function.is_destructor && !function.is_main && !function.is_coroutine &&
           !function.is_virtual && function.overrides.empty();
  }

  bool says(const Function &function, Contract::Kind kind) const {
    return llvm::any_of(function.contracts, [&](const Contract &c) { return c.kind == kind; });
  }

  /// lock(), or the constructor of a guard: what it takes, its caller takes.
  bool takes(FunctionId f) const {
    return f != kNoFunction &&
           (program_.functions[f].is_constructor || wraps_.count(f) || says(program_.functions[f], Contract::Acquires));
  }

  /// Locks that every caller holds, with their weakest mode.
  std::vector<Hold> from_callers(FunctionId f) const {
    std::vector<Hold> common;
    bool first = true;
    for (const Context &context : program_.info[f].contexts) {
      if (context.caller == kNoFunction) return {};
      if (first) {
        llvm::copy_if(context.holds, std::back_inserter(common), [](const Hold &hold) { return hold.must; });
        first = false;
        continue;
      }
      llvm::erase_if(common, [&](Hold &hold) {
        for (const Hold &other : context.holds)
          if (other.must && other.lock == hold.lock) {
            if (other.mode == Mode::Shared) hold.mode = Mode::Shared;
            return false;
          }
        return true;
      });
    }
    return common;
  }

  void requirements() {
    std::vector<std::vector<Hold>> callers(program_.functions.size());
    std::vector<std::vector<std::string>> needs(program_.functions.size()); // by the lock's field
    auto key = [](const Path &lock) { return lock.last_field().str().str(); };
    auto need = [&](FunctionId f, const std::string &lock) {
      if (llvm::is_contained(needs[f], lock) ||
          llvm::none_of(callers[f], [&](const Hold &hold) { return key(hold.lock) == lock; }))
        return false;
      needs[f].push_back(lock);
      return true;
    };
    for (FunctionId f = 0; f < program_.functions.size(); ++f) {
      const Function &function = program_.functions[f];
      if (!can_say(function) || function.in_system_header || function.blocks.empty() ||
          (function.address_taken && !function.is_lambda) || says(function, Contract::NoAnalysis))
        continue;
      callers[f] = from_callers(f);
      llvm::erase_if(callers[f], [&](const Hold &hold) { // held already: a deadlock, no requirement
        return llvm::any_of(program_.info[f].summary.acquires, [&](const Acquisition &wanted) {
          return wanted.lock == hold.lock && wanted.dropped.empty() &&
                 llvm::all_of(llvm::drop_begin(wanted.chain), [&](const Hop &hop) { return takes(hop.in); });
        });
      });
      for (const Point &point : program_.info[f].accesses)
        for (const Hold &hold : callers[f])
          if (!llvm::is_contained(point.dropped, hold.lock) && is_locked(point.path)) need(f, key(hold.lock));
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (FunctionId f = 0; f < program_.functions.size(); ++f)
        for (const CallEdge &edge : program_.info[f].edges)
          if (!edge.spawn && edge.callee != kNoFunction)
            for (const std::string &lock : needs[edge.callee])
              if (llvm::none_of(edge.holds, [&](const Hold &hold) { return key(hold.lock) == lock; }))
                changed |= need(f, lock);
    }
    for (FunctionId f = 0; f < program_.functions.size(); ++f)
      for (const Hold &hold : callers[f]) {
        if (!llvm::is_contained(needs[f], key(hold.lock))) continue;
        const Function &function = program_.functions[f];
        std::optional<std::string> lock;
        for (const Path &aspect : aspects(hold.lock))
          if (std::optional<std::string> text = spelled(aspect, function)) lock = text;
        if (!lock) {
          ++out_.skipped["their callers' lock has no name where they are declared"];
          continue;
        }
        add({hold.mode == Mode::Shared ? Kind::RequiresShared : Kind::Requires, function.site,
             function.name.str().str(), *lock, unsigned(program_.info[f].contexts.size())});
      }
  }

  bool is_locked(const Path &path) const {
    return locked_.count(path.symbol.str().str()) || llvm::any_of(path.steps, [&](const PathStep &step) {
             return step.kind == PathStep::Field && (locked_.count(step.symbol.str().str()) || declared(step.symbol));
           });
  }
  bool declared(Symbol field) const {
    const Decl *decl = program_.decl(field);
    return decl && decl->guarded_by.known();
  }

  void excludes(FunctionId f) {
    const Function &function = program_.functions[f];
    if (!can_say(function) || function.is_lambda || says(function, Contract::Excludes) ||
        says(function, Contract::Acquires) || wraps_.count(f))
      return;
    for (const Acquisition &wanted : program_.info[f].summary.acquires) {
      if (wanted.chain.size() != 1 || wanted.how != How::Lock || wanted.traits.recursive || wanted.conditional ||
          !wanted.when.empty() || wanted.lock.root == Root::Param)
        continue;
      bool dropped = llvm::any_of(wanted.dropped, [&](const Path &lock) { return lock == wanted.lock; });
      std::optional<std::string> lock = spelled(aspects(wanted.lock).back(), function);
      if (!dropped && lock) add({Kind::Excludes, function.site, function.name.str().str(), *lock, 1});
    }
  }

  /// lock(), unlock() and guards of the program's own.
  void wrapper(FunctionId f) {
    const Function &function = program_.functions[f];
    const std::vector<Exit> &exits = program_.info[f].summary.exits;
    if (exits.empty() || function.is_virtual || function.is_lambda || function.is_coroutine) return;
    std::string name = function.name.str().str();
    const Exit &first = exits.front();
    auto record = program_.records.find(function.record);
    bool known = record != program_.records.end() && (record->second.capability || record->second.scoped_capability);
    if (function.is_constructor || function.is_destructor) {
      guard(f);
      return;
    }
    if (says(function, Contract::Acquires) || says(function, Contract::Releases) ||
        says(function, Contract::TryAcquires) || known)
      return;
    bool acquires = llvm::all_of(exits, [&](const Exit &exit) {
      return exit.holds.size() == 1 && exit.holds.front().must && !exit.holds.front().assumed &&
             exit.holds.front().lock == first.holds.front().lock && exit.dropped.empty();
    });
    bool releases = llvm::all_of(exits, [&](const Exit &exit) {
      return exit.holds.empty() && exit.dropped.size() == 1 && exit.dropped.front() == first.dropped.front();
    });
    bool tries = exits.size() == 2 && exits[0].result && exits[1].result && *exits[0].result != *exits[1].result &&
                 (exits[0].result.value() ? exits[0] : exits[1]).holds.size() == 1 &&
                 (exits[0].result.value() ? exits[1] : exits[0]).holds.empty() && exits[0].dropped.empty() &&
                 exits[1].dropped.empty();
    if (!acquires && !releases && !tries) return;
    const Exit &taking = tries && !*exits[0].result ? exits[1] : exits[0];
    const Path &lock = releases ? first.dropped.front() : taking.holds.front().lock;
    Mode mode = releases ? Mode::Exclusive : taking.holds.front().mode;
    std::optional<std::string> text = spelled(lock, function);
    if (!text) return;
    // A method that is called lock() makes its class a lock; any other only takes the one inside.
    Symbol key = lock.last_field();
    bool of_class = lock.root == Root::This && function.is_method && lock_method(last_part(name));
    if (of_class) {
      text = "";
      add({Kind::Capability, function.site, function.name.str().str(), "", 1});
    }
    wraps_.insert(f);
    (releases ? given_ : taken_).insert(key);
    wrappers_.push_back({f, key});
    add({acquires   ? (mode == Mode::Shared ? Kind::AcquireShared : Kind::Acquire)
         : releases ? Kind::Release
                    : Kind::TryAcquire,
         function.site, name, *text, 1});
  }

  static llvm::StringRef last_part(llvm::StringRef name) {
    size_t at = name.rfind("::");
    return at == llvm::StringRef::npos ? name : name.drop_front(at + 2);
  }

  /// A constructor that locks its parameter and a destructor that gives it back.
  void guard(FunctionId f) {
    const Function &function = program_.functions[f];
    auto record = program_.records.find(function.record);
    if (record != program_.records.end() && record->second.scoped_capability) return;
    const std::vector<Exit> &exits = program_.info[f].summary.exits;
    if (function.is_destructor) {
      if (llvm::all_of(exits, [](const Exit &exit) { return exit.holds.empty() && exit.dropped.size() == 1; }))
        releasing_.try_emplace(function.record, f);
      return;
    }
    if (!llvm::all_of(exits, [](const Exit &exit) {
          return exit.holds.size() == 1 && exit.holds.front().must && exit.holds.front().lock.root == Root::Param;
        }))
      return;
    Path taken = exits.front().holds.front().lock;
    // A parameter of the program's own lock type is the lock, whatever lies in it.
    if (taken.index < function.params.size())
      if (auto type = program_.records.find(function.params[taken.index].record);
          type != program_.records.end() && type->second.lock_fn)
        taken.steps.clear();
    std::optional<std::string> lock = spelled(taken, function);
    if (lock) acquiring_[function.record].push_back({f, *lock});
  }

  void guards() {
    for (auto &[record, makers] : acquiring_) {
      auto end = releasing_.find(record);
      if (end == releasing_.end()) continue;
      const Function &destructor = program_.functions[end->second];
      add({Kind::ScopedCapability, destructor.site, destructor.name.str().str(), "", 1});
      add({Kind::Release, destructor.site, destructor.name.str().str(), "", 1});
      for (auto &[f, lock] : makers) {
        const Function &maker = program_.functions[f];
        Mode mode = program_.info[f].summary.exits.front().holds.front().mode;
        add({mode == Mode::Shared ? Kind::AcquireShared : Kind::Acquire, maker.site, maker.name.str().str(), lock, 1});
      }
    }
  }

  void add(Annotation annotation) {
    if (annotation.site.line) out_.all.push_back(std::move(annotation));
  }

  Annotations finish() {
    guards();
    // Taken here and given back nowhere, or by another thread: no wrapper of a lock.
    for (auto &[f, lock] : wrappers_)
      if (!taken_.count(lock) || !given_.count(lock)) {
        const Site &site = program_.functions[f].site;
        llvm::erase_if(out_.all,
                       [&](const Annotation &a) { return a.kind >= Kind::Acquire && same_site(a.site, site); });
      }
    auto order = [](const Annotation &a) {
      return std::tuple(a.kind, a.site.file.str(), a.site.line, a.site.column, llvm::StringRef(a.lock));
    };
    llvm::sort(out_.all, [&](const Annotation &a, const Annotation &b) { return order(a) < order(b); });
    out_.all.erase(std::unique(out_.all.begin(), out_.all.end(),
                               [&](const Annotation &a, const Annotation &b) { return order(a) == order(b); }),
                   out_.all.end());
    return std::move(out_);
  }

  const Program &program_;
  std::set<std::pair<std::string, unsigned>> suspects_;
  std::map<std::pair<std::string, bool>, Location> locations_;
  std::set<std::string> locked_;
  std::set<FunctionId> wraps_;
  std::vector<std::pair<FunctionId, Symbol>> wrappers_; ///< and their locks
  std::set<Symbol> taken_, given_; ///< locks that some function takes for its callers, or gives back
  llvm::DenseMap<Symbol, FunctionId> releasing_;
  std::map<Symbol, std::vector<std::pair<FunctionId, std::string>>> acquiring_;
  Annotations out_;
};

} // namespace

const char *macro_name(Annotation::Kind kind) {
  static const char *const names[] = {"GUARDED_BY",  "PT_GUARDED_BY", "REQUIRES",          "REQUIRES_SHARED",
                                      "EXCLUDES",    "ACQUIRE",       "ACQUIRE_SHARED",    "RELEASE",
                                      "TRY_ACQUIRE", "CAPABILITY",    "SCOPED_CAPABILITY", "NO_THREAD_SAFETY_ANALYSIS"};
  return names[kind];
}

Annotations infer_annotations(const Program &program, const Findings &findings) {
  return Inference(program, findings).run();
}

} // namespace snarl
