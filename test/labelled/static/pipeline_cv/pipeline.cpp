#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

// Stages of a media pipeline: bounded queues between threads, a pause switch, a barrier, a turnstile.

namespace media {

using namespace std::chrono_literals;

template <class T>
class Channel {
 public:
  explicit Channel(std::size_t cap) : cap_(cap) {}

  bool put(T v) {
    std::unique_lock g(m_);
    room_.wait(g, [this] { return q_.size() < cap_ || closed_; });  // clean: condvar-wait, blocking-under-lock, unguarded-access
    if (closed_) return false;
    q_.push_back(std::move(v));
    more_.notify_one();  // clean: condvar-notify
    return true;
  }

  std::optional<T> take() {
    std::unique_lock g(m_);
    while (q_.empty() && !closed_) more_.wait(g);  // clean: condvar-wait, blocking-under-lock
    if (q_.empty()) return std::nullopt;
    T v = std::move(q_.front());  // clean: check-then-act
    q_.pop_front();
    g.unlock();
    room_.notify_one();  // clean: condvar-notify
    return v;
  }

  std::optional<T> takeFor(std::chrono::milliseconds d) {
    std::unique_lock g(m_);
    if (!more_.wait_for(g, d, [this] { return !q_.empty(); })) return std::nullopt;  // clean: condvar-wait, blocking-under-lock
    T v = std::move(q_.front());
    q_.pop_front();
    room_.notify_one();  // clean: condvar-notify
    return v;
  }

  std::optional<T> takeOnce() {
    std::unique_lock g(m_);
    if (q_.empty()) more_.wait(g);  // expect: condvar-wait
    if (q_.empty()) return std::nullopt;
    T v = std::move(q_.front());
    q_.pop_front();
    room_.notify_one();
    return v;
  }

  std::optional<T> takeUntil(std::chrono::steady_clock::time_point t) {
    std::unique_lock g(m_);
    while (q_.empty())
      if (more_.wait_until(g, t) == std::cv_status::timeout) return std::nullopt;  // clean: condvar-wait
    T v = std::move(q_.front());
    q_.pop_front();
    room_.notify_one();
    return v;
  }

  void close() {
    {
      std::lock_guard g(m_);
      closed_ = true;  // clean: unguarded-access, condvar-notify
    }
    more_.notify_all();  // clean: condvar-notify
    room_.notify_all();  // clean: condvar-notify
  }

  void abort() {
    closed_ = true;  // expect: condvar-notify | unguarded-access | data-race #abort
    more_.notify_all();  // side: condvar-notify #abort
    room_.notify_all();  // side: condvar-notify #abort
  }

 private:
  const std::size_t cap_;
  std::mutex m_;
  std::condition_variable more_, room_;
  std::deque<T> q_;
  bool closed_ = false;
};

class Pause {
 public:
  void wait() {
    std::unique_lock g(m_);
    cv_.wait(g, [this] { return !paused_; });  // clean: condvar-wait
  }
  void set(bool p) {
    std::lock_guard g(m_);
    paused_ = p;  // clean: unguarded-access
    if (!p) cv_.notify_all();  // clean: condvar-notify
  }
  bool paused() {
    std::lock_guard g(m_);
    return paused_;
  }

 private:
  std::mutex m_;
  std::condition_variable cv_;
  bool paused_ = false;
};

// The flag is atomic, the wait is not safe for that.
class Gate {
 public:
  void wait() {
    std::unique_lock g(m_);
    cv_.wait(g, [this] { return open_.load(); });  // clean: condvar-wait
  }
  void open() {
    open_ = true;  // expect: condvar-notify #gate
    cv_.notify_all();  // side: condvar-notify #gate
  }
  void openRight() {
    open_ = true;  // clean: condvar-notify
    { std::lock_guard g(m_); }  // maybe: guard-misuse
    cv_.notify_all();  // clean: condvar-notify
  }
  void openUnder() {
    std::lock_guard g(m_);
    open_ = true;  // clean: condvar-notify
    cv_.notify_all();  // clean: condvar-notify
  }

 private:
  std::mutex m_;
  std::condition_variable cv_;
  std::atomic<bool> open_{false};
};

class Counter {
 public:
  void add(int n) {
    n_.fetch_add(n);  // expect: condvar-notify #count
    cv_.notify_one();  // side: condvar-notify #count
  }
  void waitFor(int n) {
    std::unique_lock g(m_);
    while (n_ < n) cv_.wait(g);  // clean: condvar-wait
  }
  void poll(int n) {
    std::unique_lock g(m_);
    while (n_ < n) cv_.wait_for(g, 10ms);  // clean: condvar-wait
  }

 private:
  std::mutex m_;
  std::condition_variable cv_;
  std::atomic<int> n_{0};
};

// Waiters on one condition variable wait for different things.
class Turnstile {
 public:
  void waitOdd() {
    std::unique_lock g(m_);
    cv_.wait(g, [this] { return n_ % 2 == 1; });  // side: condvar-notify #turn; clean: condvar-wait
  }
  void waitEven() {
    std::unique_lock g(m_);
    cv_.wait(g, [this] { return n_ % 2 == 0; });  // side: condvar-notify #turn; clean: condvar-wait
  }
  void step() {
    std::lock_guard g(m_);
    ++n_;
    cv_.notify_one();  // expect: condvar-notify #turn
  }
  void stepAll() {
    std::lock_guard g(m_);
    ++n_;
    cv_.notify_all();  // clean: condvar-notify
  }

 private:
  std::mutex m_;
  std::condition_variable cv_;
  int n_ = 0;
};

class Slots {
 public:
  void reader() {
    std::unique_lock g(m_);
    cv_.wait(g, [this] { return full_ > 0; });  // side: condvar-notify #slots
    --full_;
    ++free_;
    cv_.notify_one();  // expect: condvar-notify #slots
  }
  void writer() {
    std::unique_lock g(m_);
    cv_.wait(g, [this] { return free_ > 0; });  // side: condvar-notify #slots
    --free_;
    ++full_;
    cv_.notify_one();  // side: condvar-notify #slots
  }

 private:
  std::mutex m_;
  std::condition_variable cv_;
  int full_ = 0, free_ = 4;
};

class SlotsRight {
 public:
  void reader() {
    std::unique_lock g(m_);
    fullCv_.wait(g, [this] { return full_ > 0; });  // clean: condvar-wait
    --full_;
    ++free_;
    freeCv_.notify_one();  // clean: condvar-notify
  }
  void writer() {
    std::unique_lock g(m_);
    freeCv_.wait(g, [this] { return free_ > 0; });  // clean: condvar-wait
    --free_;
    ++full_;
    fullCv_.notify_one();  // clean: condvar-notify
  }

 private:
  std::mutex m_;
  std::condition_variable fullCv_, freeCv_;
  int full_ = 0, free_ = 4;
};

class TwoLocks {
 public:
  void waitA() {
    std::unique_lock g(a_);
    cv_.wait(g, [this] { return x_ > 0; });  // expect: condvar-wait #two
  }
  void waitB() {
    std::unique_lock g(b_);
    cv_.wait(g, [this] { return y_ > 0; });  // side: condvar-wait #two
  }
  void set() {
    {
      std::lock_guard g(a_);
      ++x_;
    }
    {
      std::lock_guard g(b_);
      ++y_;
    }
    cv_.notify_all();  // clean: condvar-notify
  }

 private:
  std::mutex a_, b_;
  std::condition_variable cv_;
  int x_ = 0, y_ = 0;
};

class Mixer {
 public:
  void start() {
    std::lock_guard cfg(cfgM_);  // side: condvar-wait #mixer
    std::unique_lock g(m_);
    cv_.wait(g, [this] { return ready_; });  // expect: condvar-wait | blocking-under-lock #mixer
    rate_ = 48000;
  }
  void startRight() {
    {
      std::unique_lock g(m_);
      cv_.wait(g, [this] { return ready_; });  // clean: condvar-wait, blocking-under-lock
    }
    std::lock_guard cfg(cfgM_);
    rate_ = 48000;  // clean: unguarded-access
  }
  void ready() {
    std::lock_guard cfg(cfgM_);
    rate_ = 0;
    std::lock_guard g(m_);
    ready_ = true;
    cv_.notify_all();  // clean: condvar-notify
  }
  void waitBare() {
    std::unique_lock g(m_);
    cv_.wait(g);  // expect: condvar-wait
  }
  void waitTimedBare() {
    std::unique_lock g(m_);
    cv_.wait_for(g, 100ms);  // maybe: condvar-wait
  }
  bool waitTimed() {
    std::unique_lock g(m_);
    return cv_.wait_for(g, 100ms, [this] { return ready_; });  // clean: condvar-wait
  }
  bool waitDo() {
    std::unique_lock g(m_);
    do {
      cv_.wait(g);  // maybe: condvar-wait
    } while (!ready_);
    return true;
  }
  bool waitFlag() {
    std::unique_lock g(m_);
    for (;;) {
      if (ready_) return true;
      cv_.wait(g);  // clean: condvar-wait
    }
  }
  void unready() {
    std::lock_guard g(m_);
    ready_ = false;  // clean: condvar-notify
  }
  bool stopWait(std::stop_token st) {
    std::unique_lock g(m_);
    return any_.wait(g, st, [this] { return ready_; });  // clean: condvar-wait
  }
  void stopNotify() {
    {
      std::lock_guard g(m_);
      ready_ = true;
    }
    any_.notify_all();  // clean: condvar-notify
  }
  void waitShared() {
    std::shared_lock g(rw_);
    any2_.wait(g, [this] { return level_ > 3; });  // clean: condvar-wait, wrong-lock
  }
  void setShared(int n) {
    {
      std::unique_lock g(rw_);
      level_ = n;  // clean: unguarded-access
    }
    any2_.notify_all();  // clean: condvar-notify
  }
  void setSharedEarly(int n) {
    level_ = n;  // expect: condvar-notify | unguarded-access | data-race #lvl
    any2_.notify_all();  // side: condvar-notify #lvl
  }

 private:
  std::mutex cfgM_, m_;
  std::shared_mutex rw_;
  std::condition_variable cv_;
  std::condition_variable_any any_, any2_;
  bool ready_ = false;
  int rate_ = 0;
  int level_ = 0;
};

class Once {
 public:
  void post() {
    std::unique_lock g(m_);
    done_ = true;
    g.unlock();
    cv_.notify_one();  // clean: condvar-notify
  }
  void postEarly() {
    cv_.notify_one();  // maybe: condvar-notify
    std::lock_guard g(m_);
    done_ = true;
  }
  void postLate() {
    std::unique_lock g(m_);
    g.unlock();
    done_ = true;  // expect: condvar-notify | unguarded-access | data-race #late
    cv_.notify_one();  // side: condvar-notify #late
  }
  void wait() {
    std::unique_lock g(m_);
    if (done_) return;
    cv_.wait(g, [&] { return done_; });  // clean: condvar-wait
  }
  void waitIf() {
    std::unique_lock g(m_);
    if (!done_) cv_.wait(g);  // expect: condvar-wait
  }
  bool waitMs(int ms) {
    std::unique_lock g(m_);
    auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    while (!done_) {
      if (cv_.wait_until(g, until) == std::cv_status::timeout) break;  // clean: condvar-wait
    }
    return done_;
  }
  bool waitMsOnce(int ms) {
    std::unique_lock g(m_);
    cv_.wait_for(g, std::chrono::milliseconds(ms));  // maybe: condvar-wait
    return done_;
  }

 private:
  std::mutex m_;
  std::condition_variable cv_;
  bool done_ = false;
};

// Ring of workers; the last to arrive opens the next round.
class Round {
 public:
  explicit Round(int n) : want_(n) {}
  void arrive() {
    std::unique_lock g(m_);
    auto r = round_;
    if (++here_ == want_) {
      here_ = 0;
      ++round_;
      cv_.notify_all();  // clean: condvar-notify
      return;
    }
    cv_.wait(g, [&] { return round_ != r; });  // clean: condvar-wait, unguarded-access
  }
  void leave() {
    std::lock_guard g(m_);
    --want_;  // clean: unguarded-access
    if (here_ && here_ == want_) {
      here_ = 0;
      ++round_;
      cv_.notify_all();  // clean: condvar-notify
    }
  }

 private:
  std::mutex m_;
  std::condition_variable cv_;
  int want_;
  int here_ = 0;
  unsigned round_ = 0;
};

class Worker {
 public:
  Worker() : t_([this](std::stop_token st) { loop(st); }) {}
  ~Worker() {
    t_.request_stop();
    in_.close();
    t_.join();  // clean: thread-lifetime, blocking-under-lock
  }
  void post(int n) { in_.put(n); }
  long sum() {
    std::lock_guard g(m_);
    return sum_;  // clean: unguarded-access
  }

 private:
  void loop(std::stop_token st) {
    while (!st.stop_requested()) {  // clean: data-race
      auto v = in_.take();
      if (!v) break;
      std::lock_guard g(m_);
      sum_ += *v;  // clean: unguarded-access
    }
  }
  Channel<int> in_{8};
  std::mutex m_;
  long sum_ = 0;
  std::jthread t_;
};

}  // namespace media

int main() {
  using namespace media;
  Channel<int> ch(4);
  Pause pause;
  Gate gate;
  Counter cnt;
  Turnstile turn;
  Slots slots;
  SlotsRight slotsRight;
  TwoLocks two;
  Mixer mix;
  Once once, late;
  Round round(2);
  Worker w;
  std::jthread a([&](std::stop_token st) {
    for (int i = 0; i < 8; ++i) ch.put(i);
    pause.set(true);
    pause.set(false);
    gate.open();
    cnt.add(8);
    turn.step();
    turn.waitOdd();
    slots.writer();
    slotsRight.writer();
    two.waitA();
    mix.start();
    mix.waitBare();
    mix.waitTimedBare();
    mix.stopWait(st);
    mix.waitShared();
    once.post();
    late.postLate();
    round.arrive();
    round.leave();
    w.post(1);
    ch.close();
    ch.abort();
  });
  std::jthread b([&] {
    while (ch.take()) {
    }
    ch.takeFor(5ms);
    ch.takeOnce();
    ch.takeUntil(std::chrono::steady_clock::now() + 5ms);
    pause.wait();
    gate.wait();
    gate.openRight();
    gate.openUnder();
    cnt.waitFor(8);
    cnt.poll(8);
    turn.stepAll();
    turn.waitEven();
    slots.reader();
    slotsRight.reader();
    two.set();
    two.waitB();
    mix.ready();
    mix.startRight();
    mix.waitTimed();
    mix.waitDo();
    mix.waitFlag();
    mix.unready();
    mix.stopNotify();
    mix.setShared(4);
    mix.setSharedEarly(5);
    once.wait();
    once.waitIf();
    once.waitMs(5);
    once.waitMsOnce(5);
    late.postEarly();
    round.arrive();
    w.post(2);
  });
  return pause.paused() && w.sum() > 5;
}
