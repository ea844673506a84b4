// A thread pool: work under the lock, jobs outside it, results read too early.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

class Pool {
 public:
  explicit Pool(unsigned n) {
    for (unsigned i = 0; i < n; ++i) workers_.emplace_back(&Pool::run, this);
  }
  ~Pool() {
    {
      std::unique_lock<std::mutex> lock(m_);
      stop_ = true;
    }
    cv_.notify_all();
    for (std::thread& w : workers_) w.join();
  }
  template <class F>
  std::future<void> submit(F f) {
    auto task = std::make_shared<std::packaged_task<void()>>(std::move(f));
    auto result = task->get_future();
    {
      std::lock_guard<std::mutex> lock(m_);
      jobs_.emplace_back([task] { (*task)(); });
      ++submitted_;
    }
    cv_.notify_one();
    return result;
  }
  std::size_t backlog() const { return jobs_.size(); }  // expect: unguarded-access
  unsigned long submitted() const {
    std::lock_guard<std::mutex> lock(m_);
    return submitted_;
  }
  unsigned long done() const { return done_; }  // expect: unguarded-access

 private:
  void run() {
    std::unique_lock<std::mutex> lock(m_);
    for (;;) {
      cv_.wait(lock, [this] { return stop_ || !jobs_.empty(); });  // clean: unguarded-access
      if (jobs_.empty()) return;
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
      ++done_;  // clean: unguarded-access, self-deadlock
    }
  }
  mutable std::mutex m_;
  std::condition_variable cv_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> workers_;
  bool stop_ = false;
  unsigned long submitted_ = 0;
  unsigned long done_ = 0;
};

struct Sum {
  std::mutex m;
  long total = 0;
  void add(long n) {
    std::lock_guard<std::mutex> g(m);
    total += n;
  }
};

int main() {
  Sum sum;
  long check = 0;
  {
    Pool pool(4);
    std::vector<std::future<void>> fs;
    for (int i = 0; i < 10; ++i) fs.push_back(pool.submit([&sum, i] { sum.add(i); }));
    auto bad = pool.submit([&sum] { sum.total = 0; });  // expect: unguarded-access
    for (auto& f : fs) f.get();
    bad.get();
    check = static_cast<long>(pool.backlog() + pool.done() + pool.submitted());
  }
  return static_cast<int>(sum.total + check);  // clean: unguarded-access
}
