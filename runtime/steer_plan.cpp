#include "steer_plan.h"
#include <fcntl.h>

namespace snarl_rt {
namespace {

constexpr size_t kLargest = 256 * 1024;
constexpr uint64_t kLongestStop = 60'000, kLargestBudget = 600'000;

/// The words of one line. After a mistake ok() stays false.
class Words {
public:
  explicit Words(char *line) : at_(line) {}
  /// The next word, terminated; empty at the end.
  char *word() {
    char *start = at_;
    while (*at_ && *at_ != ' ') ++at_;
    if (*at_) *at_++ = 0;
    return start;
  }
  /// What is left of the line.
  char *rest() {
    char *start = at_;
    while (*at_) ++at_;
    return start;
  }
  uint64_t number(int base, uint64_t most) {
    const char *text = word();
    uint64_t value = 0;
    ok_ &= *text != 0;
    for (; *text && ok_; ++text) {
      int digit = *text >= '0' && *text <= '9' ? *text - '0' : *text >= 'a' && *text <= 'f' ? *text - 'a' + 10 : 99;
      ok_ &= digit < base && value <= most / static_cast<unsigned>(base);
      value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    }
    ok_ &= value <= most;
    return ok_ ? value : 0;
  }
  /// A module of the plan.
  uint32_t module(const Plan &plan) {
    auto index = static_cast<uint32_t>(number(10, Plan::kModules));
    ok_ &= index < plan.module_count;
    return ok_ ? index : 0;
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && !*at_; }

private:
  char *at_;
  bool ok_ = true;
};

/// hold|want MODE (- | MODULE DISTANCE)
bool parse_point(Words &in, const Plan &plan, PlanPoint &point) {
  const char *mode = in.word();
  if (point.mode || !(same(mode, "x") || same(mode, "s"))) return false;
  point.mode = mode[0];
  char *where = in.rest();
  if (same(where, "-")) return true;
  Words global(where);
  point.global = true;
  point.module = global.module(plan);
  point.distance = static_cast<int64_t>(global.number(16, ~uint64_t{0} >> 1));
  return global.done();
}

bool whole(const PlanSide &side) {
  return side.hold.mode && side.want.mode && side.hold.frame_count && side.want.frame_count;
}

/// One line. `point`: which one the following frames belong to.
bool parse_line(char *line, Plan &plan, PlanPoint *&point) {
  Words in(line);
  const char *word = in.word();
  if (!*word || *word == '#') return true;
  if (same(word, "about") || same(word, "key")) return true; // for people, and for the command
  PlanSide *side = plan.side_count ? &plan.sides[plan.side_count - 1] : nullptr;
  if (same(word, "delay")) return plan.delay_ms = static_cast<uint32_t>(in.number(10, kLongestStop)), in.done();
  if (same(word, "budget")) return plan.budget_ms = static_cast<uint32_t>(in.number(10, kLargestBudget)), in.done();
  if (same(word, "first")) return plan.first = static_cast<uint32_t>(in.number(10, Plan::kSides)), in.done();
  if (same(word, "module")) {
    if (plan.module_count == Plan::kModules || side) return false;
    PlanModule &module = plan.modules[plan.module_count++];
    module.build_id = in.word();
    module.path = in.rest();
    return *module.build_id && *module.path;
  }
  if (same(word, "side")) {
    if (plan.side_count == Plan::kSides || (side && !whole(*side)) || !in.done()) return false;
    ++plan.side_count;
    point = nullptr;
    return true;
  }
  if (!side) return false;
  if (same(word, "hold")) return parse_point(in, plan, *(point = &side->hold));
  if (same(word, "want")) return parse_point(in, plan, *(point = &side->want));
  if (same(word, "occurrence")) return side->occurrence = static_cast<uint32_t>(in.number(10, 1 << 20)), in.done();
  if (same(word, "at")) {
    if (!point || point->frame_count == PlanPoint::kFrames) return false;
    PlanFrame &frame = point->frames[point->frame_count++];
    frame.module = in.module(plan);
    frame.offset = in.number(16, ~uint64_t{0} >> 1);
    return in.done();
  }
  return false;
}

} // namespace

bool parse_plan(char *text, Plan &plan) {
  PlanPoint *point = nullptr;
  bool begun = false;
  while (*text) {
    char *line = text;
    while (*text && *text != '\n') ++text;
    if (*text) *text++ = 0;
    if (!begun) {
      if (!same(line, "snarl plan 1")) return false;
      begun = true;
    } else if (!parse_line(line, plan, point)) {
      return false;
    }
  }
  return begun && plan.side_count >= 2 && whole(plan.sides[plan.side_count - 1]) && plan.delay_ms &&
         plan.first <= plan.side_count;
}

bool read_plan(const char *path, size_t path_length, Plan &plan) {
  char name[1024];
  if (path_length >= sizeof name) return false;
  __builtin_memcpy(name, path, path_length);
  name[path_length] = 0;
  long fd = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(name), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  auto *text = static_cast<char *>(map_pages(kLargest));
  size_t size = 0;
  long got = 0;
  while (text && size < kLargest - 1 &&
         (got = raw_syscall(SYS_read, fd, reinterpret_cast<long>(text + size),
                            static_cast<long>(kLargest - 1 - size))) > 0)
    size += static_cast<size_t>(got);
  raw_syscall(SYS_close, fd);
  return text && got == 0 && size < kLargest - 1 && parse_plan(text, plan);
}

} // namespace snarl_rt
