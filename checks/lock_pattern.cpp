#include "lock_pattern.h"
#include "run.h"
#include <algorithm>
#include <set>

namespace snarl {
namespace {

constexpr size_t kMostFrames = 24; // as many as a plan may have

/// The mapping that covers the address.
const RunModule *module_of(const Run &run, uint64_t address, uint32_t modules_seen) {
  for (size_t i = std::min<size_t>(modules_seen, run.modules.size()); i-- > 0;)
    if (address >= run.modules[i].start && address < run.modules[i].end) return &run.modules[i];
  return nullptr;
}

/// The module whose data the address is: data lies behind code.
const RunModule *module_before(const Run &run, uint64_t address, uint32_t modules_seen) {
  const RunModule *found = nullptr;
  for (size_t i = 0; i < std::min<size_t>(modules_seen, run.modules.size()); ++i)
    if (run.modules[i].start <= address && (!found || run.modules[i].start > found->start)) found = &run.modules[i];
  return found;
}

/// Code around threads and main, which is another one on another system.
bool belongs_to_libc(const std::string &path) {
  std::string name = path.substr(path.rfind('/') + 1);
  for (const char *prefix : {"libc.so", "libc-", "libpthread", "ld-linux", "libstdc++", "libc++"})
    if (name.rfind(prefix, 0) == 0) return true;
  return false;
}

std::optional<ModulePlace> global(const Run &run, LockId id) {
  auto found = run.locks.find(id);
  if (found == run.locks.end() || !run.symbols) return std::nullopt;
  const RunLock &lock = found->second;
  if (run.symbols->variable(run, lock.address, lock.modules_seen).empty()) return std::nullopt;
  const RunModule *module = module_before(run, lock.address, lock.modules_seen);
  if (!module) return std::nullopt;
  return ModulePlace{module->build_id, module->path, lock.address - module->start};
}

SteeredPoint point(const Run &run, LockId lock, LockMode mode, StackId stack) {
  SteeredPoint p;
  p.shared = mode == LockMode::Shared;
  p.global = global(run, lock);
  if (auto found = run.stacks.find(stack); found != run.stacks.end()) p.frames = pattern_frames(run, found->second);
  return p;
}

} // namespace

std::vector<ModulePlace> pattern_frames(const Run &run, const RunStack &stack) {
  std::vector<ModulePlace> frames;
  for (uint64_t pc : stack.pcs) {
    const RunModule *module = module_of(run, pc, stack.modules_seen);
    if (!module || frames.size() == kMostFrames) break;
    frames.push_back({module->build_id, module->path, pc - module->start + module->file_offset});
  }
  while (!frames.empty() && belongs_to_libc(frames.back().path)) frames.pop_back();
  return frames;
}

bool same_place(const SteeredPoint &point, const std::vector<ModulePlace> &frames) {
  return !point.frames.empty() && point.frames.size() <= frames.size() &&
         std::equal(point.frames.begin(), point.frames.end(), frames.begin());
}

SteeredSide steered_side(const Run &run, const Situation &situation, const HeldLock &held) {
  SteeredSide side;
  side.thread = run.thread_name(situation.segment.thread);
  side.hold = point(run, held.lock, held.mode, held.taken);
  side.want = point(run, situation.wanted, situation.mode, situation.stack);
  side.timed = situation.timed;
  std::set<std::pair<LockId, LockId>> before;
  bool found = false;
  for (const Situation &other : run.situations) {
    if (other.segment.thread != situation.segment.thread || other.stack != situation.stack) continue;
    auto same = [&](const HeldLock &h) { return h.taken == held.taken; };
    auto at = std::find_if(other.held.rbegin(), other.held.rend(), same); // the innermost, as the library looks for it
    if (at == other.held.rend()) continue;
    before.insert({at->lock, other.wanted});
    found = at->lock == held.lock && other.wanted == situation.wanted;
    if (found) break;
  }
  if (found) side.occurrence = static_cast<unsigned>(before.size());
  return side;
}

} // namespace snarl
