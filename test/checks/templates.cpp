// Locks of a base class template, locked callables, shards, once, and a tree of locks.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
#include <unordered_map>

// Base gives the lock, derived classes the work.
template <class D>
class Service {
 public:
  void start() { th_ = std::thread([this] { static_cast<D*>(this)->loop(); }); }
  void stop() {
    running_ = false;
    if (th_.joinable()) th_.join();
  }
  template <class F>
  auto locked(F&& f) {
    std::lock_guard<std::mutex> g(mu_);
    return f(static_cast<D&>(*this));
  }

 protected:
  ~Service() = default;
  std::mutex mu_;
  std::atomic<bool> running_{true};
  std::thread th_;
};

class Heart : public Service<Heart> {
 public:
  void loop() {
    while (running_) {
      {
        std::lock_guard<std::mutex> g(mu_);
        ++beats_;
      }
      ticks_++;  // clean: unguarded-access
    }
  }
  long beats() {
    return locked([](Heart& h) { return h.beats_; });  // clean: unguarded-access
  }
  long beatsFast() const { return beats_; }  // expect: unguarded-access
  void reset() {
    locked([](Heart& h) { h.beats_ = 0; });  // clean: unguarded-access
  }
  long twice() {
    return locked([](Heart& h) { return h.beats(); });  // expect: self-deadlock
  }
  long ticks() const { return ticks_; }

 private:
  long beats_ = 0;
  long ticks_ = 0;
};

// Values cached per key with one lock per shard.
class Shards {
 public:
  int get(const std::string& k) {
    Shard& s = shardOf(k);
    std::lock_guard<std::mutex> g(s.mu);
    return s.map[k];
  }
  void put(const std::string& k, int v) {
    Shard& s = shardOf(k);
    std::lock_guard<std::mutex> g(s.mu);
    s.map[k] = v;
    ++s.writes;
  }
  long writes() {
    long n = 0;
    for (auto& s : shards_) {
      std::lock_guard<std::mutex> g(s.mu);  // clean: self-deadlock, lock-order
      n += s.writes;
    }
    return n;
  }
  long writesDirty() const {
    long n = 0;
    for (auto& s : shards_) n += s.writes;  // expect: unguarded-access
    return n;
  }

 private:
  struct Shard {
    std::mutex mu;
    std::unordered_map<std::string, int> map;
    long writes = 0;
  };
  Shard& shardOf(const std::string& k) { return shards_[std::hash<std::string>{}(k) % 8]; }
  Shard shards_[8];
};

// Lazily built, once.
class Config {
 public:
  static Config& get() {
    static Config c;
    return c;
  }
  const std::string& path() {
    std::call_once(once_, [this] { path_ = "/etc"; });  // clean: unguarded-access
    return path_;  // clean: unguarded-access
  }
  void level(int n) {
    std::lock_guard<std::mutex> g(mu_);
    level_ = n;
  }
  int level() const {
    std::lock_guard<std::mutex> g(mu_);
    return level_;
  }

 private:
  Config() : level_(1) {}
  std::once_flag once_;
  std::string path_;
  mutable std::mutex mu_;
  int level_;
};

struct Node {
  std::mutex mu;
  std::vector<std::unique_ptr<Node>> kids;
  long weight = 0;
  long sum() {
    std::lock_guard<std::mutex> g(mu);
    long n = weight;
    for (auto& k : kids) n += k->sum();  // clean: self-deadlock, lock-order
    return n;
  }
  Node* add(long w) {
    auto n = std::make_unique<Node>();
    n->weight = w;  // clean: unguarded-access
    Node* raw = n.get();
    std::lock_guard<std::mutex> g(mu);
    kids.push_back(std::move(n));
    return raw;
  }
  void heavier() {
    std::lock_guard<std::mutex> g(mu);
    ++weight;
  }
};

int main() {
  Heart h;
  h.start();
  Shards s;
  Node root;
  std::vector<std::thread> ts;
  for (int i = 0; i < 3; ++i)
    ts.emplace_back([&, i] {
      s.put("k" + std::to_string(i), s.get("k"));
      h.reset();
      if (h.beats() + h.beatsFast() > 10 && h.twice()) s.writes();
      Config::get().level(i);
      Config::get().path();
      root.add(i)->heavier();
      root.sum();
      s.writesDirty();
    });
  for (auto& t : ts) t.join();
  h.stop();
  return static_cast<int>(h.ticks() + Config::get().level());
}
