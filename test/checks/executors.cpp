// Which executor runs a continuation: an event loop, where it must not block, or a pool, where it may.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 -I%S/Inputs > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include "coro.h"
#include <functional>
#include <thread>
#include <chrono>
#include <mutex>
#include <unistd.h>
namespace folly {
struct Executor { virtual ~Executor(); virtual void add(std::function<void()>) = 0; };
struct EventBase : Executor { void add(std::function<void()>) override; bool runInEventBaseThread(std::function<void()>); void loopForever(); };
struct CPUThreadPoolExecutor : Executor { explicit CPUThreadPoolExecutor(int); void add(std::function<void()>) override; };
template <class T> struct Future {
  template <class F> auto thenValue(F &&f) -> Future<decltype(f(std::declval<T>()))>;
  T get();
};
template <class T> struct SemiFuture { Future<T> via(Executor *e); };
SemiFuture<int> fetch(int);
namespace coro { template <class T> using Task = ::Task<T>; Task<void> sleep(std::chrono::milliseconds); }
}
struct Svc {
  folly::EventBase evb;
  folly::CPUThreadPoolExecutor cpu{4};
  std::mutex mu;
  int n = 0;
  void start() {
    evb.runInEventBaseThread([this] {
      ::usleep(1000); // expect: blocking-in-coroutine
      std::lock_guard g(mu);
      ++n;
    });
    cpu.add([] { ::usleep(1000); });
    folly::fetch(1).via(&cpu).thenValue([](int v) { ::usleep(10); return v; });
    folly::fetch(1).via(&evb).thenValue([](int v) {
      ::usleep(10); // expect: blocking-in-coroutine
      return v;
    });
  }
  folly::coro::Task<void> poll() {
    std::this_thread::sleep_for(std::chrono::seconds(1)); // expect: blocking-in-coroutine
    co_await folly::coro::sleep(std::chrono::milliseconds(1));
  }
  folly::coro::Task<int> held() {
    std::unique_lock lk(mu); // expect: lock-across-suspension
    ++n;
    co_await folly::coro::sleep(std::chrono::milliseconds(1));
    co_return n;
  }
  folly::coro::Task<int> released() {
    std::unique_lock lk(mu);
    ++n;
    lk.unlock();
    co_await folly::coro::sleep(std::chrono::milliseconds(1));
    lk.lock();
    co_return n;
  }
};
int main() { Svc s; s.start(); s.poll(); s.held(); s.released(); s.evb.loopForever(); } // side: dropped-future
