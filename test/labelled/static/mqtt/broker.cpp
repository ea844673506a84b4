// maybe-project: condvar-notify
#include "broker.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <future>

namespace mqtt {

void Session::start() {
  auto self = shared_from_this();
  s_.async_read_some(in_, [self](std::error_code ec, std::size_t n) { self->onRead(ec, n); });  // clean: blocking-in-coroutine
  keep_.expires_after(std::chrono::seconds(30));
  keep_.async_wait([self](std::error_code ec) {
    if (!ec) self->onKeepAlive();
  });
}

void Session::onRead(std::error_code ec, std::size_t n) {
  if (ec) return;
  ++packets_;  // clean: unguarded-access, data-race
  topics_["raw"].push_back(in_.substr(0, n));  // clean: unguarded-access, data-race
  store_.later(in_);  // clean: blocking-in-coroutine
  publish("raw");
  ack();
  start();
}

void Session::publish(const std::string& topic) {
  for (auto& m : topics_[topic]) store_.now(m);  // expect: blocking-in-coroutine #now
  topics_.erase(topic);
}

void Session::onKeepAlive() {
  pollfd p{0, POLLIN, 0};
  if (::poll(&p, 1, 0) > 0) ++packets_;  // clean: blocking-in-coroutine
  if (::poll(&p, 1, 2000) > 0) ++packets_;  // expect: blocking-in-coroutine
  store_.sync();  // expect: blocking-in-coroutine #sync
}

void Session::ack() {
  auto self = shared_from_this();
  s_.async_write_some("ack", [self](std::error_code, std::size_t) {
    std::string rest;
    self->s_.read_some(rest);  // expect: blocking-in-coroutine
  });
  ev::post(io_, [self] {
    auto f = std::async(std::launch::async, [self] { return self->packets_; });  // maybe: data-race
    if (f.get() > 10) self->topics_.clear();  // expect: blocking-in-coroutine
  });
}

}  // namespace mqtt

int main() {
  ev::io_context io;
  mqtt::Store store;
  auto s = std::make_shared<mqtt::Session>(io, store);
  ev::post(io, [s] { s->start(); });
  ev::steady_timer warm(io);
  warm.expires_after(std::chrono::milliseconds(50));
  warm.wait();  // clean: blocking-in-coroutine
  ev::dispatch(io, [&store] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // expect: blocking-in-coroutine
    std::printf("%zu waiting\n", store.backlog());  // maybe: blocking-in-coroutine
  });
  std::jthread reporter([&store] {
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(std::chrono::seconds(1));  // clean: blocking-in-coroutine
      store.now("alive\n");  // clean: blocking-in-coroutine
    }
  });
  io.run();  // clean: blocking-in-coroutine
  store.sync();  // clean: blocking-in-coroutine
  return 0;
}
