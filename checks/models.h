// What libraries' types and functions mean to threads. The tables (models_*.cpp) hold qualified names without template
// arguments and inline namespaces ("std::unique_lock", "pthread_mutex_lock"); extraction asks by name, so it makes no
// difference whether a library's headers are system headers or stand-ins. `.snarl.yaml` adds entries.
#pragma once
#include "facts.h"
#include "llvm/ADT/StringMap.h"
#include <optional>
#include <string>

namespace snarl {

enum class TypeKind : uint8_t {
  Lock,  ///< traits
  Guard, ///< owns locks while it lives; mode
  CondVar,
  Thread,  ///< std::thread: must be joined by hand
  JThread, ///< joins when destroyed
  Future,  ///< future, shared_future; the future of std::async joins when destroyed
  Promise,
  Semaphore, ///< also latch, barrier: waits for other threads
  Once,
  Atomic,
  Container, ///< owns elements: vector, map, string...
  Pointer,   ///< unique_ptr, shared_ptr, optional, reference_wrapper: stands for what it refers to
  WeakPointer,
  Iterator,
  Callable, ///< std::function and friends
  Stream,   ///< file stream
  Executor, ///< runs on an event loop: io_context, strand
  Pool,     ///< runs on pool threads
};

struct TypeModel {
  TypeKind kind = TypeKind::Container;
  LockTraits traits = {};
  Mode mode = Mode::Exclusive;
  bool owner = false;   ///< Pointer: destroys what it points to (unique_ptr, optional)
  bool trivial = false; ///< Pointer: a view, nothing of its own to race on
};

enum class CallKind : uint8_t {
  Acquire,
  Release,
  LockInit,
  Block,
  Spawn,
  Join,
  Detach,
  Wait,
  Notify,
  AssertHeld,
  Keep,        ///< callables given to it are stored, not run
  InPlace,     ///< callables given to it run before it returns
  Forward,     ///< returns its first argument (move, forward, ref, addressof, as_const, pointer casts)
  Exchange,    ///< std::exchange
  Swap,        ///< std::swap, std::iter_swap
  MakeNew,     ///< make_unique, make_shared, malloc
  Bind,        ///< bind, bind_front, mem_fn
  Reads,       ///< pointer arguments are only read
  AtomicOp,    ///< __atomic_*, atomic_load...: first argument is an atomic location
  Group,       ///< std::lock, std::try_lock: several locks at once, deadlock-avoiding
  Pure,        ///< touches no memory of the caller
  EndThread,   ///< ends the calling thread
  LockDestroy, ///< ends a lock
};

struct CallModel {
  CallKind kind = CallKind::Pure;
  int arg = 0;   ///< the lock, handle, condition variable, callable... (-1: the receiver)
  int arg2 = -1; ///< Wait: the lock. Spawn: first argument passed on. Block: the time-out. AtomicOp: -
  How how = How::Lock;
  Mode mode = Mode::Exclusive;
  LockTraits traits = {}; ///< Acquire: of C locks
  bool zero_is_success = false;
  BlockKind block = BlockKind::Sleep;
  SpawnKind spawn = SpawnKind::Thread;
  enum Unit : uint8_t { None, Seconds, Millis, Micros, Nanos, Chrono } unit = None; ///< of the time-out argument
  int nonblock_flags = -1;      ///< Block: argument with a flag that makes it non-blocking; -2: only if the fd blocks
  int64_t nonblock_bits = 0x40; ///< any of these flags does: MSG_DONTWAIT
  bool write = false;           ///< AtomicOp, Notify: all
};

/// Qualified names to models. Copyable; the built-in tables plus what a project adds.
class Models {
public:
  static const Models &builtin();

  const TypeModel *type(llvm::StringRef qualified) const;
  const CallModel *call(llvm::StringRef qualified) const;

  // What .snarl.yaml can say. Names are qualified, without template arguments.
  void add_lock_type(llvm::StringRef name, LockTraits traits);
  void add_guard_type(llvm::StringRef name, Mode mode);
  void add_acquire(llvm::StringRef function, int arg, How how = How::Lock, Mode mode = Mode::Exclusive);
  void add_release(llvm::StringRef function, int arg);
  void add_blocking(llvm::StringRef function);
  void add_spawn(llvm::StringRef function, int arg, SpawnKind kind);
  void add_harmless(llvm::StringRef function); ///< neither blocks nor touches shared data

private:
  friend struct ModelTables;
  llvm::StringMap<TypeModel> types_;
  llvm::StringMap<CallModel> calls_;
};

/// What a method of that name does to a lock object (std, boost, absl, Qt, TBB spellings).
struct LockMethod {
  enum Kind : uint8_t { Acquire, Release, Assert } kind = Acquire;
  How how = How::Lock;
  Mode mode = Mode::Exclusive;
};
std::optional<LockMethod> lock_method(llvm::StringRef name);

/// The same for spin locks of the program's own, whose acquire() can mean nothing else.
std::optional<LockMethod> spin_method(llvm::StringRef name);

/// Whether a method only reads its container although it is not const (begin, at, find...).
bool is_observer(llvm::StringRef container, llvm::StringRef method);

} // namespace snarl
