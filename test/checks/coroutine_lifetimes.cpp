// Coroutines that go on without what they were lent, tasks nobody awaits, and what belongs to a thread; with tasks as
// several libraries write them.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <atomic>
#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <functional>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <pthread.h>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// ---- lazy, as cppcoro writes it
namespace co {
template <class T> class task;
struct promise_base {
  std::coroutine_handle<> up;
  auto initial_suspend() noexcept { return std::suspend_always{}; }
  struct final_awaitable {
    bool await_ready() const noexcept { return false; }
    template <class P> std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) noexcept { return h.promise().up; }
    void await_resume() noexcept {}
  };
  auto final_suspend() noexcept { return final_awaitable{}; }
  void unhandled_exception() {}
};
template <class T> struct promise : promise_base {
  task<T> get_return_object() noexcept;
  T value;
  void return_value(T v) { value = std::move(v); }
};
template <> struct promise<void> : promise_base {
  task<void> get_return_object() noexcept;
  void return_void() {}
};
template <class T = void> class [[nodiscard]] task {
public:
  using promise_type = promise<T>;
  explicit task(std::coroutine_handle<promise_type> h) : h(h) {}
  task(task &&o) noexcept : h(std::exchange(o.h, nullptr)) {}
  ~task() { if (h) h.destroy(); }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> up) { h.promise().up = up; return h; }
  T await_resume() { if constexpr (!std::is_void_v<T>) return std::move(h.promise().value); }
private:
  std::coroutine_handle<promise_type> h;
};
template <class T> task<T> promise<T>::get_return_object() noexcept {
  return task<T>{std::coroutine_handle<promise>::from_promise(*this)};
}
inline task<void> promise<void>::get_return_object() noexcept {
  return task<void>{std::coroutine_handle<promise>::from_promise(*this)};
}
void spawn(task<> t);
template <class T> T sync_wait(task<T> t);
template <class... T> task<> when_all(T... tasks);
template <class F> task<> co_invoke(F f) { co_await f(); }
}
namespace asio {
struct io_context { void run(); };
struct detached_t {};
struct use_future_t {};
inline constexpr detached_t detached;
inline constexpr use_future_t use_future;
template <class T> using awaitable = co::task<T>;
template <class T, class Token> void co_spawn(io_context &, co::task<T>, Token);
void keep(std::function<co::task<>()>);
template <class F, class Token> void co_spawn(io_context &, F f, Token) { keep(std::move(f)); }
}

// ---- starts at once and is on its own
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
// ---- runs on a scheduler, which gets it when it is made
struct Scheduler { void post(std::coroutine_handle<>); };
Scheduler &scheduler();
struct Job {
  struct promise_type {
    Job get_return_object() {
      scheduler().post(std::coroutine_handle<promise_type>::from_promise(*this));
      return {};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
struct Hop {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const;
  void await_resume() const noexcept {}
};
Hop hop();
void note(std::size_t);

// ======== what is lent
Detached by_reference(const std::string &s) { // side: coroutine-dangling
  co_await hop();                             // side: coroutine-dangling
  note(s.size());                             // side: coroutine-dangling
}
Detached before_only(const std::string &s) {
  note(s.size());
  co_await hop();
}
Detached by_value(std::string s) {
  co_await hop();
  note(s.size());
}
Detached by_address(int *n) { // side: coroutine-dangling
  co_await hop();
  ++*n; // side: coroutine-dangling
}
co::task<> later(const std::string &s) { // side: coroutine-dangling
  note(s.size());                        // side: coroutine-dangling
  co_return;
}
co::task<int> later_view(std::string_view s) { // side: coroutine-dangling
  co_await hop();
  co_return int(s.size()); // side: coroutine-dangling
}
void lends_local() {
  std::string s = "x";
  by_reference(s); // expect: coroutine-dangling
}
void lends_temporary() {
  by_reference("made for this"); // expect: coroutine-dangling
  before_only("gone, but not used any more");
  by_value("copied");
}
void lends_address() {
  int n = 0;
  by_address(&n); // expect: coroutine-dangling
}
void lends_and_waits(std::latch &done) {
  std::string s = "x";
  by_reference(s);
  done.wait();
}
void lends_on(const std::string &s) { by_reference(s); }
void lends_for_ever() {
  static std::string s = "x";
  by_reference(s);
}
co::task<> at_once() {
  std::string s = "x";
  co_await later(s);
  co_await later(s + "y");
  note(co_await later_view(s + "z"));
  co_await co::when_all(later(s + "1"), later("2"));
  auto own = later(s);
  co_await std::move(own);
}
co::task<> kept_too_long() {
  std::string s = "x";
  auto t = later_view(s + "y"); // expect: coroutine-dangling
  note(co_await std::move(t));
}
co::task<> hands_out() {
  std::string s = "x";
  return later(s); // expect: coroutine-dangling
}
co::task<> hands_on(const std::string &s) { return later(s); }
void collects(std::vector<co::task<>> &all, std::string s) {
  all.push_back(later(s + "y")); // expect: coroutine-dangling
}
void blocks() {
  std::string s = "x";
  co::sync_wait(later(s + "y"));
}
void spawned(asio::io_context &io) {
  std::string s = "x";
  asio::co_spawn(io, later(s), asio::detached); // expect: coroutine-dangling
}
void spawned_and_run() {
  asio::io_context io;
  std::string s = "x";
  asio::co_spawn(io, later(s), asio::detached);
  io.run();
}

// ======== closures
void closure(int n) {
  auto work = [n]() -> Detached { // side: coroutine-dangling
    co_await hop();
    note(n); // side: coroutine-dangling
  };
  work(); // expect: coroutine-dangling
}
void closure_at_once(asio::io_context &io, int n) {
  [n]() -> Detached { // expect: coroutine-dangling
    co_await hop();
    note(n); // side: coroutine-dangling
  }();
  [](int n) -> Detached {
    co_await hop();
    note(n);
  }(n);
  [n]() -> Detached {
    note(n);
    co_await hop();
  }();
  asio::co_spawn(io, [n]() -> co::task<> { // expect: coroutine-dangling
    note(n); // side: coroutine-dangling
    co_return;
  }(), asio::detached);
  asio::co_spawn(io, [n]() -> co::task<> {
    note(n);
    co_return;
  }, asio::detached);
}
co::task<> closure_awaited(int n) {
  co_await [n]() -> co::task<> {
    co_await hop();
    note(n);
  }();
  co_await co::co_invoke([n]() -> co::task<> {
    co_await hop();
    note(n);
  });
}

// ======== objects
class Session {
public:
  Detached run() { // side: coroutine-dangling
    co_await hop();
    ++count_; // side: coroutine-dangling
  }
  void start() { run(); }
private:
  int count_ = 0;
};
class Shared : public std::enable_shared_from_this<Shared> {
public:
  Detached run() {
    auto self = shared_from_this();
    co_await hop();
    ++count_;
  }
private:
  int count_ = 0;
};
void sessions(Session &given) {
  given.run();
  Session mine;
  mine.run(); // expect: coroutine-dangling
}
void shared_sessions() {
  std::make_shared<Shared>()->run();
  std::make_shared<Session>()->run(); // expect: coroutine-dangling
}
void kept_session() {
  static Session s;
  s.run();
}

// ======== dropped
co::task<> save(int n);
co::task<> save(int n) {
  note(n);
  co_return;
}
Job scheduled(int n) {
  note(n);
  co_return;
}
co::task<> saves(bool both) {
  save(1); // expect: dropped-future
  co_await save(2);
  auto lost = save(3); // expect: dropped-future
  [[maybe_unused]] auto meant = save(4);
  auto kept = save(5);
  co_await std::move(kept);
  if (both) save(6); // expect: dropped-future
  co::spawn(save(7));
  scheduled(8);
  std::vector<co::task<>> all;
  all.push_back(save(9));
}
co::task<> passes(int n) { return save(n); }
void starts() {
  passes(1); // expect: dropped-future
  auto t = passes(2);
  co::spawn(std::move(t));
  co::sync_wait(passes(3));
}
std::future<int> in_background(int n) {
  return std::async(std::launch::async, [n] { return n; }); // side: dropped-future
}
std::future<int> promised() {
  std::promise<int> p;
  auto f = p.get_future();
  p.set_value(1);
  return f;
}
void futures() {
  std::async(std::launch::async, [] {}); // expect: dropped-future
  (void)std::async([] {});               // expect: dropped-future
  in_background(1);                      // expect: dropped-future
  in_background(2).get();
  in_background(3).wait();
  promised();
  auto f = in_background(4);
  std::vector<std::future<int>> all;
  all.push_back(in_background(5));
  all.push_back(std::async(std::launch::async, [] { return 1; }));
  [[maybe_unused]] auto g = std::async([] {});
}

// ======== of the thread
struct Context { int depth = 0; };
thread_local Context context;
thread_local int calls = 0;
Context &current() { return context; }
Detached keeps_reference() {
  int &mine = calls; // side: thread-local-across-suspension
  ++mine;
  co_await hop();
  ++mine; // expect: thread-local-across-suspension
}
Detached keeps_pointer() {
  Context *c = &context; // side: thread-local-across-suspension
  co_await hop();
  ++c->depth; // expect: thread-local-across-suspension
}
Detached keeps_member() {
  int &depth = context.depth; // side: thread-local-across-suspension
  co_await hop();
  ++depth; // expect: thread-local-across-suspension
}
Detached keeps_from_function() {
  auto &c = current(); // side: thread-local-across-suspension
  co_await hop();
  ++c.depth; // expect: thread-local-across-suspension
}
Detached asks_again() {
  Context *c = &context;
  ++c->depth;
  co_await hop();
  c = &context;
  ++c->depth;
  ++calls;
}
Detached in_a_loop() {
  for (int i = 0; i < 3; ++i) {
    auto &c = current();
    ++c.depth;
    co_await hop();
  }
}
Detached loop_around() {
  auto &c = current(); // side: thread-local-across-suspension
  for (int i = 0; i < 3; ++i) {
    ++c.depth; // expect: thread-local-across-suspension
    co_await hop();
  }
}
Detached copies() {
  int before = calls;
  co_await hop();
  note(before);
}
Detached restores() {
  auto before = std::exchange(calls, 5); // side: thread-local-across-suspension
  co_await hop();
  calls = before; // expect: thread-local-across-suspension
}
Detached restores_before() {
  auto before = std::exchange(calls, 5);
  note(calls);
  calls = before;
  co_await hop();
}
Detached identity(std::map<std::thread::id, int> &by_thread) {
  auto id = std::this_thread::get_id(); // side: thread-local-across-suspension
  co_await hop();
  ++by_thread[id]; // expect: thread-local-across-suspension
}
Detached handle() {
  pthread_t self = pthread_self(); // side: thread-local-across-suspension
  co_await hop();
  pthread_setname_np(self, "x"); // expect: thread-local-across-suspension
}
Detached identity_after() {
  co_await hop();
  auto id = std::this_thread::get_id();
  if (id == std::this_thread::get_id()) note(1);
}
Detached never_suspends() {
  int &mine = calls;
  co_await std::suspend_never{};
  ++mine;
}
void no_coroutine() {
  int &mine = calls;
  note(1);
  ++mine;
}
Detached error_kept() {
  int e = errno;
  co_await hop();
  note(e);
}
