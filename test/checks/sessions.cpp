// A hub and its sessions: reader-writer lock against per-session lock, stored handlers, a ticker thread.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

namespace srv {

class Session;

class Hub {
 public:
  void join(std::shared_ptr<Session> s);
  void leave(int id);
  void broadcast(const std::string& msg);
  void broadcastSafe(const std::string& msg);
  std::size_t online() const {
    std::shared_lock<std::shared_mutex> r(mu_);
    return sessions_.size();
  }
  std::string motd() const { return motd_; }  // expect: unguarded-access
  void setMotd(std::string m) {
    std::unique_lock<std::shared_mutex> w(mu_);
    motd_ = std::move(m);
  }

 private:
  mutable std::shared_mutex mu_;
  std::map<int, std::shared_ptr<Session>> sessions_;
  std::string motd_;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Hub& h, int id) : hub_(h), id_(id) {}
  int id() const { return id_; }
  void send(const std::string& m) {
    std::lock_guard<std::mutex> g(outMu_);  // side: lock-order
    out_.push_back(m);
    if (out_.size() > 100) overflow_ = true;
  }
  void close() {
    std::lock_guard<std::mutex> g(outMu_);  // side: lock-order
    out_.clear();
    hub_.leave(id_);  // expect: lock-order
  }
  void closeOk() {
    {
      std::lock_guard<std::mutex> g(outMu_);
      out_.clear();
    }
    hub_.leave(id_);  // clean: lock-order
  }
  bool overflow() const { return overflow_; }  // expect: unguarded-access
  std::optional<std::string> next() {
    std::unique_lock<std::mutex> lk(outMu_);
    if (out_.empty()) return std::nullopt;
    auto m = std::move(out_.front());
    out_.pop_front();
    return m;
  }
  void onData(std::function<void(const std::string&)> f) {
    std::lock_guard<std::mutex> g(outMu_);
    handler_ = std::move(f);
  }
  void data(const std::string& d) {
    std::function<void(const std::string&)> f;
    {
      std::lock_guard<std::mutex> g(outMu_);
      f = handler_;
    }
    if (f) f(d);  // clean: self-deadlock, lock-order
  }
  void dataBad(const std::string& d) {
    std::lock_guard<std::mutex> g(outMu_);  // side: self-deadlock
    if (handler_) handler_(d);  // expect: self-deadlock
  }

 private:
  Hub& hub_;
  const int id_;
  mutable std::mutex outMu_;
  std::list<std::string> out_;
  bool overflow_ = false;
  std::function<void(const std::string&)> handler_;
};

void Hub::join(std::shared_ptr<Session> s) {
  std::unique_lock<std::shared_mutex> w(mu_);
  sessions_[s->id()] = std::move(s);
}

void Hub::leave(int id) {
  std::unique_lock<std::shared_mutex> w(mu_);  // side: lock-order
  sessions_.erase(id);
}

void Hub::broadcast(const std::string& msg) {
  std::shared_lock<std::shared_mutex> r(mu_);  // side: lock-order
  for (auto& [id, s] : sessions_) s->send(msg);  // expect: lock-order
}

void Hub::broadcastSafe(const std::string& msg) {
  std::vector<std::shared_ptr<Session>> all;
  {
    std::shared_lock<std::shared_mutex> r(mu_);
    for (auto& [id, s] : sessions_) all.push_back(s);
  }
  for (auto& s : all) s->send(msg);  // clean: lock-order
}

class Ticker {
 public:
  Ticker(Hub& h) : hub_(h), th_(&Ticker::loop, this) {}
  ~Ticker() {
    {
      std::lock_guard<std::mutex> g(m_);
      quit_ = true;
    }
    cv_.notify_one();
    th_.join();
  }
  void every(std::chrono::milliseconds d) {
    std::lock_guard<std::mutex> g(m_);
    period_ = d;
  }
  unsigned fired() const { return fired_; }  // expect: unguarded-access

 private:
  void loop() {
    std::unique_lock<std::mutex> lk(m_);
    while (!cv_.wait_for(lk, period_, [this] { return quit_; })) {
      ++fired_;
      lk.unlock();
      hub_.broadcast("tick");
      lk.lock();
    }
  }
  Hub& hub_;
  std::mutex m_;
  std::condition_variable cv_;
  std::chrono::milliseconds period_{10};
  bool quit_ = false;
  unsigned fired_ = 0;
  std::thread th_;
};

}  // namespace srv

int main() {
  srv::Hub hub;
  srv::Ticker tick(hub);
  auto s = std::make_shared<srv::Session>(hub, 1);
  s->onData([s](const std::string& d) { s->send(d); });
  hub.join(s);
  std::thread in([s, &hub] {
    s->data("hello");
    s->dataBad("x");
    hub.setMotd("hi");
    s->closeOk();
  });
  std::thread out([s, &hub] {
    while (auto m = s->next()) hub.broadcastSafe(*m);
    if (s->overflow() || hub.motd().empty()) s->close();
  });
  tick.every(std::chrono::milliseconds(5));
  in.join();
  out.join();
  return static_cast<int>(hub.online() + tick.fired());
}
