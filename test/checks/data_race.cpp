// Data that no lock guards, shared with threads in every way C++ offers; and what orders such threads without a lock.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

// ---- one thread and its starter

class Download {
public:
  void start() {
    begun_ = true; // before the thread
    thread_ = std::thread([this] { run(); });
  }
  int percent() const { return percent_; } // side: data-race #percent
  int total() const { return total_; }
  bool begun() const { return begun_; }
  void wait() { thread_.join(); }

private:
  void run() {
    for (int i = 0; i <= 100; ++i) percent_ = i; // expect: data-race #percent
    if (begun_) total_ = 100;
  }
  int percent_ = 0, total_ = 0;
  bool begun_ = false;
  std::thread thread_;
};

int download() {
  Download d;
  d.start();
  int seen = d.percent();
  d.wait();
  return seen + d.total() + d.begun(); // after the join
}

// ---- several threads with one object

int counter; // a global
struct Totals {
  unsigned rows = 0;
  std::atomic<unsigned> tiles{0};
  unsigned after = 0;
};

void tile(Totals &totals) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&totals] {
      ++totals.rows; // expect: data-race
      ++totals.tiles;
      ++counter; // expect: data-race
    });
  for (auto &t : threads) t.join();
  ++totals.after;
}

// Each thread has a struct of its own.
struct Worker {
  int done = 0;
  int id = 0;
};
int own_structs() {
  std::vector<Worker> workers(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([w = &workers[i]] { ++w->done; });
  for (auto &t : threads) t.join();
  int sum = 0;
  for (auto &w : workers) sum += w.done;
  return sum;
}

// A struct made anew for each thread.
void fresh_structs() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    auto w = std::make_shared<Worker>();
    w->id = i;
    threads.emplace_back([w] { w->id += 2; });
  }
  for (auto &t : threads) t.join();
}

// ---- locals by reference

int too_early() {
  int sum = 0;
  std::jthread t([&] { sum = 5; }); // expect: data-race #early
  return sum;                       // side: data-race #early
}
int in_time() {
  int sum = 0;
  std::jthread t([&] { sum = 5; });
  t.join();
  return sum;
}
int by_future() {
  int sum = 0;
  auto f = std::async(std::launch::async, [&] { sum = 5; });
  f.wait();
  return sum;
}

// ---- hand-over

class Frames {
public:
  int run() {
    std::thread encoder([this] {
      for (int i = 0; i < 9; ++i) {
        full_.acquire();
        sum_ += buffer_;
        last_ = i; // expect: data-race #last
        free_.release();
      }
    });
    int lead = 0;
    for (int i = 0; i < 9; ++i) {
      free_.acquire();
      buffer_ = i;
      full_.release();
      lead = i - last_; // side: data-race #last
    }
    encoder.join();
    return sum_ + lead;
  }

private:
  int buffer_ = 0, last_ = 0, sum_ = 0;
  std::binary_semaphore free_{1}, full_{0};
};

int by_latch() {
  std::latch go(1), ready(2);
  bool fast = false;
  int late = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      ready.count_down();
      go.wait();
      if (fast) ++late; // expect: data-race
    });
  ready.wait();
  fast = true;
  go.count_down();
  threads.clear();
  return late;
}

class Mailbox {
public:
  void put(std::string s) {
    text_ = std::move(s);
    {
      std::lock_guard g(m_);
      full_ = true;
    }
    cv_.notify_one();
  }
  std::string take() {
    {
      std::unique_lock l(m_);
      cv_.wait(l, [this] { return full_; });
    }
    return text_;
  }

private:
  std::mutex m_;
  std::condition_variable cv_;
  bool full_ = false;
  std::string text_;
};
std::size_t by_condition() {
  Mailbox box;
  std::jthread t([&] { box.put("hello"); });
  return box.take().size();
}

struct Flagged {
  int value = 0, other = 0;
  std::atomic<bool> ready{false}, stop{false};
};
int by_flag() {
  Flagged f;
  std::jthread t([&] {
    f.value = 3;
    f.ready.store(true);
    while (!f.stop) ++f.other; // expect: data-race #other
  });
  while (!f.ready.load()) std::this_thread::yield();
  int seen = f.value + f.other; // side: data-race #other
  f.stop = true;
  return seen;
}

struct Config {
  std::string text;
};
Config &config() {
  static std::once_flag once;
  static std::unique_ptr<Config> c;
  std::call_once(once, [] {
    c = std::make_unique<Config>();
    c->text = "read";
  });
  return *c;
}

// ---- ownership given away

void give(std::unique_ptr<Worker> w) {
  w->id = 2;
  std::jthread t([w = std::move(w)] { w->id = 7; });
}
thread_local int mine;
void per_thread() {
  ++mine;
}

int main() {
  Totals totals;
  tile(totals);
  Frames frames;
  fresh_structs();
  give(std::make_unique<Worker>());
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([] {
      per_thread();
      config().text.size();
    });
  return download() + int(totals.rows + totals.after) + own_structs() + too_early() + in_time() + by_future() +
         frames.run() + by_latch() + int(by_condition()) + by_flag() + counter;
}
