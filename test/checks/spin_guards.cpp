// Spin locks of the program's own, by hand and in guards, optional and unique ones, across a suspension.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 -I%S/Inputs > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include "coro.h"
#include <pthread.h>
#include <atomic>
#include <optional>
#include <mutex>
#include <memory>
class PthreadGuard {
 public:
  explicit PthreadGuard(pthread_mutex_t &m) : m_(m) { pthread_mutex_lock(&m_); }
  ~PthreadGuard() { pthread_mutex_unlock(&m_); }
  PthreadGuard(const PthreadGuard &) = delete;
 private:
  pthread_mutex_t &m_;
};
struct SpinBase { void lock() { while (f.test_and_set()) {} } void unlock() { f.clear(); } bool try_lock() { return !f.test_and_set(); } std::atomic_flag f; };
struct NamedSpin : SpinBase { const char *name; };
template <class L> struct Padded { L l; void lock() { l.lock(); } void unlock() { l.unlock(); } };
struct S {
  pthread_mutex_t pm = PTHREAD_MUTEX_INITIALIZER;
  mutable NamedSpin spin; Padded<SpinBase> pad; int n = 0;
  using Spin = NamedSpin;
  Task<int> one() { PthreadGuard g(pm); ++n; co_await Task<void>{}; co_return 1; } // expect: lock-across-suspension
  Task<int> oneOk() { { PthreadGuard g(pm); ++n; } co_await Task<void>{}; co_return 1; }
  Task<int> two() const { spin.lock(); co_await Task<void>{}; spin.unlock(); co_return 1; } // expect: lock-across-suspension
  Task<int> twoOk() { Spin &s = spin; s.lock(); ++n; s.unlock(); co_await Task<void>{}; co_return 1; }
  Task<int> three() { auto &p = pad; p.lock(); co_await Task<void>{}; p.unlock(); co_return 1; } // expect: lock-across-suspension
  Task<int> threeOk() { pad.lock(); ++n; pad.unlock(); co_await Task<void>{}; co_return 1; }
  Task<int> four() { std::optional<std::lock_guard<NamedSpin>> g; g.emplace(spin); co_await Task<void>{}; co_return 1; } // expect: lock-across-suspension
  Task<int> fourOk() { std::optional<std::lock_guard<NamedSpin>> g; g.emplace(spin); g.reset(); co_await Task<void>{}; co_return 1; }
  Task<int> five() { auto g = std::make_unique<PthreadGuard>(pm); co_await Task<void>{}; co_return 1; } // expect: lock-across-suspension
  Task<int> fiveOk() { auto g = std::make_unique<PthreadGuard>(pm); g.reset(); co_await Task<void>{}; co_return 1; }
  Task<int> six() { std::optional<std::unique_lock<SpinBase>> g(std::in_place, pad.l); co_await Task<void>{}; co_return 1; } // expect: lock-across-suspension
  Task<int> sixOk() { std::optional<std::unique_lock<SpinBase>> g(std::in_place, pad.l); g = std::nullopt; co_await Task<void>{}; co_return 1; }
  Task<int> seven() { if (spin.try_lock()) { co_await Task<void>{}; spin.unlock(); } co_return 1; } // expect: lock-across-suspension
  Task<int> sevenOk() { if (!spin.try_lock()) co_await Task<void>{}; else spin.unlock(); co_return 1; }
};
Task<int> all(S &s) { co_await s.one(); co_await s.oneOk(); co_await s.two(); co_await s.twoOk(); co_await s.three(); co_await s.threeOk(); co_await s.four(); co_await s.fourOk(); co_await s.five(); co_await s.fiveOk(); co_await s.six(); co_await s.sixOk(); co_await s.seven(); co_await s.sevenOk(); co_return 1; }
int main() { S s; all(s); } // side: dropped-future
