#pragma once
#include <pthread.h>

#if defined(__clang__)
#define TS(x) __attribute__((x))
#else
#define TS(x)
#endif

namespace syn {

class TS(capability("mutex")) Mutex {
 public:
  Mutex() { pthread_rwlock_init(&l_, nullptr); }
  ~Mutex() { pthread_rwlock_destroy(&l_); }
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void Lock() TS(acquire_capability()) { pthread_rwlock_wrlock(&l_); }
  void Unlock() TS(release_capability()) { pthread_rwlock_unlock(&l_); }
  void ReaderLock() TS(acquire_shared_capability()) { pthread_rwlock_rdlock(&l_); }
  void ReaderUnlock() TS(release_shared_capability()) { pthread_rwlock_unlock(&l_); }
  bool TryLock() TS(try_acquire_capability(true)) { return pthread_rwlock_trywrlock(&l_) == 0; }
  void AssertHeld() const TS(assert_capability(this)) {}

 private:
  pthread_rwlock_t l_;
};

class TS(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex* mu) TS(acquire_capability(mu)) : mu_(mu) { mu_->Lock(); }
  ~MutexLock() TS(release_capability()) { mu_->Unlock(); }
  MutexLock(const MutexLock&) = delete;

 private:
  Mutex* const mu_;
};

class TS(scoped_lockable) ReaderMutexLock {
 public:
  explicit ReaderMutexLock(Mutex* mu) TS(acquire_shared_capability(mu)) : mu_(mu) { mu_->ReaderLock(); }
  ~ReaderMutexLock() TS(release_generic_capability()) { mu_->ReaderUnlock(); }
  ReaderMutexLock(const ReaderMutexLock&) = delete;

 private:
  Mutex* const mu_;
};

}  // namespace syn
