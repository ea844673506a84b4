// Counts words with several threads and merges the maps.
#include <algorithm>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

class Counter {
public:
  void add(const std::string &text) {
    std::unordered_map<std::string, unsigned> local;
    std::istringstream in(text);
    for (std::string word; in >> word;) ++local[word];
    std::lock_guard lock(mutex_);
    for (auto &[word, n] : local) total_[word] += n;
  }
  std::vector<std::pair<std::string, unsigned>> top(std::size_t n) const {
    std::vector<std::pair<std::string, unsigned>> all;
    {
      std::lock_guard lock(mutex_);
      all.assign(total_.begin(), total_.end());
    }
    std::sort(all.begin(), all.end(), [](auto &a, auto &b) { return a.second > b.second; });
    if (all.size() > n) all.resize(n);
    return all;
  }

private:
  mutable std::mutex mutex_;
  std::map<std::string, unsigned> total_;
};

} // namespace

int main() {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&counter, i] { counter.add("a b c " + std::to_string(i)); });
  for (auto &t : threads) t.join();
  for (auto &[word, n] : counter.top(3)) std::cout << word << ' ' << n << '\n';
}
