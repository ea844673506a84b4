// One use of each class of the C++ library that locks or waits; what they returned is printed.
#include "meet_cpp.h"
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

static std::mutex first, second;
static int n;

template <class Mutex> void exclusive(const char *name) {
  Mutex m;
  auto work = [&] {
    for (int i = 0; i < 100; ++i) {
      std::lock_guard<Mutex> l(m);
      ++n;
    }
  };
  std::thread t(work), u(work);
  t.join(), u.join();
  std::unique_lock<Mutex> l(m);
  bool other = true;
  std::thread([&] { other = m.try_lock(); }).join();
  printf("%s %d %d\n", name, n, other);
}
template <class Mutex> void timed(const char *name) {
  Mutex m;
  std::unique_lock<Mutex> l(m);
  bool a = true, b = true;
  std::thread([&] {
    a = m.try_lock_for(5ms);
    b = m.try_lock_until(std::chrono::system_clock::now() + 5ms);
  }).join();
  l.unlock();
  printf("%s %d %d %d\n", name, a, b, l.try_lock_for(1s));
}
template <class Mutex> void shared(const char *name) {
  Mutex m;
  std::shared_lock<Mutex> l(m);
  bool read = false, write = true;
  std::thread([&] {
    std::shared_lock<Mutex> r(m, std::try_to_lock);
    read = r.owns_lock();
  }).join();
  std::thread([&] { write = m.try_lock(); }).join();
  printf("%s %d %d\n", name, read, write);
}
template <class Condition, class Mutex> void hand_over(const char *name) {
  Mutex m;
  Condition c;
  int state = 0;
  std::thread t([&] {
    std::unique_lock<Mutex> l(m);
    c.wait(l, [&] { return state == 1; });
    state = 2;
    c.notify_all();
  });
  {
    std::unique_lock<Mutex> l(m);
    auto early = c.wait_for(l, 2ms, [&] { return state == 2; });
    state = 1;
    c.notify_one();
    bool late = c.wait_until(l, std::chrono::system_clock::now() + 60s, [&] { return state == 2; });
    printf("%s %d %d\n", name, early, late);
  }
  t.join();
}
static void both(std::mutex &a, std::mutex &b) {
  std::lock_guard<std::mutex> l(a);
  std::lock_guard<std::mutex> k(b);
  ++n;
}
struct Logger { // locks when its thread, or the program, ends
  int number = 0;
  ~Logger() {
    std::lock_guard<std::mutex> l(first);
    ++n;
  }
};
static Logger at_exit;
static int made() {
  static thread_local Logger of_thread;
  static int value = [] {
    std::lock_guard<std::mutex> l(first);
    return 7;
  }();
  return value + of_thread.number;
}

int main(int argc, char **) {
  if (argc > 1) {
    std::thread t([] { both(first, second), next(); }), u([] { await(1), both(second, first); });
    t.join(), u.join();
    return 0;
  }
  exclusive<std::mutex>("mutex");
  exclusive<std::recursive_mutex>("recursive_mutex");
  exclusive<std::shared_mutex>("shared_mutex exclusive");
  timed<std::timed_mutex>("timed_mutex");
  timed<std::recursive_timed_mutex>("recursive_timed_mutex");
  timed<std::shared_timed_mutex>("shared_timed_mutex exclusive");
  shared<std::shared_mutex>("shared_mutex");
  shared<std::shared_timed_mutex>("shared_timed_mutex");
  hand_over<std::condition_variable, std::mutex>("condition_variable");
  hand_over<std::condition_variable_any, std::recursive_mutex>("condition_variable_any");

  std::thread ab([] { for (int i = 0; i < 50; ++i) { std::scoped_lock l(first, second); ++n; } });
  for (int i = 0; i < 50; ++i) {
    std::scoped_lock l(second, first);
    ++n;
  }
  ab.join();
  static std::once_flag once;
  int tries = 0;
  for (int i = 0; i < 3; ++i)
    try {
      std::call_once(once, [&] { if (++tries == 1) throw std::runtime_error("again"); });
    } catch (const std::runtime_error &) {
    }
  printf("call_once %d\n", tries);
  int values = 0;
  std::thread s([&] { values = made(); }), v([] { made(); });
  s.join(), v.join();
  printf("statics %d\n", values);

  std::promise<int> promise;
  std::shared_future<int> future = promise.get_future().share();
  bool early = future.wait_for(1ms) == std::future_status::timeout;
  std::thread keeper([&] { promise.set_value(4); });
  int value = future.get();
  keeper.join();
  auto later = std::async(std::launch::async, [] { return made(); });
  std::packaged_task<int(int)> task([](int x) { return x + 1; });
  auto result = task.get_future();
  std::thread runner(std::move(task), 5);
  runner.join();
  printf("futures %d %d %d %d\n", early, value, later.get(), result.get());

  std::latch latch(3);
  std::counting_semaphore<4> semaphore(0);
  std::barrier barrier(3, []() noexcept { ++n; });
  std::atomic<int> flag{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      latch.arrive_and_wait();
      semaphore.acquire();
      flag.wait(0);
      barrier.arrive_and_wait();
    });
  latch.arrive_and_wait();
  semaphore.release(2);
  flag = 1;
  flag.notify_all();
  barrier.arrive_and_wait();
  for (std::thread &t : threads) t.join();
  printf("C++20 %d %d\n", latch.try_wait(), semaphore.try_acquire());
  std::jthread stopped([](std::stop_token token) {
    std::mutex m;
    std::condition_variable_any c;
    std::unique_lock<std::mutex> l(m);
    c.wait(l, token, [] { return false; });
  });
  stopped.request_stop();
  stopped.join();
  std::thread([] {}).detach();
  printf("done %d\n", n);
  return 0;
}
