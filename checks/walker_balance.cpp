// Locks taken by hand and not given back, or given back where they are not held.
//
// The states at one point of a function are the ways there, kept apart by the locks held. So a lock that leaks is a way
// out that holds it beside one that does not, and an unlock too many is a way to it without the lock beside one with
// it. Both at once for one lock in one function mean that the ways are correlated by something not followed here (`if
// (a && b) lock(); ... if (c) unlock();`): then nothing is said. What looks like a contract between a function and its
// callers (returns holding on success) is kept for the rule, which sees the callers.
#include "walker.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

bool Walker::by_hand(const Hold &h) const {
  if (h.owner.known() || h.assumed || !h.lock.known() || h.taken.empty() || !h.traits.thread_bound) return false;
  // A guard of the program's own gives it back.
  for (const Hop &hop : llvm::drop_begin(h.taken))
    if (program_.functions[hop.in].is_constructor) return false;
  bool own_mutex = h.lock.root == Root::Local && h.lock.steps.empty() && h.lock.index < f_.locals.size() &&
                   f_.locals[h.lock.index].by_value;
  if (own_mutex) return false;
  // Elements taken in a loop are given back in another.
  bool element = llvm::any_of(h.lock.steps, [](const PathStep &s) { return s.kind == PathStep::Index; });
  return !element || !taken_in_loop(h);
}

bool Walker::taken_in_loop(const Hold &h) const {
  for (uint32_t b = 0; b < f_.blocks.size(); ++b)
    for (const Op &op : f_.blocks[b].ops)
      if (in_loop_[b] && same_site(op.site, h.taken.front().site)) return true;
  return false;
}

/// `if (mtx_lock(&m) != thrd_success) return`: on that way it was not taken.
bool Walker::refused(const State &s, const Hold &h) const {
  if (h.taken.size() != 1) return false;
  for (const auto &[id, got] : s.results) {
    if (got) continue;
    for (const Block &b : f_.blocks)
      for (const Op &op : b.ops)
        if (op.id == id && op.kind == OpKind::Acquire && same_site(op.site, h.taken.front().site)) return true;
  }
  return false;
}

/// A condition is asked twice. Then a lock taken on some ways only may depend on it, and the ways that did not take it
/// have been merged.
bool Walker::asks_twice() const {
  std::vector<Path> asked;
  for (const Block &b : f_.blocks) {
    if (b.branch.kind != Branch::Flag) continue;
    if (llvm::is_contained(asked, b.branch.path)) return true;
    asked.push_back(b.branch.path);
  }
  return false;
}

void Walker::add_fault(LockFault fault) {
  for (LockFault &known : out_.faults)
    if (known.kind == fault.kind && known.hold.lock == fault.hold.lock) {
      if (fault.kind == LockFault::Returned) add_sites(known.also, fault.also);
      return;
    }
  out_.faults.push_back(std::move(fault));
}

/// An unlock by hand, as seen by the ways that lead to it.
void Walker::check_release(const Op &op, const States &states) {
  if (op.via && !graph_.targets(self_, op).empty()) return;
  for (const Value &v : op.args) {
    const Hold *held = nullptr;
    std::vector<State> done(states.begin(), states.end());
    LockFault twice, missing;
    bool given_twice = false, not_held = false;
    for (State &s : done) {
      Path lock = s.resolve(v.path);
      State before = s;
      Released released = s.release(lock);
      if (released.kind != Released::Missing) {
        if (released.kind == Released::Held && by_hand(released.hold) && released.hold.taken.size() == 1)
          for (const State &original : states)
            for (const Hold &h : original.holds)
              if (h.lock == released.hold.lock && h.must && !held) held = &h;
        continue;
      }
      if (before.holds.size() != s.holds.size() || !lock.known()) continue;
      if (llvm::any_of(lock.steps, [](const PathStep &p) { return p.kind == PathStep::Index; }) && in_loop_[block_])
        continue;
      auto first = llvm::find_if(before.given, [&](const auto &g) { return g.first == lock; });
      if (first != before.given.end()) {
        given_twice = true;
        twice.hold.lock = lock;
        twice.also = {first->second};
        continue;
      }
      if (llvm::is_contained(before.dropped, lock)) continue;
      not_held = true;
      missing.hold.lock = lock;
      missing.attempt |= llvm::any_of(before.results, [&](const auto &r) {
        return !r.second && llvm::any_of(f_.blocks, [&](const Block &b) {
          return llvm::any_of(b.ops, [&](const Op &o) {
            return o.id == r.first && o.kind == OpKind::Acquire && !o.args.empty() &&
                   before.resolve(o.args[0].path) == lock;
          });
        });
      });
    }
    if (given_twice) {
      twice.kind = LockFault::GivenTwice;
      twice.chain = {hop(op)};
      add_fault(std::move(twice));
    }
    // What a loop took last is told apart by the pointer that it left behind.
    bool from_loop = held && !in_loop_[block_] && taken_in_loop(*held);
    if (not_held && held && !from_loop && !asks_twice()) {
      missing.kind = LockFault::NotHeld;
      missing.hold = *held;
      missing.chain = {hop(op)};
      add_fault(std::move(missing));
    }
  }
}

void Walker::check_adoption(const Op &op, const States &states) {
  for (const Value &v : op.args) {
    bool held = llvm::any_of(states, [&](const State &s) {
      Path lock = s.resolve(v.path);
      return !lock.known() || lock.root == Root::Param || lock.root == Root::Result ||
             llvm::any_of(s.holds, [&](const Hold &h) { return h.lock.last_field() == lock.last_field(); });
    });
    if (held || states.empty()) continue;
    LockFault f;
    f.kind = LockFault::NotAdopted;
    f.hold.lock = states.front().resolve(v.path);
    f.chain = {hop(op)};
    add_fault(std::move(f));
  }
}

/// Control leaves at `op` without a return: `chain` leads to what does it.
void Walker::check_leaving(const Op &op, const States &states, LockFault::Kind kind, const Chain &chain) {
  for (const State &s : states)
    for (const Hold &h : s.holds) {
      if (!h.must || !by_hand(h) || refused(s, h)) continue;
      LockFault f;
      f.kind = kind;
      f.hold = h;
      f.chain = chain;
      if (kind == LockFault::DestroyedHeld && !same_object(h.lock, s.resolve(op.args[0].path))) continue;
      add_fault(std::move(f));
    }
}

void Walker::check_throw(const Op &op, const States &states) {
  if (op.in_try || f_.nothrow || op.awaited) return;
  Chain chain{hop(op)};
  Symbol thrower = op.api;
  if (op.kind == OpKind::Call) {
    std::vector<Target> targets = graph_.targets(self_, op);
    if (targets.size() != 1 || program_.functions[targets[0].function].is_coroutine) return;
    const Summary &callee = program_.info[targets[0].function].summary;
    if (callee.throws.empty()) return;
    if (chain[0].callee.empty()) chain[0].callee = program_.functions[targets[0].function].name;
    chain = through(chain[0], callee.throws);
    thrower = callee.thrower;
  }
  check_leaving(op, states, LockFault::Thrown, chain);
  Summary &mine = out_.summary;
  if (!mine.throws.empty() && mine.throws.size() <= chain.size()) return;
  mine.throws = chain;
  mine.thrower = thrower;
}

/// Does a parameter that says whether to keep the lock tell the two ways apart?
static bool asked_for(const Function &f, const State &a, const State &b) {
  for (const auto &[path, truth] : a.flags) {
    if (path.root != Root::Param || !path.steps.empty() || path.index >= f.params.size()) continue;
    std::string name = f.params[path.index].name.str().lower();
    bool about_locks = llvm::StringRef(name).contains("lock") || llvm::StringRef(name).contains("keep") ||
                       llvm::StringRef(name).contains("hold");
    if (about_locks &&
        llvm::any_of(b.flags, [&, p = path, t = truth](const auto &o) { return o.first == p && o.second != t; }))
      return true;
  }
  return false;
}

void Walker::check_ways_out(const States &states) {
  if (cut_) {
    out_.faults.clear();
    return;
  }
  llvm::StringRef type = f_.signature.str().split('(').first.trim();
  bool zero_succeeds = !(type == "bool" || type == "_Bool" || type.ends_with("*"));
  std::vector<Path> done;
  for (const State &a : states)
    for (const Hold &h : a.holds) {
      if (!by_hand(h) || refused(a, h) || llvm::is_contained(done, h.lock)) continue;
      done.push_back(h.lock);
      auto holds = [&](const State &s) {
        return llvm::any_of(s.holds, [&](const Hold &x) { return same_object(x.lock, h.lock) && !refused(s, x); });
      };
      bool unsure = llvm::any_of(states, [&](const State &s) {
        return llvm::any_of(s.holds, [&](const Hold &x) {
          return same_object(x.lock, h.lock) && (!x.must || x.owner.known() || x.assumed);
        });
      });
      if (unsure) continue;
      LockFault f;
      f.hold = h;
      if (llvm::all_of(states, holds)) {
        f.kind = LockFault::Kept;
        f.chain = h.taken;
        add_fault(std::move(f));
        continue;
      }
      f.kind = LockFault::Returned;
      f.succeeds = true;
      bool on_purpose = false, never_taken = false;
      std::vector<Site> left;
      for (const State &s : states) {
        bool success = s.returned && *s.returned != zero_succeeds;
        if (holds(s)) {
          add_sites(left, s.left.empty() ? std::vector<Site>{f_.end} : s.left);
          f.succeeds &= success || (!s.returned && type.ends_with("*"));
          for (const State &o : states) on_purpose |= !holds(o) && asked_for(f_, s, o);
        } else {
          f.succeeds &= s.returned && !success;
          on_purpose |= llvm::is_contained(s.dropped, h.lock); // one function for both: `case PAUSE: ... case RESUME:`
          never_taken |= llvm::none_of(s.given, [&](const auto &g) { return g.first == h.lock; });
        }
      }
      if (on_purpose || left.empty() || (never_taken && asks_twice())) continue;
      llvm::sort(
          left, [](const Site &x, const Site &y) { return std::pair(x.line, x.column) < std::pair(y.line, y.column); });
      f.chain = {Hop{left.front(), self_, {}}};
      f.also.assign(left.begin() + 1, left.end());
      add_fault(std::move(f));
    }
  // Both an unlock too many and one too few.
  auto has = [&](LockFault::Kind kind, const Path &lock) {
    return llvm::any_of(out_.faults, [&](const LockFault &f) { return f.kind == kind && f.hold.lock == lock; });
  };
  std::vector<LockFault> kept;
  for (const LockFault &f : out_.faults) {
    LockFault::Kind opposite = f.kind == LockFault::NotHeld ? LockFault::Returned : LockFault::NotHeld;
    if ((f.kind == LockFault::NotHeld || f.kind == LockFault::Returned) && has(opposite, f.hold.lock)) continue;
    kept.push_back(f);
  }
  out_.faults = std::move(kept);
}

/// What callees returned holding and is given back here.
void Walker::relieve(const Hold &hold) {
  for (size_t i = 1; i < hold.taken.size(); ++i)
    if (!llvm::is_contained(out_.relieved, hold.taken[i].in)) out_.relieved.push_back(hold.taken[i].in);
}

} // namespace snarl
