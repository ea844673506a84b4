// Stages connected by bounded channels.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <complex>
#include <condition_variable>
#include <future>
#include <iostream>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

template <class T> class Channel {
public:
  explicit Channel(std::size_t limit) : limit_(limit) {}
  bool push(T value) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return closed_ || queue_.size() < limit_; });
    if (closed_) return false;
    queue_.push(std::move(value));
    data_.notify_one();
    return true;
  }
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    data_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    if (queue_.empty()) return std::nullopt;
    T value = std::move(queue_.front());
    queue_.pop();
    room_.notify_one();
    return value;
  }
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    data_.notify_all();
    room_.notify_all();
  }

private:
  const std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable room_, data_;
  std::queue<T> queue_;
  bool closed_ = false;
};

using Block = std::vector<std::complex<double>>;

Block transform(Block b) {
  for (std::size_t k = 1; k < b.size(); ++k) b[k] = b[k - 1] * std::polar(1.0, double(k)) + b[k];
  return b;
}

int main() {
  Channel<Block> raw(4), done(4);
  std::counting_semaphore<8> slots(4);
  auto produce = std::async(std::launch::async, [&] {
    std::mt19937_64 random(1);
    std::normal_distribution<double> noise;
    for (int i = 0; i < 16; ++i) {
      slots.acquire();
      Block b(64);
      std::generate(b.begin(), b.end(), [&] { return std::complex<double>(noise(random), noise(random)); });
      raw.push(std::move(b));
    }
    raw.close();
  });
  std::jthread work([&] {
    while (auto b = raw.pop()) {
      done.push(transform(std::move(*b)));
      slots.release();
    }
    done.close();
  });
  double sum = 0;
  while (auto b = done.pop())
    sum += std::accumulate(b->begin(), b->end(), 0.0, [](double s, auto &c) { return s + std::abs(c); });
  produce.get();
  std::cout << sum << '\n';
}
