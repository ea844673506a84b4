// When to look. While nobody waits and no event loop is busy the watcher sleeps on a futex, and whoever begins
// something worth watching wakes it: once, since it then looks every kMeasureTick for a while. A program that makes
// short calls under its locks all the time, with nobody waiting, would keep it awake for nothing: each time in vain
// doubles the time for which it is not woken again.
#include "measure_parts.h"
#include "options.h"
#include "writer.h"
#include <linux/futex.h>

namespace snarl_rt {

SpinLock measuring;

namespace {

constexpr uint64_t kAttention = 100 * kMillisecond, kMostQuiet = 400 * kMillisecond;

uint32_t parked = 0;      ///< reasons that may wake the watcher; 0: it is awake
uint64_t awake_until = 0; ///< it looks every kMeasureTick until then
uint64_t quiet_until = 0, quiet = 0;
uint64_t last_look = 0;

/// Sleeps for so long, or until somebody calls. True if called.
bool park(uint64_t nanoseconds, bool calls_too) {
  uint32_t reasons =
      static_cast<uint32_t>(Attention::Loops) | (calls_too ? static_cast<uint32_t>(Attention::Calls) : 0);
  timespec pause{static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)};
  store_release(parked, reasons);
  raw_syscall(SYS_futex, reinterpret_cast<long>(&parked), FUTEX_WAIT_PRIVATE, static_cast<long>(reasons),
              reinterpret_cast<long>(&pause));
  return __atomic_exchange_n(&parked, 0, __ATOMIC_ACQ_REL) == 0;
}

void sleep_for(uint64_t nanoseconds) {
  timespec pause{static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)};
  raw_syscall(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
}

/// Looks with many threads take longer, and come less often.
uint64_t tick() {
  uint64_t n = 0;
  for (Thread *thread = threads.first(); thread; thread = thread->next) ++n;
  return kMeasureTick * (1 + n / 128);
}

bool look_now() {
  uint64_t now = monotonic_now();
  uint64_t since_last = now - last_look;
  last_look = now;
  Locked locked(measuring);
  bool waiters = options.blocked_ms || options.starved_ms ? look_at_waiters(now, since_last) : false;
  bool loops = options.stall_ms ? look_at_loops(now) : false;
  return waiters || loops;
}

/// Has somebody begun a call under a lock that could not wake us, since we were awake?
bool somebody_calls() {
  uint64_t now = monotonic_now();
  for (Thread *thread = threads.first(); thread; thread = thread->next)
    if (load_acquire(thread->state) == Thread::Running && load(thread->held_count) && thread->call.name() &&
        load(thread->call.began) + kAttention > now)
      return true;
  return false;
}

} // namespace

uint64_t monotonic_now() {
  timespec now{};
  raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<long>(&now));
  return static_cast<uint64_t>(now.tv_sec) * 1000 * kMillisecond + static_cast<uint64_t>(now.tv_nsec);
}

void call_attention(Attention why) {
  uint32_t reasons = load(parked);
  if (SNARL_LIKELY(!(reasons & static_cast<uint32_t>(why)))) return;
  if (!__atomic_compare_exchange_n(&parked, &reasons, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return;
  raw_syscall(SYS_futex, reinterpret_cast<long>(&parked), FUTEX_WAKE_PRIVATE, 1);
}

void measure_for(uint64_t milliseconds) {
  uint64_t now = monotonic_now(), end = now + milliseconds * kMillisecond;
  {
    Locked locked(measuring);
    if (options.starved_ms) look_at_tries(now);
  }
  for (; now < end && !load(silent); now = monotonic_now()) { // without system calls the clock stands still
    if (now < awake_until) {
      sleep_for(tick() < end - now ? tick() : end - now);
    } else {
      bool calls = now >= quiet_until;
      if ((calls && somebody_calls()) || park(end - now, calls)) awake_until = monotonic_now() + kAttention;
    }
    bool was_awake = monotonic_now() < awake_until;
    saw_new_waiter = false;
    if (look_now()) {
      awake_until = monotonic_now() + kAttention;
      quiet = 0;
    } else if (!was_awake && saw_new_waiter) {
      awake_until = monotonic_now() + kMeasureTick;
    } else if (was_awake && monotonic_now() >= awake_until) {
      quiet = quiet ? (quiet * 2 < kMostQuiet ? quiet * 2 : kMostQuiet) : kAttention / 2;
      quiet_until = monotonic_now() + quiet;
    }
  }
}

void publish_call(Thread &self, uint8_t name, Caller caller) {
  BlockingCall &call = self.call;
  store(call.frame, caller.frame);
  store(call.began, coarse_now());
  compiler_barrier();
  store(call.ticket, (load(call.ticket) & ~uint64_t{0xff}) + 0x100 + name);
  if (self.held_count) call_attention(Attention::Calls);
}

void finish_call(Thread &self) {
  if (self.loop.turns)
    if (uint64_t time = coarse_now() - self.call.began; time * 2 >= options.stall_ms * kMillisecond && time)
      call_took_long(self, time);
  store(self.call.ticket, load(self.call.ticket) & ~uint64_t{0xff});
}

void finish_measuring(Thread *self) {
  if (self) store(self->inside, self->inside + 1);
  {
    Locked locked(measuring);
    finish_waiters();
    finish_loops();
  }
  if (self) store(self->inside, self->inside - 1);
}

void measure_after_fork() {
  measuring.reset();
  parked = 0;
  awake_until = quiet_until = quiet = last_look = 0;
  forget_waiters();
  forget_loops();
}

// ---- stacks and locks of others

StackId stack_from(const Frame &frame) {
  uintptr_t pcs[kMaxFrames];
  return stacks.intern(pcs, unwind(frame, {}, pcs, kMaxFrames));
}

StackId stack_from(uintptr_t frame) {
  uintptr_t words[2];
  if (!frame || !read_memory(words, reinterpret_cast<const void *>(frame), sizeof words)) return 0;
  return stack_from(Frame{words[1], frame + 16, words[0], false});
}

void tell_held_lock(LockId id, char kind, const void *address, StackId taken) {
  pthread_mutex_t copy;
  bool mutex = kind == 'm' || kind == 'r' || kind == 'e';
  if (mutex && read_memory(&copy, address, sizeof copy) && slot_id(slot_in(&copy)->word, address) == id)
    if (StackId first = slot_in(&copy)->history.first_stack) taken = first;
  StackId stack = stacks.announce(taken);
  Line line(SNARL_LINE_LOCK);
  line.hex(id).letter(kind).hex(reinterpret_cast<uintptr_t>(address)).hex(stack);
  trace.write(line);
}

} // namespace snarl_rt
