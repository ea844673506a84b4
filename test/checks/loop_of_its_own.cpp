// An event loop and a pool written by hand: what is posted to the loop must not block, what it runs in place may.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 -I%S/Inputs > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <functional>
#include <mutex>
#include <thread>
#include <vector>
#include <condition_variable>
#include <deque>
#include <unistd.h>
class EventLoop {
 public:
  using Functor = std::function<void()>;
  void runInLoop(Functor cb) { if (inLoop()) cb(); else queueInLoop(std::move(cb)); }
  void queueInLoop(Functor cb) { { std::lock_guard g(mu_); pending_.push_back(std::move(cb)); } wake(); }
  void forEachPending(std::function<void(int)> f) { for (int i = 0; i < 3; ++i) f(i); }
  void loop() {
    while (!quit_) {
      std::vector<Functor> fs;
      { std::lock_guard g(mu_); fs.swap(pending_); }
      for (auto &f : fs) f();
    }
  }
  bool inLoop() const { return tid_ == std::this_thread::get_id(); }
  void wake();
 private:
  std::thread::id tid_ = std::this_thread::get_id();
  std::mutex mu_;
  std::vector<Functor> pending_;
  bool quit_ = false;
};
void EventLoop::wake() { char c = 1; (void)!::write(3, &c, 1); }
class ThreadPool {
 public:
  explicit ThreadPool(int n) { for (int i = 0; i < n; ++i) ts_.emplace_back([this] { work(); }); }
  ~ThreadPool() { { std::lock_guard g(m_); stop_ = true; } cv_.notify_all(); for (auto &t : ts_) t.join(); }
  template <class F> void submit(F f) { { std::lock_guard g(m_); q_.push_back(std::move(f)); } cv_.notify_one(); }
 private:
  void work() {
    for (;;) {
      std::function<void()> f;
      { std::unique_lock l(m_); cv_.wait(l, [this] { return stop_ || !q_.empty(); }); if (q_.empty()) return; f = std::move(q_.front()); q_.pop_front(); }
      f();
    }
  }
  std::mutex m_; std::condition_variable cv_; std::deque<std::function<void()>> q_; bool stop_ = false; std::vector<std::thread> ts_;
};
struct Server {
  EventLoop loop; ThreadPool pool{2}; int hits = 0;
  void start() {
    loop.runInLoop([this] { ++hits; ::sleep(1); }); // expect: blocking-in-coroutine
    loop.queueInLoop([this] { ++hits; });
    loop.forEachPending([](int) { ::usleep(5); });
    pool.submit([] { ::sleep(1); });
    std::thread t([] { ::sleep(1); }); t.join();
  }
};
int main() { Server s; s.start(); s.loop.loop(); return s.hits; }
