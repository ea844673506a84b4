#include "annotate_header.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace snarl {
namespace {

constexpr const char *kMark = "// Written by snarl annotate.";
constexpr const char *kPthreadMark = "\n// ---- POSIX threads\n";
constexpr const char *kStandardMark = "\n// ---- The standard library\n";

// name, attribute; an argument list for those that take one.
constexpr struct {
  const char *name, *arguments, *attribute;
} kMacros[] = {
    {"CAPABILITY", "(x)", "capability(x)"},
    {"SCOPED_CAPABILITY", "", "scoped_lockable"},
    {"GUARDED_BY", "(x)", "guarded_by(x)"},
    {"PT_GUARDED_BY", "(x)", "pt_guarded_by(x)"},
    {"ACQUIRED_BEFORE", "(...)", "acquired_before(__VA_ARGS__)"},
    {"ACQUIRED_AFTER", "(...)", "acquired_after(__VA_ARGS__)"},
    {"REQUIRES", "(...)", "requires_capability(__VA_ARGS__)"},
    {"REQUIRES_SHARED", "(...)", "requires_shared_capability(__VA_ARGS__)"},
    {"ACQUIRE", "(...)", "acquire_capability(__VA_ARGS__)"},
    {"ACQUIRE_SHARED", "(...)", "acquire_shared_capability(__VA_ARGS__)"},
    {"RELEASE", "(...)", "release_capability(__VA_ARGS__)"},
    {"RELEASE_SHARED", "(...)", "release_shared_capability(__VA_ARGS__)"},
    {"RELEASE_GENERIC", "(...)", "release_generic_capability(__VA_ARGS__)"},
    {"TRY_ACQUIRE", "(...)", "try_acquire_capability(__VA_ARGS__)"},
    {"TRY_ACQUIRE_SHARED", "(...)", "try_acquire_shared_capability(__VA_ARGS__)"},
    {"EXCLUDES", "(...)", "locks_excluded(__VA_ARGS__)"},
    {"ASSERT_CAPABILITY", "(x)", "assert_capability(x)"},
    {"ASSERT_SHARED_CAPABILITY", "(x)", "assert_shared_capability(x)"},
    {"RETURN_CAPABILITY", "(x)", "lock_returned(x)"},
    {"NO_THREAD_SAFETY_ANALYSIS", "", "no_thread_safety_analysis"},
};

// A type may be named again by the same typedef, and a function declared again: so the C library's own get attributes.
constexpr const char *kPthread =
    R"(// Clang is told here what these functions do; they and their types stay what they are.
#if defined(__clang__) && !defined(SWIG)
#include <pthread.h>
#ifdef __cplusplus
extern "C" {
#define @NOEXCEPT noexcept
#else
#define @NOEXCEPT
#endif
typedef pthread_mutex_t pthread_mutex_t @CAPABILITY("mutex");
extern int pthread_mutex_lock(pthread_mutex_t *m) @NOEXCEPT @ACQUIRE(*m);
extern int pthread_mutex_trylock(pthread_mutex_t *m) @NOEXCEPT @TRY_ACQUIRE(0, *m);
extern int pthread_mutex_unlock(pthread_mutex_t *m) @NOEXCEPT @RELEASE(*m);
extern int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m) @REQUIRES(*m);
extern int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *t) @REQUIRES(*m);
typedef pthread_rwlock_t pthread_rwlock_t @CAPABILITY("rwlock");
extern int pthread_rwlock_rdlock(pthread_rwlock_t *l) @NOEXCEPT @ACQUIRE_SHARED(*l);
extern int pthread_rwlock_tryrdlock(pthread_rwlock_t *l) @NOEXCEPT @TRY_ACQUIRE_SHARED(0, *l);
extern int pthread_rwlock_wrlock(pthread_rwlock_t *l) @NOEXCEPT @ACQUIRE(*l);
extern int pthread_rwlock_trywrlock(pthread_rwlock_t *l) @NOEXCEPT @TRY_ACQUIRE(0, *l);
extern int pthread_rwlock_unlock(pthread_rwlock_t *l) @NOEXCEPT @RELEASE_GENERIC(*l);
#ifdef __cplusplus
}
#endif
#undef @NOEXCEPT
#endif
)";

constexpr const char *kStandard =
    R"(// The locks and guards of std:: with attributes. They are std::'s own (derived from them), so condition variables,
// std::lock and functions that take a std::unique_lock by reference work as before.
#ifdef __cplusplus
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

namespace annotated {

template <class Base> class @CAPABILITY("mutex") basic_mutex : public Base {
public:
  using base = Base;
  void lock() @ACQUIRE() { Base::lock(); }
  bool try_lock() @TRY_ACQUIRE(true) { return Base::try_lock(); }
  void unlock() @RELEASE() { Base::unlock(); }
};
using mutex = basic_mutex<std::mutex>;
using recursive_mutex = basic_mutex<std::recursive_mutex>;

template <class Base> class @CAPABILITY("mutex") basic_timed_mutex : public Base {
public:
  using base = Base;
  void lock() @ACQUIRE() { Base::lock(); }
  bool try_lock() @TRY_ACQUIRE(true) { return Base::try_lock(); }
  template <class Time> bool try_lock_for(const Time &time) @TRY_ACQUIRE(true) { return Base::try_lock_for(time); }
  template <class Time> bool try_lock_until(const Time &time) @TRY_ACQUIRE(true) { return Base::try_lock_until(time); }
  void unlock() @RELEASE() { Base::unlock(); }
};
using timed_mutex = basic_timed_mutex<std::timed_mutex>;
using recursive_timed_mutex = basic_timed_mutex<std::recursive_timed_mutex>;

class @CAPABILITY("mutex") shared_mutex : public std::shared_mutex {
public:
  using base = std::shared_mutex;
  void lock() @ACQUIRE() { base::lock(); }
  bool try_lock() @TRY_ACQUIRE(true) { return base::try_lock(); }
  void unlock() @RELEASE() { base::unlock(); }
  void lock_shared() @ACQUIRE_SHARED() { base::lock_shared(); }
  bool try_lock_shared() @TRY_ACQUIRE_SHARED(true) { return base::try_lock_shared(); }
  void unlock_shared() @RELEASE_SHARED() { base::unlock_shared(); }
};

template <class Mutex> class @SCOPED_CAPABILITY lock_guard {
public:
  explicit lock_guard(Mutex &mutex) @ACQUIRE(mutex) : guard_(mutex) {}
  lock_guard(Mutex &mutex, std::adopt_lock_t adopt) @REQUIRES(mutex) : guard_(mutex, adopt) {}
  ~lock_guard() @RELEASE() {}

private:
  std::lock_guard<typename Mutex::base> guard_;
};

template <class Mutex> class @SCOPED_CAPABILITY unique_lock : public std::unique_lock<typename Mutex::base> {
public:
  using base = std::unique_lock<typename Mutex::base>;
  unique_lock() = default;
  explicit unique_lock(Mutex &mutex) @ACQUIRE(mutex) : base(mutex) {}
  unique_lock(Mutex &mutex, std::defer_lock_t defer) @EXCLUDES(mutex) : base(mutex, defer) {}
  unique_lock(Mutex &mutex, std::adopt_lock_t adopt) @REQUIRES(mutex) : base(mutex, adopt) {}
  template <class Further> unique_lock(Mutex &mutex, const Further &further) : base(mutex, further) {}
  unique_lock(unique_lock &&) = default;
  unique_lock &operator=(unique_lock &&) = default;
  ~unique_lock() @RELEASE() {}
  void lock() @ACQUIRE() { base::lock(); }
  bool try_lock() @TRY_ACQUIRE(true) { return base::try_lock(); }
  void unlock() @RELEASE() { base::unlock(); }
};

template <class Mutex> class @SCOPED_CAPABILITY shared_lock : public std::shared_lock<typename Mutex::base> {
public:
  using base = std::shared_lock<typename Mutex::base>;
  shared_lock() = default;
  explicit shared_lock(Mutex &mutex) @ACQUIRE_SHARED(mutex) : base(mutex) {}
  template <class Further> shared_lock(Mutex &mutex, const Further &further) : base(mutex, further) {}
  shared_lock(shared_lock &&) = default;
  shared_lock &operator=(shared_lock &&) = default;
  ~shared_lock() @RELEASE() {}
  void lock() @ACQUIRE_SHARED() { base::lock(); }
  bool try_lock() @TRY_ACQUIRE_SHARED(true) { return base::try_lock(); }
  void unlock() @RELEASE() { base::unlock(); }
};

template <class... Mutexes> class scoped_lock;
template <class Mutex> class @SCOPED_CAPABILITY scoped_lock<Mutex> {
public:
  explicit scoped_lock(Mutex &mutex) @ACQUIRE(mutex) : guard_(mutex) {}
  ~scoped_lock() @RELEASE() {}

private:
  std::scoped_lock<typename Mutex::base> guard_;
};
template <class One, class Two> class @SCOPED_CAPABILITY scoped_lock<One, Two> {
public:
  scoped_lock(One &one, Two &two) @ACQUIRE(one, two) : guard_(one, two) {}
  ~scoped_lock() @RELEASE() {}

private:
  std::scoped_lock<typename One::base, typename Two::base> guard_;
};
template <class One, class Two, class Three> class @SCOPED_CAPABILITY scoped_lock<One, Two, Three> {
public:
  scoped_lock(One &one, Two &two, Three &three) @ACQUIRE(one, two, three) : guard_(one, two, three) {}
  ~scoped_lock() @RELEASE() {}

private:
  std::scoped_lock<typename One::base, typename Two::base, typename Three::base> guard_;
};
template <class... Mutexes> scoped_lock(Mutexes &...) -> scoped_lock<Mutexes...>;

} // namespace annotated
#endif
)";

} // namespace

std::string MacroHeader::text() const {
  std::string guard = prefix + "THREAD_ANNOTATION__";
  std::string text =
      std::string(kMark) +
      " What the macros mean: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html\n"
      "// Other compilers see nothing.\n#pragma once\n\n#if defined(__clang__) && !defined(SWIG)\n#define " +
      guard + "(x) __attribute__((x))\n#else\n#define " + guard + "(x)\n#endif\n\n";
  for (const auto &macro : kMacros)
    text += "#ifndef " + prefix + macro.name + "\n#define " + prefix + macro.name + macro.arguments + " " + guard +
            "(" + macro.attribute + ")\n#endif\n";
  auto section = [&](const char *mark, llvm::StringRef body) {
    text += mark;
    for (char c : body)
      if (c == '@')
        text += prefix;
      else
        text += c;
  };
  if (pthread) section(kPthreadMark, kPthread);
  if (standard) section(kStandardMark, kStandard);
  return text;
}

bool MacroHeader::adopt(llvm::StringRef text) {
  if (!text.starts_with(kMark)) return false;
  size_t name = text.find("#define ");
  if (name != llvm::StringRef::npos) prefix = text.drop_front(name + 8).split("THREAD_ANNOTATION__").first.str();
  pthread |= text.contains(kPthreadMark);
  standard |= text.contains(kStandardMark);
  return true;
}

bool is_wrapped_type(llvm::StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .Cases("mutex", "recursive_mutex", "timed_mutex", "recursive_timed_mutex", "shared_mutex", true)
      .Cases("lock_guard", "unique_lock", "shared_lock", "scoped_lock", true)
      .Default(false);
}

} // namespace snarl
