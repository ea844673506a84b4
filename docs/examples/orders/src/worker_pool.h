// Threads for what may block: files, sockets, long computations.
#pragma once
#include "event_loop.h"
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace orders {

class WorkerPool {
public:
  explicit WorkerPool(unsigned threads);
  ~WorkerPool();

  void submit(std::function<void()> job);
  /// Waits until all that was submitted has been done.
  void drain();

  /// co_await pool.run(loop, job): the job runs here, the coroutine goes on in the loop.
  auto run(EventLoop &loop, std::function<void()> job) {
    struct Awaiter {
      WorkerPool &pool;
      EventLoop &loop;
      std::function<void()> job;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> waiting) {
        pool.submit([this, waiting] {
          job();
          loop.post(waiting);
        });
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this, loop, std::move(job)};
  }

private:
  void work();
  std::function<void()> take_locked();

  std::mutex mu_;
  std::condition_variable has_work_, is_idle_;
  std::deque<std::function<void()>> jobs_;
  unsigned busy_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace orders
