// The profile of locks (contention=1): how often each is taken, found taken, waited for, held. See measure_profile.cpp;
// the functions are those of extras.h.
#pragma once
#include "extras.h"

namespace snarl_rt {

/// Time begins.
void profile_begin();
void profile_want(Thread &self, const void *lock, LockId id, char kind, char mode);
void profile_refused(Thread &self, const void *lock, LockId id, char mode, Caller caller);
void profile_got(Thread &self, const Held &entry, StackId stack);
void profile_release(Thread &self, LockId id);
/// Not held any more, and nobody knows since when.
void profile_lost(Thread &self, LockId id);
void profile_thread_end(Thread &self);
void profile_forked(Thread &self);
/// Writes what has changed, if enough time has passed since the last time or `last`.
void profile_write(bool last);

} // namespace snarl_rt
