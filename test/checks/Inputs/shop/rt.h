#pragma once
#include <chrono>
#include <coroutine>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rt {

template <class T>
struct Task {
  struct promise_type {
    std::optional<T> v;
    Task get_return_object() { return Task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(T t) { v = std::move(t); }
    void unhandled_exception() {}
  };
  explicit Task(std::coroutine_handle<promise_type> h) : h(h) {}
  Task(Task&& o) noexcept : h(std::exchange(o.h, {})) {}
  ~Task() { if (h) h.destroy(); }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept { return h; }
  T await_resume() { return std::move(*h.promise().v); }
  std::coroutine_handle<promise_type> h;
};

struct Sleep {
  std::chrono::milliseconds d;
  bool await_ready() const noexcept { return d.count() == 0; }
  void await_suspend(std::coroutine_handle<> h);
  void await_resume() const noexcept {}
};
inline Sleep sleepFor(std::chrono::milliseconds d) { return {d}; }

class AsyncMutex {
 public:
  struct Guard {
    AsyncMutex* m;
    ~Guard() { if (m) m->unlock(); }
  };
  struct Awaiter {
    AsyncMutex& m;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h);
    Guard await_resume() { return Guard{&m}; }
  };
  Awaiter lock() { return {*this}; }
  void unlock();
};

}  // namespace rt
