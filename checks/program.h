// The whole program as the rules see it: merged facts and what the linker worked out about them.
//
// Everything below is indexed by function number (position in Program::functions, which is sorted by USR, so numbers do
// not depend on the order in which files were read). Paths are in the frame of the function they belong to, and
// resolved: what is known to be an alias has been replaced by what it names.
#pragma once
#include "facts.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <map>
#include <optional>
#include <set>

namespace snarl {

using FunctionId = uint32_t;
inline constexpr FunctionId kNoFunction = ~0u;

/// One call on the way to something, or, last in a chain, the operation itself.
struct Hop {
  Site site;
  FunctionId in = kNoFunction; ///< whose body the site is in
  Symbol callee;               ///< name of what is called there; empty for the operation itself
};
/// Outermost first. Never empty for something that happened.
using Chain = std::vector<Hop>;
inline constexpr size_t kMaxChain = 12;

inline bool same_site(const Site &a, const Site &b) {
  return a.line == b.line && a.column == b.column && a.file == b.file;
}

/// A thread as its starter sees it.
struct Thread {
  Path handle;
  bool joined = false;
  std::vector<Site> started; ///< several for containers of handles
};

/// A lock held at some point.
struct Hold {
  Path lock;
  Path owner; ///< guard that will release it; unknown for manual locking
  Mode mode = Mode::Exclusive;
  LockTraits traits;
  Chain taken;
  bool must = true;     ///< on every path to this point
  bool attempt = false; ///< taken by a try or timed form
  bool assumed = false; ///< by contract of the function (requires, assert): the caller's, not ours
  /// For locks of callers that have no name in this function: how `this` relates to the object that owns the lock.
  enum Reach : uint8_t {
    None,
    Contains /*this lies inside that object*/,
    Leads /*this is reached through it*/
  } reach = None;
};

/// Holds only if a switch of the caller's has this value: a parameter (`if (need_lock)`) or a field (`if
/// (!q->in_callback)`).
struct Condition {
  Path path;
  bool truth = false;
  friend bool operator==(const Condition &a, const Condition &b) { return a.path == b.path && a.truth == b.truth; }
};

/// A lock wanted by a function or by what it calls.
struct Acquisition {
  Path lock;
  Mode mode = Mode::Exclusive;
  How how = How::Lock;
  LockTraits traits;
  Chain chain;
  std::vector<Path> dropped; ///< locks of the caller released before this acquisition
  std::vector<Condition> when;
  bool conditional = false; ///< depends on a switch whose value is not known
  bool indirect = false;    ///< reached through a call whose target is not certain (virtual, callback)
  Path stored;              ///< where the callable was kept that led here, if one was
};

/// Something wanted while something else is held, in the frame where what is held was taken.
struct LockPair {
  std::vector<Hold> holds;
  Acquisition wanted;
  bool beside = false; ///< threads started in this function are still running
};

struct BlockingCall {
  const Op *op = nullptr;
  Chain chain;
  /// Locks of the caller that are not held meanwhile; that of a condition variable's wait is one.
  std::vector<Path> dropped = {};
};

/// A call that can block, made here while locks are held.
struct LockedWait {
  BlockingCall call;
  std::vector<Hold> holds;
};

/// A lock out of balance, as one function shows it. Which of them are mistakes depends on the callers too.
struct LockFault {
  enum Kind : uint8_t {
    Kept,        ///< held on every way out: a mistake if nobody ever gives it back
    Returned,    ///< held on some ways out, not on others
    Thrown,      ///< held when an exception leaves the function
    ThreadEnded, ///< held when the thread ends (pthread_exit)
    NotHeld,     ///< given back where only some of the ways there have taken it
    GivenTwice,  ///< given back where it was given back already
    NotAdopted,  ///< adopted by a guard, though not held
    DestroyedHeld,
  } kind = Kept;
  Hold hold;              ///< the lock, and where it was taken (NotAdopted: nowhere)
  Chain chain;            ///< where it goes wrong
  std::vector<Site> also; ///< Returned: other ways out. GivenTwice: the first time
  bool attempt = false;   ///< NotHeld: on the way on which a try failed
  bool succeeds = false;  ///< Returned: exactly the ways out that report success hold it
};

/// What one function has waited for and what it has told others, through semaphores, latches, condition variables,
/// barriers and atomic flags; by their fields or variables. Sorted. See hand_over.h.
struct Signals {
  using Set = llvm::SmallVector<Symbol, 2>;
  Set waited; ///< may have waited for, so far
  Set given;  ///< may have signalled, so far
  Set since;  ///< may have signalled since it waited last

  void wait(Symbol object);
  void signal(Symbol object);
  /// What a callee did, after this.
  void then(const Signals &callee);
  /// Either way; true if this says more than before.
  bool merge(const Signals &other);
};

/// A lock state at a suspension, an access or a blocking operation.
struct Point {
  const Op *op = nullptr;
  Path path; ///< resolved Op::path
  std::vector<Hold> holds;
  std::vector<Path> dropped; ///< locks of the caller that are not held here
  bool beside = false;       ///< threads started in this function are still running
  std::vector<Site> ended;   ///< where threads were started that have been joined by now
  std::vector<Site> begun;   ///< where this function may have started threads by now
  bool own = false;          ///< the object is known to be visible to this thread only
  Signals signals;
};

/// A possible call: direct, virtual, through a value, of a callable that was handed over, or the start of a thread.
struct CallEdge {
  FunctionId callee = kNoFunction;
  const Op *op = nullptr;
  Path receiver;          ///< the callee's `this`, in the caller's frame
  std::vector<Path> args; ///< the callee's parameters
  std::vector<Hold> holds;
  std::vector<Path> dropped;
  bool beside = false;
  std::vector<Site> ended, begun;
  Signals signals;
  bool own_receiver = false;
  uint64_t own_args = 0;               ///< bit i: argument i is visible to this thread only
  bool spawn = false, repeats = false; ///< starts a thread; in a loop
  SpawnKind kind = SpawnKind::Thread;
  bool awaited = false;
  bool same_frame = false; ///< a lambda of this very function: `this` and captures keep their meaning
};

/// A thread entry, or a group of callers that can run at the same time as others.
struct Agent {
  FunctionId entry = kNoFunction;
  Site started;
  std::string name;     ///< "thread started at f.cpp:12", "main", "callers outside"
  bool repeats = false; ///< can run at the same time as itself
  SpawnKind kind = SpawnKind::Thread;
  std::vector<uint32_t> starters = {}; ///< agents that start it; empty: not known
};

/// One way a function is entered.
struct Context {
  std::vector<uint32_t> agents; ///< sorted
  bool concurrent = false;      ///< other threads can be running
  std::vector<Site> ended;      ///< where threads were started that are certainly over
  bool starting = false;        ///< in main, and `begun` is all that main can have started before
  std::vector<Site> begun;
  std::vector<Hold> holds; ///< locks of the callers, named in this function's frame where possible
  bool once = false; ///< inside std::call_once or pthread_once: done before anybody goes on
  bool own_this = false;
  uint64_t own_params = 0;
  std::vector<Symbol> within; ///< fields in which `this` lies by value, outermost first, as far as the callers tell
  FunctionId caller = kNoFunction; ///< one caller, for showing the way
  uint32_t caller_context = 0;
  Site call_site;
};

/// How a function leaves the locks, for callers.
struct Exit {
  std::vector<Hold> holds;                  ///< taken here and still held
  std::vector<Path> dropped;                ///< the caller's, released here
  std::vector<std::pair<Path, Path>> names; ///< pointers and members bound: name -> object
  struct Binding {
    Path guard, lock;
    Mode mode = Mode::Exclusive;
    LockTraits traits;
    Symbol via;
  };
  std::vector<Binding> guards;
  std::vector<Thread> started;
  std::vector<Path> joined; ///< handles
  bool started_unjoinable = false;
  std::optional<bool> result; ///< what it returns on this way out, if known
  std::vector<Condition> when;
  bool returns_fresh = false;  ///< the returned object was made here and nobody else knows it
  std::vector<Path> published; ///< parameters (and `this`) kept beyond the call
  Signals signals;
};

/// A call of something the caller passed in.
struct Callback {
  uint32_t param = 0;
  std::vector<Hold> holds;
  std::vector<Path> dropped;
  std::vector<Path> args;
  Chain chain;
};

struct Summary {
  std::vector<Exit> exits;
  std::vector<Acquisition> acquires; ///< transitive
  std::vector<BlockingCall> blocks;  ///< transitive, but not through awaited calls and not in started threads
  std::vector<Callback> callbacks;
  std::vector<LockPair> pairs; ///< whose locks only callers can name
  std::vector<Site> begun;     ///< where threads may be started, transitively
  Chain throws;                ///< the shortest way to an exception that leaves it; empty: none is seen
  Symbol thrower;              ///< what throws there
};

struct FunctionInfo {
  Summary summary;
  std::vector<Point> accesses, suspensions, blocks;
  std::vector<LockPair> pairs;
  std::vector<CallEdge> edges;
  std::vector<Context> contexts;
  std::vector<LockFault> faults;
  std::vector<LockedWait> waits;
  std::vector<FunctionId> relieved; ///< callees that returned holding a lock which is given back here
  std::vector<Point> foreign;       ///< calls through values, virtual calls and resumptions where a lock is held
};

/// One access in one context, at a time when other threads can run.
struct Use {
  const Point *point = nullptr;
  FunctionId function = kNoFunction;
  const Context *context = nullptr;
  bool write = false;
  std::vector<Site> ended;  ///< where threads were started that are over by then
  std::vector<bool> asleep; ///< agents that have not been started by then; empty: not known
  /// Lock of the location's guard: held, perhaps held (on some paths, or some lock we cannot name), not held.
  enum Guarded : uint8_t { No, Maybe, Yes } guarded = No;
  Site taken; ///< where the guard was taken, if held

  Place place() const { return point->op->site.place(); }
};

/// A field or variable, or what a pointer in it points to, that threads share and some write.
struct SharedLocation {
  Path location; ///< of some access
  Path guard;    ///< the lock that guards it, of some access that holds it; unknown if there is none to be seen
  bool pointee = false;
  bool declared = false;        ///< the guard is, by an attribute
  bool strong = false;          ///< the lock lies beside the data
  bool inconsistent = false;    ///< the guard is certain enough to speak of uses without it
  unsigned held = 0, total = 0; ///< places, not contexts
  std::vector<Use> uses;        ///< in the order of functions
};

struct Program {
  std::vector<Function> functions;                            ///< one per USR, sorted by USR
  llvm::DenseMap<Symbol, std::vector<FunctionId>> overriders; ///< by the overridden method, transitively; with bodies
  llvm::DenseMap<Symbol, FunctionId> by_usr;
  llvm::DenseMap<Symbol, Decl> decls;
  llvm::DenseMap<Symbol, Record> records;
  std::vector<FunctionInfo> info; ///< parallel to functions
  std::vector<Agent> agents;
  std::vector<SharedLocation> locations; ///< in the order of their names
  bool threads = false;                  ///< some thread is started somewhere
  bool closed = false; ///< has a main and starts threads: what main and they do not reach is not assumed to run
  /// "3 functions have more lock states than are followed", ready to print. What was cut is never silent.
  std::vector<std::string> bounds;

  const Function *find(Symbol usr) const;
  const Decl *decl(Symbol usr) const;
  std::string name_of(FunctionId function) const;
  /// "Account::mu", "table", with array steps as []: for messages.
  std::string name_of(const Path &path) const;
  /// How many objects of the class of field `usr` the program is seen to make (locals, variables, new).
  unsigned instances_of_record_with(Symbol field) const;
  /// May code in `a` of one function's context run while code in `b` runs? Both must be concurrent.
  bool may_overlap(const std::vector<uint32_t> &a, const std::vector<uint32_t> &b) const;
  /// The pairs that may, if threads started in some places are over for each side.
  std::vector<std::pair<uint32_t, uint32_t>> overlaps(const std::vector<uint32_t> &a,
                                                      const std::vector<Site> &over_for_a,
                                                      const std::vector<uint32_t> &b,
                                                      const std::vector<Site> &over_for_b) const;
  /// Agents that cannot run yet when main has started threads at these places only.
  std::vector<bool> asleep(const std::vector<Site> &begun) const;

  llvm::DenseSet<Symbol> captured;                     ///< locals of functions that a lambda refers to
  std::map<std::string, std::set<FunctionId>> bounded; ///< filled while linking: what was cut -> where
};

} // namespace snarl
