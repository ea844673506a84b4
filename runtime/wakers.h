// Who has ended waits on an object so far: signalled the condition variable, posted the semaphore. If they are all
// blocked for good, somebody who waits there is as good as blocked himself, though others are alive (wait_graph.h).
//
// Asked at every signal, so the repeat costs a probe and a comparison. What does not fit makes the whole table useless,
// never wrong.
#pragma once
#include "thread.h"

namespace snarl_rt {

struct Wakers {
  static constexpr uint32_t kMost = 6;
  const void *object = nullptr;
  ThreadId who[kMost] = {}; ///< 0: free
};
constexpr uint32_t kWakerSlots = 1024;
extern Wakers wakers[kWakerSlots];

/// The thread is about to wake somebody who waits on `object`.
SNARL_COLD void remember_waker(ThreadId who, const void *object);
SNARL_INLINE Wakers &wakers_slot(const void *object) {
  return wakers[mix(reinterpret_cast<uintptr_t>(object)) % kWakerSlots];
}
SNARL_INLINE void note_waker(const Thread &self, const void *object) {
  Wakers &known = wakers_slot(object);
  if (SNARL_UNLIKELY(load(known.object) != object || load(known.who[0]) != self.id)) remember_waker(self.id, object);
}
/// Null if nobody ever did, or it is not known for sure who.
const Wakers *wakers_of(const void *object);
void forget_wakers();

} // namespace snarl_rt
