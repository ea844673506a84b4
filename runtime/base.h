// What the rest of the library stands on: raw system calls, memory from mmap, a spin lock, hashing.
//
// Nothing here calls libc. A wrapper of pthread_mutex_lock can be entered from malloc, from the dynamic linker's
// neighbourhood and from signal handlers, so whatever it uses must not lock, allocate or touch errno.
#pragma once
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define SNARL_EXPORT extern "C" __attribute__((visibility("default")))
#define SNARL_INLINE inline __attribute__((always_inline))
/// Out of line, and where the compiler can, without a price for the caller: it need not save registers for a call that
/// almost never happens.
#if defined(__clang__)
#define SNARL_COLD __attribute__((noinline, cold, preserve_most))
#else
#define SNARL_COLD __attribute__((noinline, cold))
#endif
#define SNARL_LIKELY(x) __builtin_expect(!!(x), 1)
#define SNARL_UNLIKELY(x) __builtin_expect(!!(x), 0)

namespace snarl_rt {

/// The program has restricted its system calls, or is about to: none of ours is made any more, for the filter may
/// answer with a signal. See interpose_seccomp.cpp.
extern bool silent;

/// A system call that the program would make if we were not there, and that leaves errno alone: the result, or -errno.
SNARL_INLINE long program_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
/// One of ours.
SNARL_INLINE long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  return SNARL_UNLIKELY(silent) ? -ENOSYS : program_syscall(number, a, b, c, d, e, f);
}

template <class T> SNARL_INLINE T load(const volatile T &from) {
  return __atomic_load_n(&from, __ATOMIC_RELAXED);
}
template <class T> SNARL_INLINE T load_acquire(const volatile T &from) {
  return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
}
template <class T, class V> SNARL_INLINE void store(T &to, V value) {
  __atomic_store_n(&to, static_cast<T>(value), __ATOMIC_RELAXED);
}
template <class T, class V> SNARL_INLINE void store_release(T &to, V value) {
  __atomic_store_n(&to, static_cast<T>(value), __ATOMIC_RELEASE);
}
/// Orders stores for a signal handler of the same thread and for the watcher (x86 keeps stores in order).
SNARL_INLINE void compiler_barrier() {
  __asm__ volatile("" ::: "memory");
}

#ifdef SNARL_FAULTS
/// For tests: the system refuses memory after so many more requests.
extern uint64_t grants_left;
#endif

/// Zeroed pages, or null when the system refuses.
inline void *map_pages(size_t bytes) {
#ifdef SNARL_FAULTS
  if (!grants_left) return nullptr;
  --grants_left;
#endif
  long result = raw_syscall(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return result < 0 && result > -4096 ? nullptr : reinterpret_cast<void *>(result);
}
inline void unmap_pages(void *start, size_t bytes) {
  raw_syscall(SYS_munmap, reinterpret_cast<long>(start), static_cast<long>(bytes));
}

/// Finalizer of MurmurHash3: every input bit reaches every output bit.
SNARL_INLINE uint64_t mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdull;
  x ^= x >> 33;
  return x;
}
SNARL_INLINE uint64_t mix(uint64_t a, uint64_t b) {
  return mix(a * 0x9e3779b97f4a7c15ull + b);
}

/// Guards tables that only a new lock, stack, thread or situation touches: never the repeat path. Taken with the
/// thread's guard set (see Thread::inside), so that a signal handler of the holder cannot wait for it.
class SpinLock {
public:
  void lock() {
    for (int spins = 0; __atomic_exchange_n(&taken_, 1, __ATOMIC_ACQUIRE);)
      if (++spins < 100)
        __builtin_ia32_pause();
      else
        raw_syscall(SYS_sched_yield);
  }
  void unlock() { __atomic_store_n(&taken_, 0, __ATOMIC_RELEASE); }
  /// In a forked child only: whoever held it is not there any more.
  void reset() { taken_ = 0; }

private:
  int taken_ = 0;
};

/// Holds a SpinLock for a scope. Never around a call of the program's or libc's code.
class Locked {
public:
  explicit Locked(SpinLock &lock) : lock_(lock) { lock_.lock(); }
  ~Locked() { lock_.unlock(); }
  Locked(const Locked &) = delete;

private:
  SpinLock &lock_;
};

/// Memory that is never given back, cut from mapped chunks. Not for the repeat path.
class Arena {
public:
  void *allocate(size_t bytes) {
    bytes = (bytes + 15) & ~size_t{15};
    if (bytes > kChunk / 4) return map_pages(bytes);
    Locked locked(lock_);
    if (left_ < bytes) {
      void *chunk = map_pages(kChunk);
      if (!chunk) return nullptr;
      next_ = static_cast<char *>(chunk);
      left_ = kChunk;
    }
    void *result = next_;
    next_ += bytes;
    left_ -= bytes;
    return result;
  }
  SpinLock &lock() { return lock_; }

private:
  static constexpr size_t kChunk = 256 * 1024;
  SpinLock lock_;
  char *next_ = nullptr;
  size_t left_ = 0;
};

extern Arena arena;

/// Reads memory that may be gone; false if it is. A system call: for rare looks at the program's objects only.
bool read_memory(void *to, const void *from, size_t bytes);

inline size_t length(const char *text) {
  size_t n = 0;
  while (text[n]) ++n;
  return n;
}
inline bool same(const char *a, const char *b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}

} // namespace snarl_rt
