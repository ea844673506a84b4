// Calls that take long under a lock, and those that are meant to be there.
// RUN: %snarl check --format=json %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <future>
#include <mutex>
#include <netdb.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

void nap() { std::this_thread::sleep_for(std::chrono::seconds(1)); }

class Service {
public:
  void sleeps() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++n_;
    nap(); // expect: blocking-under-lock
  }
  void stops() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto &t : threads_) t.join(); // expect: blocking-under-lock
  }
  int asks(std::future<int> &f) {
    std::lock_guard<std::mutex> lock(mutex_);
    return n_ += f.get(); // expect: blocking-under-lock
  }
  int looks_up(const char *host) {
    std::lock_guard<std::mutex> lock(mutex_);
    addrinfo *found = nullptr;
    return n_ += getaddrinfo(host, nullptr, nullptr, &found); // expect: blocking-under-lock
  }
  void receives(int fd) {
    std::lock_guard<std::mutex> lock(mutex_);
    n_ += recv(fd, buffer_, sizeof buffer_, 0); // expect: blocking-under-lock
  }
  void runs() {
    mutex_.lock();
    n_ += std::system("true"); // expect: blocking-under-lock
    mutex_.unlock();
  }
  void saves(int fd) {
    std::lock_guard<std::mutex> lock(mutex_);
    ++n_;
    fsync(fd); // expect: blocking-under-lock
  }

  void sleeps_after() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++n_;
    }
    nap();
  }
  void lets_go() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++n_;
    lock.unlock();
    nap();
    lock.lock();
    ++n_;
  }
  void waits() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return n_ > 3; });
  }
  void briefly() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++n_;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  void does_not_wait(int fd) {
    std::lock_guard<std::mutex> lock(mutex_);
    n_ += recv(fd, buffer_, sizeof buffer_, MSG_DONTWAIT);
  }
  void logs() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::fprintf(stderr, "%d\n", n_);
  }
  void writes(std::FILE *file) {
    std::lock_guard<std::mutex> lock(mutex_);
    std::fprintf(file, "%d\n", n_);
  }
  void helper_lets_go() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++n_;
    without(lock);
  }

private:
  void without(std::unique_lock<std::mutex> &lock) {
    lock.unlock();
    nap();
    lock.lock();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::thread> threads_;
  char buffer_[64];
  int n_ = 0;
};

// One message at a time: that is what the lock is for.
class Wire {
public:
  explicit Wire(int fd) : fd_(fd) {}
  void put(const char *text, size_t size) {
    std::lock_guard<std::mutex> lock(order_);
    send(fd_, text, size, 0);
  }

private:
  std::mutex order_;
  int fd_;
};
