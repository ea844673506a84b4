#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

// Mirror of a package archive: fetchers fill an index; the transport is chosen at start.

namespace mirror {

using namespace std::chrono_literals;

class Transport {
 public:
  virtual ~Transport() = default;
  virtual int fetch(const std::string& name) = 0;
};

class Remote final : public Transport {
 public:
  explicit Remote(int fd) : fd_(fd) {}
  int fetch(const std::string& name) override {
    char c[64];
    ::send(fd_, name.data(), name.size(), 0);  // side: blocking-under-lock #fetch; side: blocking-under-lock #virt
    return static_cast<int>(::recv(fd_, c, sizeof c, 0));  // side: blocking-under-lock #fetch; side: blocking-under-lock #virt
  }

 private:
  const int fd_;
};

class Pacer {
 public:
  void pace() {
    if (ms_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(ms_));  // side: blocking-under-lock #pace; side: blocking-under-lock #paced
  }
  void paceLong() { pace(); }  // side: blocking-under-lock #paced

 private:
  const int ms_ = 200;
};

class LockedScope {
 public:
  explicit LockedScope(std::mutex& m) : m_(m) { m_.lock(); }  // clean: unreleased-lock, guard-misuse
  ~LockedScope() { m_.unlock(); }  // clean: unreleased-lock
  LockedScope(const LockedScope&) = delete;

 private:
  std::mutex& m_;
};

class Mirror {
 public:
  explicit Mirror(Remote& r, Transport& t) : remote_(r), any_(t) {}

  std::unique_lock<std::mutex> lock() { return std::unique_lock(m_); }  // clean: unreleased-lock, guard-misuse

  void one(const std::string& n) {
    std::lock_guard g(m_);
    index_[n] = remote_.fetch(n);  // expect: blocking-under-lock #fetch
  }
  void oneRight(const std::string& n) {
    int r = remote_.fetch(n);  // clean: blocking-under-lock
    std::lock_guard g(m_);
    index_[n] = r;  // clean: blocking-under-lock, unguarded-access
  }
  void any(const std::string& n) {
    auto g = lock();
    index_[n] = any_.fetch(n);  // expect: blocking-under-lock #virt
  }
  void anyRight(const std::string& n) {
    auto g = lock();
    bool known = index_.count(n) > 0;
    g.unlock();
    if (!known) any_.fetch(n);  // clean: blocking-under-lock, callback-under-lock
  }
  void paced() {
    LockedScope s(m_);  // clean: guard-misuse
    pacer_.pace();  // expect: blocking-under-lock #pace
    ++rounds_;
  }
  void pacedLong() {
    LockedScope s(m_);
    pacer_.paceLong();  // expect: blocking-under-lock #paced
    ++rounds_;
  }
  void pacedRight() {
    {
      LockedScope s(m_);
      ++rounds_;  // clean: blocking-under-lock, unguarded-access
    }
    pacer_.paceLong();  // clean: blocking-under-lock
  }
  void verify() {
    m_.lock();
    int rc = ::system("sha256sum -c sums");  // expect: blocking-under-lock
    rounds_ += rc;
    m_.unlock();
    (void)!::system("sync-done");  // clean: blocking-under-lock
  }
  void settle() {
    std::unique_lock g(m_, std::defer_lock);
    ::sleep(1);  // clean: blocking-under-lock
    g.lock();
    ::sleep(1);  // expect: blocking-under-lock
    ++rounds_;
  }
  void tryOne() {
    std::unique_lock g(m_, std::try_to_lock);
    if (!g) {
      std::this_thread::sleep_for(5ms);  // clean: blocking-under-lock
      return;
    }
    ++rounds_;
    std::this_thread::sleep_for(500ms);  // expect: blocking-under-lock
  }
  void readHeld() {
    std::shared_lock g(rw_);
    if (limit_ > 0) std::this_thread::sleep_for(1s);  // expect: blocking-under-lock
  }
  void readRight() {
    int n;
    {
      std::shared_lock g(rw_);  // clean: read-lock-suffices
      n = limit_;
    }
    if (n > 0) std::this_thread::sleep_for(1s);  // clean: blocking-under-lock
  }
  void setLimit(int n) {
    std::unique_lock g(rw_);  // clean: read-lock-suffices
    limit_ = n;
  }
  int limit() {
    std::unique_lock g(rw_);  // expect: read-lock-suffices
    return limit_;
  }
  bool unlimited() {
    std::lock_guard g(rw_);  // expect: read-lock-suffices
    return limit_ == 0;
  }
  bool above(int n) {
    std::scoped_lock g(rw_);  // expect: read-lock-suffices
    return limit_ > n;
  }
  bool below(int n) {
    std::shared_lock g(rw_);  // clean: read-lock-suffices
    return limit_ < n;
  }
  int raise() {
    std::lock_guard g(rw_);  // clean: read-lock-suffices
    return ++limit_;
  }
  void child() {
    std::lock_guard g(m_);
    int st = 0;
    if (::waitpid(-1, &st, WNOHANG) == 0)  // clean: blocking-under-lock
      ::waitpid(-1, &st, 0);  // expect: blocking-under-lock
    rounds_ += st;
  }
  void token() {
    std::lock_guard g(m_);
    if (sem_.try_acquire()) {  // clean: blocking-under-lock
      sem_.release();  // clean: blocking-under-lock
    }
    ++rounds_;
  }
  void tokenHeld() {
    std::lock_guard g(m_);
    sem_.acquire();  // expect: blocking-under-lock
    sem_.release();
    ++rounds_;
  }
  void onDone(std::function<void(int)> f) {
    std::lock_guard g(m_);
    done_ = std::move(f);  // clean: callback-under-lock
  }
  void finish() {
    std::lock_guard g(m_);
    if (done_) done_(rounds_);  // expect: callback-under-lock
  }
  void finishRight() {
    std::unique_lock g(m_);
    auto f = done_;
    int n = rounds_;
    g.unlock();
    if (f) f(n);  // clean: callback-under-lock, blocking-under-lock
  }
  void each(const std::function<void(const std::string&)>& f) {
    auto g = lock();
    for (auto& [k, v] : index_) f(k);  // expect: callback-under-lock
  }
  void later() {
    std::lock_guard g(m_);
    workers_.emplace_back([this] { pacer_.pace(); });  // clean: blocking-under-lock, thread-lifetime
  }
  void joinAll() {
    std::vector<std::thread> ws;
    {
      std::lock_guard g(m_);
      ws.swap(workers_);  // clean: blocking-under-lock
    }
    for (auto& w : ws) w.join();  // clean: blocking-under-lock, thread-lifetime
  }
  void joinAllHeld() {
    std::lock_guard g(m_);
    for (auto& w : workers_) w.join();  // expect: blocking-under-lock
    workers_.clear();
  }

 private:
  Remote& remote_;
  Transport& any_;
  Pacer pacer_;
  std::mutex m_;
  std::shared_mutex rw_;
  std::counting_semaphore<4> sem_{4};
  std::map<std::string, int> index_;
  std::vector<std::thread> workers_;
  std::function<void(int)> done_;
  int rounds_ = 0;
  int limit_ = 0;
};

}  // namespace mirror

int main() {
  using namespace mirror;
  Remote r(3);
  Mirror m(r, r);
  m.onDone([](int) {});
  auto work = [&](const char* n) {
    m.one(n);
    m.oneRight(n);
    m.any(n);
    m.anyRight(n);
    m.paced();
    m.pacedLong();
    m.pacedRight();
    m.verify();
    m.settle();
    m.tryOne();
    m.readHeld();
    m.readRight();
    m.setLimit(m.limit() + m.raise());
    if (m.unlimited() || m.above(3) || m.below(9)) m.child();
    m.token();
    m.tokenHeld();
    m.finish();
    m.finishRight();
    m.each([](const std::string&) {});
    m.later();
  };
  std::thread a([&] { work("a"); }), b([&] { work("b"); });
  a.join();  // clean: thread-lifetime
  b.join();  // clean: thread-lifetime
  m.joinAll();
  m.later();
  m.joinAllHeld();
  return 0;
}
