#include "models.h"
#include "models_tables.h"
#include "llvm/ADT/StringSwitch.h"

namespace snarl {

const Models &Models::builtin() {
  static const Models *const models = [] {
    auto *m = new Models;
    ModelTables tables{*m};
    add_lock_models(tables);
    add_thread_models(tables);
    add_blocking_models(tables);
    add_library_models(tables);
    return m;
  }();
  return *models;
}

const TypeModel *Models::type(llvm::StringRef qualified) const {
  auto it = types_.find(qualified);
  return it == types_.end() ? nullptr : &it->second;
}

const CallModel *Models::call(llvm::StringRef qualified) const {
  auto it = calls_.find(qualified);
  return it == calls_.end() ? nullptr : &it->second;
}

void Models::add_lock_type(llvm::StringRef name, LockTraits traits) {
  traits.is_lock = true;
  types_[name] = {TypeKind::Lock, traits};
}

void Models::add_guard_type(llvm::StringRef name, Mode mode) {
  types_[name] = {TypeKind::Guard, {}, mode};
}

void Models::add_acquire(llvm::StringRef function, int arg, How how, Mode mode) {
  CallModel m{CallKind::Acquire, arg};
  m.how = how;
  m.mode = mode;
  m.traits.is_lock = true;
  calls_[function] = m;
}

void Models::add_release(llvm::StringRef function, int arg) {
  calls_[function] = {CallKind::Release, arg};
}

void Models::add_blocking(llvm::StringRef function) {
  CallModel m{CallKind::Block, -1};
  m.block = BlockKind::Declared;
  calls_[function] = m;
}

void Models::add_spawn(llvm::StringRef function, int arg, SpawnKind kind) {
  CallModel m{CallKind::Spawn, arg};
  m.spawn = kind;
  calls_[function] = m;
}

void Models::add_harmless(llvm::StringRef function) {
  calls_[function] = {CallKind::Pure};
}

std::optional<LockMethod> lock_method(llvm::StringRef name) {
  constexpr auto X = Mode::Exclusive, S = Mode::Shared;
  using M = LockMethod;
  return llvm::StringSwitch<std::optional<M>>(name)
      .Cases("lock", "Lock", "WriterLock", "lockForWrite", M{M::Acquire, How::Lock, X})
      .Cases("wlock", "ulock", "withWLock", "withLock", "withULock", M{M::Acquire, How::Lock, X})
      .Cases("rlock", "withRLock", M{M::Acquire, How::Lock, S})
      .Cases("lock_upgrade", "LockWhen", "WriterLockWhen", M{M::Acquire, How::Lock, X})
      .Cases("lock_shared", "ReaderLock", "lockForRead", "lock_read", "ReaderLockWhen", M{M::Acquire, How::Lock, S})
      .Cases("try_lock", "TryLock", "tryLock", "WriterTryLock", "tryLockForWrite", M{M::Acquire, How::Try, X})
      .Cases("try_lock_shared", "ReaderTryLock", "tryLockForRead", "try_lock_read", M{M::Acquire, How::Try, S})
      .Cases("try_lock_for", "try_lock_until", "timed_lock", M{M::Acquire, How::Timed, X})
      .Cases("try_lock_shared_for", "try_lock_shared_until", M{M::Acquire, How::Timed, S})
      .Cases("unlock", "Unlock", "WriterUnlock", "unlock_upgrade", M{M::Release, How::Lock, X})
      .Cases("unlock_shared", "ReaderUnlock", M{M::Release, How::Lock, S})
      .Cases("AssertHeld", "AssertLockHeld", M{M::Assert, How::Lock, X})
      .Case("AssertReaderHeld", M{M::Assert, How::Lock, S})
      .Default(std::nullopt);
}

std::optional<LockMethod> spin_method(llvm::StringRef name) {
  using M = LockMethod;
  return llvm::StringSwitch<std::optional<M>>(name)
      .Cases("acquire", "Acquire", "enter", M{M::Acquire, How::Lock})
      .Cases("tryAcquire", "try_acquire", "TryAcquire", "tryEnter", "try_enter", M{M::Acquire, How::Try})
      .Cases("release", "Release", "leave", M{M::Release})
      .Default(lock_method(name));
}

bool is_observer(llvm::StringRef container, llvm::StringRef method) {
  if (method == "operator[]") return !container.ends_with("map");
  return llvm::StringSwitch<bool>(method)
      .Cases("begin", "end", "rbegin", "rend", "find", "lower_bound", "upper_bound", "equal_range", true)
      .Cases("at", "front", "back", "data", "get", "operator*", "operator->", "value", "c_str", "top", true)
      .Cases("count", "contains", "size", "empty", "before_begin", "has_value", "operator bool", "local_begin", true)
      .Default(false);
}

} // namespace snarl
