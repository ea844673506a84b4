#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "loop.h"

namespace mqtt {

// Writes retained messages; blocking is its purpose, on its own thread.
class Store {
 public:
  Store() : t_([this] { drain(); }) {}
  ~Store();
  void later(std::string s);
  void now(const std::string& s);
  void sync();
  std::size_t backlog() const { return q_.size(); }  // expect: unguarded-access | data-race

 private:
  void drain();
  std::mutex m_;
  std::condition_variable cv_;
  std::deque<std::string> q_;
  bool end_ = false;
  std::thread t_;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(ev::io_context& io, Store& st) : io_(io), s_(io), keep_(io), store_(st) {}
  void start();
  void publish(const std::string& topic);
  void onRead(std::error_code ec, std::size_t n);
  void onKeepAlive();
  void ack();

 private:
  ev::io_context& io_;
  ev::stream s_;
  ev::steady_timer keep_;
  Store& store_;
  std::string in_;
  unsigned packets_ = 0;  // loop thread only
  std::map<std::string, std::vector<std::string>> topics_;
};

}  // namespace mqtt
