// A cache with an eviction list, shards and statistics.
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

template <class Key, class Value, std::size_t Shards = 8> class Cache {
public:
  explicit Cache(std::size_t capacity) : capacity_(capacity / Shards + 1) {}
  std::optional<Value> get(const Key &key) {
    Shard &shard = shard_of(key);
    std::lock_guard lock(shard.mutex);
    auto it = shard.index.find(key);
    if (it == shard.index.end()) {
      misses_.fetch_add(1);
      return std::nullopt;
    }
    shard.order.splice(shard.order.begin(), shard.order, it->second);
    hits_.fetch_add(1);
    return it->second->second;
  }
  void put(Key key, Value value) {
    Shard &shard = shard_of(key);
    std::lock_guard lock(shard.mutex);
    if (auto it = shard.index.find(key); it != shard.index.end()) {
      it->second->second = std::move(value);
      return;
    }
    shard.order.emplace_front(key, std::move(value));
    shard.index[key] = shard.order.begin();
    if (shard.order.size() > capacity_) {
      shard.index.erase(shard.order.back().first);
      shard.order.pop_back();
    }
  }
  double rate() const { return double(hits_) / double(hits_ + misses_ + 1); }

private:
  struct Shard {
    std::mutex mutex;
    std::list<std::pair<Key, Value>> order;
    std::unordered_map<Key, typename std::list<std::pair<Key, Value>>::iterator> index;
  };
  Shard &shard_of(const Key &key) { return shards_[std::hash<Key>{}(key) % Shards]; }
  const std::size_t capacity_;
  std::array<Shard, Shards> shards_;
  std::atomic<std::size_t> hits_{0}, misses_{0};
};

int main() {
  Cache<std::string, int> cache(100);
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&cache, t] {
      std::mt19937 random(t);
      std::uniform_int_distribution<int> pick(0, 200);
      for (int i = 0; i < 1000; ++i) {
        std::string key = std::to_string(pick(random));
        if (!cache.get(key)) cache.put(key, i);
      }
    });
  threads.clear();
  std::cout << cache.rate() << '\n';
}
