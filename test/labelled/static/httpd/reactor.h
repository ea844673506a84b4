#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace rx {

// Futures of a thread-per-core reactor: continuations run on the reactor thread.
template <class T>
class future {
 public:
  template <class F>
  auto then(F f) -> future<decltype(f(std::declval<T>()))>;
  template <class F>
  future<T> finally(F f);
  T get();
  bool available() const;
};

template <class T>
template <class F>
auto future<T>::then(F f) -> future<decltype(f(std::declval<T>()))> {
  std::function<decltype(f(std::declval<T>()))(T)> keep = std::move(f);
  return {};
}

template <class T>
template <class F>
future<T> future<T>::finally(F f) {
  std::function<void()> keep = std::move(f);
  return {};
}

template <class T>
future<T> make_ready_future(T) {
  return {};
}

class event_loop {
 public:
  void post(std::function<void()> f);
  void on_timer(unsigned ms, std::function<void()> f);
  void on_readable(int fd, std::function<void(int)> f);
  void run();
  void quit();
};

class worker_pool {
 public:
  explicit worker_pool(unsigned n);
  future<std::string> run(std::function<std::string()> f);
};

future<std::string> read_file(const std::string& path);
future<int> sleep(unsigned ms);

}  // namespace rx
