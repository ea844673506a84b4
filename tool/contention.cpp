#include "contention.h"
#include "checks/lock_profiles.h"
#include "text.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace snarl {
namespace {

constexpr size_t kWidth = 80;

/// "cache_m", "in Cache::find" for a lock without a name that was first taken there; the end is what tells most.
std::string short_name(const ContendedLock &lock, size_t width) {
  constexpr llvm::StringLiteral kFirst = " first taken ";
  llvm::StringRef name = lock.name;
  if (size_t at = name.find(kFirst); at != llvm::StringRef::npos) name = name.drop_front(at + kFirst.size());
  return name.size() <= width ? name.str() : "..." + name.take_back(width - 3).str();
}

/// A dash where there is nothing.
std::string wait_at(const ContendedLock &lock, double share) {
  return lock.contended ? duration(lock.wait_percentile(share)) : "-";
}
std::string hold_at(const ContendedLock &lock, double share) {
  return lock.holds.buckets.empty() ? "-" : duration(lock.hold_percentile(share));
}

std::string frame_name(const Frame &frame) {
  if (!frame.function.empty()) return frame.function;
  return frame.module.empty() ? "??"
                              : fmt::format("{}+{:#x}", llvm::sys::path::filename(frame.module).str(), frame.offset);
}

} // namespace

bool has_profile(llvm::ArrayRef<Run> runs) {
  return profiled_time(runs) != 0;
}

void print_contention(llvm::raw_ostream &out, llvm::ArrayRef<Run> runs, size_t limit) {
  std::vector<ContendedLock> locks = contended_locks(runs);
  size_t processes = std::count_if(runs.begin(), runs.end(), [](const Run &run) { return run.measured.profiled != 0; });
  out << fmt::format("lock contention: {}, {}, {}\n", counted(locks.size(), "lock"),
                     processes == 1 ? "1 process" : fmt::format("{} processes", processes),
                     duration(profiled_time(runs)));
  if (locks.empty()) return;
  // wait and hold: median and 99th percentile
  out << " waited  cont.      taken  wait50 wait99  hold50 hold99  lock\n";
  for (const ContendedLock &lock : llvm::ArrayRef(locks).take_front(limit)) {
    std::string row =
        fmt::format("{:>7} {:>6} {:>10}  {:>6} {:>6}  {:>6} {:>6}  ", lock.contended ? duration(lock.waited) : "-",
                    percent(lock.contended_share()), lock.taken, wait_at(lock, 0.5), wait_at(lock, 0.99),
                    hold_at(lock, 0.5), hold_at(lock, 0.99));
    out << row << short_name(lock, kWidth - row.size()) << '\n';
  }
  if (locks.size() > limit) out << fmt::format("and {} more\n", locks.size() - limit);
}

void print_contention_json(llvm::raw_ostream &out, llvm::ArrayRef<Run> runs) {
  llvm::json::OStream json(out, /*IndentSize=*/2);
  auto text = [](const std::string &value) { return llvm::json::fixUTF8(value); };
  auto stack = [&](const Run &run, StackId id) {
    json.attributeArray("stack", [&] {
      for (const Frame &frame : run.frames(id))
        json.object([&] {
          json.attribute("function", text(frame_name(frame)));
          if (frame.place.known()) {
            json.attribute("file", text(frame.place.file));
            json.attribute("line", frame.place.line);
          }
        });
    });
  };
  auto times = [&](const char *name, uint64_t sum, const Histogram &histogram, const ContendedLock::Longest &longest) {
    json.attributeObject(name, [&] {
      json.attribute("total", int64_t(sum));
      json.attribute("count", int64_t(histogram.count()));
      for (auto [percentile, share] : {std::pair("p50", 0.5), {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}})
        json.attribute(percentile, int64_t(std::min(histogram.percentile(share), longest.time)));
      if (!longest.run) return;
      json.attributeObject("longest", [&] {
        json.attribute("time", int64_t(longest.time));
        json.attribute("process", int64_t(longest.run->pid));
        json.attribute("thread", text(longest.run->thread_name(longest.thread)));
        stack(*longest.run, longest.stack);
      });
    });
  };
  json.object([&] {
    json.attribute("format", "snarl-contention");
    json.attribute("formatVersion", 1);
    json.attribute("unit", "ns");
    json.attribute("time", int64_t(profiled_time(runs)));
    json.attributeArray("locks", [&] {
      for (const ContendedLock &lock : contended_locks(runs))
        json.object([&] {
          json.attribute("lock", text(lock.name));
          json.attribute("instances", int64_t(lock.instances));
          json.attribute("taken", int64_t(lock.taken));
          json.attribute("contended", int64_t(lock.contended));
          times("wait", lock.waited, lock.waits, lock.longest_wait);
          times("hold", lock.held, lock.holds, lock.longest_hold);
          json.attributeArray("waitedAt", [&] {
            for (const ContendedLock::Place &place : lock.places)
              json.object([&] {
                json.attribute("times", int64_t(place.times));
                json.attribute("waited", int64_t(place.waited));
                stack(*place.run, place.stack);
              });
          });
        });
    });
  });
  out << '\n';
}

llvm::Error write_folded(const std::string &file, llvm::ArrayRef<Run> runs) {
  std::map<std::string, uint64_t> folded; // nanoseconds
  for (const ContendedLock &lock : contended_locks(runs))
    for (const ContendedLock::Place &place : lock.places) {
      std::string line;
      Stack frames = place.run->frames(place.stack);
      if (frames.empty()) line = "(elsewhere);";
      for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
        std::string name = frame_name(*frame);
        std::replace(name.begin(), name.end(), ';', ':');
        line += name + ";";
      }
      folded[line + lock.name] += place.waited;
    }
  std::error_code code;
  llvm::raw_fd_ostream out(file, code, llvm::sys::fs::OF_None);
  if (code) return llvm::createStringError(code, "cannot write '" + file + "': " + code.message());
  for (const auto &[line, waited] : folded) out << line << ' ' << (waited + 999) / 1000 << '\n';
  return llvm::Error::success();
}

} // namespace snarl
