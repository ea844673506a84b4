// Executable mappings, as M lines. Read from /proc/self/maps: walking the dynamic linker's list would take its lock,
// which a thread that we report may hold, and which the watcher (no thread of libc's) cannot take at all.
#pragma once
#include "base.h"

namespace snarl_rt {

/// An executable mapping of this process. The path lasts for the call.
struct CodeMapping {
  uintptr_t start, end;
  uint64_t offset;
  uintptr_t base; ///< where the file's first byte is mapped, 0 if it is no file
  const char *path;
};
/// All of them as they are now.
void each_code_mapping(void (*visit)(const CodeMapping &mapping, void *context), void *context);
/// In hexadecimal; "-" if it has none.
void find_build_id(const CodeMapping &mapping, char (&out)[96]);

/// Writes an M line for each executable mapping that this trace does not have yet.
void tell_modules();
/// The same, if `pc` lies in none of those told. Generated code is looked for once.
void tell_module_of(uintptr_t pc);
/// Something was unloaded, or the trace is a new one: what was told may be wrong.
void forget_modules();

} // namespace snarl_rt
