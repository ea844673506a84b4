// What is on the shelves.
#pragma once
#include <mutex>
#include <string>
#include <unordered_map>

namespace orders {

class Inventory {
public:
  void add(const std::string &article, int count);
  /// False if there are not enough; then the shortage is noted.
  bool reserve(const std::string &article, int count);
  int available(const std::string &article) const;
  /// Adds to the count if nobody is in the way; stock-taking can wait.
  bool try_add(const std::string &article, int count);

private:
  void note_shortage(const std::string &article, int wanted);

  mutable std::mutex mu_;
  std::unordered_map<std::string, int> counts_;
  std::unordered_map<std::string, int> shortages_;
};

} // namespace orders
