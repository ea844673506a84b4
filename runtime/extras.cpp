#include "extras.h"
#include "options.h"

namespace snarl_rt {

uint32_t extras = 0;

void start_extras() {
  uint32_t modes = 0;
  store(extras, modes);
}

void extra_want(Thread &, const void *, LockId, char, char, bool, Caller) {}
void extra_got(Thread &, const Held &, Caller) {}
void extra_refused(Thread &, const void *, LockId, char, int, Caller) {}
void extra_release(Thread &, const Held &, Caller) {}
void extra_lost(Thread &, const Held &) {}
void extra_block(Thread &, char, const void *, bool, const Held *, Caller) {}
void extra_unblock(Thread &, char, const void *, bool, const Held *, Caller) {}
void extra_wake(Thread &, char, const void *, Caller) {}
void extra_create(Thread &, Thread &, Caller) {}
void extra_start(Thread &) {}
void extra_end(Thread &) {}
void extra_joined(Thread &, ThreadId, Caller) {}
void extra_forked(Thread &) {}
void extra_exit(Thread *) {}

} // namespace snarl_rt
