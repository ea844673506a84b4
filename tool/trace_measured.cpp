// Lines of a trace about time: calls under locks, unfair waits, event loops, profiles of locks.
#include "runtime/trace_format.h"
#include "trace_fields.h"

namespace snarl {

bool TraceReader::blocked(Fields &in) {
  BlockedCall b;
  uint32_t record = in.id();
  b.thread = in.id(), b.lock = in.id(), b.stack = in.id(), b.taken = in.id();
  b.waiter = in.id(), b.waiter_stack = in.id();
  b.lost = in.number(), b.longest_wait = in.number(), b.longest_call = in.number(), b.calls = in.number();
  if (!in.ok()) return false;
  b.call = in.text();
  if (b.call.empty()) return false;
  run_.measured.blocked[record] = std::move(b);
  return true;
}

bool TraceReader::unfair(Fields &in) {
  UnfairWait u;
  uint32_t record = in.id();
  switch (in.letter()) {
  case 'l': u.kind = UnfairWait::Kind::Overtaken; break;
  case 'w': u.kind = UnfairWait::Kind::WriterBehindReaders; break;
  case 't': u.kind = UnfairWait::Kind::TryLoop; break;
  default: return false;
  }
  u.thread = in.id(), u.lock = in.id(), u.mode = in.mode(), u.stack = in.id(), u.waited = in.number();
  u.taken = in.number(), u.taken_by_one = in.number();
  u.taker = in.id(), u.taker_mode = in.mode(), u.taker_stack = in.id();
  if (!in.done()) return false;
  run_.measured.unfair[record] = u;
  return true;
}

bool TraceReader::stall(Fields &in) {
  LoopStall s;
  uint32_t record = in.id();
  s.thread = in.id(), s.loop = in.id(), s.stack = in.id();
  s.stalls = in.number(), s.longest = in.number(), s.total = in.number(), s.waiting = in.number();
  if (!in.ok()) return false;
  s.call = in.text();
  if (s.call == "-") s.call.clear();
  run_.measured.stalls[record] = std::move(s);
  return true;
}

bool TraceReader::profile(Fields &in) {
  Measured &measured = run_.measured;
  char kind = in.letter();
  if (kind == 't') {
    uint64_t time = in.number();
    if (!in.done()) return false;
    measured.profiled = time;
    return true;
  }
  LockId id = in.id();
  if (!in.ok() || !measured.profiled) return false;
  if (kind == 's') {
    StackId stack = in.id();
    LockProfile::Place place{in.number(), in.number()};
    if (!in.done()) return false;
    measured.locks[id].waited_at[stack] = place;
    return true;
  }
  if (kind == 'w' || kind == 'h') {
    Histogram histogram;
    while (in.ok() && !in.at_end()) {
      uint64_t bucket = in.number(), count = in.number();
      if (bucket >= SNARL_BUCKETS) return false;
      uint64_t start = snarl_bucket_start(bucket);
      histogram.buckets[start] = {snarl_bucket_start(bucket + 1) - start, count};
    }
    if (!in.ok()) return false;
    LockProfile &lock = measured.locks[id];
    (kind == 'w' ? lock.waits : lock.holds) = std::move(histogram);
    return true;
  }
  if (kind != 'l') return false;
  uint64_t acquisitions = in.number(), contended = in.number();
  auto longest = [&] {
    LockProfile::Longest one;
    one.time = in.number(), one.thread = in.id(), one.stack = in.id();
    return one;
  };
  uint64_t waited = in.number();
  LockProfile::Longest wait = longest();
  uint64_t held = in.number();
  LockProfile::Longest hold = longest();
  if (!in.done()) return false;
  LockProfile &lock = measured.locks[id];
  lock.lock = id;
  lock.acquisitions = acquisitions, lock.contended = contended;
  lock.waited = waited, lock.longest_wait = wait, lock.held = held, lock.longest_hold = hold;
  return true;
}

} // namespace snarl
