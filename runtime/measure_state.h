// What a thread publishes so that the watcher can tell what others lose by it; see measure.h.
#pragma once
#include "stack.h"

namespace snarl_rt {

/// The blocking call that a thread is in. Published by plain stores before the call, `ticket` last.
struct BlockingCall {
  uint64_t ticket = 0; ///< low byte: which call (calls.h), 0: in none; above it, a count of calls
  uint64_t began = 0;  ///< coarse_now()
  uintptr_t frame = 0; ///< frame address of the wrapper
  uint8_t name() const { return static_cast<uint8_t>(ticket); }
};

/// A thread that comes back to the same epoll_wait, poll or select again and again. `frame`, the place of that call on
/// the stack, tells it from other calls of the kind that a handler makes.
struct EventLoop {
  uintptr_t frame = 0;
  uint32_t turns = 0;        ///< returns with events, since `frame` is what it is
  uint32_t quick = 0;        ///< times it came back within half the time that counts as a stall
  bool single = false;       ///< it waits for one descriptor only, as a thread that works off one connection does
  uintptr_t other_frame = 0; ///< another such call, deeper: perhaps a loop inside a handler
  uint32_t other_turns = 0;
  uint32_t turn = 0;       ///< one more at each return
  uint64_t away_since = 0; ///< coarse_now() of the last return; 0: in the call

  // ---- the watcher's, about the turn `seen_turn`
  uint32_t seen_turn = 0;
  uint64_t next_sample = 0; ///< nanoseconds away after which the stack is looked at (again)
  uint64_t run_delay = 0;   ///< of the thread when the turn was first seen: time it wanted a processor and had none
  uint32_t stack_turn = 0;  ///< the turn that `stack` is of
  StackId stack = 0;
  uint8_t call = 0; ///< the call it was in, 0: none of ours
  // ---- the longest blocking call of the turn `blocked_turn`, noted by the thread
  uint32_t blocked_turn = 0;
  uint8_t blocked_call = 0;
  uint64_t blocked_for = 0;
  StackId blocked_stack = 0;
  // ---- between the watcher and the signal handler that unwinds a running thread
  uint32_t asked_turn = 0, answered_turn = 0;
  bool awaited = false; ///< the watcher has asked, and not yet seen an answer
  uint32_t frames = 0;
  uintptr_t pcs[kMaxFrames] = {};
};

/// Trylocks of a thread that failed one after the other while it held something.
struct FailedTries {
  uint32_t streak = 0;      ///< failures since the last trylock that was granted
  uint32_t seen_streak = 0; ///< the watcher's
  uint64_t since = 0;       ///< coarse_now() of the first
  const void *wanted = nullptr, *held = nullptr;
  uint32_t wanted_id = 0, held_id = 0;
  char wanted_kind = 0, held_kind = 0;
  StackId stack = 0, held_stack = 0;
};

/// The watcher's notes on a thread that waits for a lock.
struct WaitNotes {
  static constexpr int kTakers = 4;
  struct Taker {
    uint32_t thread = 0, sequence = 0, times = 0;
  };
  uint32_t sequence = 0;   ///< the wait these notes are about
  uint64_t first_seen = 0; ///< when it was first seen, ns
  uint64_t last_seen = 0;
  uint64_t call = 0; ///< the holder's call that it was last seen to wait for
  uint64_t lost = 0; ///< to that call, ns
  int record = -1;   ///< the record of that call
  StackId stack = 0;
  Taker takers[kTakers];
  uint32_t taken = 0; ///< times that others were seen to get the lock
  bool told = false;
  uint32_t starved = 0; ///< the record that tells of it
};

} // namespace snarl_rt
