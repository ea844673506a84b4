#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace thumbs {

using Bitmap = std::vector<unsigned char>;

struct Request {
  std::string path;
  unsigned edge = 128;
  std::promise<Bitmap> done;
};

// Bounded hand-over between the scanner and the scalers.
class Inbox {
 public:
  explicit Inbox(std::size_t cap) : cap_(cap) {}

  bool offer(Request r) {
    std::unique_lock lk(m_);
    room_.wait(lk, [this] { return closed_ || q_.size() < cap_; });  // clean: condvar-wait, blocking-under-lock
    if (closed_) return false;
    q_.push_back(std::move(r));
    lk.unlock();
    work_.notify_one();  // clean: condvar-notify
    return true;
  }

  std::optional<Request> take() {
    std::unique_lock lk(m_);
    while (q_.empty() && !closed_) work_.wait(lk);  // clean: condvar-wait
    if (q_.empty()) return std::nullopt;
    std::optional<Request> r(std::move(q_.front()));  // clean: unguarded-access
    q_.pop_front();
    lk.unlock();
    room_.notify_one();
    return r;
  }

  void close() {
    {
      std::lock_guard lk(m_);
      closed_ = true;
    }
    work_.notify_all();
    room_.notify_all();
  }

  bool idle() const { return q_.empty(); }  // expect: unguarded-access | data-race

  // Everything that still waits, for the shutdown report.
  std::vector<std::string> rest() const {
    std::vector<std::string> out;
    std::lock_guard lk(m_);
    for (const auto& r : q_) out.push_back(name(r));  // clean: self-deadlock
    return out;
  }

 private:
  static std::string name(const Request& r) { return r.path; }  // clean: unguarded-access
  const std::size_t cap_;
  mutable std::mutex m_;
  std::condition_variable work_, room_;
  std::deque<Request> q_;
  bool closed_ = false;
};

class Scaler {
 public:
  explicit Scaler(unsigned n) : in_(64) {
    budget_ = 1000;  // clean: unguarded-access
    for (unsigned i = 0; i < n; ++i)
      pool_.emplace_back([this](std::stop_token st) { run(st); });  // clean: thread-lifetime
  }

  ~Scaler() {
    in_.close();
    for (auto& t : pool_) t.join();  // clean: thread-lifetime
    failed_.clear();  // clean: unguarded-access
  }

  std::future<Bitmap> submit(std::string path) {
    Request r;
    r.path = std::move(path);  // clean: unguarded-access
    auto f = r.done.get_future();
    if (!in_.offer(std::move(r))) throw std::runtime_error("closed");
    return f;
  }

  Bitmap cached(const std::string& path) {
    if (std::lock_guard lk(cacheM_); cache_.count(path)) return cache_[path];  // clean: unguarded-access
    Bitmap b = submit(path).get();  // clean: blocking-under-lock
    std::lock_guard lk(cacheM_);  // clean: self-deadlock
    return cache_.insert_or_assign(path, std::move(b)).first->second;  // maybe: check-then-act
  }

  // Waits for the workers with the cache locked; they lock it too.
  std::size_t warm(const std::vector<std::string>& paths) {
    std::lock_guard lk(cacheM_);
    std::size_t n = 0;
    for (const auto& p : paths) {
      cache_[p] = submit(p).get();  // expect: blocking-under-lock | condvar-wait
      n += cache_[p].size();
    }
    return n;
  }

  void dropSmall(std::size_t min) {
    std::lock_guard lk(cacheM_);  // side: self-deadlock #small
    std::erase_if(cache_, [&](auto& kv) {
      return kv.second.size() < min && forget(kv.first);  // expect: self-deadlock #small
    });
  }

  void dropLarge(std::size_t max) {
    std::lock_guard lk(cacheM_);
    std::erase_if(cache_, [max](auto& kv) { return kv.second.size() > max; });  // clean: unguarded-access, self-deadlock
  }

  bool forget(const std::string& path) {
    std::lock_guard lk(cacheM_);  // side: self-deadlock #small; side: lock-order #fail
    ++forgotten_[path];
    return true;
  }

  std::size_t bytes() {
    std::lock_guard lk(cacheM_);
    return std::accumulate(cache_.begin(), cache_.end(), std::size_t{0},
                           [](std::size_t n, auto& kv) { return n + kv.second.size(); });  // clean: unguarded-access
  }

  std::size_t entries() const { return cache_.size(); }  // expect: unguarded-access | data-race

  std::vector<std::string> failures() {
    std::unique_lock lk(failM_);
    auto out = std::move(failed_);
    failed_.clear();
    return out;
  }

  // Failures, then the cache.
  std::size_t dropFailed() {
    std::scoped_lock lk(failM_);  // side: lock-order #fail
    for (auto& f : failed_) forget(f);  // expect: lock-order #fail
    return failed_.size();
  }

  // Cache, then failures.
  std::string summary() {
    std::lock_guard lk(cacheM_);  // side: lock-order #fail
    if (cache_.empty()) return "empty";
    std::unique_lock fl{failM_};  // expect: lock-order #fail
    return std::to_string(cache_.size()) + "/" + std::to_string(failed_.size());
  }

  bool failing() { return !failed_.empty(); }  // expect: unguarded-access | data-race

  unsigned done() const { return done_.load(std::memory_order_relaxed); }  // clean: data-race
  bool idle() const { return in_.idle(); }

 private:
  void run(std::stop_token st) {
    thread_local Bitmap scratch;  // clean: data-race
    while (!st.stop_requested()) {
      auto r = in_.take();
      if (!r) return;
      scratch.assign(r->edge * r->edge, 0);  // clean: unguarded-access, data-race
      if (r->path.empty()) {
        std::scoped_lock lk(failM_);
        failed_.push_back("no path");
      }
      remember(r->path);
      r->done.set_value(scratch);  // clean: callback-under-lock
      ++done_;
    }
  }

  void remember(const std::string& p) {
    std::lock_guard lk(cacheM_);
    if (--budget_ == 0) cache_.clear();
    forgotten_.erase(p);
  }

  Inbox in_;
  std::mutex cacheM_;
  std::unordered_map<std::string, Bitmap> cache_;
  std::unordered_map<std::string, int> forgotten_;
  int budget_;
  std::mutex failM_;
  std::vector<std::string> failed_;
  std::atomic<unsigned> done_{0};
  std::vector<std::jthread> pool_;
};

}  // namespace thumbs

int main() {
  thumbs::Scaler s(3);
  std::vector<std::future<std::size_t>> jobs;
  for (int i = 0; i < 4; ++i)
    jobs.push_back(std::async(std::launch::async, [&s, i] {
      std::size_t n = s.cached("a" + std::to_string(i)).size() + s.bytes() + s.entries();
      if (!s.idle() && s.failing())  // maybe: check-then-act
        n += s.failures().size() + s.summary().size() + s.dropFailed();
      s.dropLarge(1 << 16);
      return n;
    }));
  std::size_t sum = 0;
  for (auto& j : jobs) sum += j.get();
  sum += s.warm({"x", "y"});
  s.dropSmall(10);
  return sum + s.done() == 0;
}
