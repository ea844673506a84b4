// What one translation unit says about concurrency.
//
// Facts are a small program. Extraction (extract.cpp) walks each function's Clang CFG once and keeps only what matters
// to threads: locks taken and dropped, shared memory touched, calls, suspension points, operations that block, threads
// that start and end, and how objects are named. Nothing is judged and nothing is looked up in other functions; that
// needs the whole program and is the linker's work (link.cpp), which runs a data-flow analysis over these skeleton CFGs
// with the summaries of the callees. So a hand-written guard, a lock() wrapper in another file or a callback needs no
// list of names: its body is in the facts.
//
// Naming objects. A Path is a root and some fields. Pointers, references and smart pointers are collapsed into what
// they refer to: `p->mu`, `(*p).mu`, `p.get()->mu` and `ref.mu` all read {p}.mu. A trailing Deref tells the pointee
// from the pointer: `ptr_ = q` writes {this}.ptr_, `*ptr_ = 1` writes {this}.ptr_.* A local that is bound once to a
// path (a reference, a never reassigned pointer, a structured binding) is replaced by that path. What is reassigned
// stays a Local and is tracked by Assign operations.
//
// Extraction must be a pure function of preprocessed input and options; see docs/facts-format.md for the file form.
#pragma once
#include "finding.h"
#include "symbol.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <string>
#include <vector>

namespace snarl {

/// Position in a file, compact.
struct Site {
  Symbol file;
  uint32_t line = 0, column = 0;
  Place place() const { return {file.str().str(), line, column}; }
};

enum class Root : uint8_t {
  None,     ///< nothing known about it
  This,     ///< the object of this method; in a lambda that captures `this`, the enclosing method's object
  Param,    ///< parameter number `index`
  Variable, ///< `symbol` = USR of a global, static member, static local, or of a local that outlives the view of one
            ///< function: captured by reference or address taken. The same USR in the function and in its lambdas.
  Local,    ///< any other local, `index` into Function::locals
  Capture,  ///< by-value capture number `index` of this lambda (pointers and smart pointers: the object pointed to)
  Result,   ///< result of the Call operation whose `id` is `index`
  Return,   ///< the object this function returns (so that guards and handles can be handed to the caller)
};

struct PathStep {
  enum Kind : uint8_t { Field, Index, Deref } kind = Field;
  Symbol symbol; ///< Field: USR of the field. Index: text of the index expression. Deref: empty
  friend bool operator==(const PathStep &a, const PathStep &b) { return a.kind == b.kind && a.symbol == b.symbol; }
};

/// At most kMaxPathSteps steps; longer ones are cut at the front of the tail and rooted at None.
inline constexpr unsigned kMaxPathSteps = 8;

struct Path {
  Root root = Root::None;
  uint32_t index = 0;
  Symbol symbol;
  llvm::SmallVector<PathStep, 3> steps;

  bool known() const { return root != Root::None; }
  /// The last Field step's USR, or the variable's for a bare variable: the key under which accesses are compared.
  Symbol last_field() const;
  friend bool operator==(const Path &a, const Path &b) {
    return a.root == b.root && a.index == b.index && a.symbol == b.symbol && a.steps == b.steps;
  }
};

/// A value as far as it matters here: an object, a function, or both (a bound method).
struct Value {
  Path path;                        ///< the object (pointee for pointers); root None if it is no object of interest
  Symbol function;                  ///< USR if the value is a function, lambda, method pointer or a bind of one
  llvm::SmallVector<Path, 1> bound; ///< objects bound to it, in parameter order (receiver first for methods)
  bool fresh = false;               ///< made here: new, make_unique, make_shared, malloc
  bool borrowed = false;            ///< passed by pointer or reference (so the callee can keep it)
  bool moved = false;
  bool temporary = false; ///< the object dies at the end of the full expression
  /// Constant values: false, 0 and null pointers are Zero; other constants NonZero.
  enum Truth : uint8_t { Unknown, Zero, NonZero } truth = Unknown;
  /// `path` is the Result of an operation and this value is true when that result is false (`return rc == 0`, `!ok`).
  /// The result of a Try or Timed Acquire is "got it", whatever number the function returns for that.
  bool negated = false;
};

enum class Mode : uint8_t { Exclusive, Shared };

/// What is known of a lock from its type or initialisation.
struct LockTraits {
  bool is_lock = false;
  bool recursive = false;
  bool shared = false;      ///< has a shared mode
  bool thread_bound = true; ///< must be unlocked by the thread that locked it; false for coroutine mutexes, semaphores
  bool spin = false;
};

enum class OpKind : uint8_t {
  Acquire,    ///< `args` = locks (several: one deadlock-avoiding group); `dest` = owning guard, if any; how, mode
  Release,    ///< `args` = locks, or none and `dest` = guard whose locks are released (guard.unlock())
  Disown,     ///< guard `dest` forgets its locks without releasing them (unique_lock::release)
  AssertHeld, ///< `args` = locks that are held here by contract (assert_capability, AssertHeld())
  LockInit,   ///< `args[0]` is initialised with `traits` (pthread_mutex_init with a recursive attribute, mtx_init)
  Access,     ///< `path` read or written (`write`), atomically or not (`atomic`)
  Call,       ///< see below
  Spawn,   ///< `value` = entry function with bound objects, `args` = further arguments, `dest` = handle, `spawn` kind
  Join,    ///< `path` = thread handle (join, or destruction of a jthread or async future)
  Detach,  ///< `path` = thread handle
  Suspend, ///< co_await or co_yield that can suspend; `callee` = what is awaited (name, for the message)
  Block,   ///< a call that can block the thread; `block` kind, `api`, `path` = object, `timeout_ms`
  Wait,    ///< condition variable `path`, lock or guard `args[0]`; `value` = predicate, if given; timeout_ms
  Notify,  ///< condition variable `path`; `all`
  Assign,  ///< `dest` now names `value` (pointers and references that are rebound, callables and objects stored)
  Move,    ///< ownership of guard, handle or unique pointer `path` goes to `dest`
  Destroy, ///< `path` goes out of scope; `callee` = USR of its destructor if the class has a body for one
  Return,  ///< `value`
  Remark,  ///< what one expression shows by itself: `remark`, `path`; `callee`, `api`, `fix` where they say more
  Throw,   ///< an exception starts here; `api` = what throws ("throw", "std::stoi"); `in_try`
  ThreadExit,  ///< the thread ends here without returning (pthread_exit); `api`
  LockDestroy, ///< `args[0]`, a lock, is destroyed (pthread_mutex_destroy)
};

enum class How : uint8_t {
  Lock,  ///< blocks until granted
  Try,   ///< succeeds or not; see Branch
  Timed, ///< blocks for a while; see Branch
  Adopt, ///< the locks are held already, `dest` becomes their owner
  Defer, ///< `dest` is bound to the locks and takes none
};

enum class SpawnKind : uint8_t {
  Thread,    ///< std::thread, jthread, pthread_create, thrd_create, QThread...
  Async,     ///< std::async: a thread whose future joins
  Pool,      ///< runs on some pool thread; blocking is what pools are for
  EventLoop, ///< runs on an event loop: must not block
  Signal,    ///< signal handler
};

enum class BlockKind : uint8_t {
  Sleep,
  ThreadWait,
  SyncBridge,
  FileIo,
  Socket,
  NameLookup,
  Process,
  Input,
  ThirdParty,
  Poll,
  Declared /*attribute or user list*/,
};

/// See OpKind::Remark.
enum class Remark : uint8_t {
  TemporaryGuard,  ///< a guard that is destroyed at the end of its full expression
  GuardIsVariable, ///< `std::unique_lock<std::mutex>(m);` declares a variable named m
  EmptyGuard,      ///< a guard of no lock (`std::scoped_lock<> g;`)
  LocalMutex,      ///< a guard of a mutex that no other thread can see
  EmptySection,    ///< locked and released with nothing in between
  VolatileSync,    ///< volatile used as if it ordered threads
  DroppedFuture,   ///< the future of std::async is destroyed at once
  DroppedTask,     ///< the result of a coroutine or lazy task is thrown away
  Resumes,         ///< code of others runs here: a coroutine is resumed, a promise with continuations fulfilled; `api`
  // What lifetimes are judged by (extract_lifetimes.cpp):
  Leaves,      ///< a task of `callee` is made and not awaited in the same expression. `args` (by parameter), `value`
               ///< (receiver or closure): temporaries, or with `path` objects of this function. `dest`: the local that
               ///< keeps it, or Return; `api`: what it is passed to, `write`: detached there; `discarded`; `all`: lazy
  BorrowedUse, ///< coroutine: what `path` (a parameter, `this`, a Capture) refers to is used, and is not its own
  ThreadBound, ///< `dest` is made to name state of this thread: variable `path`, or what `api` returns; How::Adopt: a
               ///< copy; neither: something else from here on
  ThreadBoundUse, ///< what local `dest` took from this thread is used; a copy: is put back; `path`, `api` as there
};

/// How an atomic operation changes its object.
enum class Update : uint8_t {
  None, ///< a load or a plain store
  Rmw,  ///< fetch_add, exchange, ++
  Cas,  ///< compare_exchange
};

inline constexpr int64_t kForever = -1;

struct Op {
  OpKind kind = OpKind::Access;
  uint32_t id = 0; ///< unique in the function, from 1
  Site site;
  Path path;
  Path dest;
  std::vector<Value> args;
  Value value;

  // Call: `callee` = USR, empty for a call through a value (then `path` is where the function value is kept,
  // `signature` its type). `path` = receiver of a method call. `dest` = where the result goes (Local, Variable, Return;
  // else Result id). `is_virtual` = dispatched. A callable given to a function whose body is not available (system
  // headers) is followed by a Call of its own with `through` = that function: it runs there, under the locks held
  // there.
  Symbol callee;
  Symbol callee_name; ///< qualified, for messages; for Suspend the awaited expression's callee or type
  Symbol signature;
  Symbol through;
  bool is_virtual = false;
  bool awaited = false; ///< operand of co_await: runs as a coroutine, not on this stack frame's time

  // Acquire and Release on a lock type the user wrote: USR of the method that does it. If that method's summary
  // acquires something, that is what is held; otherwise the object itself is the lock.
  Symbol via;

  Symbol api; ///< Block, Spawn: name as people know it. Call: what signal handlers must not. Access: method, memory order
  int64_t timeout_ms = kForever; ///< Block, Wait, timed Acquire; 0 = does not block
  uint32_t group = 0;
  LockTraits traits; ///< Acquire: of the lock's type
  How how = How::Lock;
  Mode mode = Mode::Exclusive;
  SpawnKind spawn = SpawnKind::Thread;
  BlockKind block = BlockKind::Sleep;
  Remark remark = Remark::TemporaryGuard;
  Update update = Update::None; ///< Access: of an atomic, or by ++ and +=
  /// Access that writes, Call, Return: operations of this function (Access, Call, Acquire, by id) whose results the
  /// written value, the arguments or the returned value depend on, directly or through locals. Sorted.
  llvm::SmallVector<uint32_t, 2> uses;
  bool discarded = false; ///< Call, Spawn: nobody looks at the result
  bool in_try = false;    ///< Call, Throw: a handler of this function may catch what is thrown
  Symbol fix;             ///< Remark, Spawn, Access, Wait: what should stand from `fix_begin` up to `fix_end`; empty: none certain
  Site fix_begin, fix_end;
  bool write = false, atomic = false, all = false;
  bool in_macro_of_system = false; ///< inside a macro from a system header: never a primary place
};

/// How a block ends. successors[0] is taken when the condition is true.
struct Branch {
  enum Kind : uint8_t {
    None,
    Result, ///< tests the result of Try/Timed Acquire or of a Call, operation number `op`
    Owns,   ///< tests whether guard `path` owns its lock (`if (lk)`, owns_lock())
    Flag,   ///< tests an unmodified local, parameter, const field, or field that this function does not write, `path`
            ///< (for correlated conditions: bools, and pointers against null)
  } kind = None;
  bool success_on_true =
      true; ///< Result: true means acquired / returned true. Owns: true means owns. Flag: path is true
  uint32_t op = 0;
  Path path;
  /// Operations of this function whose results the condition depends on, directly or through locals; also where `kind`
  /// is None. Sorted.
  llvm::SmallVector<uint32_t, 2> uses;
};

struct Block {
  std::vector<Op> ops;
  llvm::SmallVector<uint32_t, 2> successors; ///< indices into Function::blocks; unreachable edges left out
  Branch branch;                             ///< None unless there are exactly two successors
};

/// Contract stated by an attribute or by a naming convention.
struct Contract {
  enum Kind : uint8_t { Requires, Acquires, TryAcquires, Releases, Excludes, ReturnsLock, NoAnalysis } kind;
  Mode mode = Mode::Exclusive;
  Path lock; ///< in this function's frame
};

struct Param {
  Symbol name;
  bool by_value = false; ///< an object copied or moved in: private to the callee
  bool pointer_to_const = false;
  bool reference = false; ///< passed by reference (lvalue or rvalue)
  bool view = false;      ///< string_view, span and the like
  Symbol record;          ///< USR of its class, or of the class it points or refers to
};

struct Local {
  Symbol name;
  Symbol type;
  bool by_value = false;  ///< an object living here, not a pointer or reference
  bool outermost = false; ///< lives until the function ends
  Symbol record;          ///< USR of its class, or of the class it points or refers to
};

struct Function {
  Symbol usr;
  Symbol name;                   ///< qualified, with template arguments left out ("Bus::emit", "lambda in Bus::emit")
  Site site;                     ///< of the definition; for an instantiation, of the pattern
  Symbol record;                 ///< USR of the class for methods
  Symbol enclosing;              ///< USR of the function around a lambda or local class method
  std::vector<Symbol> overrides; ///< USRs of all overridden methods, transitively
  std::vector<Param> params;
  std::vector<Local> locals;
  std::vector<Path> captures; ///< lambda: what each by-value capture names, in the enclosing function's frame
  std::vector<Path> borrowed; ///< lambda: objects of the enclosing function captured by reference or by their address,
                              ///< and `this`, in that frame
  std::vector<Contract> contracts;
  std::vector<Block> blocks; ///< blocks[entry] is the entry; empty: declared only (contracts may still be known)
  uint32_t entry = 0, exit = 0;
  Symbol signature; ///< canonical function type, for the type-matching fallback of indirect calls
  bool is_constructor = false, is_destructor = false, is_method = false, is_static = false, is_lambda = false;
  bool is_coroutine = false, is_virtual = false;
  bool lazy = false;          ///< a coroutine that suspends before its body runs (initial_suspend is suspend_always)
  bool internal = false;      ///< internal linkage, private member or lambda: all callers are in sight
  bool address_taken = false; ///< set by the linker, from all facts
  bool is_main = false;
  bool nothrow = false;        ///< an exception that would leave it ends the program
  Site end;                    ///< its closing brace
  bool is_static_init = false; ///< the pseudo function that holds a file's namespace-scope initialisers
  bool in_system_header = false;
};

/// A field or variable that some path names.
struct Decl {
  Symbol usr;
  Symbol name; ///< qualified: "Account::mu", "table", "Codecs::always()::c"
  Site site;
  Symbol type;
  Symbol record;   ///< USR of the class of a field
  Symbol function; ///< USR of the function of a static local or captured local
  LockTraits lock;
  Path guarded_by; ///< GUARDED_BY / PT_GUARDED_BY, in the frame of a method of the record
  bool is_field = false, is_static = false, by_value = true, constant = false, atomic = false, thread_local_ = false;
  bool is_volatile = false;
  bool sync_object = false; ///< lock, condition variable, semaphore, once_flag, thread, atomic: never "data"
};

struct Record {
  Symbol usr;
  Symbol name;
  std::vector<Symbol> bases;
  Symbol lock_fn, unlock_fn; ///< BasicLockable written by the user
  bool scoped_capability = false, capability = false;
};

/// One translation unit.
struct Facts {
  Symbol main_file;
  std::vector<Function> functions; ///< sorted by usr
  std::vector<Decl> decls;         ///< sorted by usr
  std::vector<Record> records;     ///< sorted by usr
  unsigned bounded = 0;            ///< functions or paths cut because a bound was hit
};

} // namespace snarl
