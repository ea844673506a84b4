// An event library nobody has heard of: post(loop, f) as a free function, and operations begun with a handler.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <functional>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

namespace ev {
class io_context {
public:
  void run();
};
class thread_pool {};
void enqueue(io_context &io, std::function<void()> f);
template <class F> void post(io_context &io, F f) { enqueue(io, std::move(f)); }
void post(thread_pool &pool, std::function<void()> f);
struct stream {
  explicit stream(io_context &io);
  void async_read_some(std::string &into, std::function<void(int)> done);
  void read_ahead(const std::function<void()> &now) { now(); } // calls it at once
};
} // namespace ev

int main() {
  ev::io_context io;
  ev::thread_pool pool;
  ev::stream s(io);
  std::string line;
  ev::post(io, [] { ::sleep(1); });                     // expect: blocking-in-coroutine
  ev::post(pool, [] { ::sleep(2); });                   // pools are for that
  s.async_read_some(line, [](int) { ::sleep(3); });     // expect: blocking-in-coroutine
  s.read_ahead([] { ::sleep(4); });                     // main may
  std::thread other([&] { ::sleep(5); });
  io.run();
  other.join();
}
