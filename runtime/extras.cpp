#include "extras.h"
#include "event.h"
#include "full.h"
#include "measure_profile.h"
#include "options.h"
#include "steer.h"
#include "trace_format.h"

namespace snarl_rt {

uint32_t extras = 0;

namespace {

bool on(uint32_t mode) {
  return load(extras) & mode;
}

bool is(Options::Text text, const char *word) {
  return text.length == length(word) && __builtin_memcmp(text.start, word, text.length) == 0;
}

} // namespace

void start_extras() {
  uint32_t modes = 0;
  if (is(options.record, "full")) modes |= kRecordFull;
  if (start_steering()) modes |= kSteer;
  if (options.contention) modes |= kMeasure;
  if (modes & kMeasure) profile_begin();
  store(extras, modes);
}

void extra_want(Thread &self, const void *lock, LockId id, char kind, char mode, bool timed, Caller caller) {
  if (on(kSteer)) steer_want(self, lock, id, mode, timed, caller); // first: the others need not know of delays
  if (on(kRecordFull)) full_want(self, id, kind, timed);
  if (on(kMeasure)) profile_want(self, lock, id, kind, mode);
}

void extra_got(Thread &self, const Held &entry, Caller) {
  if (on(kRecordFull)) full_got(self, entry, 0);
  if (on(kMeasure)) profile_got(self, entry, entry.stack);
}

void extra_refused(Thread &self, const void *lock, LockId id, char mode, int, Caller caller) {
  if (on(kMeasure)) profile_refused(self, lock, id, mode, caller);
}

void extra_release(Thread &self, const Held &entry, Caller caller) {
  if (on(kMeasure)) profile_release(self, entry.id);
  if (on(kSteer)) steer_point(self, 'u', caller);
  if (on(kRecordFull)) full_release(self, entry);
}

void extra_lost(Thread &self, const Held &entry) {
  if (on(kRecordFull)) full_lost(self, entry.id);
  if (on(kMeasure)) profile_lost(self, entry.id);
}

void extra_block(Thread &self, char kind, const void *object, bool, const Held *mutex, Caller caller) {
  if (on(kSteer)) steer_point(self, kind, caller);
  if (on(kRecordFull)) full_block(self, kind, object, mutex);
  if (on(kMeasure) && mutex) profile_release(self, mutex->id);
}

void extra_unblock(Thread &self, char kind, const void *object, bool done, const Held *mutex, Caller caller) {
  if (on(kRecordFull)) full_unblock(self, kind, object, done, mutex, caller);
  if (on(kMeasure) && mutex) profile_got(self, *mutex, stack_of(self, caller));
}

void extra_wake(Thread &self, char kind, const void *object, Caller caller) {
  if (on(kSteer)) steer_point(self, 'w', caller);
  if (on(kRecordFull)) full_wake(self, kind, object);
}

void extra_create(Thread &self, Thread &child, Caller) {
  if (on(kRecordFull)) full_thread(self, SNARL_FULL_CREATE, child.id);
}

void extra_start(Thread &self) {
  if (on(kSteer)) steer_point(self, 't', SNARL_CALLER);
}

void extra_end(Thread &self) {
  if (on(kRecordFull)) full_end(self);
  if (on(kMeasure)) profile_thread_end(self);
}

void extra_joined(Thread &self, ThreadId child, Caller) {
  if (on(kRecordFull)) full_thread(self, SNARL_FULL_JOIN, child);
}

void extra_forked(Thread &self) {
  if (on(kSteer)) steer_forked();
  if (on(kRecordFull)) full_forked(self);
  if (on(kMeasure)) profile_forked(self);
}

void extra_tick() {
  if (on(kRecordFull)) full_flush(false);
  if (on(kMeasure)) profile_write(false);
}

void extra_exit(Thread *self) {
  if (on(kRecordFull)) full_flush(true);
  if (!on(kMeasure)) return;
  if (self) ++self->inside;
  profile_write(true);
  if (self) --self->inside;
}

} // namespace snarl_rt
