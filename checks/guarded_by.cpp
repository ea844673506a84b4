// A lock protects a location if accesses hold it, more surely the closer the two live together. A lock in the same
// object (or a global beside a global) needs little evidence: one write under it, or a read under it against a write
// without. A lock from elsewhere is held by chance more often than not, so it must be held nearly always. No evidence
// are helpers that are called with the lock and without it, places that more often than not do without, and what main
// does before the threads that could meet it have been started.
#include "guarded_by.h"
#include "link_paths.h"
#include "shared_uses.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <set>

namespace snarl {
namespace {

enum class Bond { None, Weak, Strong };

class Inference {
public:
  explicit Inference(const Program &program) : program_(program) {}

  void judge(SharedLocation &location) { location.inconsistent = decide(location.uses, location); }

private:
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

  bool decide(std::vector<Use> &uses, SharedLocation &out) {
    std::set<const Op *> ops;
    std::map<std::string, Evidence> locks;
    for (const Use &u : uses) {
      ops.insert(u.point->op);
      for (const Hold &h : held_at(program_, u)) {
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
        if (e.held.count(u.point->op) && llvm::none_of(held_at(program_, u), [&, k = key](const Hold &h) {
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
      for (const Hold &h : held_at(program_, u)) {
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
};

} // namespace

void find_locations(Program &program) {
  program.locations = shared_locations(program);
  Inference inference(program);
  for (SharedLocation &location : program.locations) inference.judge(location);
}

} // namespace snarl
