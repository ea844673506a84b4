#include "profile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Chrono.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include <chrono>
#include <sys/resource.h>

namespace snarl {
namespace {

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::pair<double, double> now() {
  llvm::sys::TimePoint<> wall;
  std::chrono::nanoseconds user, system;
  llvm::sys::Process::GetTimeUsage(wall, user, system);
  return {seconds(wall.time_since_epoch()), seconds(user + system)};
}

} // namespace

void Profile::start() {
  if (enabled) std::tie(wall_, cpu_) = now();
}

void Profile::lap(llvm::StringRef step) {
  if (!enabled) return;
  auto [wall, cpu] = now();
  rows_.push_back({step.str(), wall - wall_, cpu - cpu_});
  std::tie(wall_, cpu_) = now();
}

void Profile::part(llvm::StringRef what, uint64_t nanoseconds) {
  if (enabled) rows_.push_back({what.str(), -1, double(nanoseconds) / 1e9});
}

void Profile::print(llvm::raw_ostream &out) const {
  if (!enabled) return;
  out << llvm::left_justify("step", 36) << "    wall s     CPU s\n";
  double wall = 0, cpu = 0;
  for (const Row &row : rows_) {
    bool part = row.wall < 0;
    out << llvm::left_justify((part ? "  " : "") + row.step, 36);
    if (part)
      out << std::string(10, ' ') << llvm::format("%10.3f\n", row.cpu);
    else
      out << llvm::format("%10.3f%10.3f\n", row.wall, row.cpu);
    if (!part) wall += row.wall, cpu += row.cpu;
  }
  out << llvm::left_justify("all", 36) << llvm::format("%10.3f%10.3f\n", wall, cpu);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  out << llvm::left_justify("peak memory, MB", 36) << llvm::format("%10ld\n", usage.ru_maxrss / 1024);
}

} // namespace snarl
