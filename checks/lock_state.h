// What is known at one point of a function: locks held, what names stand for, who runs beside us.
//
// A point can have several states. Two are kept apart as long as they differ in the locks held or bound to guards, and
// are merged otherwise (property simulation, after Das, Lerner and Seigle's ESP, PLDI 2002). So `if (busy) mu.lock();
// ... if (busy) mu.unlock();` and the outcomes of try_lock need nothing special.
//
// Names. A pointer that is bound to an object is replaced by it wherever it is used. At the head of a loop, where a
// pointer names another object each time round, it is generalised: the object is called by the pointer's name instead.
// When a pointer moves on, what it named before becomes an unknown instance: still of the same lock class, but equal to
// nothing. That is how hand-over-hand locking along a list is followed.
#pragma once
#include "program.h"

namespace snarl {

/// What a release did.
struct Released {
  enum Kind : uint8_t {
    Missing, ///< the lock was not held here; it belongs to a caller
    Held,
    Callers, ///< held by contract of the function
  } kind = Missing;
  Hold hold; ///< Held, Callers: what ended
};

struct State {
  std::vector<Hold> holds;
  std::vector<Path> dropped;
  std::vector<std::pair<Path, Path>> names;
  std::vector<Exit::Binding> guards;
  std::vector<std::pair<uint32_t, bool>> results; ///< operation -> its result was true (acquired, returned true)
  std::vector<std::pair<Path, bool>> flags;
  std::vector<Thread> threads;
  bool unjoinable = false;     ///< a detached thread runs
  std::vector<Site> begun;     ///< where threads may have been started
  Signals signals;             ///< what was waited for and signalled
  std::vector<Path> own;       ///< objects made here that nobody else can know yet
  std::vector<Path> published; ///< roots that others can know from here on
  std::optional<bool> returned;
  std::vector<Site> left;                   ///< the return statements that lead here
  std::vector<std::pair<Path, Site>> given; ///< locks given back here by hand and not taken since
  bool returns_fresh = false;
  bool came_back = false; ///< at the head of a loop: over its back edge

  /// The object `path` names, as far as known.
  Path resolve(const Path &path) const;
  /// Same, but the last field itself is the place spoken of and is not followed.
  Path resolve_place(const Path &path) const;
  bool threads_run() const;
  /// Where the threads were started that have been joined, and where none still runs.
  std::vector<Site> ended() const;
  bool is_own(const Path &path) const;
  void begin(const std::vector<Site> &sites);

  void acquire(Hold hold);
  /// Releases `lock`; a lock that is not held here belongs to a caller.
  Released release(const Path &lock);
  void release_owned_by(const Path &guard);
  /// Guards bound to locks: what a lock() on the guard takes.
  std::vector<Exit::Binding> bound_to(const Path &guard) const;
  /// `name` now stands for `object` (forgotten if unknown).
  void bind(const Path &name, const Path &object);
  /// Local `name` is overwritten: what was called by it gets unknown, unless another name is left for it.
  void forget_root(const Path &name);
  /// Everything at or below `from` is now called by `to` (moves, returned objects).
  void rename(const Path &from, const Path &to);
  /// Object `path` ends: guards in it release, names in it are forgotten.
  void destroy(const Path &path);
  void publish(const Path &path);

  bool same_locks(const State &other) const;
  /// Merges a state with the same locks; true if this one lost knowledge.
  bool merge(const State &other);
  /// Merges any state: locks held in one only are held maybe.
  bool merge_all(const State &other);
  /// Locals that name different objects in both are generalised in both.
  void generalise(State &other);
};

/// Adds what is new; true if something was.
bool add_sites(std::vector<Site> &into, const std::vector<Site> &other);

} // namespace snarl
