#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <semaphore>
#include <sstream>
#include <thread>

#include "reactor.h"

namespace httpd {

struct Request {
  std::string path;
  int fd = -1;
};

// One handler per route; all are called on the loop.
class Route {
 public:
  virtual ~Route() = default;
  virtual std::string reply(const Request& r) = 0;
};

class Static final : public Route {
 public:
  std::string reply(const Request& r) override {
    std::ifstream in("/var/www" + r.path);  // expect: blocking-in-coroutine #static
    std::stringstream s;
    s << in.rdbuf();  // side: blocking-in-coroutine #static
    return s.str();
  }
};

class Hello final : public Route {
 public:
  std::string reply(const Request& r) override { return "hello " + r.path; }  // clean: blocking-in-coroutine
};

class Cgi final : public Route {
 public:
  std::string reply(const Request& r) override {
    return std::system(("/usr/lib/cgi-bin" + r.path).c_str()) == 0 ? "ok" : "";  // expect: blocking-in-coroutine
  }
};

class Server {
 public:
  explicit Server(rx::event_loop& l) : loop_(l), pool_(2) {
    routes_["/"] = std::make_unique<Hello>();
    routes_["/static"] = std::make_unique<Static>();
    routes_["/cgi"] = std::make_unique<Cgi>();
  }

  void listen(int fd) {
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    loop_.on_readable(fd, [this](int ready) {
      const int c = ::accept4(ready, nullptr, nullptr, SOCK_NONBLOCK);  // maybe: blocking-in-coroutine
      if (c >= 0) serve(c);
    });
    loop_.on_timer(1000, [this] { sweep(); });
    loop_.on_timer(5000, [this] { rotate(); });
  }

  void serve(int c) {
    char buf[512];
    const ssize_t n = ::recv(c, buf, sizeof buf, MSG_DONTWAIT);  // clean: blocking-in-coroutine
    if (n <= 0) return;
    Request r{std::string(buf, static_cast<std::size_t>(n)), c};
    auto it = routes_.find(r.path);
    answer(r, it == routes_.end() ? "404" : it->second->reply(r));  // side: blocking-in-coroutine #static
  }

  rx::future<int> proxied(Request r) {
    return rx::read_file("/etc/upstream").then([r](std::string up) {
      const int s = ::socket(AF_UNIX, SOCK_STREAM, 0);
      sockaddr sa{};
      if (::connect(s, &sa, sizeof sa) != 0) return -1;  // expect: blocking-in-coroutine
      return static_cast<int>(up.size());
    });
  }

  rx::future<int> delayed(Request r) {
    return rx::sleep(20).then([r](int) {  // clean: blocking-in-coroutine
      ::sleep(1);  // expect: blocking-in-coroutine
      return r.fd;
    });
  }

  rx::future<int> hashed(Request r) {
    return pool_.run([r] {
      std::ifstream in(r.path);  // clean: blocking-in-coroutine
      std::string s;
      std::getline(in, s);  // clean: blocking-in-coroutine
      return s;
    }).then([](std::string s) { return static_cast<int>(s.size()); });  // clean: blocking-in-coroutine
  }

  int hits() const {
    std::lock_guard g(hitsM_);
    return hits_;
  }

 private:
  void answer(const Request& r, const std::string& text) {
    {
      std::lock_guard g(hitsM_);  // maybe: blocking-in-coroutine
      ++hits_;
    }
    if (::send(r.fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) ::close(r.fd);  // clean: blocking-in-coroutine
  }

  // Loop timer.
  void sweep() {
    if (busy_.try_acquire()) {  // clean: blocking-in-coroutine
      ++sweeps_;  // clean: unguarded-access, data-race
      busy_.release();
    }
    busy_.acquire();  // expect: blocking-in-coroutine
    busy_.release();
  }

  void rotate() {
    const int fd = ::open("/tmp/httpd.log", O_WRONLY | O_CREAT, 0600);  // maybe: blocking-in-coroutine
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) ++sweeps_;  // clean: blocking-in-coroutine
    std::thread t([fd] { ::fsync(fd); });  // clean: blocking-in-coroutine
    t.join();  // expect: blocking-in-coroutine
    ::close(fd);
  }

  rx::event_loop& loop_;
  rx::worker_pool pool_;
  std::map<std::string, std::unique_ptr<Route>> routes_;
  mutable std::mutex hitsM_;
  int hits_ = 0;
  int sweeps_ = 0;
  std::binary_semaphore busy_{1};
};

}  // namespace httpd

int main() {
  rx::event_loop loop;
  httpd::Server s(loop);
  s.listen(::socket(AF_UNIX, SOCK_STREAM, 0));
  loop.post([&s] {
    s.proxied({"/", 1}).finally([] {});  // maybe: dropped-future
    s.delayed({"/", 1}).finally([] {});  // maybe: dropped-future
    s.hashed({"/", 1}).finally([] {});  // maybe: dropped-future
  });
  std::jthread watch([&] {
    ::sleep(10);  // clean: blocking-in-coroutine
    if (s.hits() == 0) loop.quit();
  });
  loop.run();  // clean: blocking-in-coroutine
  return rx::make_ready_future(0).get();  // clean: blocking-in-coroutine
}
