// maybe-project: blocking-in-coroutine
#include <pthread.h>

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "co.h"

using cppcoro::generator;
using cppcoro::io_service;
using cppcoro::task;

namespace mail {

struct Message {
  std::string to, body;
  unsigned tries = 0;
};

// Guard of the house, over pthread.
class Scoped {
 public:
  explicit Scoped(pthread_mutex_t* m) : m_(m) { pthread_mutex_lock(m_); }
  ~Scoped() { pthread_mutex_unlock(m_); }
  Scoped(const Scoped&) = delete;

 private:
  pthread_mutex_t* m_;
};

#define LOCKED(m) Scoped locked_here(&(m))

class Queue {
 public:
  explicit Queue(io_service& io) : io_(io) {}

  // ---- generators
  generator<Message> all() {
    std::lock_guard<std::mutex> g(m_);  // expect: lock-across-suspension #all
    for (const auto& x : q_) co_yield x;  // expect: lock-across-suspension #all
  }

  generator<Message> copied() {
    std::deque<Message> mine = copy();
    for (const auto& x : mine) co_yield x;  // clean: lock-across-suspension
  }

  generator<std::string> recipients() {
    std::unique_lock lk(m_);
    for (std::size_t i = 0; i < q_.size(); ++i) {
      std::string to = q_[i].to;
      lk.unlock();
      co_yield to;  // clean: lock-across-suspension
      lk.lock();
    }
  }

  generator<std::string> domains() {
    std::unique_lock lk(m_, std::defer_lock);
    lk.lock();  // expect: lock-across-suspension #domains
    for (auto& x : q_) {
      std::string d = x.to.substr(x.to.find('@') + 1);
      co_yield d;  // expect: lock-across-suspension #domains
    }
  }

  generator<unsigned> ages() {
    for (unsigned i = 0;; ++i) {
      unsigned t;
      {
        LOCKED(raw_);
        if (i >= retry_.size()) co_return;  // clean: lock-across-suspension
        t = retry_[i];
      }
      co_yield t;  // clean: lock-across-suspension
    }
  }

  // ---- tasks
  task<int> add(Message x) {
    {
      std::lock_guard g(m_);
      q_.push_back(std::move(x));
    }
    co_await io_.schedule();  // clean: lock-across-suspension
    co_return 0;
  }

  task<int> retryAll() {
    LOCKED(raw_);  // expect: lock-across-suspension #retry
    for (auto& t : retry_) {
      ++t;
      co_await io_.schedule_after(t);  // expect: lock-across-suspension #retry
    }
    co_return static_cast<int>(retry_.size());
  }

  task<int> retryOne() {
    pthread_mutex_lock(&raw_);  // expect: lock-across-suspension #one; maybe: unreleased-lock
    const unsigned t = retry_.empty() ? 0 : retry_.front();
    co_await io_.schedule_after(t);  // expect: lock-across-suspension #one
    pthread_mutex_unlock(&raw_);  // maybe: unreleased-lock
    co_return static_cast<int>(t);
  }

  task<int> retryOneOk() {
    pthread_mutex_lock(&raw_);
    const unsigned t = retry_.empty() ? 0 : retry_.front();
    pthread_mutex_unlock(&raw_);  // clean: unreleased-lock
    co_await io_.schedule_after(t);  // clean: lock-across-suspension
    co_return static_cast<int>(t);
  }

  task<int> bounce(std::string to) {
    std::scoped_lock both(m_, bounceM_);  // expect: lock-across-suspension #bounce
    bounced_[to] += 1;
    std::erase_if(q_, [&to](const Message& x) { return x.to == to; });
    co_await io_.schedule();  // expect: lock-across-suspension #bounce
    co_return bounced_[to];
  }

  task<int> bounceLater(std::string to) {
    std::unique_lock a(m_);
    std::unique_lock b(bounceM_);  // side: lock-across-suspension #later
    bounced_[to] += 1;
    a.unlock();
    co_await io_.schedule();  // expect: lock-across-suspension #later
    b.unlock();
    co_await io_.schedule();  // clean: lock-across-suspension
    co_return 0;
  }

  task<int> peek() {
    std::unique_lock lk(m_, std::try_to_lock);  // side: lock-across-suspension #peek
    if (!lk.owns_lock()) {
      co_await io_.schedule();  // clean: lock-across-suspension
      co_return -1;
    }
    const auto n = static_cast<int>(q_.size());
    co_await io_.schedule();  // expect: lock-across-suspension #peek
    co_return n;
  }

  task<int> count() {
    auto n = [this] {
      std::lock_guard g(m_);
      return q_.size();
    }();
    co_await io_.schedule();  // clean: lock-across-suspension
    co_return static_cast<int>(n);
  }

  task<int> spin() {
    while (busy_.test_and_set(std::memory_order_acquire)) co_await io_.schedule();  // clean: lock-across-suspension
    busy_.clear(std::memory_order_release);
    co_return 0;
  }

  task<int> immediate() {
    std::lock_guard g(m_);  // clean: lock-across-suspension
    co_await std::suspend_never{};  // clean: lock-across-suspension
    co_return static_cast<int>(q_.size());
  }

 private:
  std::deque<Message> copy() {
    std::lock_guard g(m_);
    return q_;
  }
  io_service& io_;
  std::mutex m_, bounceM_;
  pthread_mutex_t raw_ = PTHREAD_MUTEX_INITIALIZER;
  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  std::deque<Message> q_;
  std::vector<unsigned> retry_;
  std::map<std::string, int> bounced_;
};

task<int> session(Queue& q, std::string to) {
  int n = co_await q.add({to, "hi"});
  n += co_await q.retryAll();
  n += co_await q.retryOne();
  n += co_await q.retryOneOk();
  n += co_await q.bounce(to);
  n += co_await q.bounceLater(to);
  n += co_await q.peek();
  n += co_await q.count();
  n += co_await q.spin();
  n += co_await q.immediate();
  co_return n;
}

}  // namespace mail

int main() {
  cppcoro::io_service io;
  mail::Queue q(io);
  std::size_t n = 0;
  {
    std::vector<std::jthread> ts;
    for (int i = 0; i < 2; ++i) ts.emplace_back([&io] { io.process_events(); });
    ts.emplace_back([&q] { cppcoro::sync_wait(mail::session(q, "a@x.org")); });
    cppcoro::sync_wait(mail::session(q, "b@y.org"));
    for (auto& m : q.all()) n += m.body.size();
    for (auto& m : q.copied()) n += m.body.size();
    for (auto& r : q.recipients()) n += r.size();
    for (auto& d : q.domains()) n += d.size();
    for (auto a : q.ages()) n += a;
    io.stop();
  }
  return n == 0;
}
