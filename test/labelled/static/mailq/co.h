#pragma once
#include <atomic>
#include <coroutine>
#include <exception>
#include <utility>

// Task, generator and mutex in the way of the well-known library.
namespace cppcoro {

template <class T>
class task {
 public:
  struct promise_type {
    T value{};
    std::coroutine_handle<> cont = std::noop_coroutine();
    task get_return_object() { return task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct done {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept { return h.promise().cont; }
      void await_resume() noexcept {}
    };
    done final_suspend() noexcept { return {}; }
    void return_value(T v) { value = std::move(v); }
    void unhandled_exception() { std::terminate(); }
  };
  explicit task(std::coroutine_handle<promise_type> h) : h_(h) {}
  task(task&& o) noexcept : h_(std::exchange(o.h_, {})) {}
  ~task() {
    if (h_) h_.destroy();
  }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> c) noexcept {
    h_.promise().cont = c;
    return h_;
  }
  T await_resume() { return std::move(h_.promise().value); }

 private:
  std::coroutine_handle<promise_type> h_;
};

template <class T>
class generator {
 public:
  struct promise_type {
    const T* at = nullptr;
    generator get_return_object() { return generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(const T& v) noexcept {
      at = &v;
      return {};
    }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  struct sentinel {};
  struct iterator {
    std::coroutine_handle<promise_type> h;
    iterator& operator++() {
      h.resume();
      return *this;
    }
    const T& operator*() const { return *h.promise().at; }
    bool operator!=(sentinel) const { return !h.done(); }
  };
  explicit generator(std::coroutine_handle<promise_type> h) : h_(h) {}
  generator(generator&& o) noexcept : h_(std::exchange(o.h_, {})) {}
  ~generator() {
    if (h_) h_.destroy();
  }
  iterator begin() {
    h_.resume();
    return {h_};
  }
  sentinel end() { return {}; }

 private:
  std::coroutine_handle<promise_type> h_;
};

class io_service {
 public:
  struct op {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h);
    void await_resume() const noexcept {}
  };
  op schedule() noexcept { return {}; }
  op schedule_after(unsigned ms) noexcept;
  void process_events();
  void stop();
};

template <class T>
T sync_wait(task<T> t);

}  // namespace cppcoro
