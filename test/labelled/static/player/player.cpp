#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

// Media player core: listeners and plug-ins are the user's code, the playlist is shared by all threads.

namespace player {

struct Track {
  int id = 0;
  int secs = 0;
  std::string title;
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual void onTrack(const Track& t) = 0;
  virtual void onStop() {}
};

class Player {
 public:
  using Fn = std::function<void(const Track&)>;

  void listen(Listener* l) {
    std::lock_guard g(m_);
    ls_.push_back(l);
  }
  void onChange(Fn f) {
    std::lock_guard g(m_);
    fn_ = std::move(f);  // clean: callback-under-lock
  }
  void onTick(void (*f)(void*), void* arg) {
    std::lock_guard g(m_);
    tick_ = f;  // clean: callback-under-lock
    tickArg_ = arg;
  }

  void play(const Track& t) {
    std::lock_guard g(m_);
    cur_ = t;
    for (auto* l : ls_) l->onTrack(t);  // expect: callback-under-lock
  }
  void playRight(const Track& t) {
    std::vector<Listener*> ls;
    {
      std::lock_guard g(m_);
      cur_ = t;
      ls = ls_;
    }
    for (auto* l : ls) l->onTrack(t);  // clean: callback-under-lock
  }
  void stop() {
    std::unique_lock g(m_);
    cur_ = {};
    auto ls = ls_;
    g.unlock();
    for (auto* l : ls) l->onStop();  // clean: callback-under-lock
  }
  void stopNow() {
    std::unique_lock g(m_);
    cur_ = {};
    for (auto* l : ls_) l->onStop();  // expect: callback-under-lock
  }
  void change() {
    std::lock_guard g(m_);
    if (fn_) fn_(cur_);  // expect: callback-under-lock
  }
  void changeRight() {
    Fn f;
    Track t;
    {
      std::lock_guard g(m_);
      f = fn_;
      t = cur_;
    }
    if (f) f(t);  // clean: callback-under-lock
  }
  void tick() {
    std::lock_guard g(m_);
    if (tick_) tick_(tickArg_);  // expect: callback-under-lock
  }
  void tickRight() {
    void (*f)(void*) = nullptr;
    void* arg = nullptr;
    {
      std::lock_guard g(m_);
      f = tick_;
      arg = tickArg_;
    }
    if (f) f(arg);  // clean: callback-under-lock
  }
  template <class F>
  void withCurrent(F f) {
    std::lock_guard g(m_);
    f(cur_);  // maybe: callback-under-lock
  }
  void edit(const Fn& f) {
    std::lock_guard g(m_);
    f(cur_);  // expect: callback-under-lock
  }
  void editUnlocked(const Fn& f) {
    Track t;
    {
      std::lock_guard g(m_);
      t = cur_;
    }
    f(t);  // clean: callback-under-lock
  }
  void finish(std::promise<int> p) {
    std::lock_guard g(m_);
    p.set_value(cur_.id);  // maybe: callback-under-lock
  }
  void finishRight(std::promise<int> p) {
    int id;
    {
      std::lock_guard g(m_);
      id = cur_.id;
    }
    p.set_value(id);  // clean: callback-under-lock
  }
  void later(std::function<void()> f) {
    std::lock_guard g(m_);
    todo_.push_back(std::move(f));  // clean: callback-under-lock
  }
  void runTodo() {
    std::vector<std::function<void()>> now;
    {
      std::lock_guard g(m_);
      now.swap(todo_);  // clean: callback-under-lock
    }
    for (auto& f : now) f();  // clean: callback-under-lock
  }
  void runTodoLocked() {
    m_.lock();
    for (auto& f : todo_) f();  // expect: callback-under-lock
    todo_.clear();
    m_.unlock();
  }
  void runOne() {
    std::unique_lock g(m_);
    while (!todo_.empty()) {
      auto f = std::move(todo_.back());
      todo_.pop_back();
      g.unlock();
      f();  // clean: callback-under-lock
      g.lock();
    }
  }
  void runIndirect() {
    std::lock_guard g(m_);
    if (!todo_.empty()) call(todo_.front());  // side: callback-under-lock #ind
  }
  int sumSorted() {
    std::lock_guard g(m_);
    std::sort(list_.begin(), list_.end(),  // clean: callback-under-lock
              [](const Track& a, const Track& b) { return a.secs < b.secs; });
    return std::accumulate(list_.begin(), list_.end(), 0, [](int n, const Track& t) { return n + t.secs; });  // clean: callback-under-lock
  }
  int removeIf(const std::function<bool(const Track&)>& pred) {
    std::lock_guard g(m_);
    return static_cast<int>(std::count_if(list_.begin(), list_.end(), pred));  // maybe: callback-under-lock
  }
  void local() {
    std::lock_guard g(m_);
    auto bump = [this] { ++cur_.secs; };
    bump();  // clean: callback-under-lock
  }
  void add(Track t) {
    std::lock_guard g(m_);
    list_.push_back(std::move(t));
  }

 private:
  static void call(const std::function<void()>& f) { f(); }  // expect: callback-under-lock #ind
  std::mutex m_;
  std::vector<Listener*> ls_;
  Fn fn_;
  void (*tick_)(void*) = nullptr;
  void* tickArg_ = nullptr;
  Track cur_;
  std::vector<std::function<void()>> todo_;
  std::vector<Track> list_;
};

// Closed family of stages: all overriders are here.
class Stage {
 public:
  virtual ~Stage() = default;
  void run(int n) {
    std::lock_guard g(m_);
    total_ += scale(n);  // clean: callback-under-lock
  }
  int total() {
    std::lock_guard g(m_);
    return total_;
  }

 private:
  virtual int scale(int n) const = 0;
  std::mutex m_;
  int total_ = 0;
};

class Half final : public Stage {
  int scale(int n) const override { return n / 2; }  // clean: callback-under-lock, self-deadlock
};

class Twice final : public Stage {
  int scale(int n) const override { return n * 2; }
};

// Read mostly.
class Library {
 public:
  std::size_t size() const {
    std::unique_lock g(m_);  // expect: read-lock-suffices
    return tracks_.size();
  }
  std::size_t sizeRight() const {
    std::shared_lock g(m_);  // clean: read-lock-suffices
    return tracks_.size();  // clean: wrong-lock
  }
  bool has(int id) const {
    std::lock_guard g(m_);  // expect: read-lock-suffices
    return tracks_.count(id) != 0;
  }
  bool hasRight(int id) const {
    std::shared_lock g(m_);  // clean: read-lock-suffices
    return tracks_.find(id) != tracks_.end();
  }
  std::string title(int id) const {
    std::scoped_lock g(m_);  // expect: read-lock-suffices
    auto it = tracks_.find(id);
    return it == tracks_.end() ? "" : it->second.title;
  }
  void put(const Track& t) {
    std::unique_lock g(m_);  // clean: read-lock-suffices
    tracks_[t.id] = t;
  }
  bool putNew(const Track& t) {
    std::unique_lock g(m_);  // clean: read-lock-suffices
    if (tracks_.count(t.id)) return false;
    tracks_[t.id] = t;  // clean: check-then-act
    return true;
  }
  bool erase(int id) {
    std::lock_guard g(m_);  // clean: read-lock-suffices
    return tracks_.erase(id) > 0;
  }
  int longest() const {
    std::unique_lock g(m_);  // expect: read-lock-suffices
    int best = 0;
    for (auto& [id, t] : tracks_) best = std::max(best, t.secs);
    return best;
  }
  int longestRight() const {
    std::shared_lock g(m_);  // clean: read-lock-suffices
    int best = 0;
    for (auto& [id, t] : tracks_) best = std::max(best, t.secs);
    return best;
  }
  void rename(int id, const std::string& s) {
    std::unique_lock g(m_);  // clean: read-lock-suffices
    if (auto it = tracks_.find(id); it != tracks_.end()) it->second.title = s;
  }
  std::map<int, Track> copy() const {
    std::lock_guard<std::shared_mutex> g(m_);  // expect: read-lock-suffices
    return tracks_;
  }
  std::map<int, Track> copyRight() const {
    std::shared_lock<std::shared_mutex> g(m_);  // clean: read-lock-suffices
    return tracks_;
  }
  std::map<int, Track> drain() {
    std::lock_guard g(m_);  // clean: read-lock-suffices
    return std::move(tracks_);
  }
  void swap(std::map<int, Track>& o) {
    std::unique_lock g(m_);  // clean: read-lock-suffices
    tracks_.swap(o);
  }
  bool empty() const {
    m_.lock();  // expect: read-lock-suffices
    bool e = tracks_.empty();
    m_.unlock();
    return e;
  }
  bool emptyRight() const {
    m_.lock_shared();  // clean: read-lock-suffices, unreleased-lock
    bool e = tracks_.empty();
    m_.unlock_shared();  // clean: unreleased-lock
    return e;
  }
  int first() const {
    std::unique_lock g(m_);  // expect: read-lock-suffices
    return tracks_.empty() ? -1 : tracks_.begin()->first;
  }
  int hit(int id) {
    std::unique_lock g(m_);  // clean: read-lock-suffices
    ++hits_;
    return tracks_.count(id) ? hits_ : 0;
  }
  int hits() const {
    std::lock_guard g(m_);  // expect: read-lock-suffices
    return hits_;
  }
  int total() const {
    std::shared_lock g(m_);  // clean: read-lock-suffices
    return std::accumulate(tracks_.begin(), tracks_.end(), 0, [](int n, auto& kv) { return n + kv.second.secs; });
  }
  int nth(int n) const {
    std::lock_guard g(m_);  // expect: read-lock-suffices
    auto it = tracks_.begin();
    while (n-- > 0 && it != tracks_.end()) ++it;
    return it == tracks_.end() ? 0 : it->first;
  }
  bool same(const Library& o) const {
    if (this == &o) return true;
    std::scoped_lock g(m_, o.m_);  // maybe: read-lock-suffices
    return tracks_.size() == o.tracks_.size();
  }
  void touch(int id) {
    std::unique_lock g(m_);  // clean: read-lock-suffices
    tracks_[id].secs++;
  }
  void clear() {
    std::scoped_lock g(m_);  // clean: read-lock-suffices
    tracks_.clear();
  }

 private:
  mutable std::shared_mutex m_;
  std::map<int, Track> tracks_;
  int hits_ = 0;
};

struct Screen : Listener {
  void onTrack(const Track& t) override { shown = t.id; }
  void onStop() override { shown = 0; }
  std::atomic<int> shown{0};
};

}  // namespace player

int main() {
  using namespace player;
  Player p;
  Library lib;
  Screen sc;
  Half h;
  Twice tw;
  p.listen(&sc);
  p.onTick([](void*) {}, nullptr);
  auto run = [&](int n) {
    Track t{n, n, "t"};
    p.add(t);
    p.onChange([](const Track&) {});
    p.play(t);
    p.playRight(t);
    p.change();
    p.changeRight();
    p.tick();
    p.tickRight();
    p.withCurrent([](Track& c) { c.secs = 0; });
    p.edit([](const Track&) {});
    p.editUnlocked([](const Track&) {});
    p.finish(std::promise<int>());
    p.finishRight(std::promise<int>());
    p.later([] {});
    p.runTodo();
    p.runTodoLocked();
    p.runOne();
    p.runIndirect();
    p.local();
    p.stop();
    p.stopNow();
    h.run(n);
    tw.run(n);
    lib.put(t);
    lib.putNew(t);
    lib.rename(n, "u");
    lib.touch(n);
    lib.hit(n);
    lib.erase(n);
    std::map<int, Track> m = lib.copy();
    lib.swap(m);
    if (lib.size() > 100) lib.clear();
    return p.sumSorted() + p.removeIf([](const Track& x) { return x.id > 3; });
  };
  std::jthread a([&] { run(1); }), b([&] { run(2); });  // clean: thread-lifetime
  return static_cast<int>(lib.sizeRight() + lib.has(1) + lib.hasRight(1) + lib.title(1).size()) + lib.longest() +
         lib.longestRight() + static_cast<int>(lib.copyRight().size() + lib.drain().size()) + lib.empty() +
         lib.emptyRight() + lib.first() + lib.hits() + lib.total() + lib.nth(1) + lib.same(lib) + h.total() + tw.total();
}
