// Executable mappings, as M lines. Read from /proc/self/maps: walking the dynamic linker's list would take its lock,
// which a thread that we report may hold, and which the watcher (no thread of libc's) cannot take at all.
#pragma once
#include "base.h"

namespace snarl_rt {

/// Writes an M line for each executable mapping that this trace does not have yet.
void tell_modules();
/// The same, if `pc` lies in none of those told. Generated code is looked for once.
void tell_module_of(uintptr_t pc);
/// Something was unloaded, or the trace is a new one: what was told may be wrong.
void forget_modules();

} // namespace snarl_rt
