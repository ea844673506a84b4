// One look at all threads: what the watcher's files hand each other. hang_look.cpp makes it, hang.cpp judges it,
// hang_tell.cpp writes it down, hang_ask.cpp does so for somebody who asks. All of it runs in the watcher alone.
#pragma once
#include "kernel.h"
#include "thread.h"
#include "wait_graph.h"

namespace snarl_rt {

constexpr uint32_t kMaxNodes = 8192, kMaxPeers = 65536;

/// A thread as it was at one look.
struct Seen {
  Thread *thread;
  Wait wait;
  ThreadId id;
  uint32_t looks; ///< how often in a row the very same wait was seen
};

struct Look {
  Seen seen[kMaxNodes];
  WaitNode nodes[kMaxNodes];
  uint32_t peers[kMaxPeers];
  uint32_t count, peer_count;
  uint32_t waiting; ///< how many were seen in the same wait without a time limit before
  bool starting;    ///< a thread has been created that does not run yet
};
extern Look *look;

/// Registers of a thread that whoever asks has stopped, so that its stack can be taken.
struct Stopped {
  int tid;
  uintptr_t pc, sp, bp;
};

// ---- hang_look.cpp

/// Reads what every thread has published.
void look_at_threads();
/// Who each of them waits for.
void find_needs();
/// Nobody but the threads of the look could do anything, except perhaps a signal handler: every thread of the process
/// waits, and none is unknown to us.
bool nobody_else();
/// A handler could end one of the waits: it may post a semaphore, and a signal ends such a wait by itself.
bool handler_may_help();
/// Number and kind of a lock that is waited for. Neither is published with the wait: an owner's held array has both.
struct WaitedLock {
  LockId id = 0;
  char kind = 0;
};
WaitedLock waited_lock(const Wait &wait);
bool left_by_fork(const void *object);

// ---- hang_tell.cpp

/// Writes a K block: the members first.
void tell_deadlock(char kind, const uint32_t *members, uint32_t count);
/// Writes a U block: every thread of the process, those that we do not know included. `reason`: t time-out, a asked.
void tell_snapshot(char reason, uint64_t number, const Stopped *stopped, uint32_t count);
void forget_tellings();

// ---- hang_ask.cpp

/// Answers if somebody asked. True if so.
bool answer();

} // namespace snarl_rt
