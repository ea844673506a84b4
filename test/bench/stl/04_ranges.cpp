// Ranges and formatting of a table of measurements.
#include <algorithm>
#include <atomic>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <ranges>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

struct Sample {
  std::string name;
  double value;
  unsigned at;
};

class Table {
public:
  void add(Sample s) {
    samples_.push_back(std::move(s));
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  double mean(std::string_view name) const {
    auto values = samples_ | std::views::filter([&](const Sample &s) { return s.name == name; }) | std::views::transform(&Sample::value);
    double sum = 0;
    std::size_t n = 0;
    for (double v : values) sum += v, ++n;
    return n ? sum / double(n) : 0;
  }
  auto last(std::size_t n) const { return samples_ | std::views::reverse | std::views::take(n); }
  unsigned count() const { return count_.load(); }
  void sort() {
    std::ranges::sort(samples_, {}, [](const Sample &s) { return std::tie(s.name, s.at); });
  }

private:
  std::vector<Sample> samples_;
  std::atomic<unsigned> count_{0};
};

int main() {
  Table table;
  for (unsigned i : std::views::iota(0u, 100u)) table.add({i % 2 ? "odd" : "even", double(i), i});
  table.sort();
  std::jthread watch([&] { (void)table.count(); });
  for (const Sample &s : table.last(3)) std::cout << std::setw(8) << s.name << std::setprecision(3) << s.value << '\n';
  return table.mean("odd") > 0 ? 0 : 1;
}
