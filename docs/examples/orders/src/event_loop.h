// One thread that runs coroutines. Whatever blocks here holds up every order in flight.
#pragma once
#include "task.h"
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

namespace orders {

class EventLoop {
public:
  using Clock = std::chrono::steady_clock;

  /// Runs `job` on the loop's thread; may be called from any thread.
  void post(std::function<void()> job);
  /// Starts a task; run() returns when all that were started have ended.
  void spawn(Task<void> task);
  void run();

  /// co_await loop.sleep_for(10ms): other coroutines run in the meantime.
  auto sleep_for(Clock::duration time) {
    struct Awaiter {
      EventLoop &loop;
      Clock::duration time;
      bool await_ready() const noexcept { return time <= Clock::duration::zero(); }
      void await_suspend(std::coroutine_handle<> waiting) { loop.wake_at(Clock::now() + time, waiting); }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this, time};
  }

private:
  struct Detached;
  Detached drive(Task<void> task);
  void wake_at(Clock::time_point when, std::coroutine_handle<> waiting);
  void run_due_timers_locked();

  std::mutex mu_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  std::multimap<Clock::time_point, std::coroutine_handle<>> timers_;
  int running_ = 0; // tasks started and not ended
};

} // namespace orders
