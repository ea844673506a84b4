#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Directory scanner: short-lived threads everywhere.

namespace scan {

using namespace std::chrono_literals;

void walk(int n) {
  volatile int x = n;
  (void)x;
}
int mayThrow(int n) {
  if (n > 5) throw std::runtime_error("n");
  return n;
}

void joined() {
  std::thread t(walk, 1);  // clean: thread-lifetime
  t.join();  // clean: thread-lifetime
}

void forgotten() {
  std::thread t(walk, 1);  // expect: thread-lifetime
}

void earlyReturn(bool b) {
  std::thread t(walk, 1);  // side: thread-lifetime #early
  if (b) return;  // expect: thread-lifetime #early
  t.join();
}

void earlyReturnRight(bool b) {
  std::thread t(walk, 1);  // clean: thread-lifetime
  if (b) {
    t.join();  // clean: thread-lifetime
    return;  // clean: thread-lifetime
  }
  t.detach();  // clean: thread-lifetime
}

void twice() {
  std::thread t(walk, 1);  // side: thread-lifetime #twice
  t.join();  // side: thread-lifetime #twice
  t.join();  // expect: thread-lifetime #twice
}

void twiceGuarded() {
  std::thread t(walk, 1);
  t.join();
  if (t.joinable()) t.join();  // clean: thread-lifetime
}

void detachThenJoin() {
  std::thread t(walk, 1);
  t.detach();  // side: thread-lifetime #dj
  t.join();  // expect: thread-lifetime #dj
}

void overwritten() {
  std::thread t(walk, 1);  // side: thread-lifetime #over
  t = std::thread(walk, 2);  // expect: thread-lifetime #over
  t.join();
}

void overwrittenRight() {
  std::thread t(walk, 1);
  t.join();
  t = std::thread(walk, 2);  // clean: thread-lifetime
  t.join();  // clean: thread-lifetime
}

void moved() {
  std::thread t(walk, 1);
  std::thread u = std::move(t);  // clean: thread-lifetime
  u.join();  // clean: thread-lifetime
}

void movedFrom() {
  std::thread t(walk, 1);
  std::thread u = std::move(t);  // side: thread-lifetime #mf
  t.join();  // expect: thread-lifetime #mf
  u.join();
}

std::thread make(int n) {
  std::thread t(walk, n);
  return t;  // clean: thread-lifetime
}

void fromFactory() {
  auto t = make(3);  // clean: thread-lifetime
  t.join();
}

void fromFactoryLost() {
  auto t = make(3);  // expect: thread-lifetime
}

void temporary() {
  std::thread(walk, 1);  // expect: thread-lifetime
}

void temporaryDetached() {
  std::thread(walk, 1).detach();  // clean: thread-lifetime
}

void jthreads() {
  std::jthread t(walk, 1);  // clean: thread-lifetime
  std::jthread u([](std::stop_token st) {  // clean: thread-lifetime
    while (!st.stop_requested()) std::this_thread::sleep_for(1ms);
  });
}

void detachLocal() {
  int n = 0;
  std::thread t([&n] { walk(n); });  // expect: thread-lifetime #dl
  t.detach();  // side: thread-lifetime #dl
}

void detachCopy() {
  int n = 0;
  std::thread t([n] { walk(n); });  // clean: thread-lifetime
  t.detach();  // clean: thread-lifetime
}

void detachShared() {
  auto p = std::make_shared<int>(1);
  std::thread([p] { walk(*p); }).detach();  // clean: thread-lifetime
}

void detachRaw() {
  std::string s = "x";
  const char* c = s.c_str();
  std::thread([c] { walk(c[0]); }).detach();  // maybe: thread-lifetime
}

void detachStatic() {
  static int n = 0;
  std::thread([] { walk(n); }).detach();  // clean: thread-lifetime
}

void detachStdRef() {
  std::vector<int> v(3);
  std::thread t([](std::vector<int>& w) { walk(w[0]); }, std::ref(v));  // expect: thread-lifetime #dr
  t.detach();  // side: thread-lifetime #dr
}

void joinStdRef() {
  std::vector<int> v(3);
  std::thread t([](std::vector<int>& w) { walk(w[0]); }, std::ref(v));  // clean: thread-lifetime
  t.join();
}

void detachParam(const std::string& s) {
  std::thread t([&s] { walk(static_cast<int>(s.size())); });  // maybe: thread-lifetime
  t.detach();  // maybe: thread-lifetime
}

void waitedDetach() {
  std::promise<void> p;
  auto f = p.get_future();
  int n = 1;
  std::thread([&n, p = std::move(p)]() mutable {  // clean: thread-lifetime
    walk(n);
    p.set_value();
  }).detach();  // clean: thread-lifetime
  f.wait();
}

void throwBetween(int n) {
  std::thread t(walk, 1);  // expect: thread-lifetime #tb
  mayThrow(n);  // side: thread-lifetime #tb
  t.join();
}

void throwCaught(int n) {
  std::thread t(walk, 1);  // clean: thread-lifetime
  try {
    mayThrow(n);
  } catch (...) {
    t.join();  // clean: thread-lifetime
    throw;
  }
  t.join();  // clean: thread-lifetime
}

class Joiner {
 public:
  explicit Joiner(std::thread& t) : t_(t) {}
  ~Joiner() {
    if (t_.joinable()) t_.join();  // clean: thread-lifetime
  }

 private:
  std::thread& t_;
};

void guarded(int n) {
  std::thread t(walk, 1);  // clean: thread-lifetime
  Joiner j(t);
  mayThrow(n);  // clean: thread-lifetime
}

void vectorJoined() {
  std::vector<std::thread> ts;
  for (int i = 0; i < 3; ++i) ts.emplace_back(walk, i);  // clean: thread-lifetime
  for (auto& t : ts) t.join();  // clean: thread-lifetime
  ts.clear();  // clean: thread-lifetime
}

void vectorForgotten() {
  std::vector<std::thread> ts;
  ts.emplace_back(walk, 1);  // expect: thread-lifetime #vf
  ts.clear();  // side: thread-lifetime #vf
}

void vectorHalf() {
  std::vector<std::jthread> ts;
  for (int i = 0; i < 3; ++i) ts.emplace_back(walk, i);  // clean: thread-lifetime
  ts[0].join();  // clean: thread-lifetime
}

void conditional(bool on) {
  std::thread t;
  if (on) t = std::thread(walk, 1);  // clean: thread-lifetime
  if (t.joinable()) t.join();  // clean: thread-lifetime
}

void conditionalWrong(bool on, bool wait) {
  std::thread t;
  if (on) t = std::thread(walk, 1);  // expect: thread-lifetime #cw
  if (wait && t.joinable()) t.join();  // side: thread-lifetime #cw
}

class Scanner {
 public:
  void start() { t_ = std::thread([this] { run(); }); }  // clean: thread-lifetime
  ~Scanner() {
    stop_ = true;
    if (t_.joinable()) t_.join();  // clean: thread-lifetime
  }

 private:
  void run() {
    while (!stop_) std::this_thread::yield();
  }
  std::atomic<bool> stop_{false};
  std::thread t_;
};

class Loose {
 public:
  void start() { t_ = std::thread(walk, 1); }  // expect: thread-lifetime #loose

 private:
  std::thread t_;  // side: thread-lifetime #loose
};

class SelfStop {
 public:
  void start() { t_ = std::thread([this] { run(); }); }  // maybe: data-race, unguarded-access
  void stop() {
    if (t_.joinable()) t_.join();  // side: thread-lifetime #self; maybe: data-race, unguarded-access
  }
  ~SelfStop() { stop(); }

 private:
  void run() {
    walk(1);
    stop();  // expect: thread-lifetime #self
  }
  std::thread t_;
};

class SelfStopRight {
 public:
  void start() { t_ = std::thread([this] { run(); }); }
  void stop() {
    if (t_.get_id() != std::this_thread::get_id() && t_.joinable()) t_.join();  // clean: thread-lifetime
  }
  ~SelfStopRight() { stop(); }

 private:
  void run() { walk(1); }
  std::thread t_;
};

class Background {
 public:
  void kick() {
    std::thread([this] { ++n_; }).detach();  // expect: thread-lifetime #bg
  }

 private:
  std::atomic<int> n_{0};
};

void useBackground() {
  Background b;
  b.kick();  // side: thread-lifetime #bg
}

class Shared : public std::enable_shared_from_this<Shared> {
 public:
  void kick() {
    std::thread([self = shared_from_this()] { ++self->n_; }).detach();  // clean: thread-lifetime
  }

 private:
  std::atomic<int> n_{0};
};

void joinInLoop() {
  std::thread t;
  for (int i = 0; i < 3; ++i) {
    if (t.joinable()) t.join();
    t = std::thread(walk, i);  // clean: thread-lifetime
  }
  t.join();  // clean: thread-lifetime
}

void joinInLoopWrong() {
  std::thread t;
  for (int i = 0; i < 3; ++i) t = std::thread(walk, i);  // expect: thread-lifetime
  t.join();
}

void swapped() {
  std::thread a(walk, 1), b;
  a.swap(b);  // clean: thread-lifetime
  b.join();  // clean: thread-lifetime
}

}  // namespace scan

int main(int argc, char**) {
  using namespace scan;
  joined();
  earlyReturnRight(argc > 1);
  twiceGuarded();
  overwrittenRight();
  moved();
  fromFactory();
  temporaryDetached();
  jthreads();
  detachLocal();
  detachCopy();
  detachShared();
  detachRaw();
  detachStatic();
  detachStdRef();
  joinStdRef();
  detachParam("abc");
  waitedDetach();
  throwCaught(argc);
  guarded(argc);
  vectorJoined();
  vectorHalf();
  conditional(argc > 1);
  joinInLoop();
  swapped();
  useBackground();
  std::make_shared<Shared>()->kick();
  Scanner s;
  s.start();
  SelfStop x;
  x.start();
  SelfStopRight y;
  y.start();
  if (argc > 2) {
    Loose l;
    l.start();
    forgotten();
    earlyReturn(true);
    twice();
    detachThenJoin();
    overwritten();
    movedFrom();
    fromFactoryLost();
    temporary();
    throwBetween(argc);
    vectorForgotten();
    conditionalWrong(true, argc > 3);
    joinInLoopWrong();
  }
  return 0;
}
