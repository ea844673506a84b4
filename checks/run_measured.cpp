#include "run_measured.h"
#include <fmt/format.h>

namespace snarl {

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
