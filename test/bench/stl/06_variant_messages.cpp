// Actors that exchange messages.
#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

struct Add { int n; };
struct Print { std::string prefix; };
struct Stop {};
using Message = std::variant<Add, Print, Stop>;

class Mailbox {
public:
  void post(Message m) {
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(std::move(m));
    }
    ready_.notify_one();
  }
  Message take() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return !queue_.empty(); });
    Message m = std::move(queue_.front());
    queue_.pop_front();
    return m;
  }

private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Message> queue_;
};

class Actor {
public:
  explicit Actor(std::string name) : name_(std::move(name)), thread_([this] { run(); }) {}
  ~Actor() { box_.post(Stop{}); }
  void send(Message m) { box_.post(std::move(m)); }

private:
  void run() {
    for (bool going = true; going;)
      std::visit(
          [&](auto &m) {
            using T = std::decay_t<decltype(m)>;
            if constexpr (std::is_same_v<T, Add>) sum_ += m.n;
            else if constexpr (std::is_same_v<T, Print>) std::cout << m.prefix << name_ << sum_ << '\n';
            else going = false;
          },
          last_ = box_.take());
  }
  std::string name_;
  Mailbox box_;
  Message last_;
  long sum_ = 0;
  std::jthread thread_;
};

int main() {
  std::unordered_map<std::string, std::unique_ptr<Actor>> actors;
  for (const char *name : {"one", "two"}) actors.emplace(name, std::make_unique<Actor>(name));
  for (int i = 0; i < 10; ++i) actors.at(i % 2 ? "one" : "two")->send(Add{i});
  for (auto &[name, actor] : actors) actor->send(Print{"sum of "});
}
