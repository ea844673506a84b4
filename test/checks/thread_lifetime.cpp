// Handles left joinable, threads that outlive what they use; and the many right ways to write it.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <pthread.h>

void work();
void step(int);
bool ready();
struct ThreadPool { void submit(std::function<void()>); template <class F> void run(F f); };
ThreadPool &pool();

// ---- joinable at the end
void never() {
  std::thread t(work); // expect: thread-lifetime
}
void unnamed() {
  std::thread{work}; // expect: thread-lifetime
}
void early(bool now) {
  std::thread t(work); // side: thread-lifetime
  if (now) return;     // expect: thread-lifetime
  t.join();
}
void early_joined(bool now) {
  std::thread t(work);
  if (now) {
    t.join();
    return;
  }
  t.detach();
}
void thrown(bool now) {
  std::thread t(work); // side: thread-lifetime
  if (now) throw std::runtime_error("no"); // side: thread-lifetime
  t.join();
}
void parsed(const std::string &s) {
  std::thread t(work); // side: thread-lifetime
  step(std::stoi(s));  // side: thread-lifetime
  t.join();
}
void parsed_first(const std::string &s) {
  int n = std::stoi(s);
  std::thread t(work);
  step(n);
  t.join();
}
void over() {
  std::thread t(work); // side: thread-lifetime
  t = std::thread(work); // expect: thread-lifetime
  t.join();
}
void reused() {
  std::thread t(work);
  t.join();
  t = std::thread(work);
  t.join();
}
void tested() {
  std::thread t;
  if (ready()) t = std::thread(work);
  if (t.joinable()) t.join();
}
void correlated(bool background) {
  std::thread t;
  if (background) t = std::thread(work);
  work();
  if (background) t.join();
}
void remembered() {
  std::thread t;
  bool running = false;
  if (ready()) {
    t = std::thread(work);
    running = true;
  }
  work();
  if (running) t.join();
}
void remembered_early() {
  std::thread t;
  bool running = false;
  if (ready()) {
    t = std::thread(work); // side: thread-lifetime
    running = true;
    if (ready()) return; // expect: thread-lifetime
  }
  if (running) t.join();
}
void perhaps() {
  std::thread t(work); // side: thread-lifetime
  if (ready()) t.join();
} // expect: thread-lifetime
void handled(const std::string &s) {
  std::thread t(work);
  try {
    step(std::stoi(s));
  } catch (const std::exception &) {
  }
  t.join();
}
void refuses_to_throw(const std::string &s) noexcept {
  std::thread t(work);
  step(std::stoi(s));
  t.join();
}
std::thread made() {
  std::thread t(work);
  return t;
}
void moved(std::vector<std::thread> &keep) {
  std::thread t(work);
  keep.push_back(std::move(t));
}
struct Joiner {
  std::thread &t;
  explicit Joiner(std::thread &t) : t(t) {}
  ~Joiner() { if (t.joinable()) t.join(); }
};
void guarded(const std::string &s) {
  std::thread t(work);
  Joiner j(t);
  step(std::stoi(s));
}
void automatic(const std::string &s) {
  std::jthread t(work);
  step(std::stoi(s));
}
void ends_elsewhere() {
  std::thread t(work);
  auto finish = [&] { t.join(); };
  finish();
}
void conditional_stop() {
  std::thread t(work);
  if (!ready()) {
    t.join();
    throw std::runtime_error("no");
  }
  t.join();
}

// ---- several
void several(int n) {
  std::vector<std::thread> ts;
  for (int i = 0; i < n; ++i) ts.emplace_back(step, i);
  for (auto &t : ts) t.join();
}
void several_if_joinable(int n) {
  std::vector<std::thread> ts;
  for (int i = 0; i < n; ++i) ts.push_back(std::thread(step, i));
  for (auto &t : ts)
    if (t.joinable()) t.join();
}
void several_never(int n) {
  std::vector<std::thread> ts;
  for (int i = 0; i < n; ++i) ts.emplace_back(step, i); // expect: thread-lifetime
}
void several_early(int n) {
  std::vector<std::thread> ts;
  for (int i = 0; i < n; ++i) ts.emplace_back(step, i); // side: thread-lifetime
  if (!ready()) return; // expect: thread-lifetime
  for (auto &t : ts) t.join();
}
void several_array() {
  std::thread ts[4];
  for (int i = 0; i < 4; ++i) ts[i] = std::thread(step, i);
  for (int i = 0; i < 4; ++i) ts[i].join();
}

// ---- more than once
void twice(bool again) {
  std::thread t(work);
  t.join(); // side: thread-lifetime
  if (again) t.join(); // expect: thread-lifetime
}
void joined_then_detached() {
  std::thread t(work);
  t.detach(); // side: thread-lifetime
  t.join();   // expect: thread-lifetime
}
void twice_c() {
  pthread_t t;
  pthread_create(&t, nullptr, [](void *) -> void * { return nullptr; }, nullptr);
  pthread_join(t, nullptr);
}

// ---- detached, with references
void lends() {
  std::string text = "x";
  std::thread([&text] { step(text.size()); }).detach(); // expect: thread-lifetime
}
void lends_by_ref() {
  int count = 0;
  std::thread t([](int &n) { ++n; }, std::ref(count)); // side: thread-lifetime
  t.detach(); // expect: thread-lifetime
}
void lends_address() {
  int count = 0;
  std::thread([](int *n) { ++*n; }, &count).detach(); // expect: thread-lifetime
}
void lends_default() {
  int count = 0;
  std::thread t([&] { step(count); }); // side: thread-lifetime
  t.detach(); // expect: thread-lifetime
}
void owns() {
  std::string text = "x";
  std::thread([text] { step(text.size()); }).detach();
  std::thread([text = std::move(text)] { step(text.size()); }).detach();
  auto shared = std::make_shared<std::string>("y");
  std::thread([shared] { step(shared->size()); }).detach();
  std::thread(step, 3).detach();
}
void of_the_program() {
  static int count = 0;
  std::thread([&] { ++count; }).detach();
}
void waited() {
  std::latch done(1);
  int n = 0;
  std::thread([&] { n = 1; done.count_down(); }).detach();
  done.wait();
}
void waited_for() {
  std::mutex m;
  std::condition_variable cv;
  bool done = false;
  std::thread([&] {
    std::lock_guard l(m);
    done = true;
    cv.notify_one();
  }).detach();
  std::unique_lock l(m);
  cv.wait(l, [&] { return done; });
}
void waited_on() {
  std::promise<int> p;
  auto f = p.get_future();
  std::thread([&p] { p.set_value(1); }).detach();
  step(f.get());
}
void waited_spinning() {
  std::atomic<bool> done{false};
  std::thread([&done] { done = true; }).detach();
  while (!done.load()) std::this_thread::yield();
}

// ---- the object itself
class Ticker {
public:
  void start() {
    std::thread([this] { ++ticks_; }).detach(); // expect: thread-lifetime
  }
private:
  std::atomic<int> ticks_{0};
};
class Method {
public:
  void start() {
    std::thread t(&Method::run, this); // side: thread-lifetime
    t.detach(); // expect: thread-lifetime
  }
private:
  void run() { ++ticks_; }
  std::atomic<int> ticks_{0};
};
class Kept : public std::enable_shared_from_this<Kept> {
public:
  void start() {
    std::thread([this, self = shared_from_this()] { ++ticks_; }).detach();
  }
private:
  std::atomic<int> ticks_{0};
};
class Waits {
public:
  void start() {
    ++running_;
    std::thread([this] {
      std::lock_guard l(m_);
      --running_;
      cv_.notify_all();
    }).detach();
  }
  ~Waits() {
    std::unique_lock l(m_);
    cv_.wait(l, [this] { return running_ == 0; });
  }
private:
  std::mutex m_;
  std::condition_variable cv_;
  int running_ = 0;
};
class Service {
public:
  static Service &instance() {
    static Service s;
    return s;
  }
  void start() {
    std::thread([this] { ++n_; }).detach();
  }
private:
  std::atomic<int> n_{0};
};
class Forgets {
public:
  void start() { t_ = std::thread([this] { ++n_; }); } // expect: thread-lifetime
private:
  std::atomic<int> n_{0};
  std::thread t_; // side: thread-lifetime
};
class Remembers {
public:
  void start() { t_ = std::thread([this] { ++n_; }); }
  ~Remembers() { stop(); }
  void stop() {
    if (t_.joinable()) t_.join();
  }
private:
  std::atomic<int> n_{0};
  std::thread t_;
};
class JoinsItself {
public:
  void start() { t_ = std::thread([this] { run(); }); } // side: thread-lifetime
  ~JoinsItself() { if (t_.joinable()) t_.join(); }
private:
  void run() { finish(); }
  void finish() { t_.join(); } // expect: thread-lifetime
  std::thread t_;
};
class JoinsOthers {
public:
  void start() { t_ = std::thread([this] { run(); }); }
  ~JoinsOthers() { finish(); }
private:
  void run() { finish(); }
  void finish() {
    if (t_.get_id() != std::this_thread::get_id()) t_.join();
  }
  std::thread t_;
};

// ---- callbacks
void posts() {
  int n = 0;
  pool().submit([&n] { ++n; }); // expect: thread-lifetime
}
void posts_and_waits() {
  int n = 0;
  std::latch done(1);
  pool().submit([&] { ++n; done.count_down(); });
  done.wait();
}
void posts_value() {
  int n = 0;
  pool().submit([n] { step(n); });
}
void own_pool() {
  int n = 0;
  ThreadPool mine;
  mine.submit([&n] { ++n; });
}

int main() {
  {
    Ticker t;
    t.start();
    Method m;
    m.start();
  }
  auto k = std::make_shared<Kept>();
  k->start();
  Waits w;
  w.start();
  Service::instance().start();
  Forgets f;
  f.start();
  Remembers r;
  r.start();
  JoinsItself ji;
  ji.start();
  JoinsOthers jo;
  jo.start();
  std::string local = "lives as long as the program";
  std::thread([&local] { step(local.size()); }).detach();
}
