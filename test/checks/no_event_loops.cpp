// Classes that are called nearly like event loops: they run callables in place, or on pools.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 -I%S/Inputs > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <functional>
#include <mutex>
#include <thread>
#include <vector>
#include <unistd.h>
struct EventDispatcher { std::vector<std::function<void(int)>> hs; void on_message(std::function<void(int)> h) { hs.push_back(std::move(h)); } void dispatch(int v) { for (auto &h : hs) h(v); } };
struct LoopDetector { void on_loop(std::function<void()> f) { f(); } void post(std::function<void()> f); };
struct Dispatcher { std::mutex m; template <class F> auto dispatch(F &&f) { std::lock_guard g(m); return f(); } template <class F> void dispatchAll(F f) { std::invoke(f); } };
struct MainLoop { template <class F> void post(F &&f) { std::forward<F>(f)(); } void onEach(const std::function<void(int)> &f) { if (!f) return; for (int i = 0; i < 3; ++i) f(i); } };
struct WorkerPool { void post(std::function<void()>); void run(std::function<void()>); };
struct QueueExecutor { void add(std::function<void()>); };
struct EventLoopThreadPool { void post(std::function<void()>); };
struct Future { template <class F> void get_or(F f) { f(); } void wait(std::function<void()>); };
int main() {
  EventDispatcher d; d.on_message([](int) { ::sleep(1); }); d.dispatch(1);
  LoopDetector l; l.on_loop([] { ::sleep(1); }); l.post([] { ::sleep(1); });
  Dispatcher s; s.dispatch([] { return ::sleep(1); }); s.dispatchAll([] { ::sleep(1); });
  MainLoop m; m.post([] { ::sleep(1); }); m.onEach([](int) { ::sleep(1); });
  WorkerPool w; w.post([] { ::sleep(1); }); w.run([] { ::sleep(1); });
  QueueExecutor q; q.add([] { ::sleep(1); });
  EventLoopThreadPool p; p.post([] { ::sleep(1); });
  Future f; f.get_or([] { ::sleep(1); });
  std::thread t([] { ::sleep(1); }); t.join();
}
