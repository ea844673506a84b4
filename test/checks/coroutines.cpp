// Coroutines of several libraries: waits and sleeps in them, polls that return at once, locks over suspensions.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 -I%S/Inputs > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include "coro.h"
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <condition_variable>
#include <semaphore>
#include <chrono>
#include <sys/socket.h>
#include <netdb.h>
#include <cstdio>
namespace trantor { struct EventLoop { void runAfter(double, std::function<void()>); void queueInLoop(std::function<void()>); void loop(); }; }
namespace drogon { struct App { trantor::EventLoop *getLoop(); trantor::EventLoop *getIOLoop(int); }; App &app(); template <class T = void> using Task = ::Task<T>; Task<void> sleepCoro(trantor::EventLoop *, double); }
namespace unifex { template <class T> struct task : Task<T> {}; Task<void> schedule_after(int); template <class S> int sync_wait(S &&s); }
namespace cobalt { template <class T> using promise = ::Task<T>; Task<int> async_read(); }
std::mutex mu; std::condition_variable cv; bool ready; int n; std::binary_semaphore sem{0};
drogon::Task<int> handler() {
  std::future<int> f = std::async(std::launch::async, [] { return 1; });
  int v = f.get(); // expect: blocking-in-coroutine
  co_await drogon::sleepCoro(drogon::app().getLoop(), 1);
  co_return v;
}
drogon::Task<int> waits() {
  {
    std::unique_lock l(mu);
    cv.wait(l, [] { return ready; }); // expect: blocking-in-coroutine side: condvar-notify
  }
  co_return 1;
}
cobalt::promise<int> resolve() {
  addrinfo *r = nullptr;
  ::getaddrinfo("h", "80", nullptr, &r); // expect: blocking-in-coroutine
  co_return co_await cobalt::async_read();
}
cobalt::promise<int> trial() {
  if (sem.try_acquire()) n = 2;
  if (sem.try_acquire_for(std::chrono::seconds(0))) n = 3;
  std::unique_lock l(mu, std::try_to_lock);
  if (l) { ready = true; l.unlock(); }
  co_return co_await cobalt::async_read();
}
Task<int> held() {
  std::scoped_lock l(mu); // expect: lock-across-suspension
  co_await unifex::schedule_after(1);
  co_return 2;
}
void deep2() { std::this_thread::sleep_for(std::chrono::milliseconds(3)); } // expect: blocking-in-coroutine
void deep() { deep2(); } // side: blocking-in-coroutine
int main() {
  drogon::app().getLoop()->runAfter(1.0, [] { deep(); }); // side: blocking-in-coroutine
  drogon::app().getIOLoop(1)->queueInLoop([] { handler(); waits(); resolve(); trial(); held(); }); // side: dropped-future
  deep();
  unifex::sync_wait(held());
  drogon::app().getLoop()->loop();
}
