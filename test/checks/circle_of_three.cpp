// A circle of three locks over three classes; gates, early unlocks and phases that make circles harmless.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

// Model, views, and a cache between them. Three locks, and a circle of three.
namespace ui {

class Model;

class View {
 public:
  virtual ~View() = default;
  virtual void changed(Model& m, int key) = 0;
};

class Cache {
 public:
  int lookup(int key) {
    std::lock_guard g(cacheMu_);  // side: lock-order
    return map_[key];
  }
  void fill(int key, int v) {
    std::lock_guard g(cacheMu_);
    map_[key] = v;
  }
  void drain(class Log& log);

 private:
  std::mutex cacheMu_;
  std::map<int, int> map_;
};

class Log {
 public:
  void add(const std::string& s) {
    std::lock_guard g(logMu_);  // side: lock-order
    lines_.push_back(s);
  }
  void replay(Model& m);
  std::size_t size() {
    std::lock_guard g(logMu_);
    return lines_.size();
  }

 private:
  std::mutex logMu_;
  std::vector<std::string> lines_;
};

class Model {
 public:
  explicit Model(Cache& c) : cache_(c) {}
  void attach(View* v) {
    std::lock_guard g(modelMu_);
    views_.insert(v);
  }
  void detach(View* v) {
    std::lock_guard g(modelMu_);
    views_.erase(v);
  }
  int get(int key) {
    std::lock_guard g(modelMu_);  // side: lock-order
    return cache_.lookup(key);  // expect: lock-order
  }
  void touch() {
    std::lock_guard g(modelMu_);  // side: lock-order
    ++version_;
  }
  void set(int key, int v) {
    std::vector<View*> vs;
    {
      std::lock_guard g(modelMu_);
      ++version_;
      vs.assign(views_.begin(), views_.end());
    }
    cache_.fill(key, v);
    for (auto* w : vs) w->changed(*this, key);  // clean: self-deadlock, lock-order
  }
  int version() const { return version_; }  // expect: unguarded-access
  bool hasViews() const {
    return !views_.empty();
  }

 private:
  Cache& cache_;
  mutable std::mutex modelMu_;
  std::set<View*> views_;
  int version_ = 0;
};

void Cache::drain(Log& log) {
  std::lock_guard g(cacheMu_);  // side: lock-order
  for (auto& [k, v] : map_) log.add(std::to_string(v));  // expect: lock-order
  map_.clear();
}

void Log::replay(Model& m) {
  std::lock_guard g(logMu_);  // side: lock-order
  for (std::size_t i = 0; i < lines_.size(); ++i) m.touch();  // expect: lock-order
}

class Label : public View {
 public:
  void changed(Model& m, int key) override {
    std::lock_guard g(labelMu_);
    text_ = std::to_string(key);
    count_++;
    (void)m;
  }
  std::string text() const {
    std::lock_guard g(labelMu_);
    return text_;
  }
  int count() const { return count_; }  // expect: unguarded-access

 private:
  mutable std::mutex labelMu_;
  std::string text_;
  int count_ = 0;
};

// Everything from one thread only: the lock of nobody.
class Painter {
 public:
  void paint(const Label& l) { frame_ += l.text(); }  // clean: unguarded-access
  std::size_t size() const { return frame_.size(); }  // clean: unguarded-access

 private:
  std::string frame_;
};

std::mutex pA, pB;
int a, b;

// Gate: outer protects the inner pair.
std::mutex gate;
void one() {
  std::lock_guard g(gate);
  std::lock_guard x(pA);
  std::lock_guard y(pB);  // clean: lock-order
  ++a;
  ++b;
}
void two() {
  std::lock_guard g(gate);
  std::lock_guard y(pB);
  std::lock_guard x(pA);  // clean: lock-order
  ++a;
  ++b;
}

std::mutex qA, qB;
int qa, qb;
// Early unlock: never both.
void three() {
  std::unique_lock x(qA);
  ++qa;
  x.unlock();
  std::unique_lock y(qB);  // clean: lock-order
  ++qb;
}
void four() {
  std::unique_lock y(qB);
  ++qb;
  y.unlock();
  std::unique_lock x(qA);  // clean: lock-order
  ++qa;
}

std::mutex rA, rB;
int ra, rb;
// Before any thread.
void setup() {
  std::lock_guard y(rB);
  std::lock_guard x(rA);  // clean: lock-order
  ++ra;
  ++rb;
}
void use() {
  std::lock_guard x(rA);
  std::lock_guard y(rB);  // clean: lock-order
  ++ra;
  ++rb;
}

}  // namespace ui

int main() {
  ui::setup();
  ui::Cache cache;
  ui::Model m(cache);
  ui::Log log;
  ui::Label label;
  ui::Painter p;
  m.attach(&label);
  std::thread t1([&] {
    for (int i = 0; i < 9; ++i) m.set(i, i);
    ui::one();
    ui::three();
    ui::use();
    cache.drain(log);
  });
  std::thread t2([&] {
    log.replay(m);
    ui::two();
    ui::four();
    ui::use();
    p.paint(label);
    if (p.size() > 3 && m.version() > 2 && m.hasViews() && label.count()) m.detach(&label);
  });
  m.get(3);
  t1.join();
  t2.join();
  return static_cast<int>(log.size() + p.size()) + ui::a + ui::qa + ui::ra;  // clean: unguarded-access
}
