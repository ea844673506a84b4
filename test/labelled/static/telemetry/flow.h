#pragma once
#include <coroutine>
#include <exception>
#include <mutex>
#include <utility>

namespace flow {

// Pulled by the consumer, one value at a time.
template <class T>
class Stream {
 public:
  struct promise_type {
    T cur{};
    Stream get_return_object() { return Stream(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T v) {
      cur = std::move(v);
      return {};
    }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  explicit Stream(std::coroutine_handle<promise_type> h) : h_(h) {}
  Stream(Stream&& o) noexcept : h_(std::exchange(o.h_, {})) {}
  ~Stream() {
    if (h_) h_.destroy();
  }
  bool next() {
    if (!h_.done()) h_.resume();
    return !h_.done();
  }
  T& value() { return h_.promise().cur; }

 private:
  std::coroutine_handle<promise_type> h_;
};

// Started at once; the owner keeps it until done.
struct Action {
  struct promise_type {
    Action get_return_object() { return Action{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  explicit Action(std::coroutine_handle<promise_type> h) : h_(h) {}
  Action(Action&& o) noexcept : h_(std::exchange(o.h_, {})) {}
  ~Action() {
    if (h_) h_.destroy();
  }
  std::coroutine_handle<promise_type> h_;
};

// Goes on with one of the sender threads.
struct Hop {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h);
  void await_resume() const noexcept {}
};
inline Hop hop() { return {}; }

// Lock with its data, reached through a guard.
template <class T>
class Synced {
 public:
  class Access {
   public:
    explicit Access(Synced& s) : s_(s) { s_.mu_.lock(); }
    ~Access() { s_.mu_.unlock(); }
    Access(const Access&) = delete;
    T* operator->() { return &s_.v_; }

   private:
    Synced& s_;
  };
  Access wlock() { return Access(*this); }  // clean: unreleased-lock
  template <class F>
  auto with(F f) {
    std::lock_guard g(mu_);
    return f(v_);  // maybe: callback-under-lock
  }

 private:
  std::mutex mu_;
  T v_;
};

}  // namespace flow
