#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

// Appointments of a clinic: rooms with their own locks, a directory read by everybody, tables built on first use.

namespace clinic {

using namespace std::chrono_literals;

struct Visit {
  int id = 0;
  int room = 0;
  bool done = false;
};

class Room {
 public:
  void enter(int n) {
    std::lock_guard g(m_);
    inside_ += n;  // clean: unguarded-access, wrong-lock
    ++visits_;
  }
  void leave(int n) {
    std::lock_guard g(m_);
    inside_ -= n;  // clean: unguarded-access, wrong-lock
  }
  int inside() const {
    std::lock_guard g(m_);
    return inside_;  // clean: unguarded-access, wrong-lock
  }
  int insideFast() const { return inside_; }  // expect: unguarded-access | data-race
  void steal(Room& o) {
    std::lock_guard g(m_);
    inside_ += 1;
    o.inside_ -= 1;  // expect: wrong-lock | unguarded-access | data-race
  }
  void stealRight(Room& o) {
    if (this == &o) return;
    std::scoped_lock g(m_, o.m_);  // clean: lock-order, self-deadlock
    inside_ += 1;  // clean: wrong-lock
    o.inside_ -= 1;  // clean: wrong-lock, unguarded-access
  }
  int compare(const Room& o) const {
    std::lock_guard g(o.m_);
    return inside_;  // expect: wrong-lock | unguarded-access | data-race
  }
  int compareRight(const Room& o) const {
    int mine = inside();  // clean: self-deadlock
    return mine - o.inside();  // clean: self-deadlock, lock-order
  }
  static void open() {
    std::lock_guard g(sm_);
    ++opened_;  // clean: wrong-lock
  }
  void openHere() {
    std::lock_guard g(m_);
    ++opened_;  // expect: wrong-lock | unguarded-access | data-race
  }
  static int opened() {
    std::lock_guard g(sm_);
    return opened_;  // clean: wrong-lock, unguarded-access
  }
  void close() {
    std::lock_guard g(sm_);
    inside_ = 0;  // expect: wrong-lock | unguarded-access | data-race
  }
  void reset() {
    visits_ = 0;  // expect: unguarded-access | data-race
    std::lock_guard g(m_);
    inside_ = 0;  // clean: unguarded-access
  }
  int visits() {
    std::unique_lock g(m_);
    int v = visits_;  // clean: unguarded-access
    g.unlock();
    return v + inside_;  // expect: unguarded-access | data-race
  }

 private:
  mutable std::mutex m_;
  int inside_ = 0;
  int visits_ = 0;
  static std::mutex sm_;
  static int opened_;
};

std::mutex Room::sm_;
int Room::opened_ = 0;

class Diary {
 public:
  void add(const Visit& v) {
    std::lock_guard g(m_);
    visits_.push_back(v);
    byId_[v.id] = visits_.size() - 1;
  }
  const std::vector<Visit>& all() const {
    std::lock_guard g(m_);
    return visits_;  // maybe: unguarded-access
  }
  std::vector<Visit> copy() const {
    std::lock_guard g(m_);
    return visits_;  // clean: unguarded-access
  }
  std::size_t count() const { return visits_.size(); }  // expect: unguarded-access | data-race
  std::size_t countRight() const {
    std::lock_guard g(m_);
    return visits_.size();  // clean: unguarded-access
  }
  bool known(int id) const { return byId_.count(id) > 0; }  // expect: unguarded-access | data-race
  bool finish(int id) {
    std::unique_lock g(m_);
    auto it = byId_.find(id);
    if (it == byId_.end()) return false;
    g.unlock();
    visits_[it->second].done = true;  // expect: unguarded-access | data-race
    return true;
  }
  bool finishRight(int id) {
    std::unique_lock g(m_);
    auto it = byId_.find(id);
    if (it == byId_.end()) return false;
    visits_[it->second].done = true;  // clean: unguarded-access
    return true;
  }
  void clear() {
    std::lock_guard g(m_);
    clear_locked();  // clean: unguarded-access, self-deadlock
  }
  void purge() {
    clear_locked();  // expect: unguarded-access | data-race #purge
  }
  void drop() {
    if (visits_.empty()) return;  // expect: unguarded-access | data-race | double-checked-locking
    std::lock_guard g(m_);
    visits_.clear();  // clean: unguarded-access
    byId_.clear();  // clean: unguarded-access
  }

 private:
  void clear_locked() {
    visits_.clear();  // side: unguarded-access #purge
    byId_.clear();  // side: unguarded-access #purge
  }
  mutable std::mutex m_;
  std::vector<Visit> visits_;
  std::map<int, std::size_t> byId_;
};

class Directory {
 public:
  std::string phone(int id) const {
    std::unique_lock g(m_);  // expect: read-lock-suffices
    auto it = map_.find(id);
    return it == map_.end() ? std::string() : it->second;
  }
  std::string phoneRight(int id) const {
    std::shared_lock g(m_);  // clean: read-lock-suffices
    auto it = map_.find(id);
    return it == map_.end() ? std::string() : it->second;  // clean: wrong-lock
  }
  void set(int id, std::string s) {
    std::unique_lock g(m_);  // clean: read-lock-suffices
    map_[id] = std::move(s);  // clean: wrong-lock
  }
  void setShared(int id, std::string s) {
    std::shared_lock g(m_);
    map_[id] = std::move(s);  // expect: wrong-lock | data-race
  }
  void eraseShared(int id) {
    std::shared_lock g(m_);
    map_.erase(id);  // expect: wrong-lock | data-race
  }
  bool has(int id) const {
    std::lock_guard g(m_);  // expect: read-lock-suffices
    return map_.count(id) > 0;
  }
  bool hasRight(int id) const {
    std::shared_lock g(m_);  // clean: read-lock-suffices
    return map_.count(id) > 0;
  }
  std::size_t size() const {
    std::scoped_lock g(m_);  // expect: read-lock-suffices
    return map_.size();
  }
  std::vector<int> ids() const {
    std::unique_lock<std::shared_mutex> g(m_);  // expect: read-lock-suffices
    std::vector<int> v;
    for (auto& [id, s] : map_) v.push_back(id);
    return v;
  }
  std::vector<int> idsRight() const {
    std::shared_lock<std::shared_mutex> g(m_);  // clean: read-lock-suffices
    std::vector<int> v;
    for (auto& [id, s] : map_) v.push_back(id);
    return v;
  }
  void load() {
    std::lock_guard g(m_);  // clean: read-lock-suffices
    map_.clear();
    map_[0] = "reception";
  }
  std::string take(int id) {
    std::unique_lock g(m_);  // clean: read-lock-suffices
    auto it = map_.find(id);
    if (it == map_.end()) return {};
    auto s = std::move(it->second);
    map_.erase(it);  // clean: check-then-act
    return s;
  }
  bool blank() const {
    std::lock_guard g(m_);  // expect: read-lock-suffices
    return map_.empty();
  }

 private:
  mutable std::shared_mutex m_;
  std::map<int, std::string> map_;
};

class Tables {
 public:
  int* fees() {
    if (!fees_) {  // expect: double-checked-locking | data-race | unguarded-access #fees
      std::lock_guard g(m_);
      if (!fees_) fees_ = new int[4]{1, 2, 3, 4};  // side: double-checked-locking #fees
    }
    return fees_;  // side: double-checked-locking #fees
  }
  int* feesRight() {
    int* p = afees_.load(std::memory_order_acquire);  // clean: double-checked-locking
    if (p) return p;  // clean: double-checked-locking
    std::lock_guard g(m_);
    p = afees_.load(std::memory_order_relaxed);  // clean: double-checked-locking
    if (!p) afees_.store(p = new int[4]{}, std::memory_order_release);  // clean: double-checked-locking, check-then-act
    return p;
  }
  int tax() {
    if (!taxReady_) {  // expect: double-checked-locking | data-race | unguarded-access #tax
      std::unique_lock g(m_);
      if (!taxReady_) {  // side: double-checked-locking #tax
        tax_ = 20;  // maybe: data-race, unguarded-access
        taxReady_ = true;  // side: double-checked-locking #tax
      }
    }
    return tax_;  // maybe: data-race, unguarded-access, double-checked-locking
  }
  int taxLocked() {
    std::unique_lock g(m_);
    if (!lockedReady_) {  // clean: double-checked-locking
      locked_ = 20;  // clean: double-checked-locking, data-race
      lockedReady_ = true;  // clean: double-checked-locking, check-then-act
    }
    return locked_;
  }
  const std::string& title() {
    std::call_once(once_, [this] { title_ = "clinic"; });  // clean: double-checked-locking, data-race
    return title_;  // clean: double-checked-locking, unguarded-access
  }
  static const std::array<int, 3>& rooms() {
    static const std::array<int, 3> r{1, 2, 3};  // clean: double-checked-locking, data-race
    return r;
  }
  std::shared_ptr<int> plan() {
    if (!plan_) {  // expect: double-checked-locking | data-race | unguarded-access #plan
      std::lock_guard g(m_);
      if (!plan_) plan_ = std::make_shared<int>(1);  // side: double-checked-locking #plan
    }
    return plan_;  // side: double-checked-locking #plan
  }
  bool stopped() {
    return vstop_;  // expect: double-checked-locking | data-race | unguarded-access #vstop
  }
  void stop() { vstop_ = true; }  // side: double-checked-locking #vstop
  bool stoppedRight() { return astop_.load(); }  // clean: double-checked-locking, data-race
  void stopRight() { astop_.store(true); }  // clean: double-checked-locking, data-race, check-then-act

 private:
  std::mutex m_;
  std::once_flag once_;
  int* fees_ = nullptr;
  std::atomic<int*> afees_{nullptr};
  bool taxReady_ = false, lockedReady_ = false;
  int tax_ = 0, locked_ = 0;
  std::string title_;
  std::shared_ptr<int> plan_;
  volatile bool vstop_ = false;
  std::atomic<bool> astop_{false};
};

// Sends reminders; the wire is slow.
class Reminder {
 public:
  explicit Reminder(int fd) : fd_(fd) {}
  void send(const std::string& s) {
    std::lock_guard g(m_);
    last_ = s;
    (void)!::send(fd_, s.data(), s.size(), 0);  // expect: blocking-under-lock
  }
  void sendRight(const std::string& s) {
    {
      std::lock_guard g(m_);
      last_ = s;  // clean: blocking-under-lock
    }
    (void)!::send(fd_, s.data(), s.size(), 0);  // clean: blocking-under-lock
  }
  void flush() {
    std::unique_lock g(m_);
    ::fsync(fd_);  // expect: blocking-under-lock
  }
  void flushRight() {
    std::unique_lock g(m_);
    bool dirty = !last_.empty();
    g.unlock();
    if (dirty) ::fsync(fd_);  // clean: blocking-under-lock
  }
  void wait() {
    std::lock_guard g(m_);
    std::this_thread::sleep_until(std::chrono::steady_clock::now() + 2s);  // expect: blocking-under-lock
    last_.clear();
  }
  void waitRight() {
    std::this_thread::sleep_for(2s);  // clean: blocking-under-lock
    std::lock_guard g(m_);
    last_.clear();  // clean: blocking-under-lock
  }
  void both() {
    std::scoped_lock g(m_, n_);  // clean: lock-order, blocking-under-lock
    ::usleep(500000);  // expect: blocking-under-lock
    ++count_;
  }
  void parallel() {
    std::lock_guard g(n_);
    auto f = std::async(std::launch::async, [] { return 1; });  // clean: dropped-future
    count_ += f.get();  // expect: blocking-under-lock
  }
  void parallelRight() {
    auto f = std::async(std::launch::async, [] { return 1; });  // clean: dropped-future
    int n = f.get();  // clean: blocking-under-lock, dropped-future
    std::lock_guard g(n_);
    count_ += n;  // clean: blocking-under-lock
  }
  void dropped() {
    std::async(std::launch::async, [] {});  // expect: dropped-future
  }
  void droppedHere() {
    static_cast<void>(std::async(std::launch::async, [this] { sendRight("x"); }));  // expect: dropped-future
  }
  void kept() {
    std::lock_guard g(n_);
    pending_.push_back(std::async(std::launch::async, [] {}));  // clean: dropped-future, blocking-under-lock
  }
  void joinHeld() {
    std::thread t([] {});
    {
      std::lock_guard g(n_);
      t.join();  // expect: blocking-under-lock
      ++count_;
    }
  }
  void joinRight() {
    std::thread t([] {});  // clean: thread-lifetime
    {
      std::lock_guard g(n_);
      ++count_;  // clean: blocking-under-lock
    }
    t.join();  // clean: blocking-under-lock, thread-lifetime
  }
  void await() {
    std::unique_lock g(n_);
    cv_.wait(g, [this] { return count_ > 0; });  // clean: blocking-under-lock, condvar-wait
    --count_;
  }
  void awaitHeld() {
    std::lock_guard h(m_);  // side: condvar-wait #held
    std::unique_lock g(n_);
    cv_.wait(g, [this] { return count_ > 1; });  // expect: condvar-wait | blocking-under-lock #held
  }
  void notify() {
    {
      std::lock_guard g(n_);
      ++count_;  // clean: condvar-notify
    }
    cv_.notify_all();  // clean: condvar-notify, blocking-under-lock
  }
  int count() {
    std::lock_guard g(n_);
    return count_;  // clean: blocking-under-lock, unguarded-access
  }

 private:
  const int fd_;
  std::mutex m_, n_;
  std::condition_variable cv_;
  std::string last_;
  int count_ = 0;
  std::vector<std::future<void>> pending_;
};

}  // namespace clinic

int main() {
  using namespace clinic;
  Room a, b;
  Diary d;
  Directory dir;
  Tables t;
  Reminder r(1);
  auto work = [&](Room& x, Room& y) {
    x.enter(1);
    x.steal(y);
    x.stealRight(y);
    x.openHere();
    Room::open();
    x.close();
    x.reset();
    x.leave(x.compare(y) + x.compareRight(y) + x.insideFast() + x.visits() + Room::opened());
    d.add({1, 2, false});
    d.finish(1);
    d.finishRight(1);
    d.clear();
    d.purge();
    d.drop();
    if (d.known(1)) d.add({static_cast<int>(d.count() + d.countRight() + d.copy().size()), 1, false});
    dir.set(1, dir.phone(1) + dir.phoneRight(2));
    dir.setShared(2, dir.take(3));
    dir.eraseShared(4);
    dir.load();
    if (dir.has(1) || dir.hasRight(2) || dir.blank()) dir.set(static_cast<int>(dir.size()), "x");
    t.stop();
    t.stopRight();
    r.sendRight(t.title());
    r.send("x");
    r.flush();
    r.flushRight();
    r.wait();
    r.waitRight();
    r.both();
    r.parallel();
    r.parallelRight();
    r.dropped();
    r.droppedHere();
    r.kept();
    r.joinHeld();
    r.joinRight();
    r.notify();
    r.await();
    r.awaitHeld();
    return *t.fees() + *t.feesRight() + t.tax() + t.taxLocked() + *t.plan() + Tables::rooms()[0] + t.stopped() +
           t.stoppedRight() + static_cast<int>(dir.ids().size() + dir.idsRight().size());
  };
  std::thread p([&] { work(a, b); }), q([&] { work(b, a); });
  p.join();  // clean: thread-lifetime
  q.join();  // clean: thread-lifetime
  return r.count() + a.inside();
}
