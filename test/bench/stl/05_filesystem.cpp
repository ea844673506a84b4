// Indexes a directory tree in the background.
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <unordered_map>

namespace fs = std::filesystem;

class Index {
public:
  explicit Index(fs::path root) : root_(std::move(root)), worker_([this](std::stop_token stop) { scan(stop); }) {}
  std::uintmax_t bytes() const {
    std::lock_guard lock(mutex_);
    std::uintmax_t sum = 0;
    for (auto &[path, size] : sizes_) sum += size;
    return sum;
  }
  bool wait(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return done_.wait_for(lock, limit, [this] { return finished_; });
  }

private:
  void scan(std::stop_token stop) {
    std::error_code error;
    for (auto &entry : fs::recursive_directory_iterator(root_, fs::directory_options::skip_permission_denied, error)) {
      if (stop.stop_requested()) break;
      if (!entry.is_regular_file(error)) continue;
      auto size = entry.file_size(error);
      std::lock_guard lock(mutex_);
      sizes_[entry.path().string()] = size;
    }
    {
      std::lock_guard lock(mutex_);
      finished_ = true;
    }
    done_.notify_all();
  }
  fs::path root_;
  mutable std::mutex mutex_;
  std::condition_variable done_;
  std::unordered_map<std::string, std::uintmax_t> sizes_;
  bool finished_ = false;
  std::jthread worker_;
};

int main(int argc, char **argv) {
  Index index(argc > 1 ? argv[1] : ".");
  index.wait(std::chrono::seconds(1));
  std::cout << index.bytes() << '\n';
}
