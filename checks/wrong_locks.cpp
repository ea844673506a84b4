#include "wrong_locks.h"
#include "link_paths.h"
#include "shared_uses.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

namespace snarl {
namespace {

const PathStep *index_of(const Path &path) {
  auto it = llvm::find_if(path.steps, [](const PathStep &s) { return s.kind == PathStep::Index; });
  return it == path.steps.end() ? nullptr : &*it;
}

std::set<std::string> names_in(llvm::StringRef text) {
  std::set<std::string> names;
  std::string word;
  for (char c : (text + " ").str()) {
    if (llvm::isAlnum(c) || c == '_') {
      word += c;
    } else {
      if (!word.empty() && !llvm::isDigit(word[0])) names.insert(word);
      word.clear();
    }
  }
  return names;
}

std::string without_blanks(llvm::StringRef text) {
  std::string all;
  for (char c : text)
    if (!llvm::isSpace(c)) all += c;
  return all;
}

class Judge {
public:
  Judge(const Program &program, const SharedLocation &location) : program_(program), location_(location) {
    key_ = location.guard.last_field();
  }

  std::vector<WrongLock> run() {
    std::vector<WrongLock> found;
    if (!key_) return found;
    std::set<std::pair<FunctionId, WrongLock::Kind>> seen; // once per function is enough
    for (const Use &u : location_.uses)
      if (std::optional<WrongLock> wrong = judge(u); wrong && seen.emplace(u.function, wrong->kind).second)
        found.push_back(*wrong);
    // Data of all objects is under the wrong lock everywhere: once is enough, where it is written.
    auto of_static = [](const WrongLock &w) { return w.kind == WrongLock::MemberForStatic; };
    if (auto first = llvm::find_if(found, [&](const WrongLock &w) { return of_static(w) && w.use->write; });
        first != found.end()) {
      WrongLock one = *first;
      llvm::erase_if(found, of_static);
      found.push_back(one);
    }
    return found;
  }

private:
  std::optional<WrongLock> judge(const Use &u) {
    std::vector<Hold> held = held_at(program_, u);
    llvm::erase_if(held, [](const Hold &h) { return !h.must; });
    if (held.empty() || llvm::any_of(held, anonymous)) return std::nullopt;
    const Hold *guard = nullptr; // by name; the exclusive one if there are two
    for (const Hold &h : held)
      if (h.lock.last_field() == key_ && (!guard || h.mode == Mode::Exclusive)) guard = &h;
    if (!guard) return other_lock(u, held);
    if (auto wrong = member_for_static(u, held, *guard)) return wrong;
    if (auto wrong = other_object(u, held, *guard)) return wrong;
    return shared_for_write(u, held, *guard);
  }

  WrongLock make(WrongLock::Kind kind, const Use &u, const Hold &held, const Use *right) const {
    WrongLock w;
    w.kind = kind;
    w.use = &u;
    w.right = right;
    w.held = held.lock;
    w.held_at = held.taken.empty() ? Site() : held.taken.back().site;
    w.expected = location_.guard;
    if (right) w.expected_at = right->taken;
    return w;
  }

  /// A use that can meet `u`, one of them writing, and for which `fits` holds.
  template <typename Fits> const Use *against(const Use &u, Fits fits) const {
    const Use *best = nullptr;
    for (const Use &v : location_.uses)
      if ((u.write || v.write) && (!best || (v.write && !best->write)) && fits(v) && can_meet(program_, u, v))
        best = &v;
    return best;
  }

  std::vector<Hold> named(const Use &u) const {
    std::vector<Hold> held = held_at(program_, u);
    llvm::erase_if(held, [](const Hold &h) { return anonymous(h); });
    return held;
  }

  std::optional<WrongLock> shared_for_write(const Use &u, const std::vector<Hold> &held, const Hold &guard) const {
    if (!u.write || guard.mode != Mode::Shared) return std::nullopt;
    auto excludes = [&](const Hold &h) {
      return llvm::any_of(held, [&](const Hold &mine) {
        return mine.lock.last_field() == h.lock.last_field() &&
               (mine.mode == Mode::Exclusive || h.mode == Mode::Exclusive);
      });
    };
    const Use *right = against(u, [&](const Use &v) {
      std::vector<Hold> theirs = held_at(program_, v);
      return llvm::any_of(theirs, [&](const Hold &h) { return h.lock.last_field() == key_; }) &&
             llvm::none_of(theirs, [&](const Hold &h) { return anonymous(h) || excludes(h); });
    });
    if (!right) return std::nullopt;
    return make(WrongLock::SharedForWrite, u, guard, right);
  }

  std::optional<WrongLock> member_for_static(const Use &u, const std::vector<Hold> &held, const Hold &guard) const {
    const Path &data = u.point->path;
    const Decl *d = data.root == Root::Variable ? program_.decl(data.symbol) : nullptr;
    const Decl *lock = program_.decl(key_);
    bool of_all = d && (d->is_static || !d->function) && !has_field(data);
    if (!of_all || !lock || !lock->is_field || !d->record || lock->record != d->record) return std::nullopt;
    if (llvm::any_of(held, [](const Hold &h) { return h.lock.root == Root::Variable; })) return std::nullopt;
    unsigned objects = program_.instances_of_record_with(key_);
    if (objects == 1 || (objects == 0 && program_.closed)) return std::nullopt;
    const Use *right = against(u, [&](const Use &v) {
      return llvm::none_of(named(v), [](const Hold &h) { return h.lock.root == Root::Variable; });
    });
    if (!right) return std::nullopt;
    return make(WrongLock::MemberForStatic, u, guard, right);
  }

  /// The lock and the data lie side by side in one object, or in elements picked by one expression.
  static bool same_object(const Path &data, const Path &lock) {
    Path owner = owner_of(lock);
    if (const PathStep *picked = index_of(lock))
      if (const PathStep *element = index_of(data)) return *picked == *element;
    return starts_with(data, owner);
  }

  /// Are these two certainly two elements? Two parameters, or two expressions over the same names.
  bool elements_differ(const Use &u, const PathStep &a, const PathStep &b) const {
    std::string one = without_blanks(a.symbol.str()), two = without_blanks(b.symbol.str());
    if (one == two || one == "*" || two == "*") return false;
    std::set<std::string> names = names_in(one);
    if (!names.empty() && names == names_in(two)) return true;
    const Function &f = program_.functions[u.function];
    auto parameter = [&](const std::string &name) {
      return llvm::any_of(f.params, [&](const Param &p) { return p.name.str() == name; });
    };
    return parameter(one) && parameter(two);
  }

  /// Taken through a pointer of the function's own, which may have been swapped for another since it was set.
  bool through_pointer(const Use &u, const Hold &hold) const {
    const Function &f = program_.functions[u.function];
    auto taken = [&](const Op &op) {
      return op.kind == OpKind::Acquire && !hold.taken.empty() && same_site(op.site, hold.taken.front().site) &&
             llvm::any_of(op.args, [](const Value &v) { return v.path.root == Root::Local; });
    };
    return llvm::any_of(f.blocks, [&](const Block &b) { return llvm::any_of(b.ops, taken); });
  }

  std::optional<WrongLock> other_object(const Use &u, const std::vector<Hold> &held, const Hold &guard) const {
    const Path &data = u.point->path, &lock = guard.lock;
    bool here = llvm::any_of(u.point->holds, [&](const Hold &h) { return h.lock == lock; });
    const Decl *d = program_.decl(data.last_field()), *l = program_.decl(key_);
    if (through_pointer(u, guard)) return std::nullopt;
    if (!here || !d || !l || d->record != l->record || !d->record) return std::nullopt;
    for (const Hold &h : held) // the right one too, or one that may be it
      if (h.lock.last_field() == key_ && (same_object(data, h.lock) || h.lock.root == Root::None)) return std::nullopt;
    auto plain = [](const Path &p) {
      return p.root == Root::This || p.root == Root::Param || p.root == Root::Variable;
    };
    if (!plain(data) || !plain(lock)) return std::nullopt;
    Path data_owner = owner_of(stripped(data)), lock_owner = owner_of(stripped(lock));
    const PathStep *picked = index_of(lock), *element = index_of(data);
    WrongLock::Kind kind;
    if (picked && element) {
      if (data.root != lock.root || data.index != lock.index || !elements_differ(u, *picked, *element))
        return std::nullopt;
      kind = WrongLock::OtherElement;
    } else {
      bool two_roots = data_owner.root != lock_owner.root || data_owner.index != lock_owner.index ||
                       data_owner.symbol != lock_owner.symbol;
      if (picked || element || !two_roots || !(data_owner.steps == lock_owner.steps)) return std::nullopt;
      kind = WrongLock::OtherInstance;
    }
    const Use *right = against(u, [&](const Use &v) {
      return llvm::any_of(named(v), [&](const Hold &h) {
        return h.must && h.lock.last_field() == key_ && same_object(v.point->path, h.lock);
      });
    });
    if (!right) return std::nullopt;
    WrongLock w = make(kind, u, guard, right);
    return w;
  }

  /// Of one class, or globals of one file.
  bool lies_beside(Symbol lock, const Path &data) const {
    const Decl *l = program_.decl(lock), *d = program_.decl(data.last_field());
    if (!l || !d || l->record != d->record || l->function != d->function) return false;
    return l->record || l->site.file == d->site.file;
  }

  /// The others hold the guard, this one something else. A lock that is used for the data in several functions may be
  /// part of a plan, and so may one that is held together with the guard elsewhere.
  std::optional<WrongLock> other_lock(const Use &u, const std::vector<Hold> &held) const {
    auto holds_any_of_mine = [&](const Use &v) {
      return llvm::any_of(held_at(program_, v), [&](const Hold &h) {
        return anonymous(h) ||
               llvm::any_of(held, [&](const Hold &m) { return m.lock.last_field() == h.lock.last_field(); });
      });
    };
    if (u.guarded != Use::No || !location_.inconsistent) {
      if (!location_.strong || u.guarded == Use::Yes) return std::nullopt;
      const Decl *data = program_.decl(u.point->path.last_field()), *lock = program_.decl(key_);
      if (!data || !lock || data->record != lock->record) return std::nullopt; // perhaps a copy, or another owner's
      std::set<FunctionId> with_guard, with_mine;
      for (const Use &v : location_.uses) {
        if (v.guarded == Use::Yes) with_guard.insert(v.function);
        if (v.guarded != Use::Yes && holds_any_of_mine(v)) with_mine.insert(v.function);
      }
      auto may_be_guard = [&](const Hold &h) { return h.lock.last_field() == key_; };
      if (with_guard.size() < 2 || with_mine.size() > 1 || llvm::any_of(held_at(program_, u), may_be_guard))
        return std::nullopt;
      if (llvm::any_of(held, [&](const Hold &h) { return h.lock.root == Root::None; })) return std::nullopt;
    }
    // A lock from elsewhere is held for other reasons: that is no lock at all for this data.
    auto beside = llvm::find_if(held, [&](const Hold &h) { return lies_beside(h.lock.last_field(), u.point->path); });
    if (beside == held.end()) return std::nullopt;
    const Use *right = against(u, [&](const Use &v) { return v.guarded == Use::Yes && !holds_any_of_mine(v); });
    if (!right) return std::nullopt;
    return make(WrongLock::OtherLock, u, *beside, right);
  }

  const Program &program_;
  const SharedLocation &location_;
  Symbol key_;
};

} // namespace

std::vector<WrongLock> wrong_locks(const Program &program, const SharedLocation &location) {
  return Judge(program, location).run();
}

} // namespace snarl
