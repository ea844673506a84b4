// maybe-project: blocking-in-coroutine, coroutine-dangling
#include <atomic>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "flow.h"

using flow::Action;
using flow::hop;
using flow::Stream;

namespace tele {

struct Sample {
  long at = 0;
  double v = 0;
};

// A transaction owns the lock for as long as it lives.
struct Txn {
  explicit Txn(std::mutex& m) : lk(m) {}
  void commit() { lk.unlock(); }
  std::unique_lock<std::mutex> lk;
};

class Recorder {
 public:
  void add(Sample s) {
    std::lock_guard g(m_);
    ring_.push_back(s);
    if (ring_.size() > 1024) ring_.pop_front();
  }

  Stream<Sample> replay() {
    Txn t(m_);  // expect: lock-across-suspension #replay
    for (auto& s : ring_) co_yield s;  // expect: lock-across-suspension #replay
  }

  Stream<Sample> replayCommitted() {
    Txn t(m_);
    std::deque<Sample> mine = ring_;
    t.commit();
    for (auto& s : mine) co_yield s;  // clean: lock-across-suspension
  }

  Stream<double> means(std::size_t n) {
    for (std::size_t from = 0;; from += n) {
      double sum = 0;
      std::scoped_lock<std::mutex> g(m_);  // side: lock-across-suspension #means
      if (from + n > ring_.size()) co_return;
      for (std::size_t i = from; i < from + n; ++i) sum += ring_[i].v;
      co_yield sum / static_cast<double>(n);  // expect: lock-across-suspension #means
    }
  }

  Stream<double> meansOk(std::size_t n) {
    for (std::size_t from = 0;; from += n) {
      double sum = 0;
      if (std::scoped_lock<std::mutex> g(m_); from + n <= ring_.size())
        for (std::size_t i = from; i < from + n; ++i) sum += ring_[i].v;
      else
        co_return;
      co_yield sum / static_cast<double>(n);  // clean: lock-across-suspension
    }
  }

  Stream<double> above(double limit) {
    if (std::unique_lock g(m_); !ring_.empty())  // side: lock-across-suspension #above
      for (auto& s : ring_)
        if (s.v > limit) co_yield s.v;  // expect: lock-across-suspension #above
  }

  Action send() {
    auto box = out_.wlock();  // side: lock-across-suspension #send
    box->push_back("sample");
    co_await hop();  // expect: lock-across-suspension #send
  }

  Action sendOk() {
    out_.wlock()->push_back("sample");  // clean: lock-across-suspension
    out_.with([](auto& l) { l.push_back("more"); });  // clean: lock-across-suspension
    co_await hop();  // clean: lock-across-suspension
    sent_ += 1;
  }

  Action rename(std::string n) {
    names_.lock();  // side: lock-across-suspension #rename; maybe: unreleased-lock
    name_ = n;
    if (n.size() > 8) {
      names_.unlock();
      co_await hop();  // clean: lock-across-suspension
      co_return;
    }
    co_await hop();  // expect: lock-across-suspension #rename
    names_.unlock();  // maybe: unreleased-lock
  }

  Action label() {
    std::string copy;
    {
      std::shared_lock r(names_);
      copy = name_;  // clean: unguarded-access
    }
    co_await hop();  // clean: lock-across-suspension
    std::unique_lock w(names_);
    name_ = copy + "'";
    w.unlock();
    co_await hop();  // clean: lock-across-suspension
    w.lock();  // side: lock-across-suspension #label
    name_ += "'";
    co_await hop();  // expect: lock-across-suspension #label
  }

  Action handOver() {
    std::unique_lock<std::mutex> g(m_);
    ring_.clear();
    finish(std::move(g));
    co_await hop();  // clean: lock-across-suspension
  }

  Action kept() {
    std::unique_lock<std::mutex> g(m_);
    std::unique_lock<std::mutex> h = std::move(g);  // side: lock-across-suspension #kept
    ring_.clear();
    co_await hop();  // expect: lock-across-suspension #kept
  }

  Action each(std::vector<std::string> keys) {
    for (auto& k : keys) {
      std::lock_guard g(m_);
      index_[k] = ring_.size();
    }
    co_await hop();  // clean: lock-across-suspension
    for (auto& k : keys) {
      std::unique_lock g(m_);  // side: lock-across-suspension #each
      index_.erase(k);
      if (index_.empty()) break;
      co_await hop();  // expect: lock-across-suspension #each
    }
  }

  Action guarded(std::atomic<int>& n) {
    for (std::unique_lock g(m_, std::try_to_lock); !g.owns_lock(); g.try_lock()) ++n;
    co_await hop();  // clean: lock-across-suspension
    ++n;
  }

  unsigned sent() const { return sent_; }

 private:
  void finish(std::unique_lock<std::mutex> g) { ring_.shrink_to_fit(); }  // clean: unguarded-access

  std::mutex m_;
  std::deque<Sample> ring_;
  std::map<std::string, std::size_t> index_;
  flow::Synced<std::list<std::string>> out_;
  std::shared_mutex names_;
  std::string name_;
  std::atomic<unsigned> sent_{0};
};

}  // namespace tele

int main() {
  static tele::Recorder r;
  static std::atomic<int> spins{0};
  std::list<Action> live;
  double sum = 0;
  {
    std::jthread feeder([] {
      for (long i = 0; i < 1000; ++i) r.add({i, 0.5});
    });
    live.push_back(r.send());
    live.push_back(r.sendOk());
    live.push_back(r.rename("a"));
    live.push_back(r.label());
    live.push_back(r.handOver());
    live.push_back(r.kept());
    live.push_back(r.each({"x", "y"}));
    live.push_back(r.guarded(spins));
    for (auto s = r.replay(); s.next();) sum += s.value().v;
    for (auto s = r.replayCommitted(); s.next();) sum += s.value().v;
    for (auto s = r.means(4); s.next();) sum += s.value();
    for (auto s = r.meansOk(4); s.next();) sum += s.value();
    for (auto s = r.above(1); s.next();) sum += s.value();
  }
  return sum > 0 && r.sent() == 0;
}
