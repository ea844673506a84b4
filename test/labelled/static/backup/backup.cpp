#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// Backup agent: a catalogue of chunks, a connection to the store, manual locks in the older half.

namespace backup {

using namespace std::chrono_literals;

int checked(int n) {
  if (n < 0) throw std::invalid_argument("n");
  return n;
}

void nap() { std::this_thread::sleep_for(100ms); }  // side: blocking-under-lock #nap; side: blocking-under-lock #deep
void napTwice() {
  nap();  // side: blocking-under-lock #deep
  nap();
}
int quick(int n) { return n + 1; }

class Store {
 public:
  explicit Store(int fd) : fd_(fd) {}

  void pushSlow(const std::string& s) {
    std::lock_guard g(m_);
    ++sent_;
    ::send(fd_, s.data(), s.size(), 0);  // expect: blocking-under-lock
  }
  void push(const std::string& s) {
    {
      std::lock_guard g(m_);
      ++sent_;
    }
    ::send(fd_, s.data(), s.size(), 0);  // clean: blocking-under-lock
  }
  void pushEarly(const std::string& s) {
    std::unique_lock g(m_);
    ++sent_;
    g.unlock();
    ::send(fd_, s.data(), s.size(), 0);  // clean: blocking-under-lock
    g.lock();
    --sent_;
  }
  bool pushTry(const std::string& s) {
    std::lock_guard g(m_);
    return ::send(fd_, s.data(), s.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;  // clean: blocking-under-lock
  }
  int pull() {
    char c = 0;
    std::lock_guard g(m_);
    if (::recv(fd_, &c, 1, 0) < 0) return -1;  // expect: blocking-under-lock
    return c;
  }
  int pullTry() {
    char c = 0;
    std::lock_guard g(m_);
    if (::recv(fd_, &c, 1, MSG_DONTWAIT) < 0) return -1;  // clean: blocking-under-lock
    return c;
  }
  void settle() {
    std::lock_guard g(m_);
    nap();  // expect: blocking-under-lock #nap
  }
  void settleDeep() {
    std::lock_guard g(m_);
    napTwice();  // expect: blocking-under-lock #deep
  }
  void settleRight() {
    int n;
    {
      std::lock_guard g(m_);
      n = quick(sent_);  // clean: blocking-under-lock
    }
    if (n) nap();  // clean: blocking-under-lock
  }
  void backoff() {
    std::unique_lock g(m_);
    while (sent_ > 10) {
      g.unlock();
      std::this_thread::sleep_for(10ms);  // clean: blocking-under-lock
      g.lock();
    }
  }
  void backoffHeld() {
    std::unique_lock g(m_);
    for (int i = 0; i < 3; ++i) std::this_thread::sleep_for(1s);  // expect: blocking-under-lock
    sent_ = 0;
  }
  void pollOnce() {
    pollfd p{fd_, POLLIN, 0};
    std::lock_guard g(m_);
    if (::poll(&p, 1, 0) > 0) ++sent_;  // clean: blocking-under-lock
    ::poll(&p, 1, -1);  // expect: blocking-under-lock
  }
  void run(const char* cmd) {
    std::lock_guard g(m_);
    sent_ = std::system(cmd);  // expect: blocking-under-lock
  }
  void runRight(const char* cmd) {
    int rc = std::system(cmd);  // clean: blocking-under-lock
    std::lock_guard g(m_);
    sent_ = rc;
  }
  void childs() {
    std::lock_guard g(m_);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) --sent_;  // clean: blocking-under-lock
    ::waitpid(-1, nullptr, 0);  // expect: blocking-under-lock
  }
  void later(std::function<void()> f) {
    std::lock_guard g(m_);
    fs_.push_back(std::async(std::launch::async, std::move(f)));  // clean: blocking-under-lock, dropped-future
  }
  void gather() {
    std::lock_guard g(m_);
    for (auto& f : fs_) f.get();  // expect: blocking-under-lock
    fs_.clear();
  }
  void gatherRight() {
    std::vector<std::future<void>> fs;
    {
      std::lock_guard g(m_);
      fs.swap(fs_);  // clean: blocking-under-lock
    }
    for (auto& f : fs) f.get();  // clean: blocking-under-lock
  }
  int ready() {
    std::lock_guard g(m_);
    int n = 0;
    for (auto& f : fs_)
      if (f.wait_for(0s) == std::future_status::ready) ++n;  // clean: blocking-under-lock
    return n;
  }
  void spawn() {
    std::lock_guard g(m_);
    t_ = std::thread([] { nap(); });  // clean: blocking-under-lock; maybe: thread-lifetime
  }
  void stop() {
    std::lock_guard g(m_);
    if (t_.joinable()) t_.join();  // expect: blocking-under-lock
  }
  void stopRight() {
    std::thread t;
    {
      std::lock_guard g(m_);
      t.swap(t_);  // clean: blocking-under-lock
    }
    if (t.joinable()) t.join();  // clean: blocking-under-lock
  }
  int sent() {
    std::lock_guard g(m_);
    return sent_;  // clean: unguarded-access
  }

 private:
  const int fd_;
  std::mutex m_;
  int sent_ = 0;
  std::vector<std::future<void>> fs_;
  std::thread t_;
};

class Tokens {
 public:
  void take() {
    s_.acquire();  // clean: blocking-under-lock
    std::lock_guard g(m_);
    ++used_;
  }
  void takeHeld() {
    std::lock_guard g(m_);
    s_.acquire();  // expect: blocking-under-lock
    ++used_;
  }
  bool tryTake() {
    std::lock_guard g(m_);
    if (!s_.try_acquire()) return false;  // clean: blocking-under-lock
    ++used_;
    return true;
  }
  void give() {
    std::lock_guard g(m_);
    --used_;
    s_.release();  // clean: blocking-under-lock
  }
  void all(std::latch& l) {
    {
      std::lock_guard g(m_);
      l.count_down();  // clean: blocking-under-lock
    }
    l.wait();  // clean: blocking-under-lock
  }
  void allHeld(std::latch& l) {
    std::lock_guard g(m_);
    l.arrive_and_wait();  // expect: blocking-under-lock
  }
  void flag(std::atomic<int>& a) {
    std::lock_guard g(m_);
    a.store(1);  // clean: blocking-under-lock
    a.notify_all();  // clean: blocking-under-lock
    a.wait(1);  // expect: blocking-under-lock
  }
  void resolve(const char* host) {
    addrinfo* r = nullptr;
    std::unique_lock g(m_);
    if (getaddrinfo(host, nullptr, nullptr, &r) == 0) freeaddrinfo(r);  // expect: blocking-under-lock
    g.unlock();
    if (getaddrinfo(host, nullptr, nullptr, &r) == 0) freeaddrinfo(r);  // clean: blocking-under-lock
  }
  void scopes() {
    { std::lock_guard g(m_); ++used_; }
    nap();  // clean: blocking-under-lock
    if (std::unique_lock g(m_, std::try_to_lock); g) ++used_;
    nap();  // clean: blocking-under-lock
  }
  void asLambda() {
    std::lock_guard g(m_);
    fn_ = [] { nap(); };  // clean: blocking-under-lock
    std::thread([] { nap(); }).detach();  // clean: blocking-under-lock, thread-lifetime
  }

 private:
  std::counting_semaphore<16> s_{4};
  std::mutex m_;
  int used_ = 0;
  std::function<void()> fn_;
};

// The older half: locks by hand.
class Catalogue {
 public:
  int add(int n) {
    m_.lock();  // side: unreleased-lock #add
    if (n < 0) return -1;  // expect: unreleased-lock #add
    v_.push_back(n);
    m_.unlock();
    return n;
  }
  int addRight(int n) {
    m_.lock();  // clean: unreleased-lock
    if (n < 0) {
      m_.unlock();
      return -1;  // clean: unreleased-lock
    }
    v_.push_back(n);
    m_.unlock();  // clean: unreleased-lock
    return n;
  }
  void addChecked(int n) {
    m_.lock();  // side: unreleased-lock #checked
    v_.push_back(checked(n));  // expect: unreleased-lock #checked
    m_.unlock();
  }
  void addCheckedRight(int n) {
    m_.lock();  // clean: unreleased-lock
    try {
      v_.push_back(checked(n));  // clean: unreleased-lock
    } catch (...) {
      m_.unlock();
      throw;  // clean: unreleased-lock
    }
    m_.unlock();
  }
  void addThrow(int n) {
    m_.lock();  // side: unreleased-lock #throw
    if (n > 100) throw std::out_of_range("n");  // expect: unreleased-lock #throw
    v_.push_back(n);
    m_.unlock();
  }
  void addThrowRight(int n) {
    std::unique_lock g(m_);
    if (n > 100) throw std::out_of_range("n");  // clean: unreleased-lock
    v_.push_back(n);
  }
  void addAdopt(int n) {
    m_.lock();  // clean: unreleased-lock
    std::lock_guard g(m_, std::adopt_lock);  // clean: guard-misuse, self-deadlock
    v_.push_back(checked(n));  // clean: unreleased-lock
  }
  int find(int n) {
    m_.lock();  // side: unreleased-lock #find
    for (auto x : v_)
      if (x == n) return x;  // expect: unreleased-lock #find
    m_.unlock();
    return -1;
  }
  int findRight(int n) {
    int r = -1;
    m_.lock();  // clean: unreleased-lock
    for (auto x : v_)
      if (x == n) {
        r = x;
        break;  // clean: unreleased-lock
      }
    m_.unlock();  // clean: unreleased-lock
    return r;
  }
  bool trim() {
    if (!m_.try_lock()) return false;  // clean: unreleased-lock
    v_.clear();
    m_.unlock();  // clean: unreleased-lock
    return true;
  }
  bool trimWrong() {
    if (m_.try_lock()) {  // side: unreleased-lock #trim
      if (v_.empty()) return false;  // expect: unreleased-lock #trim
      v_.clear();
      m_.unlock();
    }
    return true;
  }
  int kind(int k) {
    m_.lock();  // side: unreleased-lock #kind
    switch (k) {
      case 0:
        m_.unlock();
        return 0;  // clean: unreleased-lock
      case 1:
        return 1;  // expect: unreleased-lock #kind
      default:
        break;
    }
    m_.unlock();
    return 2;
  }
  void release() {
    std::unique_lock g(m_);  // side: unreleased-lock #rel
    v_.clear();
    g.release();  // expect: unreleased-lock #rel
  }
  void releaseRight() {
    std::unique_lock g(m_);
    v_.clear();
    g.release()->unlock();  // clean: unreleased-lock
  }
  void begin() { m_.lock(); }  // clean: unreleased-lock
  void end() { m_.unlock(); }  // clean: unreleased-lock
  int useBegin() {
    begin();  // clean: unreleased-lock
    int n = static_cast<int>(v_.size());  // clean: unguarded-access
    end();
    return n;
  }
  int useBeginWrong() {
    begin();  // side: unreleased-lock #begin
    if (v_.empty()) return 0;  // expect: unreleased-lock #begin
    int n = v_.front();
    end();
    return n;
  }
  int shared() {
    rw_.lock_shared();  // side: unreleased-lock #shared
    if (w_ < 0) return 0;  // expect: unreleased-lock #shared
    int r = w_;
    rw_.unlock_shared();
    return r;
  }
  int sharedRight() {
    rw_.lock_shared();  // clean: unreleased-lock
    int r = w_;
    rw_.unlock_shared();  // clean: unreleased-lock
    if (r < 0) return 0;  // clean: unreleased-lock
    return r;
  }
  void mixed() {
    rw_.lock_shared();  // side: unreleased-lock #mixed
    rw_.unlock();  // expect: unreleased-lock #mixed
  }
  void exclusive(int v) {
    rw_.lock();  // clean: unreleased-lock
    w_ = v;
    rw_.unlock();  // clean: unreleased-lock
  }
  void loop() {
    for (int i = 0; i < 4; ++i) {
      m_.lock();  // side: unreleased-lock #cloop
      if (i == 2) continue;  // expect: unreleased-lock #cloop
      v_.push_back(i);
      m_.unlock();
    }
  }
  void loopRight() {
    m_.lock();  // clean: unreleased-lock
    for (int i = 0; i < 4; ++i) {
      if (i == 2) continue;  // clean: unreleased-lock
      v_.push_back(i);
    }
    m_.unlock();
  }
  void unlockTwice() {
    m_.lock();
    v_.clear();
    m_.unlock();
    m_.unlock();  // expect: unreleased-lock
  }
  void unlockNot() {
    std::unique_lock g(m_, std::defer_lock);
    g.unlock();  // expect: unreleased-lock
  }
  void unlockEarly() {
    std::unique_lock g(m_);
    v_.clear();
    g.unlock();  // clean: unreleased-lock
  }
  void lockTwice() {
    std::unique_lock g(m_);  // side: self-deadlock #twice
    v_.clear();
    g.lock();  // expect: self-deadlock #twice
  }
  void lockTwicePlain() {
    m_.lock();  // side: self-deadlock #plain
    v_.clear();
    m_.lock();  // expect: self-deadlock #plain
    m_.unlock();
    m_.unlock();  // maybe: unreleased-lock
  }

 private:
  std::mutex m_;
  std::shared_mutex rw_;
  std::vector<int> v_;
  int w_ = 0;
};

}  // namespace backup

int main() {
  using namespace backup;
  Store s(0);
  Tokens t;
  Catalogue c;
  std::latch l(4);
  std::atomic<int> flag{0};
  auto work = [&] {
    s.pushSlow("a");
    s.push("a");
    s.pushEarly("a");
    s.pushTry("a");
    s.settle();
    s.settleDeep();
    s.settleRight();
    s.backoff();
    s.backoffHeld();
    s.pollOnce();
    s.run("true");
    s.runRight("true");
    s.childs();
    s.later(nap);
    s.gather();
    s.gatherRight();
    t.take();
    t.takeHeld();
    t.tryTake();
    t.give();
    t.all(l);
    t.allHeld(l);
    t.flag(flag);
    t.resolve("h");
    t.scopes();
    t.asLambda();
    c.add(1);
    c.addRight(1);
    c.addChecked(1);
    c.addCheckedRight(1);
    c.addThrow(1);
    c.addThrowRight(1);
    c.addAdopt(1);
    c.trim();
    c.trimWrong();
    c.release();
    c.releaseRight();
    c.useBegin();
    c.useBeginWrong();
    c.mixed();
    c.exclusive(2);
    c.loop();
    c.loopRight();
    c.unlockTwice();
    c.unlockEarly();
    c.lockTwice();
  };
  std::jthread a(work), b(work);
  s.spawn();
  s.stop();
  s.stopRight();
  return s.pull() + s.pullTry() + s.ready() + s.sent() + c.find(1) + c.findRight(1) + c.kind(0) + c.shared() +
         c.sharedRight();
}
