// The full log (record=full): what every thread did with locks, in order, for the command to prove deadlocks with. The
// format is in trace_format.h; the functions are those of extras.h.
#pragma once
#include "extras.h"

namespace snarl_rt {

void full_want(Thread &self, LockId id, char kind, bool timed);
void full_got(Thread &self, const Held &entry, uint32_t how);
void full_release(Thread &self, const Held &entry);
void full_lost(Thread &self, LockId id);
/// The mutex of a condition wait is given back, then the wait begins.
void full_block(Thread &self, char kind, const void *object, const Held *mutex);
void full_unblock(Thread &self, char kind, const void *object, bool done, const Held *mutex, Caller caller);
void full_wake(Thread &self, char kind, const void *object);
void full_thread(Thread &self, uint8_t record, ThreadId other);
void full_end(Thread &self);
void full_forked(Thread &self);
/// Writes what the threads have in their buffers. `last`: and nothing is logged any more.
void full_flush(bool last);

} // namespace snarl_rt
