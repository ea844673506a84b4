#include "run_measured.h"
#include <fmt/format.h>

namespace snarl {

uint64_t Histogram::count() const {
  uint64_t sum = 0;
  for (const auto &[start, bucket] : buckets) sum += bucket.count;
  return sum;
}

void Histogram::add(const Histogram &other) {
  for (const auto &[start, bucket] : other.buckets) {
    Bucket &mine = buckets[start];
    mine.width = bucket.width;
    mine.count += bucket.count;
  }
}

uint64_t Histogram::percentile(double share) const {
  uint64_t all = count(), below = 0;
  for (const auto &[start, bucket] : buckets) {
    below += bucket.count;
    if (double(below) >= share * double(all)) return start + (bucket.width - 1) / 2;
  }
  return 0;
}

std::string duration(uint64_t ns) {
  auto text = [](double value, const char *unit) {
    return value < 9.95 ? fmt::format("{:.1f} {}", value, unit) : fmt::format("{:.0f} {}", value, unit);
  };
  if (ns < 1000) return fmt::format("{} ns", ns);
  if (ns < 999'500) return text(double(ns) / 1e3, "us");
  if (ns < 999'500'000) return text(double(ns) / 1e6, "ms");
  return text(double(ns) / 1e9, "s");
}

} // namespace snarl
