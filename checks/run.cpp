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
  case RunLockKind::Custom: return "lock";
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
  if (!lock.name.empty()) return lock.name;
  std::string name = symbols ? symbols->variable(*this, lock.address, lock.modules_seen) : "";
  if (!name.empty()) return name;
  std::string where = first_taken(*this, lock);
  return fmt::format("{} #{}{}", to_string(lock.kind), id, where.empty() ? "" : " (" + where + ")");
}

std::string Run::lock_class(LockId id) const {
  auto found = locks.find(id);
  if (found == locks.end()) return "lock";
  const RunLock &lock = found->second;
  if (!lock.name.empty()) return lock.name;
  std::string name = symbols ? symbols->variable(*this, lock.address, lock.modules_seen) : "";
  if (!name.empty()) return name;
  std::string where = first_taken(*this, lock);
  return where.empty() ? fmt::format("{} #{}", to_string(lock.kind), id)
                       : fmt::format("{} {}", to_string(lock.kind), where);
}

std::string Run::lock_origin(LockId id) const {
  auto found = locks.find(id);
  if (found == locks.end()) return {};
  if (!found->second.name.empty()) return found->second.name;
  std::string name = symbols ? symbols->variable(*this, found->second.address, found->second.modules_seen) : "";
  return name.empty() ? spot(found->second.first_seen) : name;
}

std::string Run::object_name(uint64_t address, uint32_t modules_seen) const {
  return symbols ? symbols->variable(*this, address, modules_seen) : "";
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

/// Edges that leave the thread of `from` there or later.
static std::vector<OrderEdge>::const_iterator leaving(const std::vector<OrderEdge> &order, SegmentId from) {
  return std::lower_bound(order.begin(), order.end(), from,
                          [](const OrderEdge &edge, SegmentId at) { return edge.first < at; });
}

const Run::Reach &Run::after(SegmentId from) const {
  if (ordered_.empty() && !order.empty()) {
    for (const OrderEdge &edge : order) ordered_.insert(ordered_.end(), {edge.first.thread, edge.second.thread});
    std::sort(ordered_.begin(), ordered_.end());
    ordered_.erase(std::unique(ordered_.begin(), ordered_.end()), ordered_.end());
  }
  auto index = [&](ThreadId thread) {
    return std::lower_bound(ordered_.begin(), ordered_.end(), thread) - ordered_.begin();
  };
  auto next = leaving(order, from);
  bool any = next != order.end() && next->first.thread == from.thread;
  from.number = any ? next->first.number : UINT32_MAX;
  auto [kept, fresh] = after_.try_emplace(uint64_t(from.thread) << 32 | from.number);
  if (!fresh) return kept->second;
  constexpr size_t most = 32'000'000; // numbers kept; beyond, they are computed again
  if (after_.size() * ordered_.size() > most) {
    after_.clear();
    kept = after_.try_emplace(uint64_t(from.thread) << 32 | from.number).first;
  }
  Reach &reach = kept->second;
  reach.assign(ordered_.size(), UINT32_MAX);

  // From segment s of a thread on, every edge that leaves the thread at s or later may be followed. Whenever a thread
  // is reached earlier than known so far, the edges in between are new: each is followed once.
  struct Work {
    ThreadId thread;
    uint32_t first, end; ///< edges that leave in [first, end)
  };
  std::vector<Work> work{{from.thread, from.number, UINT32_MAX}};
  while (!work.empty()) {
    Work w = work.back();
    work.pop_back();
    auto edge = leaving(order, {w.thread, w.first});
    for (; edge != order.end() && edge->first.thread == w.thread && edge->first.number < w.end; ++edge) {
      uint32_t &known = reach[index(edge->second.thread)];
      if (edge->second.number >= known) continue;
      work.push_back({edge->second.thread, edge->second.number, known});
      known = edge->second.number;
    }
  }
  return reach;
}

uint32_t Run::after(SegmentId from, ThreadId thread) const {
  const Reach &reach = after(from);
  auto at = std::lower_bound(ordered_.begin(), ordered_.end(), thread);
  return at != ordered_.end() && *at == thread ? reach[at - ordered_.begin()] : UINT32_MAX;
}

bool Run::happens_before(SegmentId a, SegmentId b) const {
  if (a.thread == b.thread) return a.number < b.number;
  uint32_t first = after(a, b.thread);
  return first != UINT32_MAX && first <= b.number;
}

bool Run::may_overlap(SegmentId a, SegmentId b) const {
  return a.thread != b.thread && !happens_before(a, b) && !happens_before(b, a);
}

bool Run::alone(SegmentId segment) const {
  for (const auto &[id, thread] : threads) {
    if (id == segment.thread) continue;
    uint32_t first = after(segment, id);
    if (first == 0) continue; // begins after it
    // Ended before it: the last thing other threads see of it is its join, an edge from its last segment. If the
    // segment just before the first one that is after ours happens before ours, nothing is left in between.
    if (first == UINT32_MAX && !thread.ended) return false; // it may go on beside us
    uint32_t last = 0;
    if (first != UINT32_MAX)
      last = first - 1;
    else
      for (auto edge = leaving(order, {id, 0}); edge != order.end() && edge->first.thread == id; ++edge)
        last = std::max(last, edge->first.number);
    if (!happens_before({id, last}, segment)) return false;
  }
  return true;
}

bool Run::tracked(SegmentId segment) const {
  auto found = untracked_after.find(segment.thread);
  return found == untracked_after.end() || segment.number < found->second;
}

} // namespace snarl
