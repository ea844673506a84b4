// A service that joins its own thread before it clears up.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c++20 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <mutex>
#include <string>
#include <thread>
#include <vector>

class Courier {
public:
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void send(std::string parcel) {
    std::lock_guard lock(mutex_);
    parcels_.push_back(std::move(parcel));
  }
  bool idle() {
    std::lock_guard lock(mutex_);
    return parcels_.empty();
  }
  std::size_t hurry() const { return parcels_.size(); } // expect: unguarded-access
  void stop() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    if (thread_.joinable()) thread_.join();
    drop();
  }

private:
  void drop() { parcels_.clear(); } // after the thread
  void run() {
    for (;;) {
      std::lock_guard lock(mutex_);
      if (stop_) return;
      if (!parcels_.empty()) parcels_.pop_back();
    }
  }
  std::mutex mutex_;
  std::vector<std::string> parcels_;
  bool stop_ = false;
  std::thread thread_;
};

int main() {
  Courier courier;
  courier.start();
  courier.send("books");
  std::size_t waiting = courier.hurry() + courier.idle();
  courier.stop();
  return waiting > 3;
}
