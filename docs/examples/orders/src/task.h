// A lazy coroutine that is awaited by one other coroutine.
#pragma once
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace orders {

template <class T> class Task;

namespace detail {

/// When a task ends, whoever awaits it goes on.
struct ResumeAwaiter {
  bool await_ready() const noexcept { return false; }
  template <class Promise> std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    return ended.promise().awaiter;
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> awaiter = std::noop_coroutine();
  std::exception_ptr error;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  ResumeAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() { error = std::current_exception(); }
};

template <class T> struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  void return_value(T result) { value = std::move(result); }
  T take() { return std::move(*value); }
};

template <> struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const {}
  void take() const {}
};

} // namespace detail

template <class T> class [[nodiscard]] Task {
public:
  using promise_type = detail::Promise<T>;

  explicit Task(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}
  Task(Task &&other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task &operator=(Task &&) = delete;
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) {
    coroutine_.promise().awaiter = awaiter;
    return coroutine_;
  }
  T await_resume() {
    if (coroutine_.promise().error) std::rethrow_exception(coroutine_.promise().error);
    return coroutine_.promise().take();
  }

private:
  std::coroutine_handle<promise_type> coroutine_;
};

template <class T> Task<T> detail::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

} // namespace orders
