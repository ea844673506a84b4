// Methods, binds and closures in a callable of the program's own, posted to an event loop.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 -I%S/Inputs > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <functional>
#include <fstream>
#include <memory>
#include <unistd.h>
#include <thread>
#include <mutex>
template <class Sig> class UniqueFunction;
template <class R, class... A> class UniqueFunction<R(A...)> {
 public:
  template <class F> UniqueFunction(F f) : impl_(new Impl<F>(std::move(f))) {}
  R operator()(A... a) { return impl_->call(a...); }
 private:
  struct Base { virtual ~Base() = default; virtual R call(A...) = 0; };
  template <class F> struct Impl : Base { F f; explicit Impl(F g) : f(std::move(g)) {} R call(A... a) override { return f(a...); } };
  std::unique_ptr<Base> impl_;
};
class IoService { public: void post(UniqueFunction<void()> f); void run(); template <class O> void call_later(int ms, void (O::*m)(), O *o); };
class Session {
 public:
  explicit Session(IoService &io) : io_(io) {}
  void start() {
    io_.post([this] { read(); }); // side: blocking-in-coroutine
    io_.post(std::bind(&Session::tick, this)); // side: blocking-in-coroutine
    io_.call_later(5, &Session::late, this); // side: blocking-in-coroutine
    worker_ = std::thread([this] { slow(); });
    worker_.join();
  }
 private:
  void read() { std::ifstream in("x"); } // expect: blocking-in-coroutine
  void tick() { ::sleep(1); } // expect: blocking-in-coroutine
  void late() { ::usleep(3); } // expect: blocking-in-coroutine
  void slow() { ::sleep(2); }
  IoService &io_;
  std::thread worker_;
};
int main() { IoService io; Session s(io); s.start(); io.run(); }
