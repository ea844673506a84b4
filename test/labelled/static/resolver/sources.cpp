#include "sources.h"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cctype>
#include <map>

namespace dns {

namespace {

class System final : public Source {
 public:
  std::string ask(const std::string& host) override {
    addrinfo* res = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, nullptr, &res) != 0) return {};  // expect: blocking-in-coroutine #ask
    ::freeaddrinfo(res);
    return "found";
  }
};

class Table final : public Source {
 public:
  std::string ask(const std::string& host) override {  // clean: blocking-in-coroutine
    auto it = fixed_.find(host);
    return it == fixed_.end() ? std::string() : it->second;
  }

 private:
  const std::map<std::string, std::string> fixed_{{"localhost", "127.0.0.1"}};
};

}  // namespace

std::unique_ptr<Source> systemSource() { return std::make_unique<System>(); }
std::unique_ptr<Source> tableSource() { return std::make_unique<Table>(); }

std::string slurp(const char* path) {
  std::string out;
  const int fd = ::open(path, O_RDONLY);  // side: blocking-in-coroutine #slurp
  if (fd < 0) return out;
  char buf[512];
  ssize_t n;
  while ((n = ::read(fd, buf, sizeof buf)) > 0) out.append(buf, static_cast<size_t>(n));  // side: blocking-in-coroutine #slurp
  ::close(fd);
  return out;
}

int ping(int fd) {
  char c = 'p';
  if (::send(fd, &c, 1, 0) != 1) return -1;  // side: blocking-in-coroutine #ping
  return ::recv(fd, &c, 1, 0) == 1 ? c : -1;  // side: blocking-in-coroutine #ping
}

int pingNow(int fd) {
  char c = 'p';
  if (::send(fd, &c, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1) return -1;  // clean: blocking-in-coroutine
  return ::recv(fd, &c, 1, MSG_DONTWAIT) == 1 ? c : -1;  // clean: blocking-in-coroutine
}

std::string lower(std::string s) {
  for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

void backoff(unsigned tries) {
  if (tries == 0) return;
  timespec t{0, static_cast<long>(tries) * 1000000L};
  ::nanosleep(&t, nullptr);  // side: blocking-in-coroutine #backoff
}

}  // namespace dns
