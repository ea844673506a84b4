#pragma once
#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace aio {

struct Detach {
  struct promise_type {
    Detach get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

template <class T>
struct Coro {
  struct promise_type {
    std::optional<T> v;
    std::coroutine_handle<> up = std::noop_coroutine();
    Coro get_return_object() { return Coro{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Last {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept { return h.promise().up; }
      void await_resume() noexcept {}
    };
    Last final_suspend() noexcept { return {}; }
    void return_value(T t) { v = std::move(t); }
    void unhandled_exception() { std::terminate(); }
  };
  explicit Coro(std::coroutine_handle<promise_type> h) : h(h) {}
  Coro(Coro&& o) noexcept : h(std::exchange(o.h, {})) {}
  ~Coro() {
    if (h) h.destroy();
  }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> c) noexcept {
    h.promise().up = c;
    return h;
  }
  T await_resume() { return std::move(*h.promise().v); }
  std::coroutine_handle<promise_type> h;
};

// Runs f where waiting is fine; the coroutine goes on in the loop.
struct InPool {
  std::function<std::string()> f;
  std::string out;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h);
  std::string await_resume() { return std::move(out); }
};
inline InPool in_pool(std::function<std::string()> f) { return {std::move(f), {}}; }

struct Timer {
  std::chrono::milliseconds d;
  bool await_ready() const noexcept { return d.count() == 0; }
  void await_suspend(std::coroutine_handle<> h) const;
  void await_resume() const noexcept {}
};
inline Timer sleep_for(std::chrono::milliseconds d) { return {d}; }

void run_loop();

}  // namespace aio
