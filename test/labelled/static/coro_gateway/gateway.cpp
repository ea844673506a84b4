#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include "task.h"

namespace gate {

using net::Detached;
using net::Task;
using namespace std::chrono_literals;

int helperSleep(int n) {
  std::this_thread::sleep_for(10ms * n);  // side: blocking-in-coroutine #retry; clean: blocking-under-lock
  return n;
}

bool resolveHost(const std::string& h) {
  addrinfo* r = nullptr;
  int e = getaddrinfo(h.c_str(), "443", nullptr, &r);  // side: blocking-in-coroutine #resolve
  if (!e) freeaddrinfo(r);
  return e == 0;
}

int pure(int n) { return n * 2; }

class Disk {
 public:
  virtual ~Disk() = default;
  virtual void flush() = 0;
};

class RealDisk : public Disk {
 public:
  explicit RealDisk(int fd) : fd_(fd) {}
  void flush() override { fsync(fd_); }  // side: blocking-in-coroutine #flush

 private:
  int fd_;
};

class NullDisk {
 public:
  void flush() { ++n_; }

 private:
  int n_ = 0;
};

Task<int> retry(int n) {
  for (int i = 0; i < n; ++i) {
    co_await net::sleep(10ms);  // clean: blocking-in-coroutine
    helperSleep(i);  // expect: blocking-in-coroutine #retry
  }
  co_return pure(n);  // clean: blocking-in-coroutine
}

Task<int> backoff(int n) {
  usleep(1000);  // expect: blocking-in-coroutine
  std::this_thread::yield();  // clean: blocking-in-coroutine
  timespec ts{0, 1000000};
  nanosleep(&ts, nullptr);  // expect: blocking-in-coroutine
  co_await net::sleep(std::chrono::milliseconds(n));  // clean: blocking-in-coroutine
  ::sleep(1);  // expect: blocking-in-coroutine
  std::this_thread::sleep_until(std::chrono::steady_clock::now() + 5s);  // expect: blocking-in-coroutine
  co_return n;
}

Task<int> dial(std::string host) {
  if (!resolveHost(host)) co_return -1;  // expect: blocking-in-coroutine #resolve
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);  // clean: blocking-in-coroutine
  sockaddr_in a{};
  a.sin_family = AF_INET;
  ::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a);  // clean: blocking-in-coroutine
  int r = co_await net::connect(std::move(host), 443);  // clean: blocking-in-coroutine
  co_return r < 0 ? r : fd;
}

Task<int> dialPlain() {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(80);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) < 0) co_return -1;  // expect: blocking-in-coroutine
  char buf[64];
  co_await net::sleep(1ms);
  ssize_t n = ::recv(fd, buf, sizeof buf, 0);  // expect: blocking-in-coroutine
  if (n > 0) ::recv(fd, buf, sizeof buf, MSG_DONTWAIT);  // clean: blocking-in-coroutine
  ::send(fd, buf, sizeof buf, MSG_DONTWAIT | MSG_NOSIGNAL);  // clean: blocking-in-coroutine
  ::shutdown(fd, SHUT_RDWR);  // clean: blocking-in-coroutine
  co_return static_cast<int>(n);
}

Task<int> waitReady(int fd) {
  pollfd p{fd, POLLIN, 0};
  if (::poll(&p, 1, 0) > 0) co_return 1;  // clean: blocking-in-coroutine
  ::poll(&p, 1, -1);  // expect: blocking-in-coroutine
  epoll_event e;
  int n = epoll_wait(fd, &e, 1, 0);  // clean: blocking-in-coroutine
  if (n == 0) n = epoll_wait(fd, &e, 1, 500);  // expect: blocking-in-coroutine
  std::string s;
  n += co_await net::read(fd, s);  // clean: blocking-in-coroutine
  co_return n;
}

Task<int> shell(std::string cmd) {
  int rc = std::system(cmd.c_str());  // expect: blocking-in-coroutine
  FILE* f = popen(cmd.c_str(), "r");  // expect: blocking-in-coroutine
  if (f) pclose(f);  // maybe: blocking-in-coroutine
  int st = 0;
  co_await net::sleep(1ms);
  waitpid(-1, &st, WNOHANG);  // clean: blocking-in-coroutine
  waitpid(rc, &st, 0);  // expect: blocking-in-coroutine
  co_return st;
}

Task<int> gather() {
  auto f = std::async(std::launch::async, [] { return helperSleep(3); });  // maybe: blocking-in-coroutine; clean: dropped-future
  if (f.wait_for(0s) == std::future_status::ready)  // clean: blocking-in-coroutine
    co_return f.get();  // clean: blocking-in-coroutine
  co_await net::sleep(50ms);
  if (f.wait_for(2s) != std::future_status::ready) co_return 0;  // expect: blocking-in-coroutine
  co_return f.get();  // clean: blocking-in-coroutine
}

Task<int> gatherNow() {
  auto f = std::async(std::launch::async, [] { return helperSleep(3); });
  co_await net::sleep(50ms);
  co_return f.get();  // expect: blocking-in-coroutine
}

Task<int> fan(int n) {
  std::vector<std::thread> ts;
  std::latch done(n);
  for (int i = 0; i < n; ++i)
    ts.emplace_back([&done, i] {
      helperSleep(i);  // clean: blocking-in-coroutine
      done.count_down();  // clean: blocking-in-coroutine
    });
  co_await net::sleep(1ms);
  done.wait();  // expect: blocking-in-coroutine
  for (auto& t : ts) t.join();  // expect: blocking-in-coroutine
  co_return n;
}

Task<int> limited(std::counting_semaphore<8>& s) {
  if (!s.try_acquire()) {  // clean: blocking-in-coroutine
    co_await net::sleep(1ms);
    s.acquire();  // expect: blocking-in-coroutine
  }
  s.release();  // clean: blocking-in-coroutine
  co_return 1;
}

Task<int> flagWait(std::atomic<int>& a) {
  if (a.load() == 0) {  // clean: blocking-in-coroutine
    co_await net::sleep(1ms);
    a.wait(0);  // expect: blocking-in-coroutine
  }
  a.notify_all();  // clean: blocking-in-coroutine
  co_return a.load();
}

Task<int> condWait(std::mutex& m, std::condition_variable& cv, bool& ready) {
  {
    std::unique_lock g(m);  // maybe: blocking-in-coroutine
    cv.wait(g, [&] { return ready; });  // expect: blocking-in-coroutine
  }
  cv.notify_all();  // clean: blocking-in-coroutine
  co_await net::sleep(1ms);
  co_return 1;
}

Task<int> flushDisk(Disk& d, NullDisk& n) {
  n.flush();  // clean: blocking-in-coroutine
  co_await net::sleep(1ms);
  d.flush();  // expect: blocking-in-coroutine #flush
  co_return 0;
}

Task<int> offload(std::shared_ptr<Disk> d, std::string host) {
  net::on_pool([d] { d->flush(); });  // clean: blocking-in-coroutine
  net::on_pool([host] { resolveHost(host); });  // clean: blocking-in-coroutine
  std::thread([host] { resolveHost(host); }).detach();  // clean: blocking-in-coroutine, thread-lifetime
  std::function<void()> later = [] { helperSleep(4); };  // clean: blocking-in-coroutine
  net::on_pool(std::move(later));  // clean: blocking-in-coroutine
  co_return co_await net::write(1, host);  // clean: blocking-in-coroutine
}

Task<int> callLambda(int n) {
  auto nap = [n] { helperSleep(n); };  // side: blocking-in-coroutine #nap
  co_await net::sleep(1ms);
  nap();  // expect: blocking-in-coroutine #nap
  auto calc = [n] { return pure(n); };
  co_return calc();  // clean: blocking-in-coroutine
}

Task<int> prompt() {
  char line[80];
  co_await net::sleep(1ms);
  int c = std::getchar();  // expect: blocking-in-coroutine
  if (!std::fgets(line, sizeof line, stdin)) co_return c;  // expect: blocking-in-coroutine
  std::snprintf(line, sizeof line, "%d", c);  // clean: blocking-in-coroutine
  co_return std::atoi(line);  // clean: blocking-in-coroutine
}

Task<int> listenOnce(int ls) {
  int fl = fcntl(ls, F_GETFL);  // clean: blocking-in-coroutine
  fcntl(ls, F_SETFL, fl | O_NONBLOCK);  // clean: blocking-in-coroutine
  int c = accept4(ls, nullptr, nullptr, SOCK_NONBLOCK);  // clean: blocking-in-coroutine
  std::string in;
  co_await net::read(c, in);
  co_return c;
}

Task<int> listenBlocking() {
  int ls = socket(AF_INET, SOCK_STREAM, 0);
  ::listen(ls, 16);  // clean: blocking-in-coroutine
  co_await net::sleep(1ms);
  co_return ::accept(ls, nullptr, nullptr);  // expect: blocking-in-coroutine
}

Task<int> importOnPool(const char* path) {
  std::string p = path;
  co_await net::resume_on_pool();
  std::ifstream f(p);  // maybe: blocking-in-coroutine
  std::string s;
  std::getline(f, s);  // maybe: blocking-in-coroutine
  co_await net::resume_on_loop();
  co_return static_cast<int>(s.size());
}

class Session {
 public:
  Task<int> run() {
    connectAll();  // expect: blocking-in-coroutine #all
    co_await net::sleep(1ms);
    stop();  // expect: blocking-in-coroutine #stop
    idle();  // clean: blocking-in-coroutine
    co_return count_;
  }
  void start() {
    worker_ = std::thread([this] {
      helperSleep(count_);  // clean: blocking-in-coroutine
    });
  }

 private:
  void connectAll() {
    for (int i = 0; i < 3; ++i) connectOne(i);  // side: blocking-in-coroutine #all
  }
  void connectOne(int i) {
    if (i > 1) std::this_thread::sleep_for(1s);  // side: blocking-in-coroutine #all
  }
  void stop() {
    if (worker_.joinable()) worker_.join();  // side: blocking-in-coroutine #stop
  }
  void idle() { std::this_thread::yield(); }
  int count_ = 0;
  std::thread worker_;
};

Detached heartbeat(int fd) {
  for (int i = 0; i < 100; ++i) {
    co_await net::sleep(1s);  // clean: blocking-in-coroutine
    co_await net::write(fd, "beat");  // clean: blocking-in-coroutine
    std::this_thread::sleep_for(1s);  // expect: blocking-in-coroutine
  }
}

Detached watchdog(std::atomic<bool>& on) {
  while (on.load()) {  // clean: data-race, blocking-in-coroutine
    co_await net::sleep(1s);  // clean: blocking-in-coroutine
    if (!on) std::fputs("", stderr);  // maybe: blocking-in-coroutine
  }
}

void blockingMain(int fd) {
  std::string host = "a";
  resolveHost(host);  // clean: blocking-in-coroutine
  helperSleep(1);  // clean: blocking-in-coroutine
  pollfd p{fd, POLLIN, 0};
  ::poll(&p, 1, 100);  // clean: blocking-in-coroutine
  waitpid(-1, nullptr, 0);  // clean: blocking-in-coroutine
}

}  // namespace gate

int main() {
  using namespace gate;
  static Session s;
  static RealDisk d(1);
  static NullDisk n;
  static std::counting_semaphore<8> sem(8);
  static std::atomic<int> flag{0};
  static std::atomic<bool> on{true};
  static std::mutex m;
  static std::condition_variable cv;
  static bool ready = true;
  blockingMain(0);
  s.start();
  net::spawn(s.run());
  net::spawn(retry(3));
  net::spawn(backoff(3));
  net::spawn(dial("example.org"));
  net::spawn(dialPlain());
  net::spawn(waitReady(0));
  net::spawn(shell("true"));
  net::spawn(gather());
  net::spawn(gatherNow());
  net::spawn(fan(3));
  net::spawn(limited(sem));  // clean: coroutine-dangling
  net::spawn(flagWait(flag));  // clean: coroutine-dangling
  net::spawn(condWait(m, cv, ready));  // clean: coroutine-dangling
  net::spawn(flushDisk(d, n));  // clean: coroutine-dangling
  net::spawn(offload(std::make_shared<RealDisk>(2), "b"));
  net::spawn(callLambda(2));
  net::spawn(prompt());
  net::spawn(listenOnce(3));
  net::spawn(listenBlocking());
  net::spawn(importOnPool("/tmp/x"));  // clean: coroutine-dangling
  heartbeat(1);
  watchdog(on);  // clean: coroutine-dangling
  std::this_thread::sleep_for(60s);  // clean: blocking-in-coroutine
  on = false;
  return 0;
}
