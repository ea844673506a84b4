// Order between threads that no lock makes: what is done before a signal is over when the one who waited for it goes
// on.
//
// Semaphores, latches, barriers, condition variables, events and atomic flags are all taken the same way: a wait for an
// object, a signal of it. Signals (program.h) keeps, at a point of a function, what may have been waited for and what
// may have been signalled, in all and since the last wait. Two accesses are ordered
//   - one after the other, if the later one has waited for something that the earlier one's thread signals, but not yet
//     where the earlier access stands, however often it comes there;
//   - in turns, if each has waited for what the other's thread signals, and has not signalled since: two semaphores
//     passing one buffer back and forth, or one semaphore used as a lock.
// Waiting on some paths counts as waiting: `if (!ready) cv.wait(lk)` skips it only if there is nothing to wait for.
#pragma once
#include "program.h"

namespace snarl {

class HandOvers {
public:
  explicit HandOvers(const Program &program);
  /// Can `one`, in agent `a`, and `other`, in agent `b`, not meet for this reason?
  bool ordered(const Use &one, uint32_t a, const Use &other, uint32_t b) const;

private:
  bool signals(uint32_t agent, Symbol object) const;
  bool before(const Signals &early, uint32_t agent, const Signals &late) const;
  bool in_turns(const Signals &one, uint32_t a, const Signals &other, uint32_t b) const;

  const Program &program_;
  std::map<Symbol, std::set<uint32_t>> signallers_; ///< object -> agents
};

/// What a use's thread has waited for and signalled: in its function and, as far as one way there shows, its callers.
Signals signals_at(const Program &program, const Use &use);

/// What an operation waits for and signals; either may be empty.
struct SignalOp {
  Symbol waits, signals;
};
SignalOp signal_of(const Program &program, const Op &op);

} // namespace snarl
