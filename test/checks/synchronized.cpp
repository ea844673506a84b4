// Synchronized<T> with callables, a strand, a frozen catalogue, globals.
// RUN: %snarl check --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

// Synchronized<T>: withLock(f).
template <class T>
class Synchronized {
 public:
  template <class F>
  auto withLock(F f) {
    std::unique_lock lk(mu_);
    return f(data_);
  }
  template <class F>
  auto withRead(F f) const {
    std::shared_lock lk(mu_);
    return f(data_);
  }
  T copy() const {
    std::shared_lock lk(mu_);
    return data_;
  }
  class Locked {
   public:
    Locked(Synchronized* s) : s_(s), lk_(s->mu_) {}
    T* operator->() { return &s_->data_; }
    T& operator*() { return s_->data_; }
   private:
    Synchronized* s_;
    std::unique_lock<std::shared_mutex> lk_;
  };
  Locked lock() { return Locked(this); }

 private:
  mutable std::shared_mutex mu_;
  T data_;
};

struct Inventory {
  std::map<std::string, int> items;
  long changes = 0;
};

class Warehouse {
 public:
  void add(const std::string& k, int n) {
    inv_.withLock([&](Inventory& i) {
      i.items[k] += n;
      ++i.changes;  // clean: unguarded-access
    });
  }
  long changes() const {
    return inv_.withRead([](const Inventory& i) { return i.changes; });  // clean: unguarded-access
  }
  void moveTo(const std::string& k) {
    inv_.withLock([&](Inventory& i) {
      i.items.erase(k);
      sold_.withLock([&](std::vector<std::string>& s) { s.push_back(k); });  // expect: lock-order
    });
  }
  void giveBack() {
    auto s = sold_.lock();  // side: lock-order
    for (auto& k : *s) add(k, 1);  // expect: lock-order
    s->clear();
  }
  void giveBackOk() {
    std::vector<std::string> all;
    {
      auto s = sold_.lock();
      all.swap(*s);
    }
    for (auto& k : all) add(k, 1);  // clean: lock-order
  }
  void audit() {
    auto i = inv_.lock();  // side: self-deadlock
    if (i->items.empty()) add("none", 0);  // expect: self-deadlock
  }
  std::string dump() const {
    auto i = inv_.copy();
    std::string s;
    for (auto& [k, n] : i.items) s += k;  // clean: unguarded-access
    return s;
  }

 private:
  Synchronized<Inventory> inv_;
  Synchronized<std::vector<std::string>> sold_;
};

// Strand: serialises tasks; flag handed over under the lock.
class Strand {
 public:
  void post(std::function<void()> f) {
    bool start = false;
    {
      std::lock_guard g(mu_);
      q_.push(std::move(f));
      if (!running_) running_ = start = true;
    }
    if (start) std::thread([this] { drain(); }).detach();  // side: thread-lifetime
  }
  std::size_t queued() const {
    std::lock_guard g(mu_);
    return q_.size();
  }
  bool busy() const { return running_; }  // expect: unguarded-access

 private:
  void drain() {
    for (;;) {
      std::function<void()> f;
      {
        std::lock_guard g(mu_);
        if (q_.empty()) {
          running_ = false;
          return;
        }
        f = std::move(q_.front());
        q_.pop();
      }
      f();
    }
  }
  mutable std::mutex mu_;
  std::queue<std::function<void()>> q_;
  bool running_ = false;
};

// Two-phase: builder used by one thread, then frozen and shared.
class Catalog {
 public:
  class Builder {
   public:
    Builder& put(std::string k, int v) {
      m_[std::move(k)] = v;  // clean: unguarded-access
      return *this;
    }
    std::shared_ptr<const Catalog> build() {
      auto c = std::make_shared<Catalog>();
      c->m_ = std::move(m_);  // clean: unguarded-access
      return c;
    }
   private:
    std::map<std::string, int> m_;
  };
  int find(const std::string& k) const {
    auto it = m_.find(k);  // clean: unguarded-access
    return it == m_.end() ? 0 : it->second;
  }
 private:
  std::map<std::string, int> m_;
};

class Holder {
 public:
  void set(std::shared_ptr<const Catalog> c) {
    std::lock_guard g(mu_);
    cat_ = std::move(c);
    ++gen_;
  }
  std::shared_ptr<const Catalog> get() const {
    std::lock_guard g(mu_);
    return cat_;
  }
  int lookup(const std::string& k) const {
    auto c = get();
    return c ? c->find(k) : 0;  // clean: unguarded-access
  }
  int lookupBad(const std::string& k) const { return cat_ ? cat_->find(k) : 0; }  // expect: unguarded-access
  unsigned generation() const {
    std::lock_guard g(mu_);
    return gen_;
  }

 private:
  mutable std::mutex mu_;
  std::shared_ptr<const Catalog> cat_;
  unsigned gen_ = 0;
};

static std::mutex gMu;
static std::map<int, std::string> gNames;
static int gNext = 0;

int registerName(std::string s) {
  std::lock_guard<std::mutex> g(gMu);
  gNames[++gNext] = std::move(s);
  return gNext;
}
std::string nameOf(int id) {
  std::lock_guard<std::mutex> g(gMu);
  auto it = gNames.find(id);
  return it == gNames.end() ? "" : it->second;
}
int lastId() { return gNext; }  // expect: unguarded-access

int main() {
  Warehouse w;
  Strand strand;
  Holder h;
  h.set(Catalog::Builder().put("a", 1).put("b", 2).build());
  long sum = 0;
  {
    std::vector<std::jthread> ts;
    for (int i = 0; i < 3; ++i)
      ts.emplace_back([&] {
        w.add("x", 1);
        w.moveTo("x");
        w.giveBack();
        w.giveBackOk();
        w.audit();
        strand.post([&w] { w.dump(); });
        h.lookup("a");
        h.lookupBad("b");
        registerName("n");
        nameOf(lastId());
      });
    h.set(Catalog::Builder().put("c", 3).build());
    sum = w.changes() + static_cast<long>(strand.queued() + strand.busy());
  }
  auto f = std::async(std::launch::async, [&] { return h.generation(); });
  return static_cast<int>(sum + f.get());
}
