#pragma once
#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace net {

template <class T>
struct Task {
  struct promise_type {
    T value{};
    std::coroutine_handle<> next;
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        return h.promise().next ? h.promise().next : std::noop_coroutine();
      }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(T v) { value = std::move(v); }
    void unhandled_exception() { std::terminate(); }
  };
  explicit Task(std::coroutine_handle<promise_type> h) : h_(h) {}
  Task(Task&& o) noexcept : h_(std::exchange(o.h_, nullptr)) {}
  Task& operator=(Task&& o) noexcept {
    std::swap(h_, o.h_);
    return *this;
  }
  ~Task() {
    if (h_) h_.destroy();
  }
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> c) noexcept {
    h_.promise().next = c;
    return h_;
  }
  T await_resume() { return std::move(h_.promise().value); }

 private:
  std::coroutine_handle<promise_type> h_;
};

// Starts at once and frees itself; nobody waits for it.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

struct Resume {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> h);
  int await_resume() { return n; }
  int n = 0;
};

Resume sleep(std::chrono::milliseconds d);
Resume read(int fd, std::string& out);
Resume write(int fd, std::string data);
Resume connect(std::string host, int port);
Resume resume_on_pool();
Resume resume_on_loop();
void on_pool(std::function<void()> f);  // runs f on the pool of blocking threads
void spawn(Task<int> t);

class AsyncMutex {
 public:
  struct Guard {
    ~Guard();
    Guard(Guard&&) noexcept;
    AsyncMutex* m;
  };
  struct Lock {
    bool await_ready();
    bool await_suspend(std::coroutine_handle<>);
    Guard await_resume();
  };
  Lock lock();
};

}  // namespace net
