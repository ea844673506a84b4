// Filters lines by regular expressions that can be replaced while it runs.
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <regex>
#include <shared_mutex>
#include <string>
#include <vector>

class Filter {
public:
  void set(const std::vector<std::string> &patterns) {
    std::vector<std::regex> compiled;
    for (const auto &p : patterns) compiled.emplace_back(p, std::regex::optimize);
    std::unique_lock lock(mutex_);
    patterns_.swap(compiled);
  }
  bool matches(const std::string &line) const {
    std::shared_lock lock(mutex_);
    for (const auto &p : patterns_)
      if (std::regex_search(line, p)) return true;
    return false;
  }

private:
  mutable std::shared_mutex mutex_;
  std::vector<std::regex> patterns_;
};

int main(int argc, char **argv) {
  Filter filter;
  filter.set({"error", "warn(ing)?"});
  std::ifstream in(argc > 1 ? argv[1] : "/dev/null");
  for (std::string line; std::getline(in, line);)
    if (filter.matches(line)) std::cout << std::regex_replace(line, std::regex("\\s+"), " ") << '\n';
}
