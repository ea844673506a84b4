#include "event_loop.h"
#include <memory>

namespace orders {

struct EventLoop::Detached {
  struct promise_type {
    Detached get_return_object() const { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const {}
    void unhandled_exception() const { std::terminate(); }
  };
};

void EventLoop::post(std::function<void()> job) {
  {
    std::lock_guard lock(mu_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

EventLoop::Detached EventLoop::drive(Task<void> task) {
  co_await task;
  std::lock_guard lock(mu_);
  --running_;
}

void EventLoop::spawn(Task<void> task) {
  auto shared = std::make_shared<Task<void>>(std::move(task));
  {
    std::lock_guard lock(mu_);
    ++running_;
  }
  post([this, shared] { drive(std::move(*shared)); });
}

void EventLoop::wake_at(Clock::time_point when, std::coroutine_handle<> waiting) {
  std::lock_guard lock(mu_);
  timers_.emplace(when, waiting);
}

// The caller holds mu_.
void EventLoop::run_due_timers_locked() {
  while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
    jobs_.push_back(timers_.begin()->second);
    timers_.erase(timers_.begin());
  }
}

void EventLoop::run() {
  std::unique_lock lock(mu_);
  while (running_ > 0) {
    run_due_timers_locked();
    if (jobs_.empty()) {
      auto until = timers_.empty() ? Clock::now() + std::chrono::seconds(1) : timers_.begin()->first;
      changed_.wait_until(lock, until);
      continue;
    }
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock(); // a job takes locks of its own, and may post
    job();
    lock.lock();
  }
}

} // namespace orders
