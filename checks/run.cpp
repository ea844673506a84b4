#include "run.h"
#include <algorithm>
#include <fmt/format.h>

namespace snarl {

const char *to_string(RunLockKind kind) {
  switch (kind) {
  case RunLockKind::Mutex: return "mutex";
  case RunLockKind::Recursive: return "recursive mutex";
  case RunLockKind::ErrorCheck: return "error-checking mutex";
  case RunLockKind::Rwlock:
  case RunLockKind::RwlockPreferWriter: return "rwlock";
  case RunLockKind::Spin: return "spin lock";
  case RunLockKind::Semaphore: return "semaphore";
  case RunLockKind::Once: return "once";
  }
  return "lock";
}

// ---- names

Stack Run::frames(StackId stack) const {
  auto found = stacks.find(stack);
  if (found == stacks.end() || !symbols) return {};
  return symbols->frames(*this, found->second);
}

Frame Run::top(StackId stack) const {
  Stack all = frames(stack);
  return all.empty() ? Frame() : all.front();
}

std::string Run::where(StackId stack) const {
  Frame frame = top(stack);
  if (!frame.function.empty()) return frame.function;
  if (frame.module.empty()) return {};
  return fmt::format("{}+{:#x}", frame.module.substr(frame.module.rfind('/') + 1), frame.offset);
}

std::string Run::spot(StackId stack) const {
  Frame frame = top(stack);
  std::string text = where(stack);
  return frame.place.known() ? fmt::format("{} {}:{}", text, frame.place.file, frame.place.line) : text;
}

/// "first taken in Bus::emit", or nothing if that is not known.
static std::string first_taken(const Run &run, const RunLock &lock) {
  std::string where = run.where(lock.first_seen);
  return where.empty() ? "" : "first taken in " + where;
}

std::string Run::lock_name(LockId id) const {
  auto found = locks.find(id);
  if (found == locks.end()) return fmt::format("lock #{}", id);
  const RunLock &lock = found->second;
  std::string name = symbols ? symbols->variable(*this, lock.address, lock.modules_seen) : "";
  if (!name.empty()) return name;
  std::string where = first_taken(*this, lock);
  return fmt::format("{} #{}{}", to_string(lock.kind), id, where.empty() ? "" : " (" + where + ")");
}

std::string Run::lock_class(LockId id) const {
  auto found = locks.find(id);
  if (found == locks.end()) return "lock";
  const RunLock &lock = found->second;
  std::string name = symbols ? symbols->variable(*this, lock.address, lock.modules_seen) : "";
  if (!name.empty()) return name;
  std::string where = first_taken(*this, lock);
  return where.empty() ? fmt::format("{} #{}", to_string(lock.kind), id) : fmt::format("{} {}", to_string(lock.kind), where);
}

std::string Run::lock_origin(LockId id) const {
  auto found = locks.find(id);
  if (found == locks.end()) return {};
  std::string name = symbols ? symbols->variable(*this, found->second.address, found->second.modules_seen) : "";
  return name.empty() ? spot(found->second.first_seen) : name;
}

std::string Run::thread_name(ThreadId id) const {
  if (id == 1) return "main thread";
  auto found = threads.find(id);
  // A new thread inherits the name of its parent, usually the program's: only a name of its own says something.
  std::string own = found == threads.end() ? "" : found->second.name;
  auto parent = found == threads.end() ? threads.end() : threads.find(found->second.parent);
  std::string base = program.substr(program.rfind('/') + 1).substr(0, 15);
  if (own.empty() || own == base || (parent != threads.end() && own == parent->second.name))
    return fmt::format("thread {}", id);
  return fmt::format("thread {} ({})", id, own);
}

// ---- order

const Run::Reach &Run::after(SegmentId from) const {
  auto known = after_.find(from);
  if (known != after_.end()) return known->second;
  if (after_.size() > 4096) after_.clear(); // many threads times many questions: bounded, and computed again
  // From segment s of a thread on, every edge that leaves the thread at s or later may be followed. Whenever a thread is
  // reached earlier than known so far, the edges in between are new: each is followed once.
  Reach reach;
  struct Work {
    ThreadId thread;
    uint32_t first, end; ///< edges that leave in [first, end)
  };
  std::vector<Work> work{{from.thread, from.number, UINT32_MAX}};
  while (!work.empty()) {
    Work w = work.back();
    work.pop_back();
    auto edge = std::lower_bound(order.begin(), order.end(), OrderEdge{{w.thread, w.first}, {}});
    for (; edge != order.end() && edge->first.thread == w.thread && edge->first.number < w.end; ++edge) {
      auto [entry, fresh] = reach.emplace(edge->second.thread, UINT32_MAX);
      if (edge->second.number >= entry->second) continue;
      work.push_back({edge->second.thread, edge->second.number, entry->second});
      entry->second = edge->second.number;
    }
  }
  return after_[from] = std::move(reach);
}

bool Run::happens_before(SegmentId a, SegmentId b) const {
  if (a.thread == b.thread) return a.number < b.number;
  const Reach &reach = after(a);
  auto found = reach.find(b.thread);
  return found != reach.end() && found->second <= b.number;
}

bool Run::may_overlap(SegmentId a, SegmentId b) const {
  return a.thread != b.thread && !happens_before(a, b) && !happens_before(b, a);
}

bool Run::alone(SegmentId segment) const {
  const Reach &later = after(segment);
  for (const auto &[id, thread] : threads) {
    if (id == segment.thread) continue;
    auto found = later.find(id);
    if (found != later.end() && found->second == 0) continue; // begins after it
    // Ended before it: the last thing other threads see of it is its join, an edge from its last segment. If the segment
    // just before the first one that is after ours happens before ours, nothing is left in between.
    uint32_t last = 0;
    for (auto edge = std::lower_bound(order.begin(), order.end(), OrderEdge{{id, 0}, {}});
         edge != order.end() && edge->first.thread == id; ++edge)
      last = std::max(last, edge->first.number);
    if (found != later.end()) last = found->second - 1;
    else if (!thread.ended) return false; // it may go on beside us
    if (!happens_before({id, last}, segment)) return false;
  }
  return true;
}

bool Run::tracked(SegmentId segment) const {
  auto found = untracked_after.find(segment.thread);
  return found == untracked_after.end() || segment.number < found->second;
}

} // namespace snarl
