#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Package index of a mirror: every form of guard the standard has.
namespace pkg {

struct Package {
  std::string version;
  std::vector<std::string> needs;
  unsigned downloads = 0;
};

class Index {
 public:
  using WriteLock = std::unique_lock<std::shared_timed_mutex>;
  using ReadLock = std::shared_lock<std::shared_timed_mutex>;

  WriteLock edit() { return WriteLock(m_); }  // clean: unreleased-lock; side: self-deadlock #retract
  ReadLock view() const { return ReadLock(m_); }  // clean: unreleased-lock

  void publish(const std::string& n, Package p) {
    auto w = edit();
    all_.insert_or_assign(n, std::move(p));  // clean: unguarded-access
    dirty_ = true;
  }

  // The lock is passed as proof.
  void publishWith(const WriteLock&, const std::string& n, Package p) {
    all_.insert_or_assign(n, std::move(p));  // clean: unguarded-access
    dirty_ = true;  // clean: unguarded-access
  }

  std::optional<Package> find(const std::string& n) const {
    auto r = view();
    if (auto it = all_.find(n); it != all_.end()) return it->second;
    return std::nullopt;
  }

  // Returns with the lock of its argument given up.
  std::size_t flush(WriteLock w) {
    const std::size_t n = all_.size();  // clean: unguarded-access
    dirty_ = false;
    w.unlock();
    return n + flushes_++;  // clean: unguarded-access, data-race
  }

  bool retract(const std::string& n) {
    auto w = edit();  // side: self-deadlock #retract
    if (!all_.erase(n)) return false;
    publish("retracted-" + n, {});  // expect: self-deadlock #retract
    return true;
  }

  bool retractMoved(const std::string& n) {
    auto w = edit();
    if (!all_.erase(n)) return false;
    flush(std::move(w));  // clean: self-deadlock
    publish("retracted-" + n, {});  // clean: self-deadlock
    return true;
  }

  bool retractSwapped(const std::string& n) {
    WriteLock mine;
    {
      auto w = edit();
      mine.swap(w);
    }
    const bool was = all_.erase(n) > 0;  // clean: unguarded-access
    dirty_ |= was;  // clean: unguarded-access
    return was;
  }

  bool dirty() const {
    ReadLock r(m_, std::defer_lock);
    return dirty_;  // expect: unguarded-access | data-race
  }

  bool dirtySoon() const {
    ReadLock r(m_, std::chrono::milliseconds(2));  // clean: blocking-under-lock
    return !r || dirty_;  // maybe: unguarded-access
  }

  void download(const std::string& n) {
    m_.lock_shared();
    auto it = all_.find(n);
    if (it != all_.end()) ++it->second.downloads;  // expect: wrong-lock | unguarded-access | data-race
    m_.unlock_shared();
  }

  void rename(const std::string& from, const std::string& to) {
    std::unique_lock w(m_);
    auto node = all_.extract(from);
    if (node.empty()) return;  // clean: unreleased-lock
    w.unlock();
    node.key() = to;
    all_.insert(std::move(node));  // expect: unguarded-access | data-race
  }

  void renameOk(const std::string& from, const std::string& to) {
    std::unique_lock w(m_);
    auto node = all_.extract(from);
    if (node.empty()) return;
    w.unlock();
    node.key() = to;  // clean: unguarded-access
    w.lock();  // clean: self-deadlock
    all_.insert(std::move(node));  // clean: unguarded-access; maybe: check-then-act
  }

 private:
  mutable std::shared_timed_mutex m_;
  std::map<std::string, Package> all_;
  bool dirty_ = false;
  std::atomic<unsigned> flushes_{0};
};

class Mirror {
 public:
  void want(const std::string& n) {
    std::lock_guard l(wantM_);  // side: lock-order #sync
    wanted_.insert(n);
    if (wanted_.size() > 10) scheduleLocked();  // side: lock-order #sync
  }

  // Wanted and peers at once.
  void reset() {
    std::scoped_lock l(wantM_, peerM_, statM_);  // clean: lock-order
    wanted_.clear();
    peers_.clear();
    rounds_ = 0;
  }

  void adopt(const std::vector<std::string>& p) {
    std::lock(statM_, peerM_, wantM_);  // clean: lock-order
    std::lock_guard a(peerM_, std::adopt_lock), b(wantM_, std::adopt_lock), c(statM_, std::adopt_lock);  // clean: lock-order, self-deadlock
    peers_.insert(peers_.end(), p.begin(), p.end());
    rounds_ += wanted_.size();  // clean: unguarded-access
  }

  void drop(const std::string& p) {
    std::lock_guard l(peerM_);  // side: lock-order #sync
    std::erase(peers_, p);
    std::lock_guard w(wantM_);  // expect: lock-order #sync
    wanted_.erase(p);
  }

  void dropTry(const std::string& p) {
    for (;;) {
      std::unique_lock l(peerM_);
      std::unique_lock w(wantM_, std::try_to_lock);  // clean: lock-order
      if (w) {
        wanted_.erase(p);  // clean: unguarded-access
        std::erase(peers_, p);
        return;
      }
      l.unlock();
      std::this_thread::yield();
    }
  }

  bool any() const { return !peers_.empty(); }  // expect: unguarded-access | data-race

  std::size_t rounds() {
    std::lock_guard l(statM_);
    return rounds_;
  }

 private:
  // Caller holds wantM_.
  void scheduleLocked() {
    std::lock_guard l(peerM_);  // expect: lock-order #sync
    if (!peers_.empty()) wanted_.clear();  // clean: unguarded-access
  }
  std::mutex wantM_, peerM_, statM_;
  std::set<std::string> wanted_;
  std::vector<std::string> peers_;
  std::size_t rounds_ = 0;
};

}  // namespace pkg

int main() {
  pkg::Index ix;
  pkg::Mirror mirror;
  {
    std::vector<std::jthread> ts;
    for (int t = 0; t < 3; ++t)
      ts.emplace_back([&ix, &mirror, t] {
        const std::string n = "p" + std::to_string(t);
        for (int i = 0; i < 100; ++i) {
          ix.publish(n, {std::to_string(i), {}, 0});
          ix.download(n);
          if (!mirror.any()) std::this_thread::yield();
          mirror.want(n + std::to_string(i));
          if (ix.dirty() || ix.dirtySoon()) ix.flush(ix.edit());  // maybe: check-then-act
        }
        ix.rename(n, n + "x");
        ix.renameOk(n + "x", n);
        ix.retractMoved(n);
        ix.retractSwapped(n);
        ix.publishWith(ix.edit(), n, {});
      });
    ts.emplace_back([&] {
      mirror.adopt({"a", "b"});
      mirror.drop("a");
      mirror.dropTry("b");
      ix.retract("p0");
      if (mirror.rounds() > 5 && !ix.find("p1")) mirror.reset();
    });
  }
  return ix.find("p0").has_value();
}
