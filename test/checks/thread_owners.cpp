// Who else joins a thread: containers, smart pointers, algorithms, other functions and other objects; pools with destructors.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <pthread.h>

void work();
void use(const std::string &);

class Swapped {
public:
  void add() {
    std::lock_guard l(m_);
    threads_.emplace_back(work);
  }
  ~Swapped() {
    std::vector<std::thread> all;
    {
      std::lock_guard l(m_);
      all.swap(threads_);
    }
    for (auto &t : all) t.join();
  }
private:
  std::mutex m_;
  std::vector<std::thread> threads_;
};
class Taken {
public:
  void start() { thread_ = std::thread(work); }
  std::thread take() { return std::move(thread_); }
private:
  std::thread thread_;
};
class Pointed {
public:
  void start() { thread_ = std::make_unique<std::thread>(work); }
  ~Pointed() {
    if (thread_) thread_->join();
  }
private:
  std::unique_ptr<std::thread> thread_;
};
class ByAlgorithm {
public:
  void start() { threads_.push_back(std::thread(work)); }
  ~ByAlgorithm() { std::for_each(threads_.begin(), threads_.end(), std::mem_fn(&std::thread::join)); }
private:
  std::vector<std::thread> threads_;
};
class Keyed {
public:
  void start(int id) { threads_[id] = std::thread(work); }
  void stop(int id) {
    auto it = threads_.find(id);
    it->second.join();
    threads_.erase(it);
  }
private:
  std::map<int, std::thread> threads_;
};
class Lent {
public:
  void start() { thread_ = std::thread(work); }
  std::thread &thread() { return thread_; }
private:
  std::thread thread_;
};
class Movable {
public:
  explicit Movable(std::thread t) : t_(std::move(t)) {}
  Movable(Movable &&) = default;
  ~Movable() {
    if (t_.joinable()) t_.join();
  }
private:
  std::thread t_;
};
Movable scoped() {
  Movable m(std::thread{work});
  std::thread named(work);
  return Movable(std::move(named));
}
void finish(std::thread &t);
void finished_elsewhere() {
  std::thread t(work);
  finish(t);
}
void finished_by(std::thread t) { t.join(); }
void given_away() {
  std::thread t(work);
  finished_by(std::move(t));
}
void kept_in(std::optional<std::thread> &where) {
  std::thread t(work);
  where = std::move(t);
}
void pairs() {
  std::thread a(work), b(work);
  for (std::thread *t : {&a, &b}) t->join();
}
void by_pointer() {
  auto *t = new std::thread(work);
  t->join();
  delete t;
}
void shared_pointers() {
  auto t = std::make_shared<std::thread>(work);
  t->join();
}
void by_value_pointer(std::shared_ptr<std::string> text) {
  std::thread([text] { use(*text); }).detach();
}
struct Node {
  std::string name;
};
void through_pointer(Node *n) {
  std::thread([n] { use(n->name); }).detach();
}
void through_weak(const std::shared_ptr<Node> &node) {
  std::thread([weak = std::weak_ptr<Node>(node)] {
    if (auto n = weak.lock()) use(n->name);
  }).detach();
}
void copy_of_reference(const std::string &text) {
  std::thread([text] { use(text); }).detach();
  std::thread(use, text).detach();
}
class Detacher {
public:
  Detacher() : state_(std::make_shared<std::atomic<int>>(0)) {}
  void start() {
    auto state = state_;
    std::thread([state] { ++*state; }).detach();
  }
private:
  std::shared_ptr<std::atomic<int>> state_;
};
class Copies {
public:
  void start() {
    std::thread([*this] { use(name_); }).detach();
  }
private:
  std::string name_;
};
static void *entry(void *p) {
  ++*static_cast<std::atomic<int> *>(p);
  return nullptr;
}
static std::atomic<int> counter{0};
void c_threads() {
  pthread_t t;
  pthread_create(&t, nullptr, entry, &counter);
  pthread_detach(t);
}
void c_threads_lend() {
  pthread_t t;
  std::atomic<int> mine{0};
  pthread_create(&t, nullptr, entry, &mine); // side: thread-lifetime
  pthread_detach(t); // side: thread-lifetime
}
void c_threads_joined() {
  pthread_t t;
  std::atomic<int> mine{0};
  pthread_create(&t, nullptr, entry, &mine);
  pthread_join(t, nullptr);
}
class Group {
public:
  ~Group() { wait(); }
  void run(std::function<void()> f) { threads_.emplace_back(std::move(f)); }
  void wait() {
    for (auto &t : threads_) t.join();
    threads_.clear();
  }
private:
  std::vector<std::thread> threads_;
};
int grouped() {
  int n = 0;
  Group g;
  g.run([&n] { n = 1; });
  g.wait();
  return n;
}
void restarts(int n) {
  std::thread t;
  for (int i = 0; i < n; ++i) {
    if (t.joinable()) t.join();
    t = std::thread(work);
  }
  if (t.joinable()) t.join();
}
void restarts_over(int n) {
  std::thread t;
  for (int i = 0; i < n; ++i) t = std::thread(work); // expect: thread-lifetime
  if (t.joinable()) t.join();
}

int main() {
  Swapped s;
  s.add();
  Taken t;
  t.start();
  t.take().join();
  Pointed p;
  p.start();
  ByAlgorithm b;
  b.start();
  Keyed k;
  k.start(1);
  k.stop(1);
  Lent l;
  l.start();
  l.thread().join();
  Detacher d;
  d.start();
  Copies c;
  c.start();
  return grouped();
}
