#include "worker_pool.h"

namespace orders {

WorkerPool::WorkerPool(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard lock(mu_);
    stopping_ = true;
  }
  has_work_.notify_all();
  for (auto &thread : threads_) thread.join();
}

void WorkerPool::submit(std::function<void()> job) {
  {
    std::lock_guard lock(mu_);
    jobs_.push_back(std::move(job));
  }
  has_work_.notify_one();
}

void WorkerPool::drain() {
  std::unique_lock lock(mu_);
  is_idle_.wait(lock, [this] { return jobs_.empty() && busy_ == 0; });
}

// Every caller holds mu_.
std::function<void()> WorkerPool::take_locked() {
  auto job = std::move(jobs_.front());
  jobs_.pop_front();
  ++busy_;
  return job;
}

void WorkerPool::work() {
  std::unique_lock lock(mu_);
  for (;;) {
    has_work_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    auto job = take_locked();
    lock.unlock();
    job();
    lock.lock();
    if (--busy_ == 0 && jobs_.empty()) is_idle_.notify_all();
  }
}

} // namespace orders
