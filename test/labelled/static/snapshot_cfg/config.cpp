#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

// Configuration that readers see as an immutable snapshot, with plug-ins told about each change.
namespace cfg {

struct Snapshot {
  const std::map<std::string, std::string> values;
  const unsigned generation = 0;
  std::string get(const std::string& k) const {
    auto it = values.find(k);  // clean: unguarded-access, data-race
    return it == values.end() ? "" : it->second;
  }
};

class Plugin {
 public:
  explicit Plugin(std::string n) : name_(std::move(n)) {}
  virtual ~Plugin() = default;
  const std::string& name() const { return name_; }  // clean: unguarded-access, data-race
  virtual void changed(const Snapshot& s) = 0;

 private:
  const std::string name_;
};

class Config {
 public:
  Config() : now_(std::make_shared<const Snapshot>()) {}

  std::shared_ptr<const Snapshot> read() const {
    std::lock_guard<std::mutex> g(nowM_);  // side: self-deadlock #reset
    return now_;
  }

  std::shared_ptr<const Snapshot> readFast() const { return now_; }  // expect: unguarded-access | data-race

  std::string value(const std::string& k) const { return read()->get(k); }  // clean: unguarded-access, self-deadlock

  void set(const std::string& k, const std::string& v) {
    std::unique_lock<std::recursive_mutex> w(writeM_);
    auto values = read()->values;
    values[k] = v;
    auto next = std::make_shared<const Snapshot>(Snapshot{std::move(values), read()->generation + 1});
    publish(next);  // clean: self-deadlock, lock-order; maybe: check-then-act
    ++writes_;
  }

  void setAll(const std::map<std::string, std::string>& kv) {
    std::lock_guard<std::recursive_mutex> w(writeM_);
    for (auto& [k, v] : kv) set(k, v);  // clean: self-deadlock
  }

  unsigned writes() const { return writes_; }  // expect: unguarded-access | data-race

  // Plug-ins, then the value lock.
  void attach(std::shared_ptr<Plugin> p) {
    std::lock_guard g(plugM_);  // side: lock-order #attach
    p->changed(*now());  // expect: lock-order #attach
    plugins_.push_back(std::move(p));
  }

  void attachOk(std::shared_ptr<Plugin> p) {
    p->changed(*read());  // clean: lock-order
    std::lock_guard g(plugM_);
    plugins_.push_back(std::move(p));
  }

  void detach(const std::string& n) {
    std::lock_guard g(plugM_);
    plugins_.erase(std::remove_if(plugins_.begin(), plugins_.end(), std::bind(&Config::named, std::placeholders::_1, n)),
                   plugins_.end());  // clean: unguarded-access
  }

  std::size_t plugins() const { return plugins_.size(); }  // expect: unguarded-access | data-race

  void reset() {
    std::lock_guard g(nowM_);  // side: lock-order #attach; side: self-deadlock #reset
    now_ = std::make_shared<const Snapshot>();
    tell(*now_);  // expect: lock-order #attach
    if (value("debug") == "1") resets_ = 0;  // expect: self-deadlock #reset
    ++resets_;
  }

  void resetOk() {
    auto empty = std::make_shared<const Snapshot>();
    publish(empty);
    tell(*empty);  // clean: lock-order, self-deadlock
  }

 private:
  static bool named(const std::shared_ptr<Plugin>& p, const std::string& n) { return p->name() == n; }
  std::shared_ptr<const Snapshot> now() const {
    std::lock_guard<std::mutex> g(nowM_);  // side: lock-order #attach
    return now_;
  }
  void publish(std::shared_ptr<const Snapshot> s) {
    std::lock_guard<std::mutex> g(nowM_);
    now_.swap(s);
  }
  void tell(const Snapshot& s) {
    std::lock_guard g(plugM_);  // side: lock-order #attach
    for (auto& p : plugins_) p->changed(s);  // maybe: callback-under-lock
  }

  mutable std::mutex nowM_;
  std::shared_ptr<const Snapshot> now_;
  std::recursive_mutex writeM_;
  unsigned writes_ = 0;
  mutable std::mutex plugM_;
  std::vector<std::shared_ptr<Plugin>> plugins_;
  unsigned resets_ = 0;
};

class LogLevel final : public Plugin {
 public:
  LogLevel() : Plugin("log") {}
  void changed(const Snapshot& s) override {
    level_.store(std::atoi(s.get("log.level").c_str()));  // clean: data-race
    std::lock_guard g(m_);
    history_.push_back(s.generation);
  }
  int level() const { return level_.load(); }
  unsigned last() const { return history_.empty() ? 0 : history_.back(); }  // expect: unguarded-access | data-race

 private:
  std::atomic<int> level_{0};
  std::mutex m_;
  std::vector<unsigned> history_;
};

// Used by the reload thread alone.
class Watcher {
 public:
  explicit Watcher(Config& c) : c_(c) {}
  void start() { t_ = std::thread(&Watcher::loop, this); }  // clean: thread-lifetime
  void stop() {
    end_ = true;
    if (t_.joinable()) t_.join();  // clean: thread-lifetime
    seen_.clear();  // clean: unguarded-access, data-race
  }
  ~Watcher() { stop(); }

 private:
  void loop() {
    while (!end_) {
      const auto snap = c_.read();
      for (auto& [k, v] : snap->values)
        if (seen_.insert(k).second) ++fresh_;  // clean: data-race, unguarded-access
      c_.set("fresh", std::to_string(fresh_));
      std::this_thread::yield();
    }
  }
  Config& c_;
  std::set<std::string> seen_;
  int fresh_ = 0;
  std::atomic<bool> end_{false};
  std::thread t_;
};

}  // namespace cfg

int main() {
  cfg::Config c;
  auto log = std::make_shared<cfg::LogLevel>();
  c.attachOk(log);
  cfg::Watcher w(c);
  w.start();
  std::size_t n = 0;
  {
    std::jthread a([&] {
      for (int i = 0; i < 100; ++i) c.set("log.level", std::to_string(i));
      c.setAll({{"a", "1"}, {"b", "2"}});
      c.resetOk();
      c.attach(std::make_shared<cfg::LogLevel>());
    });
    std::jthread b([&] {
      c.reset();
      c.detach("old");
      if (c.plugins() > 3 && c.writes() > 10 && log->last() > 5) c.resetOk();  // maybe: check-then-act
    });
    std::jthread r([&] {
      for (int i = 0; i < 100; ++i) n += c.value("a").size() + c.readFast()->generation;  // clean: data-race
    });
  }
  w.stop();
  return n + static_cast<std::size_t>(log->level()) == 0;  // clean: data-race
}
