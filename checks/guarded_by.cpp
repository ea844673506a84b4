// A lock protects a location if accesses hold it, more surely the closer the two live together. A lock in the same
// object (or a global beside a global) needs little evidence: one write under it, or a read under it against a write
// without. A lock from elsewhere is held by chance more often than not, so it must be held nearly always. No evidence
// are helpers that are called with the lock and without it, places that more often than not do without, and what main
// does before the threads that could meet it have been started.
#include "guarded_by.h"
#include "link_paths.h"
#include "lock_state.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <set>

namespace snarl {
namespace {

enum class Bond { None, Weak, Strong };

class Inference {
public:
  explicit Inference(const Program &program) : program_(program) {}

  std::vector<GuardedLocation> run() {
    for (FunctionId f = 0; f < program_.functions.size(); ++f)
      if (!program_.functions[f].in_system_header && !program_.functions[f].is_static_init)
        for (const Point &p : program_.info[f].accesses) collect(f, p);
    std::vector<GuardedLocation> found;
    for (auto &[key, uses] : uses_) {
      // Made ready before the first thread that can come near.
      std::vector<Use> all = uses;
      llvm::erase_if(uses, [&](const Use &u) {
        return !u.asleep.empty() && llvm::none_of(all, [&](const Use &other) { return u.meets(program_, other); });
      });
      if (uses.empty()) continue;
      GuardedLocation location;
      location.location = uses.front().point->path;
      if (decide(uses, location)) {
        location.uses = std::move(uses);
        found.push_back(std::move(location));
      }
    }
    return found;
  }

private:
  static bool is_data(const Decl &d) {
    return !d.constant && !d.atomic && !d.sync_object && !d.thread_local_ && !d.lock.is_lock &&
           !d.type.str().starts_with("volatile ");
  }

  void collect(FunctionId f, const Point &p) {
    const Op &op = *p.op;
    Symbol field = p.path.last_field();
    const Decl *decl = program_.decl(field);
    if (op.atomic || p.own || !decl || !is_data(*decl) || op.in_macro_of_system) return;
    // What lies in a constant object is set when it is made.
    for (const PathStep &step : p.path.steps)
      if (const Decl *d = program_.decl(step.symbol); d && d->constant && d->by_value) return;
    if (program_.functions[f].is_lambda && p.path.root == Root::Capture && p.path.steps.empty()) return;
    const Decl *root = p.path.root == Root::Variable ? program_.decl(p.path.symbol) : nullptr;
    bool of_function = root && root->function && !root->is_static;
    if (root && (root->thread_local_ || root->constant)) return;
    for (const Context &c : program_.info[f].contexts) {
      bool concurrent = c.concurrent || p.beside;
      if (of_function) {
        // A local of a function is shared only with threads that this very function starts.
        bool at_home = root->function == program_.functions[f].usr;
        bool started_here = llvm::any_of(c.agents, [&](uint32_t a) {
          return program_.agents[a].entry != kNoFunction &&
                 program_.functions[program_.agents[a].entry].enclosing == root->function;
        });
        concurrent = at_home ? p.beside : started_here || p.beside;
      }
      if (!concurrent) continue;
      bool here = inside(program_, program_.functions[f], p.path);
      if (here && p.path.root == Root::This && c.own_this) continue;
      if (here && p.path.root == Root::Param && p.path.index < 64 && (c.own_params >> p.path.index & 1)) continue;
      if (llvm::all_of(c.agents, [&](uint32_t a) { return program_.agents[a].kind == SpawnKind::Signal; })) continue;
      Use use;
      use.point = &p;
      use.function = f;
      use.context = &c;
      use.write = op.write;
      use.ended = p.ended;
      use.ended.insert(use.ended.end(), c.ended.begin(), c.ended.end());
      if (c.starting) {
        std::vector<Site> begun = c.begun;
        add_sites(begun, p.begun);
        use.asleep = program_.asleep(begun);
      }
      bool deref = !p.path.steps.empty() && p.path.steps.back().kind == PathStep::Deref;
      uses_[{decl->name.str().str(), field.str().str(), deref}].push_back(use);
    }
  }

  bool by_value_between(const Path &path, size_t from) const {
    for (size_t i = from; i + 1 < path.steps.size(); ++i) {
      if (path.steps[i].kind == PathStep::Deref) return false;
      if (path.steps[i].kind != PathStep::Field) continue;
      const Decl *d = program_.decl(path.steps[i].symbol);
      if (!d || !d->by_value) return false;
    }
    return true;
  }

  bool derives(Symbol record, Symbol base, unsigned depth = 0) const {
    if (record == base) return true;
    auto it = program_.records.find(record);
    if (it == program_.records.end() || depth > 8) return false;
    return llvm::any_of(it->second.bases, [&](Symbol b) { return derives(b, base, depth + 1); });
  }

  /// What can be meant by a lock: itself, or the object of the program's own lock type that it lies in ("mu_.m_" is
  /// "mu_").
  std::vector<Path> aspects(Path lock) const {
    std::vector<Path> all{lock};
    for (;;) {
      Path outer = stripped(owner_of(stripped(lock)));
      bool variable = outer.steps.empty() && outer.root == Root::Variable;
      if (outer.steps.size() >= lock.steps.size() || (outer.steps.empty() && !variable)) return all;
      const Decl *holder = program_.decl(outer.last_field());
      if (!holder || !holder->by_value) return all;
      all.push_back(outer);
      lock = outer;
    }
  }

  Bond bond(const Path &access, const Hold &hold) const {
    Bond best = Bond::None;
    for (const Path &lock : aspects(hold.lock)) best = std::max(best, bond(access, hold, lock));
    return best;
  }

  Bond bond(const Path &access, const Hold &hold, const Path &lock) const {
    const Decl *data = program_.decl(access.last_field());
    const Decl *guard = program_.decl(lock.last_field());
    if (!data || !guard) return Bond::None;
    Path owner = owner_of(lock);
    if (has_field(lock) && owner.known() && starts_with(access, owner))
      return by_value_between(access, owner.steps.size()) ? Bond::Strong : Bond::Weak;
    if (hold.reach == Hold::Contains && access.root == Root::This) return Bond::Strong;
    if (guard->record && data->record && (derives(data->record, guard->record) || derives(guard->record, data->record)))
      return Bond::Strong;
    const Decl *root = access.root == Root::Variable ? program_.decl(access.symbol) : nullptr;
    if (lock.root == Root::Variable && !has_field(lock) && root) {
      if (!inside(program_, program_.functions[0], access)) return Bond::Weak; // what a global points to
      if (guard->function || root->function) return guard->function == root->function ? Bond::Strong : Bond::Weak;
      if (guard->record || root->record) return guard->record == root->record ? Bond::Strong : Bond::Weak;
      return guard->site.file == root->site.file ? Bond::Strong : Bond::Weak;
    }
    return Bond::Weak;
  }

  /// Locks held at a use: its function's and its callers'.
  std::vector<Hold> held(const Use &use) const {
    std::vector<Hold> all = use.point->holds;
    for (const Hold &h : use.context->holds)
      if (!llvm::is_contained(use.point->dropped, h.lock)) all.push_back(h);
    // Callers that are not in sight hand over a guard as proof.
    llvm::StringRef signature = program_.functions[use.function].signature.str();
    if (use.context->caller == kNoFunction &&
        llvm::any_of(std::initializer_list<const char *>{"unique_lock<", "lock_guard<", "scoped_lock<", "shared_lock<"},
                     [&](const char *guard) { return signature.split('(').second.contains(guard); }))
      all.emplace_back();
    return all;
  }

  /// A lock we cannot name: one of several, or whatever a guard of the caller's owns.
  static bool anonymous(const Hold &h) {
    return !h.lock.last_field() || (!h.lock.steps.empty() && h.lock.steps.back().kind == PathStep::Deref);
  }

  /// Locks that live where `lock` lives: in the same class, or global in the same file.
  unsigned locks_beside(const Path &lock) const {
    const Decl *one = program_.decl(lock.last_field());
    unsigned count = 0;
    for (const auto &[usr, d] : program_.decls)
      if (one && d.lock.is_lock && d.record == one->record && d.function == one->function &&
          (d.record || d.site.file == one->site.file))
        ++count;
    return count;
  }

  /// A lock that lies outside the class of the data guards one object of that class: is it this one?
  bool same_place(const Use &use, const Path &lock) const {
    const Decl *data = program_.decl(use.point->path.last_field()), *guard = program_.decl(lock.last_field());
    if (!data || !guard || !data->record || !guard->record || derives(data->record, guard->record) ||
        derives(guard->record, data->record))
      return true;
    auto beside = [&](Symbol field) {
      const Decl *d = program_.decl(field);
      return d && d->record && (derives(d->record, guard->record) || derives(guard->record, d->record));
    };
    return llvm::any_of(use.point->path.steps, [&](const PathStep &s) { return beside(s.symbol); }) ||
           (use.point->path.root == Root::This && llvm::any_of(use.context->within, beside));
  }

  struct Evidence {
    Path lock;
    bool strong = false;
    unsigned depth = 0;                           ///< of aspects
    unsigned uses = 0;                            ///< places times contexts
    std::set<const Op *> held, held_writes, bare; ///< bare: without it in some context
    std::set<FunctionId> functions;
  };

  /// Is this lock held for the location in several functions?
  static bool customary(const std::map<std::string, Evidence> &locks, const Hold &h) {
    auto it = locks.find(h.lock.last_field().str().str());
    return it != locks.end() && it->second.functions.size() >= 2;
  }

  bool decide(std::vector<Use> &uses, GuardedLocation &out) {
    if (llvm::none_of(uses, [](const Use &u) { return u.write; })) return false;
    std::set<const Op *> ops;
    std::map<std::string, Evidence> locks;
    for (const Use &u : uses) {
      ops.insert(u.point->op);
      for (const Hold &h : held(u)) {
        if (!h.must || anonymous(h)) continue;
        unsigned depth = 0;
        for (const Path &lock : aspects(h.lock)) {
          Evidence &e = locks[lock.last_field().str().str()];
          if (!e.lock.known() || has_field(lock)) e.lock = lock;
          e.depth = depth++;
          e.strong |= bond(u.point->path, h, lock) == Bond::Strong;
          e.held.insert(u.point->op);
          ++e.uses;
          if (u.write) e.held_writes.insert(u.point->op);
          e.functions.insert(u.function);
        }
      }
    }
    for (auto &[key, e] : locks)
      for (const Use &u : uses)
        if (e.held.count(u.point->op) && llvm::none_of(held(u), [&, k = key](const Hold &h) {
              return llvm::any_of(aspects(h.lock), [&](const Path &p) { return p.last_field().str() == k; });
            }))
          e.bare.insert(u.point->op);
    const Decl *decl = program_.decl(out.location.last_field());
    Symbol declared = decl->guarded_by.last_field();
    const Evidence *best = nullptr;
    auto better = [](const Evidence &a, const Evidence &b) {
      return std::tuple(a.strong, a.uses, a.held.size(), a.held_writes.size(), b.depth) >
             std::tuple(b.strong, b.uses, b.held.size(), b.held_writes.size(), a.depth);
    };
    for (auto &[key, e] : locks)
      if (!best || better(e, *best)) best = &e;
    Symbol key;
    if (declared) {
      out.guard = decl->guarded_by;
      out.declared = out.strong = true;
      key = declared;
    } else if (best) {
      out.guard = best->lock;
      out.strong = best->strong;
      key = best->lock.last_field();
    } else {
      return false;
    }
    std::set<const Op *> without, writes_without;
    for (Use &u : uses) {
      u.guarded = Use::No;
      for (const Hold &h : held(u)) {
        bool same = llvm::any_of(aspects(h.lock), [&](const Path &p) { return p.last_field() == key; });
        if (same && !anonymous(h)) {
          if (u.guarded != Use::Yes) u.taken = h.taken.empty() ? Site() : h.taken.back().site;
          u.guarded = h.must ? Use::Yes : std::max(u.guarded, Use::Maybe);
        } else if (anonymous(h) || bond(u.point->path, h) == Bond::Strong || customary(locks, h)) {
          u.guarded = std::max(u.guarded, Use::Maybe); // another lock that may guard it too: not for this rule to judge
        }
      }
      if (u.guarded == Use::No && out.strong && !out.declared && !same_place(u, out.guard)) u.guarded = Use::Maybe;
      if (u.guarded != Use::No) continue;
      without.insert(u.point->op);
      if (u.write) writes_without.insert(u.point->op);
      // Code that some callers enter with a lock from elsewhere: theirs, not the data's.
      if (!out.strong && best->held.count(u.point->op)) u.guarded = Use::Maybe;
    }
    if (without.empty()) return false;
    out.total = ops.size();
    out.held = best ? best->held.size() : 0;
    if (declared) return true;
    // Many places without it: a habit, not a slip.
    if (without.size() > 3 && best->held.size() < without.size()) return false;
    // Code that is called with the lock and without it says nothing about the lock.
    if (best->bare.size() == best->held.size()) return false;
    std::set<FunctionId> functions_without;
    for (const Use &u : uses)
      if (u.guarded == Use::No) functions_without.insert(u.function);
    size_t with = best->functions.size(), bare = functions_without.size();
    // Where there is a choice of locks, a lock is held by chance more often.
    if (out.strong) {
      if (best->held_writes.empty()) return !writes_without.empty() && with >= bare;
      return locks_beside(best->lock) > 1 ? with >= bare : 3 * with >= bare;
    }
    return best->lock.root == Root::Variable && !has_field(best->lock) && best->held.size() >= 3 && with >= 2 &&
           !best->held_writes.empty() && best->held.size() >= 4 * without.size() && 2 * best->held.size() >= ops.size();
  }

  const Program &program_;
  std::map<std::tuple<std::string, std::string, bool>, std::vector<Use>> uses_;
};

} // namespace

bool Use::meets(const Program &program, const Use &other) const {
  auto awake = [](const Use &one, const Use &two) {
    std::vector<uint32_t> agents = two.context->agents;
    if (!one.asleep.empty()) llvm::erase_if(agents, [&](uint32_t a) { return one.asleep[a]; });
    return agents;
  };
  return program.may_overlap(awake(other, *this), ended, awake(*this, other), other.ended);
}

std::vector<GuardedLocation> inconsistent_locations(const Program &program) {
  return Inference(program).run();
}

} // namespace snarl
