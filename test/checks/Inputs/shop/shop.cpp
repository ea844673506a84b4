#include "rt.h"

#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <shared_mutex>
#include <thread>

namespace shop {

using rt::Task;

struct Order {
  int id;
  double total;
};

class Journal {
 public:
  void write(const Order& o) {
    std::ofstream f("/var/log/orders", std::ios::app);  // side: blocking-in-coroutine
    f << o.id << ' ' << o.total << '\n';
  }
};

class Stock {
 public:
  Task<int> reserve(std::string sku, int n);
  Task<int> reserveOk(std::string sku, int n);
  Task<int> reserveTry(std::string sku);
  Task<int> reserveEarly(std::string sku);
  Task<int> audit();
  Task<int> restock(std::string sku, int n);
  std::unique_lock<std::mutex> lockIt() { return std::unique_lock<std::mutex>(mu_); }

 private:
  std::mutex mu_;
  rt::AsyncMutex turn_;
  std::map<std::string, int> level_;
};

Task<int> Stock::reserve(std::string sku, int n) {
  auto lk = lockIt();  // side: lock-across-suspension
  level_[sku] -= n;
  co_await rt::sleepFor(std::chrono::milliseconds(1));  // expect: lock-across-suspension
  co_return level_[sku];
}

Task<int> Stock::reserveOk(std::string sku, int n) {
  int left;
  {
    std::lock_guard<std::mutex> g(mu_);
    left = level_[sku] -= n;
  }
  co_await rt::sleepFor(std::chrono::milliseconds(1));  // clean: lock-across-suspension
  co_return left;
}

Task<int> Stock::reserveTry(std::string sku) {
  std::unique_lock<std::mutex> lk(mu_, std::try_to_lock);
  while (!lk.owns_lock()) {
    co_await rt::sleepFor(std::chrono::milliseconds(1));  // clean: lock-across-suspension
    lk.try_lock();
  }
  co_return level_[sku];
}

Task<int> Stock::reserveEarly(std::string sku) {
  mu_.lock();
  if (level_.count(sku) == 0) {
    mu_.unlock();
    co_await rt::sleepFor(std::chrono::milliseconds(1));  // clean: lock-across-suspension
    co_return -1;
  }
  const int n = level_[sku];
  mu_.unlock();
  co_return n;
}

Task<int> Stock::audit() {
  auto g = co_await turn_.lock();
  co_await rt::sleepFor(std::chrono::milliseconds(2));  // clean: lock-across-suspension
  int n = 0;
  {
    std::lock_guard<std::mutex> l(mu_);
    for (auto& [k, v] : level_) n += v;
  }
  co_return n;
}

Task<int> Stock::restock(std::string sku, int n) {
  mu_.lock();  // side: lock-across-suspension
  level_[sku] += n;
  if (n > 100) co_await rt::sleepFor(std::chrono::milliseconds(n));  // expect: lock-across-suspension
  mu_.unlock();
  co_return n;
}

int fetchRate() {
  std::promise<int> p;
  auto f = p.get_future();
  std::thread([&p] { p.set_value(3); }).detach();
  return f.get();  // side: blocking-in-coroutine
}

template <class F>
int retry(F f) {
  for (int i = 0; i < 3; ++i) {
    if (int r = f()) return r;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // side: blocking-in-coroutine
  }
  return 0;
}

int cpuOnly(int n) { return n * 17 % 13; }

class Checkout {
 public:
  Checkout(Stock& s, Journal& j) : stock_(s), journal_(j) {}
  Task<int> place(Order o);
  Task<int> placeOk(Order o);
  Task<int> waitForPayment();

 private:
  Stock& stock_;
  Journal& journal_;
  std::mutex m_;
  std::condition_variable paid_;
  bool done_ = false;
};

Task<int> Checkout::place(Order o) {
  int n = co_await stock_.reserveOk("x", 1);
  journal_.write(o);  // expect: blocking-in-coroutine
  n += fetchRate();   // expect: blocking-in-coroutine
  n += retry([n] { return cpuOnly(n); });  // expect: blocking-in-coroutine
  auto child = std::async(std::launch::async, [] { return 1; });
  n += child.get();  // expect: blocking-in-coroutine
  usleep(100);  // expect: blocking-in-coroutine
  co_return n;
}

Task<int> Checkout::placeOk(Order o) {
  int n = co_await stock_.reserveOk("x", 1);
  auto work = std::make_shared<std::thread>([this, o] { journal_.write(o); });  // clean: blocking-in-coroutine
  n += cpuOnly(n);  // clean: blocking-in-coroutine
  co_await rt::sleepFor(std::chrono::milliseconds(5));  // clean: blocking-in-coroutine
  work->detach();
  co_return n;
}

Task<int> Checkout::waitForPayment() {
  std::unique_lock<std::mutex> lk(m_);
  paid_.wait(lk, [this] { return done_; });  // expect: blocking-in-coroutine side: condvar-notify
  co_return 1;
}

}  // namespace shop

int main() {
  shop::Stock s;
  shop::Journal j;
  shop::Checkout c(s, j);
  auto t = c.place({1, 2.0});
  t.h.resume();
  std::this_thread::sleep_for(std::chrono::seconds(1));  // clean: blocking-in-coroutine
  return shop::fetchRate();  // clean: blocking-in-coroutine
}
