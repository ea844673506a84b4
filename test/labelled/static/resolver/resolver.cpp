#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "fiber.h"
#include "sources.h"

namespace dns {

using fib::Job;
using fib::Reactor;

Job<std::string> viaSource(Reactor& r, std::unique_ptr<Source> s, std::string host) {
  co_await r.sleep(1);
  if (!s->primed()) co_return "";  // clean: blocking-in-coroutine
  co_return s->ask(lower(host));  // expect: blocking-in-coroutine #ask
}

Job<int> hostsFile(Reactor& r) {
  const std::string text = slurp("/etc/hosts");  // expect: blocking-in-coroutine #slurp
  co_await r.sleep(1);
  co_return static_cast<int>(text.size());
}

Job<int> health(Reactor& r, int fd) {
  if (pingNow(fd) > 0) co_return 1;  // clean: blocking-in-coroutine
  co_await r.readable(fd);
  co_return ping(fd);  // expect: blocking-in-coroutine #ping
}

Job<int> retry(Reactor& r, int fd) {
  for (unsigned i = 0; i < 3; ++i) {
    if (pingNow(fd) > 0) co_return 1;
    backoff(i);  // expect: blocking-in-coroutine #backoff
  }
  for (unsigned i = 0; i < 3; ++i) {
    if (pingNow(fd) > 0) co_return 2;
    co_await r.sleep(i);  // clean: blocking-in-coroutine
  }
  co_return 0;
}

Job<int> helper(Reactor& r) {
  const pid_t p = ::fork();  // maybe: blocking-in-coroutine
  if (p == 0) ::_exit(0);
  int st = 0;
  if (::waitpid(p, &st, WNOHANG) == p) co_return st;  // clean: blocking-in-coroutine
  co_await r.sleep(5);
  ::waitpid(p, &st, 0);  // expect: blocking-in-coroutine
  co_return st;
}

Job<int> verify(Reactor& r, std::string host) {
  std::promise<int> p;
  std::shared_future<int> f = p.get_future().share();
  std::jthread t([&p, host] {  // maybe: blocking-in-coroutine
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // clean: blocking-in-coroutine
    p.set_value(static_cast<int>(host.size()));
  });
  if (f.wait_for(std::chrono::milliseconds::zero()) == std::future_status::ready) co_return f.get();  // clean: blocking-in-coroutine
  co_await r.sleep(10);
  f.wait();  // expect: blocking-in-coroutine
  co_return f.get();  // maybe: blocking-in-coroutine
}

std::mutex seenM;
std::vector<std::string> seen;

// A coroutine lambda that waits with the list locked.
Job<int> record(Reactor& r, std::string host) {
  auto write = [](Reactor& on, std::string h) -> Job<int> {
    std::unique_lock<std::mutex> lk(seenM);  // side: lock-across-suspension #record; maybe: blocking-in-coroutine
    seen.push_back(std::move(h));
    co_await on.sleep(2);  // expect: lock-across-suspension #record
    co_return static_cast<int>(seen.size());
  };
  co_return co_await write(r, std::move(host));  // clean: lock-across-suspension
}

Job<int> root(Reactor& r, int fd) {
  int n = co_await hostsFile(r);  // clean: coroutine-dangling
  n += static_cast<int>((co_await viaSource(r, tableSource(), "localhost")).size());
  n += static_cast<int>((co_await viaSource(r, systemSource(), "example.org")).size());
  n += co_await health(r, fd);
  n += co_await retry(r, fd);
  n += co_await helper(r);
  n += co_await verify(r, "x");
  n += co_await record(r, "x");
  co_return n;
}

}  // namespace dns

int main() {
  int sv[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, sv) != 0) return 1;
  fib::Reactor r;
  const std::string banner = dns::slurp("/etc/issue");  // clean: blocking-in-coroutine
  dns::backoff(2);  // clean: blocking-in-coroutine
  r.start(dns::root(r, sv[0]));
  r.run();
  std::puts(banner.c_str());
  return 0;
}
