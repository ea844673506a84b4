// Schedule noise (--chaos): small delays where threads meet, so that orders are seen which the scheduler rarely makes.
//
// After "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (Burckhardt et al., 2010): threads have
// random priorities, and at a few random points of its life a thread falls to the lowest one. There is no scheduler of
// ours to obey, so a priority is how often and how long a thread is delayed, and a fall is one long delay. Which points
// they are and how long depends on nothing but seed, thread number and number of the point, so that a seed means the
// same again as far as the program does.
#include "event.h"
#include "options.h"
#include "steer.h"
#include "writer.h"

namespace snarl_rt {
namespace {

constexpr uint32_t kFalls = 4;                                   ///< in the first 4, 16, 64 and 256 points
constexpr uint32_t kShortestFall = 5'000, kLongestFall = 50'000; // microseconds
constexpr ThreadId kAllFall = 16;
constexpr uint64_t kMost = 3'000'000; ///< for one thread, ever

/// Of many threads only some fall, so that a program with thousands of short ones still ends.
bool falls(uint64_t seed, ThreadId thread, uint64_t number) {
  if (thread >= 2 * kAllFall && mix(thread, ~seed) % (thread / kAllFall)) return false;
  for (uint32_t i = 0; i < kFalls; ++i)
    if (number == 1 + mix(mix(seed, thread), ~uint64_t{i}) % (uint64_t{4} << 2 * i)) return true;
  return false;
}

} // namespace

Noise noise_at(uint64_t seed, ThreadId thread, uint64_t number) {
  uint64_t h = mix(mix(seed, thread), number);
  if (falls(seed, thread, number))
    return {kShortestFall + static_cast<uint32_t>(h % (kLongestFall - kShortestFall)), false};
  uint32_t priority = mix(thread, seed) % 4; // 0 is never delayed by it
  if ((h & 63) < 3 * priority) return {1 + static_cast<uint32_t>((h >> 8) % (150 * priority)), false};
  return {0, (h >> 40) % 16 == 0};
}

void make_noise(Thread &self, char letter, Caller caller) {
  Noise noise = noise_at(options.chaos, self.id, ++self.points);
  if (!noise.microseconds && !noise.yields) return;
  if (load(self.inside) || self.delayed_us > kMost || in_signal_handler(stack_of(self, caller))) return;
  if (noise.yields) {
    raw_syscall(SYS_sched_yield);
    return;
  }
  self.delayed_us += noise.microseconds;
  {
    Inside inside(self);
    Line line(SNARL_LINE_STEERED);
    line.letter('n').hex(self.id).hex(self.points).letter(letter).hex(noise.microseconds);
    trace.write(line);
  }
  sleep_microseconds(noise.microseconds);
}

} // namespace snarl_rt
