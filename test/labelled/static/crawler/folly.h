#pragma once
#include <atomic>
#include <chrono>
#include <coroutine>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

// Small stand-in for the parts of the library in use.
namespace folly {

class Executor {
 public:
  virtual ~Executor() = default;
  virtual void add(std::coroutine_handle<> h) = 0;
};

namespace coro {

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> v;
    std::coroutine_handle<> next = std::noop_coroutine();
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept { return h.promise().next; }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(T x) { v = std::move(x); }
    void unhandled_exception() { std::terminate(); }
  };
  explicit Task(std::coroutine_handle<promise_type> h) : h_(h) {}
  Task(Task&& o) noexcept : h_(std::exchange(o.h_, {})) {}
  ~Task() {
    if (h_) h_.destroy();
  }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> c) noexcept {
    h_.promise().next = c;
    return h_;
  }
  T await_resume() { return std::move(*h_.promise().v); }

 private:
  std::coroutine_handle<promise_type> h_;
};

// Belongs to no thread; may be held over co_await.
class Mutex {
 public:
  struct Locked {
    Mutex& m;
    bool await_ready() const noexcept { return m.try_lock(); }
    bool await_suspend(std::coroutine_handle<> h) noexcept;
    std::unique_lock<Mutex> await_resume() noexcept { return std::unique_lock<Mutex>(m, std::adopt_lock); }
  };
  struct Plain {
    Mutex& m;
    bool await_ready() const noexcept { return m.try_lock(); }
    bool await_suspend(std::coroutine_handle<> h) noexcept;
    void await_resume() const noexcept {}
  };
  bool try_lock() noexcept { return !taken_.exchange(true); }
  void lock() = delete;
  void unlock() noexcept;
  Locked co_scoped_lock() noexcept { return {*this}; }
  Plain co_lock() noexcept { return {*this}; }

 private:
  std::atomic<bool> taken_{false};
};

class Baton {
 public:
  bool await_ready() const noexcept { return set_.load(); }
  bool await_suspend(std::coroutine_handle<> h) noexcept;
  void await_resume() const noexcept {}
  void post() noexcept;

 private:
  std::atomic<bool> set_{false};
};

struct Pause {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h);
  void await_resume() const noexcept {}
};
Pause sleep(std::chrono::milliseconds d);
inline Pause co_reschedule_on_current_executor() { return {}; }

template <class T>
T blockingWait(Task<T> t);

}  // namespace coro

template <class T>
class SemiFuture {
 public:
  T get() &&;
  bool isReady() const;
  void wait();
  bool await_ready() const noexcept { return isReady(); }
  void await_suspend(std::coroutine_handle<> h);
  T await_resume();
};

}  // namespace folly
