// Handlers on an I/O context: file locks and child processes block it, non-waiting calls and stored callbacks do not.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#include <sys/file.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
namespace net { struct io_context { void post(std::function<void()>); void run(); }; struct Socket { void async_read(std::function<void(int)>); }; }
class Conn : public std::enable_shared_from_this<Conn> {
 public:
  void go(net::io_context &io) {
    auto self = shared_from_this();
    io.post([self] { self->step(); }); // side: blocking-in-coroutine
    io.post([self, &io] { io.post([self] { self->child(); }); }); // side: blocking-in-coroutine
  }
 private:
  void step() { std::lock_guard g(m_); ++n_; int fd = ::open("x", 0); ::flock(fd, LOCK_EX); } // expect: blocking-in-coroutine; expect: blocking-under-lock
  void child() {
    int st, fd = 3;
    ::waitpid(1, &st, 0);                          // expect: blocking-in-coroutine
    if (::waitpid(1, &st, WNOHANG) > 0) ++st;      // comes back at once
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) ++st; // so does this
    ::flock(fd, LOCK_UN);
  }
  int open(const char *, int);
  std::mutex m_; int n_ = 0;
};
class Registry {
 public:
  void on(const std::string &k, std::function<void()> f) { std::lock_guard g(m_); fs_[k].push_back(std::move(f)); }
  void fire(const std::string &k) { std::vector<std::function<void()>> c; { std::lock_guard g(m_); c = fs_[k]; } for (auto &f : c) f(); }
 private:
  std::mutex m_; std::map<std::string, std::vector<std::function<void()>>> fs_;
};
int main() { net::io_context io; auto c = std::make_shared<Conn>(); c->go(io); Registry r; r.on("a", [&] { r.on("b", [] { ::sleep(1); }); }); r.fire("a");
  std::vector<std::thread> ts; for (int i = 0; i < 2; ++i) ts.emplace_back([&] { io.run(); }); for (auto &t : ts) t.join(); }
