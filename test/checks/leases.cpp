// Objects that return what they lease, copy on write, upgrade by dropping, joined workers.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace dbp {

class Conn {
 public:
  explicit Conn(int n) : n_(n) {}
  void exec(const std::string& q) { last_ = q; ++uses_; }  // clean: unguarded-access
  int n() const { return n_; }
  const std::string& last() const { return last_; }

 private:
  int n_;
  int uses_ = 0;
  std::string last_;
};

// Lease returns the connection when it ends.
class ConnPool {
 public:
  class Lease {
   public:
    Lease(ConnPool& p, std::unique_ptr<Conn> c) : p_(&p), c_(std::move(c)) {}
    Lease(Lease&& o) noexcept : p_(o.p_), c_(std::move(o.c_)) {}
    ~Lease() {
      if (c_) p_->put(std::move(c_));
    }
    Conn* operator->() { return c_.get(); }

   private:
    ConnPool* p_;
    std::unique_ptr<Conn> c_;
  };

  explicit ConnPool(int n) {
    for (int i = 0; i < n; ++i) idle_.push_back(std::make_unique<Conn>(i));  // clean: unguarded-access
  }
  Lease get() {
    std::unique_lock<std::mutex> lk(mu_);
    while (idle_.empty()) cv_.wait(lk);
    auto c = std::move(idle_.front());
    idle_.pop_front();
    ++out_;
    return Lease(*this, std::move(c));
  }
  std::size_t idle() const { return idle_.size(); }  // expect: unguarded-access
  int out() const {
    std::lock_guard<std::mutex> g(mu_);
    return out_;
  }
  void shrink() {
    std::lock_guard<std::mutex> g(mu_);  // side: self-deadlock
    while (idle_.size() > 1) {
      Lease l(*this, std::move(idle_.back()));
      idle_.pop_back();
    }  // expect: self-deadlock
  }

 private:
  void put(std::unique_ptr<Conn> c) {
    {
      std::lock_guard<std::mutex> g(mu_);  // side: self-deadlock
      idle_.push_back(std::move(c));
      --out_;
    }
    cv_.notify_one();
  }
  mutable std::mutex mu_;
  std::condition_variable cv_;
  std::deque<std::unique_ptr<Conn>> idle_;
  int out_ = 0;
};

// Copy on write.
class Routes {
 public:
  using Map = std::map<std::string, int>;
  std::shared_ptr<const Map> snapshot() const {
    std::lock_guard<std::mutex> g(mu_);
    return map_;
  }
  void add(const std::string& k, int v) {
    std::lock_guard<std::mutex> g(mu_);
    auto copy = std::make_shared<Map>(*map_);
    (*copy)[k] = v;  // clean: unguarded-access
    map_ = std::move(copy);
  }
  int find(const std::string& k) const {
    auto m = snapshot();
    auto it = m->find(k);  // clean: unguarded-access
    return it == m->end() ? -1 : it->second;
  }

 private:
  mutable std::mutex mu_;
  std::shared_ptr<const Map> map_ = std::make_shared<Map>();
};

// Reads mostly; writers upgrade by dropping.
class Registry {
 public:
  int intern(const std::string& s) {
    {
      std::shared_lock<std::shared_mutex> r(mu_);
      auto it = ids_.find(s);
      if (it != ids_.end()) return it->second;
    }
    std::unique_lock<std::shared_mutex> w(mu_);  // clean: self-deadlock
    return ids_.emplace(s, static_cast<int>(ids_.size())).first->second;
  }
  bool rename(const std::string& from, const std::string& to) {
    std::unique_lock<std::shared_mutex> w(mu_);  // side: self-deadlock
    auto it = ids_.find(from);
    if (it == ids_.end()) return false;
    ids_.erase(it);
    intern(to);  // expect: self-deadlock
    return true;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    std::shared_lock<std::shared_mutex> r(mu_);
    for (auto& [k, v] : ids_) out.push_back(k);
    return out;
  }

 private:
  mutable std::shared_mutex mu_;
  std::map<std::string, int> ids_;
};

// Statistics: one lock for the pair, an atomic beside it.
struct Stats {
  std::mutex mu;
  long sum = 0, n = 0;
  std::atomic<long> errors{0};
  void add(long v) {
    std::lock_guard<std::mutex> g(mu);
    sum += v;
    ++n;
  }
  void fail() { ++errors; }  // clean: unguarded-access
  double mean() {
    long s, k;
    {
      std::lock_guard<std::mutex> g(mu);
      s = sum;
      k = n;
    }
    return k ? double(s) / k : 0;  // clean: unguarded-access
  }
  double meanRacy() { return n ? double(sum) / n : 0; }  // expect: unguarded-access
};

class Runner {
 public:
  explicit Runner(ConnPool& p, Stats& s) : pool_(p), stats_(s) {}
  void run(int n) {
    for (int i = 0; i < n; ++i) ts_.emplace_back(&Runner::work, this, i);
    for (auto& t : ts_) t.join();
    ts_.clear();
    total_ = results_.size();  // clean: unguarded-access
  }
  std::size_t total() const { return total_; }

 private:
  void work(int i) {
    try {
      auto c = pool_.get();
      c->exec("select " + std::to_string(i));
      stats_.add(c->n());
      std::lock_guard<std::mutex> g(resMu_);
      results_.push_back(i);
    } catch (const std::exception&) {
      stats_.fail();
    }
    std::size_t k = results_.size();  // expect: unguarded-access
    stats_.add(static_cast<long>(k));
  }
  ConnPool& pool_;
  Stats& stats_;
  std::mutex resMu_;
  std::vector<int> results_;
  std::vector<std::thread> ts_;
  std::size_t total_ = 0;
};

}  // namespace dbp

int main() {
  dbp::ConnPool pool(4);
  dbp::Stats st;
  dbp::Routes routes;
  dbp::Registry reg;
  std::thread admin([&] {
    routes.add("a", 1);
    reg.rename("x", "y");
    pool.shrink();
    if (pool.idle() + pool.out() > 3 && st.meanRacy() > 1) st.fail();
  });
  dbp::Runner r(pool, st);
  r.run(4);
  reg.intern("z");
  routes.find("a");
  admin.join();
  return static_cast<int>(r.total() + reg.names().size() + st.mean() + st.errors);
}
