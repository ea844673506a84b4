#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

// The parts of the event library that the broker uses.
namespace ev {

using Handler = std::function<void(std::error_code, std::size_t)>;

class io_context {
 public:
  std::size_t run();
  std::size_t poll();
  void stop();
};

void enqueue(io_context& io, std::function<void()> f, bool inlineOk);
template <class F>
void post(io_context& io, F f) {
  enqueue(io, std::move(f), false);
}
template <class F>
void dispatch(io_context& io, F f) {
  enqueue(io, std::move(f), true);
}

class steady_timer {
 public:
  explicit steady_timer(io_context& io);
  void expires_after(std::chrono::milliseconds d);
  void async_wait(std::function<void(std::error_code)> h);
  void wait();
};

class stream {
 public:
  explicit stream(io_context& io);
  void async_read_some(std::string& into, Handler h);
  void async_write_some(const std::string& s, Handler h);
  std::size_t read_some(std::string& into);
  std::size_t write_some(const std::string& s);
  void non_blocking(bool on);
};

}  // namespace ev
