// maybe-project: blocking-in-coroutine
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "async.h"

namespace db {

class SpinLock {
 public:
  void lock() {
    while (f_.test_and_set(std::memory_order_acquire)) {
    }
  }
  void unlock() { f_.clear(std::memory_order_release); }

 private:
  std::atomic_flag f_ = ATOMIC_FLAG_INIT;
};

class Base {
 protected:
  std::unique_lock<std::mutex> guard() { return std::unique_lock(lock_); }  // clean: unreleased-lock; side: lock-across-suspension #insert
  std::mutex lock_;
};

struct Conn {
  int id = 0;
  unsigned used = 0;
};

class Pool : private Base {
 public:
  explicit Pool(int n) : slots_(n), conns_(static_cast<std::size_t>(n)) {}

  Async<int> insert(std::string row) {
    auto g = guard();  // expect: lock-across-suspension #insert
    ++conns_[0].used;
    std::string id = co_await Query{"insert " + row};  // expect: lock-across-suspension #insert
    co_return static_cast<int>(id.size());
  }

  Async<int> insertOk(std::string row) {
    auto permit = co_await slots_.acquire();  // clean: lock-across-suspension
    {
      auto g = guard();
      ++conns_[0].used;  // clean: unguarded-access
    }
    std::string id = co_await Query{"insert " + row};  // clean: lock-across-suspension
    co_return static_cast<int>(id.size());
  }

  Async<std::string> lookup(std::string key) {
    std::shared_lock r(cacheM_);
    if (auto it = cache_.find(key); it != cache_.end()) co_return it->second;  // clean: lock-across-suspension
    r.unlock();
    std::string v = co_await Query{"select " + key};  // clean: lock-across-suspension
    std::unique_lock w(cacheM_);  // clean: self-deadlock
    cache_[key] = v;
    co_return v;
  }

  Async<std::string> lookupHeld(std::string key) {
    std::shared_lock r(cacheM_);  // side: lock-across-suspension #held
    if (auto it = cache_.find(key); it != cache_.end()) co_return it->second;
    co_return co_await Query{"select " + key};  // expect: lock-across-suspension #held
  }

  Async<int> begin() {
    spin_.lock();  // side: lock-across-suspension #begin; maybe: unreleased-lock
    ++open_;
    co_await Query{"begin"};  // expect: lock-across-suspension #begin
    spin_.unlock();  // maybe: unreleased-lock
    co_return 0;
  }

  Async<int> commit() {
    std::lock_guard<SpinLock> g(spin_);
    --open_;
    co_return co_await Now<int>{open_};  // clean: lock-across-suspension
  }

  Async<int> rollback() {
    std::optional<std::lock_guard<SpinLock>> g(spin_);  // side: lock-across-suspension #rollback
    --open_;
    if (open_ == 0) g.reset();
    co_await Query{"rollback"};  // expect: lock-across-suspension #rollback
    co_return 0;
  }

  Async<int> rollbackOk() {
    std::optional<std::lock_guard<SpinLock>> g(spin_);
    --open_;
    g.reset();
    co_await Query{"rollback"};  // clean: lock-across-suspension
    co_return 0;
  }

  Async<int> vacuum() {
    const std::lock_guard<std::recursive_mutex> g(admin_);  // side: lock-across-suspension #vacuum
    for (auto& c : names()) {
      co_await Query{"vacuum " + c};  // expect: lock-across-suspension #vacuum
    }
    co_return 1;
  }

  Async<int> vacuumOk() {
    std::vector<std::string> all;
    {
      const std::lock_guard<std::recursive_mutex> g(admin_);
      all = names();  // clean: self-deadlock
    }
    for (auto& c : all) co_await Query{"vacuum " + c};  // clean: lock-across-suspension
    co_return 1;
  }

  Async<int> adopt() {
    admin_.lock();  // maybe: unreleased-lock; side: lock-across-suspension #adopt
    auto g = std::make_unique<std::unique_lock<std::recursive_mutex>>(admin_, std::adopt_lock);  // side: lock-across-suspension #adopt
    co_await Query{"adopt"};  // expect: lock-across-suspension #adopt
    co_return 0;
  }

  Async<int> deferred(bool lockIt) {
    std::unique_lock g(lock_, std::defer_lock);  // side: lock-across-suspension #deferred
    co_await Query{"ping"};  // clean: lock-across-suspension
    if (lockIt) g.lock();  // side: lock-across-suspension #deferred
    co_await Query{"pong"};  // expect: lock-across-suspension #deferred
    co_return 0;
  }

  // The lock is in a callback, which runs elsewhere.
  Async<int> hook() {
    auto f = [this] {
      std::lock_guard g(lock_);
      return conns_.size();
    };
    co_await Query{"hook"};  // clean: lock-across-suspension
    co_return static_cast<int>(f());
  }

 private:
  std::vector<std::string> names() {
    std::lock_guard g(admin_);  // clean: self-deadlock
    return {"a", "b"};
  }
  AsyncSemaphore slots_;
  std::vector<Conn> conns_;
  std::shared_mutex cacheM_;
  std::map<std::string, std::string> cache_;
  SpinLock spin_;
  int open_ = 0;
  std::recursive_mutex admin_;
};

Async<int> all(Pool& p) {
  int n = co_await p.insert("r");
  n += co_await p.insertOk("r");
  n += static_cast<int>((co_await p.lookup("k")).size());
  n += static_cast<int>((co_await p.lookupHeld("k")).size());
  n += co_await p.begin();
  n += co_await p.commit();
  n += co_await p.rollback();
  n += co_await p.rollbackOk();
  n += co_await p.vacuum();
  n += co_await p.vacuumOk();
  n += co_await p.adopt();
  n += co_await p.deferred(n > 3);
  n += co_await p.hook();
  co_return n;
}

}  // namespace db

int main() {
  db::Pool p(4);
  std::vector<std::jthread> ts;
  for (int i = 0; i < 3; ++i) ts.emplace_back([&p] { db::runBlocking(db::all(p)); });
  return db::runBlocking(db::all(p));
}
