// A coroutine generator and a scheduler of lazy tasks.
#include <algorithm>
#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <utility>
#include <vector>

template <class T> class Generator {
public:
  struct promise_type {
    T value;
    Generator get_return_object() { return Generator(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T v) {
      value = std::move(v);
      return {};
    }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  explicit Generator(std::coroutine_handle<promise_type> h) : handle_(h) {}
  Generator(Generator &&other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ~Generator() {
    if (handle_) handle_.destroy();
  }
  bool next() {
    handle_.resume();
    return !handle_.done();
  }
  const T &value() const { return handle_.promise().value; }

private:
  std::coroutine_handle<promise_type> handle_;
};

Generator<std::string> names(int n) {
  for (int i = 0; i < n; ++i) co_yield "name" + std::to_string(i);
}

class Scheduler {
public:
  using Clock = std::chrono::steady_clock;
  void at(Clock::time_point when, std::function<void()> what) {
    std::lock_guard lock(mutex_);
    items_.emplace(when, std::move(what));
  }
  void run() {
    for (;;) {
      std::function<void()> next;
      {
        std::lock_guard lock(mutex_);
        if (items_.empty()) return;
        next = std::move(items_.begin()->second);
        items_.erase(items_.begin());
      }
      next();
    }
  }

private:
  std::mutex mutex_;
  std::multimap<Clock::time_point, std::function<void()>> items_;
};

int main() {
  Scheduler scheduler;
  auto all = std::make_shared<std::vector<std::string>>();
  for (auto g = names(5); g.next();)
    scheduler.at(Scheduler::Clock::now(), [all, name = g.value()] { all->push_back(name); });
  std::jthread other([&] { scheduler.run(); });
  scheduler.run();
  std::cout << all->size() << '\n';
}
