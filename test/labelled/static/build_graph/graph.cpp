#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

// Parallel build: targets, a scheduler with a pool, an output cache and a progress line.
namespace build {

class Progress {
 public:
  virtual ~Progress() = default;
  void step(const std::string& what) {
    std::lock_guard<std::recursive_mutex> g(m_);
    ++steps_;
    paint(what);  // clean: self-deadlock
  }
  unsigned steps() const {
    std::lock_guard<std::recursive_mutex> g(m_);
    return steps_;
  }

 protected:
  virtual void paint(const std::string& what) = 0;
  mutable std::recursive_mutex m_;

 private:
  unsigned steps_ = 0;
};

class Line final : public Progress {
 public:
  std::string text() const { return line_; }  // expect: unguarded-access | data-race

 private:
  void paint(const std::string& what) override {
    line_ = what + " " + std::to_string(steps());  // clean: self-deadlock, unguarded-access
  }
  std::string line_;
};

class Scheduler;

class Target {
 public:
  Target(std::string n, Scheduler& s) : name(std::move(n)), sched_(s) {}
  const std::string name;
  void needs(Target* t) {
    deps_.push_back(t);  // maybe: unguarded-access, data-race
  }
  bool ready() const {
    std::lock_guard g(tm_);
    return left_ == 0;
  }
  void finished();
  void invalidate();
  void touch(int n) {
    std::lock_guard g(tm_);  // side: lock-order #sched; side: lock-order #dep
    left_ += n;
  }
  // Own lock, then that of a dependency that another thread may be in.
  void pull(Target& from) {
    std::lock_guard g(tm_);  // side: lock-order #dep
    from.touch(-1);  // expect: lock-order #dep
    ++left_;
  }

 private:
  Scheduler& sched_;
  mutable std::mutex tm_;
  int left_ = 0;
  std::vector<Target*> deps_;
};

class Scheduler {
 public:
  Scheduler(unsigned n, Progress& p) : progress_(p) {
    for (unsigned i = 0; i < n; ++i) pool_.emplace_back(std::bind(&Scheduler::work, this));  // clean: thread-lifetime
  }

  ~Scheduler() {
    stop();
    jobs_ = {};  // clean: unguarded-access
  }

  void stop() {
    {
      std::lock_guard g(sm_);
      stop_ = true;
    }
    cv_.notify_all();
    for (auto& t : pool_)
      if (t.joinable()) t.join();  // clean: thread-lifetime
  }

  void submit(Target* t) {
    std::unique_lock g(sm_);  // side: lock-order #sched; side: self-deadlock #batch
    jobs_.push(t);
    ++queued_;
    g.unlock();
    cv_.notify_one();
  }

  void submitAll(const std::vector<Target*>& ts) {
    std::lock_guard g(sm_);  // side: self-deadlock #batch
    std::for_each(ts.begin(), ts.end(), std::bind(&Scheduler::submit, this, std::placeholders::_1));  // expect: self-deadlock #batch
  }

  void submitMany(const std::vector<Target*>& ts) {
    std::for_each(ts.begin(), ts.end(), [this](Target* t) { submit(t); });  // clean: self-deadlock
    std::lock_guard g(sm_);
    std::for_each(ts.begin(), ts.end(), [this](Target*) { ++queued_; });  // clean: unguarded-access
  }

  // Scheduler, then target.
  bool drain() {
    std::lock_guard g(sm_);  // side: lock-order #sched
    bool all = true;
    while (!jobs_.empty()) {
      jobs_.front()->touch(-1);  // expect: lock-order #sched
      jobs_.pop();
      all = false;
    }
    return all;
  }

  unsigned queued() const { return queued_; }  // expect: unguarded-access | data-race

  void store(const std::string& k, int v) {
    std::lock_guard g(cm_);
    cache_[k] = v;
  }

  // Everything under one lock, the callback after it.
  void each(const std::function<void(const std::string&, int)>& f) {
    std::map<std::string, int> copy;
    {
      std::lock_guard g(cm_);
      copy = cache_;
    }
    for (auto& [k, v] : copy) f(k, v);  // clean: callback-under-lock, self-deadlock
  }

  void eachHeld(const std::function<void(const std::string&, int)>& f) {
    std::lock_guard g(cm_);  // side: self-deadlock #held
    for (auto& [k, v] : cache_) f(k, v);  // expect: self-deadlock #held; expect: callback-under-lock
  }

 private:
  void work() {
    std::unique_lock g(sm_);
    while (true) {
      cv_.wait(g, [this] { return stop_ || !jobs_.empty(); });  // clean: condvar-wait
      if (jobs_.empty()) return;
      Target* t = jobs_.front();
      jobs_.pop();
      g.unlock();
      progress_.step(t->name);  // clean: lock-order
      store(t->name, 1);
      t->finished();
      g.lock();  // clean: self-deadlock
    }
  }

  Progress& progress_;
  mutable std::mutex sm_;
  std::condition_variable cv_;
  std::queue<Target*> jobs_;
  unsigned queued_ = 0;
  bool stop_ = false;
  std::mutex cm_;
  std::map<std::string, int> cache_;
  std::vector<std::thread> pool_;
};

void Target::finished() {
  std::unique_lock g(tm_);
  const int left = --left_;
  g.unlock();
  if (left > 0) sched_.submit(this);  // clean: lock-order
}

// Target, then scheduler.
void Target::invalidate() {
  std::lock_guard g(tm_);  // side: lock-order #sched
  left_ = static_cast<int>(deps_.size());
  sched_.submit(this);  // expect: lock-order #sched
}

}  // namespace build

int main() {
  build::Line line;
  build::Scheduler s(4, line);
  build::Target a("a", s), b("b", s), c("c", s);
  a.needs(&b);
  a.needs(&c);
  {
    std::jthread t1([&] {
      s.submitMany({&a, &b});
      s.submitAll({&c});
      a.invalidate();
      a.pull(b);
    });
    std::jthread t2([&] {
      b.pull(a);
      if (!s.drain() && c.ready()) b.invalidate();
      s.each([&s](const std::string& k, int v) { s.store(k, v + 1); });  // clean: self-deadlock
      s.eachHeld([&s](const std::string& k, int v) { s.store(k, v + 1); });  // side: self-deadlock #held
    });
    std::jthread t3([&] {
      if (line.text().empty() && s.queued() > 3) std::this_thread::yield();
    });
  }
  s.stop();
  return static_cast<int>(line.steps());
}
