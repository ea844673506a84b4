// Where a lock was taken: stacks as numbers, at a price that every acquisition can pay.
//
// Unwinding at each lock would cost several times the lock itself. Instead a thread remembers, by the place of the call
// on its stack and the return address there, the next four return addresses, where they lay, and the number of the
// whole stack: while these five still agree (a few loads from the stack's warm end), the number is the same. Five,
// because unoptimised code reaches pthread_mutex_lock through __gthread_mutex_lock, std::mutex::lock and a guard's
// constructor. If they do not agree, the five are found through cached unwind rows and looked up in a table of the
// thread; only five return addresses never seen together are unwound to the end, and the stack gets a number for the
// whole process.
#pragma once
#include "base.h"
#include "cfi.h"

namespace snarl_rt {

using StackId = uint32_t; ///< 0: not known

constexpr uint32_t kMaxFrames = 64;

/// The caller of a wrapper: the wrapper's own frame address tells everything.
struct Caller {
  uintptr_t frame = 0;
  uintptr_t pc() const { return reinterpret_cast<const uintptr_t *>(frame)[1]; }
  uintptr_t sp() const { return frame + 16; }
  uintptr_t bp() const { return *reinterpret_cast<const uintptr_t *>(frame); }
  Frame as_frame() const { return {pc(), sp(), bp(), false}; }
};
/// For use in wrappers only; forces a frame pointer there.
#define SNARL_CALLER                                                                                                   \
  snarl_rt::Caller {                                                                                                   \
    reinterpret_cast<uintptr_t>(__builtin_frame_address(0))                                                            \
  }

struct StackRecord {
  StackRecord *next = nullptr;
  uint64_t hash = 0;
  StackId id = 0;
  uint32_t frames = 0;
  uint8_t announced = 0; ///< epoch of the trace that has the S line
  const uintptr_t *pcs() const { return reinterpret_cast<const uintptr_t *>(this + 1); }
};

/// All stacks of the process, each once.
class StackTable {
public:
  StackId intern(const uintptr_t *pcs, uint32_t frames);
  StackRecord *find(StackId id) const;
  /// Writes the S line if this trace does not have it. Returns `id`.
  StackId announce(StackId id);
  SpinLock &lock() { return lock_; }

private:
  static constexpr size_t kBuckets = 4096, kChunk = 4096, kChunks = 512;
  SpinLock lock_;
  StackRecord *buckets_[kBuckets] = {};
  StackRecord **chunks_[kChunks] = {};
  uint32_t count_ = 0;
};
extern StackTable stacks;

/// One remembered call: valid while the return addresses are where they were.
struct alignas(64) StackMemo {
  static constexpr int kNext = 4;
  uintptr_t sp = 0, pc = 0;
  uintptr_t next_pc[kNext] = {};
  uint16_t next_at[kNext] = {}; ///< distance above sp, in words
  StackId stack = 0;
};
static_assert(sizeof(StackMemo) == 64);

/// Per thread. 16 KiB of memos, and a table of the groups of return addresses seen.
class StackMemory {
public:
  /// The stack of the caller if its memo still holds, else 0.
  SNARL_INLINE StackId recall(Caller caller) const {
    const uintptr_t sp = caller.sp(), pc = caller.pc();
    const StackMemo &memo = memos_[slot(sp, pc)];
    return SNARL_LIKELY(holds(memo, sp, pc)) ? memo.stack : 0;
  }
  /// The same the long way: the group's other memos, since a function may be called from several places in turn; then
  /// unwinds, and to the end at the first sight of the innermost return addresses. Guarded by the caller.
  SNARL_COLD StackId look_up(Caller caller, const StackBounds &bounds);
  void forget();

private:
  static constexpr size_t kMemos = 256, kGroup = 4;
  static SNARL_INLINE size_t slot(uintptr_t sp, uintptr_t pc) {
    return ((pc ^ (sp << 9)) * 0x9e3779b97f4a7c15ull) >> 56;
  }
  static SNARL_INLINE bool holds(const StackMemo &memo, uintptr_t sp, uintptr_t pc) {
    if (SNARL_UNLIKELY(memo.sp != sp || memo.pc != pc)) return false;
#pragma GCC unroll 4
    for (int i = 0; i < StackMemo::kNext; ++i)
      if (SNARL_UNLIKELY(word(sp, memo.next_at[i]) != memo.next_pc[i])) return false;
    return true;
  }
  /// The word below the frame that begins so many words above sp: its return address.
  static SNARL_INLINE uintptr_t word(uintptr_t sp, uint16_t distance) {
    return reinterpret_cast<const uintptr_t *>(sp)[static_cast<int>(distance) - 1];
  }
  bool insert(uint64_t key, StackId stack);

  struct Known {
    uint64_t key = 0;
    StackId stack = 0;
  };
  static constexpr size_t kMaxKnown = 16384;
  StackMemo memos_[kMemos];
  Known *known_ = nullptr;
  uint32_t known_count_ = 0, known_capacity_ = 0;
  uint32_t next_victim_ = 0; ///< place in its group that the next memo takes if none is free
  bool crowded_ = false;     ///< too many different calls: one stack for each innermost return address from now on
};

/// Frames in this range (the library's own) are left out of stacks.
void hide_frames(uintptr_t start, uintptr_t end);

/// Unwinds to the end. `bounds` empty: every word is read by system call (for another thread's stack).
uint32_t unwind(Frame from, const StackBounds &bounds, uintptr_t *pcs, uint32_t limit);

} // namespace snarl_rt
