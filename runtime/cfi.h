// One step of stack unwinding from .eh_frame, for x86-64.
//
// Why not libunwind: it takes mutexes (which are ours), blocks signals at each lookup, allocates, and starts from the
// caller's registers only; here a thread must also be unwound by another one, from where it published that it waits.
// Why so short: up the stack of a thread that called a function, only the frame address, the return address and rbp
// matter. An unwind row is therefore packed into eight bytes and cached by program counter; a step through the cache is
// two loads.
#pragma once
#include "base.h"

namespace snarl_rt {

/// Registers of one frame, as they are in it after the call returns. `pc` is a return address unless `exact`.
struct Frame {
  uintptr_t pc = 0;
  uintptr_t sp = 0; ///< also the canonical frame address of the frame below
  uintptr_t bp = 0;
  bool exact = false; ///< interrupted by a signal at pc: pc is not a return address
};

/// How to find the caller's frame at one program counter.
struct UnwindRow {
  enum Cfa : uint8_t { None, FromSp, FromBp, DerefBp, DerefSp, Signal, Outermost };
  enum Bp : uint8_t { Same, AtCfa, AtBp };
  Cfa cfa = None;
  Bp bp = Same;
  int32_t cfa_offset = 0;
  int32_t bp_offset = 0;

  uint64_t pack() const;
  static UnwindRow unpack(uint64_t bits);
};

/// Where a thread's stack may be read: [sp of the first frame, end).
struct StackBounds {
  uintptr_t low = 0, end = 0;
  bool contains(uintptr_t address, size_t bytes) const {
    return address >= low && address < end && end - address >= bytes;
  }
};

/// The row for `pc` (pass the return address minus one) out of the unwind tables, or a row of kind None.
UnwindRow find_row(uintptr_t pc);

/// Where the function begins that `pc` is in, by the same tables; 0 if they do not say.
uintptr_t function_start(uintptr_t pc);

/// Replaces `frame` by its caller's. False at the outermost frame, or when tables or stack do not make sense.
/// Memory outside `bounds` is read by system call, so that a wrong table cannot crash the program.
bool step(Frame &frame, const StackBounds &bounds);

/// Rows remembered from before may be wrong now: code was unloaded or loaded.
void forget_rows();

/// Exposed for tests: the row at `pc` from one FDE.
UnwindRow row_from_fde(const uint8_t *fde, uintptr_t pc);

} // namespace snarl_rt
