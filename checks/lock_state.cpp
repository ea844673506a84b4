#include "lock_state.h"
#include "link_paths.h"
#include "llvm/ADT/STLExtras.h"

namespace snarl {

Path State::resolve(const Path &path) const {
  Path now = path;
  for (unsigned round = 0; round < 8; ++round) {
    const std::pair<Path, Path> *best = nullptr;
    for (const auto &name : names)
      if (starts_with(now, name.first) && (!best || name.first.steps.size() > best->first.steps.size())) best = &name;
    if (!best || starts_with(best->second, best->first)) break;
    now = rebased(now, best->first, best->second);
  }
  return now;
}

Path State::resolve_place(const Path &path) const {
  if (path.root == Root::Result && path.steps.empty()) return resolve(path); // what a getter's reference refers to
  if (!has_field(path)) return path; // a variable, or what a pointer points to: not the field it came from
  Path owner = owner_of(path);
  return rebased(path, owner, resolve(owner));
}

bool State::threads_run() const {
  return unjoinable || llvm::any_of(threads, [](const Thread &t) { return !t.joined; });
}

std::vector<Site> State::ended() const {
  std::vector<Site> sites;
  for (const Thread &t : threads)
    if (t.joined)
      for (const Site &s : t.started)
        if (llvm::none_of(threads, [&](const Thread &o) {
              return !o.joined && llvm::any_of(o.started, [&](const Site &k) { return same_site(k, s); });
            }))
          sites.push_back(s);
  return sites;
}

bool State::is_own(const Path &path) const {
  return llvm::any_of(own, [&](const Path &o) { return starts_with(path, o); });
}

bool add_sites(std::vector<Site> &into, const std::vector<Site> &other) {
  size_t before = into.size();
  for (const Site &s : other)
    if (llvm::none_of(into, [&](const Site &k) { return same_site(k, s); })) into.push_back(s);
  return into.size() != before;
}

void State::begin(const std::vector<Site> &sites) {
  add_sites(begun, sites);
}

void State::acquire(Hold hold) {
  llvm::erase_if(given, [&](const auto &g) { return same_object(g.first, hold.lock); });
  auto given = llvm::find_if(dropped, [&](const Path &p) { return same_object(p, hold.lock); });
  if (given != dropped.end()) {
    dropped.erase(given);
    return;
  }
  unsigned depth = 0;
  for (const Hold &h : holds) depth += same_object(h.lock, hold.lock);
  if (depth && (!hold.traits.recursive || depth > 3)) {
    // Taken twice: reported elsewhere. The younger guard must not end the older one's hold.
    if (hold.mode == Mode::Exclusive)
      for (Hold &h : holds)
        if (same_object(h.lock, hold.lock)) h.mode = Mode::Exclusive;
    return;
  }
  holds.push_back(std::move(hold));
}

Released State::release(const Path &lock) {
  auto end = [&](size_t i) {
    Released r{holds[i].assumed ? Released::Callers : Released::Held, holds[i]};
    holds.erase(holds.begin() + i);
    return r;
  };
  for (size_t i = holds.size(); i-- > 0;)
    if (holds[i].lock == lock) {
      if (holds[i].assumed) dropped.push_back(lock);
      return end(i);
    }
  // The same lock by another name, if one of the two names says little.
  auto vague = [](const Path &p) { return p.root == Root::None || p.root == Root::Local || p.root == Root::Result; };
  if (Symbol field = lock.last_field())
    for (size_t i = holds.size(); i-- > 0;)
      if (holds[i].lock.last_field() == field && (vague(lock) || vague(holds[i].lock)) && !holds[i].owner.known())
        return end(i);
  // A pointer to a lock that some call handed out: the last one taken by hand.
  if (vague(lock) && lock.steps.empty())
    for (size_t i = holds.size(); i-- > 0;)
      if (!holds[i].owner.known()) return end(i);
  if (lock.known() && lock.root != Root::Local && !llvm::is_contained(dropped, lock)) dropped.push_back(lock);
  return {};
}

void State::release_owned_by(const Path &guard) {
  llvm::erase_if(holds, [&](const Hold &h) { return h.owner.known() && starts_with(h.owner, guard); });
}

std::vector<Exit::Binding> State::bound_to(const Path &guard) const {
  std::vector<Exit::Binding> found;
  for (const Exit::Binding &b : guards)
    if (b.guard == guard) found.push_back(b);
  return found;
}

void State::bind(const Path &name, const Path &object) {
  llvm::erase_if(names, [&](const auto &n) { return starts_with(n.first, name); });
  if (object.known() && object != name && !starts_with(object, name)) names.emplace_back(name, object);
}

static void rename_in(Path &path, const Path &from, const Path &to) {
  if (starts_with(path, from)) path = rebased(path, from, to);
}

template <typename Change> static void every_path(State &s, Change change) {
  for (Hold &h : s.holds) {
    change(h.lock);
    change(h.owner);
  }
  for (Path &p : s.dropped) change(p);
  for (auto &n : s.names) {
    change(n.first);
    change(n.second);
  }
  for (auto &b : s.guards) {
    change(b.guard);
    change(b.lock);
  }
  for (Thread &t : s.threads) change(t.handle);
  for (Path &p : s.own) change(p);
  for (auto &g : s.given) change(g.first);
}

void State::forget_root(const Path &name) {
  // Another pointer to the same object takes over: after `next = n; n = n->next` the old node is `next`.
  Path heir;
  for (const auto &n : names)
    if (n.second == name && n.first != name) heir = n.first;
  if (heir.known()) llvm::erase_if(names, [&](const auto &n) { return n.first == heir; });
  every_path(*this, [&](Path &p) {
    if (!starts_with(p, name)) return;
    p = heir.known() ? rebased(p, name, heir) : rebased(p, name, Path());
  });
  llvm::erase_if(names, [](const auto &n) { return !n.first.known() || !n.second.known(); });
  llvm::erase_if(own, [](const Path &p) { return !p.known(); });
  llvm::erase_if(given, [](const auto &g) { return !g.first.known(); });
}

void State::rename(const Path &from, const Path &to) {
  every_path(*this, [&](Path &p) { rename_in(p, from, to); });
}

void State::destroy(const Path &path) {
  release_owned_by(path);
  llvm::erase_if(guards, [&](const Exit::Binding &b) { return starts_with(b.guard, path); });
  llvm::erase_if(names, [&](const auto &n) { return starts_with(n.first, path) && n.first != path; });
}

void State::publish(const Path &path) {
  Path root;
  root.root = path.root;
  root.index = path.index;
  root.symbol = path.symbol;
  llvm::erase_if(own, [&](const Path &o) { return starts_with(path, o); });
  if (root.known() && !llvm::is_contained(published, root)) published.push_back(root);
}

static bool same_hold(const Hold &a, const Hold &b) {
  return a.lock == b.lock && a.owner == b.owner && a.mode == b.mode && a.assumed == b.assumed;
}
static bool same_binding(const Exit::Binding &a, const Exit::Binding &b) {
  return a.guard == b.guard && a.lock == b.lock;
}

template <typename T, typename Same> static bool same_set(const std::vector<T> &a, const std::vector<T> &b, Same same) {
  return a.size() == b.size() &&
         llvm::all_of(a, [&](const T &x) { return llvm::any_of(b, [&](const T &y) { return same(x, y); }); });
}

bool State::same_locks(const State &o) const {
  return same_set(holds, o.holds, same_hold) && same_set(guards, o.guards, same_binding) &&
         same_set(dropped, o.dropped, [](const Path &a, const Path &b) { return a == b; });
}

template <typename T> static bool keep_common(std::vector<T> &mine, const std::vector<T> &others) {
  size_t before = mine.size();
  llvm::erase_if(mine, [&](const T &x) { return !llvm::is_contained(others, x); });
  return mine.size() != before;
}

bool State::merge(const State &o) {
  bool lost = keep_common(names, o.names);
  lost |= keep_common(results, o.results);
  lost |= keep_common(flags, o.flags);
  lost |= keep_common(own, o.own);
  size_t before = given.size();
  llvm::erase_if(
      given, [&](const auto &g) { return llvm::none_of(o.given, [&](const auto &x) { return x.first == g.first; }); });
  lost |= given.size() != before;
  lost |= add_sites(left, o.left);
  for (Hold &h : holds)
    for (const Hold &other : o.holds)
      if (same_hold(h, other) && h.must && !other.must) {
        h.must = false;
        lost = true;
      }
  for (const Path &p : o.published)
    if (!llvm::is_contained(published, p)) {
      published.push_back(p);
      lost = true;
    }
  // A handle joined on one way in counts as joined: the other way is usually the loop over handles that ran zero times.
  for (const Thread &t : o.threads) {
    auto it = llvm::find_if(threads, [&](const Thread &m) { return m.handle == t.handle; });
    if (it == threads.end()) {
      threads.push_back(t);
      lost = true;
    } else {
      for (const Site &s : t.started)
        if (llvm::none_of(it->started, [&](const Site &k) { return same_site(k, s); })) {
          it->started.push_back(s);
          lost = true;
        }
      if (t.joined && !it->joined) lost = it->joined = true;
    }
  }
  lost |= add_sites(begun, o.begun);
  lost |= signals.merge(o.signals);
  if (o.unjoinable && !unjoinable) lost = unjoinable = true;
  if (returned != o.returned && returned) {
    returned.reset();
    lost = true;
  }
  returns_fresh &= o.returns_fresh;
  came_back &= o.came_back;
  return lost;
}

bool State::merge_all(const State &o) {
  bool lost = false;
  for (Hold &h : holds)
    if (h.must && llvm::none_of(o.holds, [&](const Hold &x) { return same_hold(h, x); })) {
      h.must = false;
      lost = true;
    }
  for (const Hold &x : o.holds)
    if (llvm::none_of(holds, [&](const Hold &h) { return same_hold(h, x); })) {
      holds.push_back(x);
      holds.back().must = false;
      lost = true;
    }
  for (const auto &b : o.guards)
    if (llvm::none_of(guards, [&](const auto &x) { return same_binding(x, b); })) {
      guards.push_back(b);
      lost = true;
    }
  for (const Path &p : o.dropped)
    if (!llvm::is_contained(dropped, p)) {
      dropped.push_back(p);
      lost = true;
    }
  return merge(o) || lost;
}

void State::generalise(State &o) {
  auto names_of = names;
  for (const auto &[name, object] : names_of) {
    if (name.root != Root::Local || !name.steps.empty()) continue;
    auto other = llvm::find_if(o.names, [&, n = name](const auto &x) { return x.first == n; });
    Path theirs = other == o.names.end() ? Path() : other->second;
    if (theirs == object) continue;
    auto call_by_name = [&, n = name](State &s, const Path &target) {
      if (!target.known()) return;
      llvm::erase_if(s.names, [&](const auto &x) { return x.first == n; });
      // Only what matters for locks is renamed; other names keep pointing at the object itself.
      for (Hold &h : s.holds) rename_in(h.lock, target, n);
    };
    call_by_name(*this, object);
    call_by_name(o, theirs);
  }
}

} // namespace snarl
