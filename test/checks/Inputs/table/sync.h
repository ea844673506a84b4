#pragma once
#include <pthread.h>
#include <cstdlib>

// The project's own synchronisation layer.
namespace syn {

class Mutex {
 public:
  Mutex() { pthread_mutex_init(&m_, nullptr); }
  ~Mutex() { pthread_mutex_destroy(&m_); }
  void Lock() { if (pthread_mutex_lock(&m_) != 0) std::abort(); }
  void Unlock() { pthread_mutex_unlock(&m_); }
  bool TryLock() { return pthread_mutex_trylock(&m_) == 0; }
 private:
  friend class CondVar;
  pthread_mutex_t m_;
};

class MutexLock {
 public:
  explicit MutexLock(Mutex* mu) : mu_(mu) { mu_->Lock(); }
  ~MutexLock() { mu_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
 private:
  Mutex* const mu_;
};

class MaybeLock {
 public:
  explicit MaybeLock(Mutex* mu) : mu_(mu) { if (mu_) mu_->Lock(); }
  ~MaybeLock() { if (mu_) mu_->Unlock(); }
 private:
  Mutex* const mu_;
};

class Releasable {
 public:
  explicit Releasable(Mutex* mu) : mu_(mu) { mu_->Lock(); }
  ~Releasable() { if (mu_) mu_->Unlock(); }
  void Release() { mu_->Unlock(); mu_ = nullptr; }
 private:
  Mutex* mu_;
};

class CondVar {
 public:
  void Wait(Mutex* mu) { pthread_cond_wait(&c_, &mu->m_); }
  void SignalAll() { pthread_cond_broadcast(&c_); }
 private:
  pthread_cond_t c_ = PTHREAD_COND_INITIALIZER;
};

}  // namespace syn

#define LOCKED(mu) ::syn::MutexLock lock_##__LINE__(&(mu))
