// What `snarl confirm` wants to see happen: a circle of threads, each of which holds a lock and asks for the next
// one's.
//
// The plan is a text file (docs/confirm.md), named by SNARL_OPTIONS=steer=FILE and read when the process starts. Code
// and globals are named by module (build id, else path) and offset, so that a plan holds for any address space. What is
// in it comes from a user's file: it is read strictly, and a plan that is not understood steers nothing.
#pragma once
#include "base.h"

namespace snarl_rt {

struct PlanFrame {
  uint32_t module = 0; ///< index into Plan::modules
  uint64_t offset = 0; ///< of the program counter in the file
};

/// A lock taken or wanted, recognised by where the code is, innermost frames first, and by which lock it is if it is a
/// global.
struct PlanPoint {
  static constexpr uint32_t kFrames = 24;
  char mode = 0; ///< 'x' or 's'; 0: not there
  bool global = false;
  uint32_t module = 0;
  int64_t distance = 0; ///< of the global from the start of its module's code
  uint32_t frame_count = 0;
  PlanFrame frames[kFrames] = {};
};

struct PlanSide {
  PlanPoint hold, want;
  uint32_t occurrence = 0; ///< which of the pairs of locks that its thread had at these places, from 1; 0: any
};

struct PlanModule {
  const char *build_id = nullptr; ///< "-" if there is none
  const char *path = nullptr;
  uintptr_t start = 0; ///< of its code in this process, 0: not seen yet
};

struct Plan {
  static constexpr uint32_t kSides = 8, kModules = 64;
  uint32_t delay_ms = 0;  ///< at one stop
  uint32_t budget_ms = 0; ///< at all stops of the process together
  uint32_t first = 0;     ///< the side, from 1, whose thread goes ahead of the others; 0: whoever comes
  uint32_t side_count = 0, module_count = 0;
  PlanSide sides[kSides] = {};
  PlanModule modules[kModules] = {};
};

/// Reads `text`, which is changed (lines get terminated) and must stay. False: not a plan, or not one of this version.
bool parse_plan(char *text, Plan &plan);

/// Reads the file, by system calls only. False: it cannot be read or is no plan.
bool read_plan(const char *path, size_t path_length, Plan &plan);

} // namespace snarl_rt
