// A circle of locks in terms that hold for other runs of the same program: code and globals by module and offset, never
// by address. What `snarl confirm` drives a run into.
#pragma once
#include "finding.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace snarl {

struct Run;
struct Situation;
struct HeldLock;
struct RunStack;

/// A place in an object file, which is known by its build id, or by its path if it has none.
struct ModulePlace {
  std::string build_id, path;
  uint64_t offset = 0;
  friend bool operator==(const ModulePlace &a, const ModulePlace &b) {
    return a.offset == b.offset && a.build_id == b.build_id && (!a.build_id.empty() || a.path == b.path);
  }
};

struct SteeredPoint {
  bool shared = false;
  std::optional<ModulePlace> global; ///< the lock, if it is one; the offset is its distance from the start of the code
  std::vector<ModulePlace> frames;   ///< innermost first, offsets in the file; what libc does around it is left out
};

/// One thread of the circle: what it holds, and what it wants, which the next thread holds.
struct SteeredSide {
  std::string thread; ///< its name in the run that was recorded
  SteeredPoint hold, want;
  unsigned occurrence = 0; ///< of all pairs of locks that the thread had at these places, from 1; 0 not known
  bool timed = false;      ///< it gives up after a while
};

struct LockPattern {
  Tier tier = Tier::Possible; ///< of the finding
  std::vector<SteeredSide> sides;
};

SteeredSide steered_side(const Run &run, const Situation &situation, const HeldLock &held);
/// The frames of a stack in these terms.
std::vector<ModulePlace> pattern_frames(const Run &run, const RunStack &stack);
/// Is it the same place? The frames of `point` are the innermost ones of `frames`.
bool same_place(const SteeredPoint &point, const std::vector<ModulePlace> &frames);

} // namespace snarl
