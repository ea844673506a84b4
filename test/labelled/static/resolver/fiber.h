#pragma once
#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace fib {

template <class T>
class [[nodiscard]] Job {
 public:
  struct promise_type {
    std::optional<T> value;
    std::exception_ptr error;
    std::coroutine_handle<> parent = std::noop_coroutine();
    Job get_return_object() { return Job(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Back {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept { return h.promise().parent; }
        void await_resume() noexcept {}
      };
      return Back{};
    }
    void return_value(T v) { value.emplace(std::move(v)); }
    void unhandled_exception() { error = std::current_exception(); }
  };
  explicit Job(std::coroutine_handle<promise_type> h) : co_(h) {}
  Job(Job&& o) noexcept : co_(std::exchange(o.co_, nullptr)) {}
  ~Job() {
    if (co_) co_.destroy();
  }
  auto operator co_await() && noexcept {
    struct Wait {
      std::coroutine_handle<promise_type> h;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> p) noexcept {
        h.promise().parent = p;
        return h;
      }
      T await_resume() {
        if (h.promise().error) std::rethrow_exception(h.promise().error);
        return std::move(*h.promise().value);
      }
    };
    return Wait{co_};
  }
  std::coroutine_handle<promise_type> release() { return std::exchange(co_, nullptr); }

 private:
  std::coroutine_handle<promise_type> co_;
};

// One thread runs all jobs.
class Reactor {
 public:
  struct Ready {
    Reactor& r;
    int fd;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h);
    void await_resume() const noexcept {}
  };
  struct Nap {
    Reactor& r;
    unsigned ms;
    bool await_ready() const noexcept { return ms == 0; }
    void await_suspend(std::coroutine_handle<> h);
    void await_resume() const noexcept {}
  };
  template <class F>
  struct Away {
    F f;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h);
    auto await_resume() { return f(); }
  };
  Ready readable(int fd) { return {*this, fd}; }
  Nap sleep(unsigned ms) { return {*this, ms}; }
  void start(Job<int> j);
  void run();
};

}  // namespace fib
