#pragma once
#include <atomic>
#include <coroutine>
#include <exception>
#include <string>
#include <utility>

namespace db {

template <class T = int>
struct Async {
  struct promise_type {
    T out{};
    std::coroutine_handle<> up = std::noop_coroutine();
    Async get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Up {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept { return h.promise().up; }
      void await_resume() noexcept {}
    };
    Up final_suspend() noexcept { return {}; }
    void return_value(T t) { out = std::move(t); }
    void unhandled_exception() { std::terminate(); }
  };
  Async(std::coroutine_handle<promise_type> h) : h_(h) {}
  Async(Async&& o) noexcept : h_(std::exchange(o.h_, nullptr)) {}
  ~Async() {
    if (h_) h_.destroy();
  }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> c) noexcept {
    h_.promise().up = c;
    return h_;
  }
  T await_resume() { return std::move(h_.promise().out); }
  std::coroutine_handle<promise_type> h_;
};

// Counting semaphore for coroutines. A permit may travel between threads.
class AsyncSemaphore {
 public:
  explicit AsyncSemaphore(int n) : n_(n) {}
  struct Permit {
    AsyncSemaphore* s;
    Permit(AsyncSemaphore* p) : s(p) {}
    Permit(Permit&& o) noexcept : s(std::exchange(o.s, nullptr)) {}
    ~Permit() {
      if (s) s->release();
    }
  };
  struct Take {
    AsyncSemaphore& s;
    bool await_ready() noexcept { return s.n_.fetch_sub(1) > 0; }
    void await_suspend(std::coroutine_handle<> h);
    Permit await_resume() noexcept { return Permit(&s); }
  };
  Take acquire() { return {*this}; }
  void release();

 private:
  std::atomic<int> n_;
};

// Result that is there already: never suspends.
template <class T>
struct Now {
  T v;
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  T await_resume() { return std::move(v); }
};

// A query on the wire; continues on a network thread.
struct Query {
  std::string sql;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h);
  std::string await_resume();
};

template <class T>
T runBlocking(Async<T> a);

}  // namespace db
