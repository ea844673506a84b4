// Lock types, guards and lock functions: std, boost, POSIX, C11, absl, Qt, folly, TBB, LLVM, coroutine libraries.
#include "models_tables.h"

namespace snarl {
namespace {

constexpr LockTraits plain() {
  return {true, false, false, true, false};
}
constexpr LockTraits recursive() {
  return {true, true, false, true, false};
}
constexpr LockTraits shared() {
  return {true, false, true, true, false};
}
constexpr LockTraits spin() {
  return {true, false, false, true, true};
}
constexpr LockTraits shared_spin() {
  return {true, false, true, true, true};
}
/// Belongs to no thread: may be released by another, may be held over a suspension.
constexpr LockTraits unbound() {
  return {true, false, false, false, false};
}
constexpr LockTraits unbound_shared() {
  return {true, false, true, false, false};
}

TypeModel lock(LockTraits traits) {
  return {TypeKind::Lock, traits};
}
TypeModel guard(Mode mode = Mode::Exclusive) {
  return {TypeKind::Guard, {}, mode};
}

CallModel acquire(LockTraits traits, How how = How::Lock, Mode mode = Mode::Exclusive, int timeout_arg = -1) {
  CallModel m{CallKind::Acquire, 0};
  m.traits = traits;
  m.how = how;
  m.mode = mode;
  m.arg2 = timeout_arg;
  m.zero_is_success = true;
  return m;
}
CallModel release(Mode mode = Mode::Exclusive) {
  CallModel m{CallKind::Release, 0};
  m.mode = mode;
  return m;
}

void std_like(ModelTables &t, std::string ns) {
  t.types({ns + "mutex", ns + "timed_mutex"}, lock(plain()));
  t.types({ns + "recursive_mutex", ns + "recursive_timed_mutex"}, lock(recursive()));
  t.types({ns + "shared_mutex", ns + "shared_timed_mutex", ns + "upgrade_mutex"}, lock(shared()));
  t.types({ns + "lock_guard", ns + "unique_lock", ns + "scoped_lock"}, guard());
  t.type(ns + "shared_lock", guard(Mode::Shared));
  CallModel group{CallKind::Group};
  t.call(ns + "lock", group);
  group.how = How::Try;
  t.call(ns + "try_lock", group);
}

} // namespace

void add_lock_models(ModelTables &t) {
  std_like(t, "std::");
  std_like(t, "boost::");
  t.type("boost::upgrade_lock", guard(Mode::Shared));
  for (std::string name : {"mutex", "recursive_mutex", "timed_mutex", "shared_mutex"})
    t.type("boost::" + name + "::scoped_lock", guard());
  t.types({"boost::detail::spinlock", "boost::fibers::detail::spinlock"}, lock(spin()));

  // POSIX
  t.type("pthread_mutex_t", lock(plain()));
  t.type("pthread_rwlock_t", lock(shared()));
  t.type("pthread_spinlock_t", lock(spin()));
  t.call("pthread_mutex_lock", acquire(plain()));
  t.call("pthread_mutex_trylock", acquire(plain(), How::Try));
  t.call("pthread_mutex_timedlock", acquire(plain(), How::Timed));
  t.call("pthread_mutex_clocklock", acquire(plain(), How::Timed));
  t.call("pthread_rwlock_rdlock", acquire(shared(), How::Lock, Mode::Shared));
  t.call("pthread_rwlock_wrlock", acquire(shared()));
  t.call("pthread_rwlock_tryrdlock", acquire(shared(), How::Try, Mode::Shared));
  t.call("pthread_rwlock_trywrlock", acquire(shared(), How::Try));
  t.calls({"pthread_rwlock_timedrdlock", "pthread_rwlock_clockrdlock"}, acquire(shared(), How::Timed, Mode::Shared));
  t.calls({"pthread_rwlock_timedwrlock", "pthread_rwlock_clockwrlock"}, acquire(shared(), How::Timed));
  t.call("pthread_spin_lock", acquire(spin()));
  t.call("pthread_spin_trylock", acquire(spin(), How::Try));
  t.calls({"pthread_mutex_unlock", "pthread_rwlock_unlock", "pthread_spin_unlock"}, release());
  CallModel init{CallKind::LockInit, 0};
  t.calls({"pthread_mutex_init", "mtx_init", "pthread_rwlock_init", "pthread_spin_init"}, init);

  CallModel end{CallKind::LockDestroy, 0};
  t.calls({"pthread_mutex_destroy", "pthread_rwlock_destroy", "pthread_spin_destroy", "mtx_destroy"}, end);

  // C11
  t.type("mtx_t", lock(plain()));
  t.call("mtx_lock", acquire(plain()));
  t.call("mtx_trylock", acquire(plain(), How::Try));
  t.call("mtx_timedlock", acquire(plain(), How::Timed));
  t.call("mtx_unlock", release());

  // absl
  t.type("absl::Mutex", lock(shared()));
  t.type("absl::base_internal::SpinLock", lock(spin()));
  t.types({"absl::MutexLock", "absl::WriterMutexLock", "absl::MutexLockMaybe", "absl::ReleasableMutexLock",
           "absl::base_internal::SpinLockHolder"},
          guard());
  t.type("absl::ReaderMutexLock", guard(Mode::Shared));

  // Qt
  t.types({"QMutex", "QBasicMutex"}, lock(plain()));
  t.type("QRecursiveMutex", lock(recursive()));
  t.type("QReadWriteLock", lock(shared()));
  t.types({"QMutexLocker", "QWriteLocker"}, guard());
  t.type("QReadLocker", guard(Mode::Shared));

  // folly
  t.types({"folly::SharedMutex", "folly::SharedMutexImpl", "folly::SharedMutexReadPriority",
           "folly::SharedMutexWritePriority", "folly::RWSpinLock"},
          lock(shared()));
  t.types({"folly::SpinLock", "folly::MicroSpinLock", "folly::MicroLock", "folly::PicoSpinLock"}, lock(spin()));
  t.type("folly::DistributedMutex", lock(plain()));
  t.types({"folly::LockedPtr", "folly::SharedMutexImpl::WriteHolder"}, guard());
  t.type("folly::SharedMutexImpl::ReadHolder", guard(Mode::Shared));

  // A value with its lock: wlock() and the like return a guard, withWLock(f) runs f under the lock.
  t.types({"folly::Synchronized", "boost::synchronized_value", "folly::SynchronizedPtr"}, lock(shared()));

  // Coroutine libraries: awaited, bound to no thread.
  t.types({"folly::coro::Mutex", "cppcoro::async_mutex", "unifex::async_mutex", "concurrencpp::async_lock",
           "drogon::Mutex", "libcoro::mutex", "coro::mutex"},
          lock(unbound()));
  t.types({"folly::coro::SharedMutexFair", "unifex::async_shared_mutex", "seastar::shared_mutex"},
          lock(unbound_shared()));

  // TBB
  t.types({"tbb::mutex", "tbb::queuing_mutex"}, lock(plain()));
  t.types({"tbb::spin_mutex", "tbb::speculative_spin_mutex"}, lock(spin()));
  t.type("tbb::recursive_mutex", lock(recursive()));
  t.types({"tbb::spin_rw_mutex", "tbb::queuing_rw_mutex", "tbb::rw_mutex"}, lock(shared_spin()));
  for (const char *name : {"tbb::mutex", "tbb::queuing_mutex", "tbb::spin_mutex", "tbb::recursive_mutex",
                           "tbb::spin_rw_mutex", "tbb::queuing_rw_mutex", "tbb::rw_mutex"})
    t.type(std::string(name) + "::scoped_lock", guard());

  // LLVM
  t.type("llvm::sys::SmartMutex", lock(recursive()));
  t.type("llvm::sys::SmartRWMutex", lock(shared()));
  t.types({"llvm::sys::SmartScopedLock", "llvm::sys::SmartScopedWriter"}, guard());
  t.type("llvm::sys::SmartScopedReader", guard(Mode::Shared));
}

} // namespace snarl
