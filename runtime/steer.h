// Steering: threads are delayed where `snarl confirm` (a plan) or `--chaos` (a seed) says. The functions are those of
// extras.h.
#pragma once
#include "extras.h"

namespace snarl_rt {

/// Reads what the options ask for. False: neither, or a plan that is not understood, which is counted.
bool start_steering();

void steer_want(Thread &self, const void *lock, LockId id, char mode, bool timed, Caller caller);
/// Any other point where threads meet; `letter` goes into the log of noise.
void steer_point(Thread &self, char letter, Caller caller);
void steer_forked();

// ---- noise, see steer_noise.cpp

/// Passes a synchronisation point. A decision depends on the seed, the thread's number and how many points it passed.
void make_noise(Thread &self, char letter, Caller caller);

/// What noise does at the `number`th point, counted from 1, of a thread.
struct Noise {
  uint32_t microseconds = 0; ///< to sleep
  bool yields = false;
};
Noise noise_at(uint64_t seed, ThreadId thread, uint64_t number);

/// Is the innermost part of the stack a signal handler? Such a thread is never delayed.
bool in_signal_handler(StackId stack);
/// Sleeps about so long; a signal ends it early.
void sleep_microseconds(uint64_t microseconds);
uint64_t now_ms();

} // namespace snarl_rt
