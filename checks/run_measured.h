// What a run lost by waiting, as measured by the recording library. Times are nanoseconds.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace snarl {

using ThreadId = uint32_t; ///< snarl's own numbers, 1 = main
using LockId = uint32_t;   ///< one per (address, generation)
using StackId = uint32_t;  ///< 0 = not known

enum class LockMode : uint8_t { Exclusive, Shared };

/// Blocking calls from one place, with a lock held that others waited for meanwhile.
struct BlockedCall {
  ThreadId thread = 0; ///< who made the first of them
  LockId lock = 0;
  StackId stack = 0, taken = 0; ///< of the call; where the lock was taken
  ThreadId waiter = 0;          ///< who waited longest
  StackId waiter_stack = 0;
  uint64_t lost = 0;         ///< by all waiters during all the calls
  uint64_t longest_wait = 0; ///< during one call
  uint64_t longest_call = 0;
  uint64_t calls = 0; ///< during which somebody waited
  std::string call;   ///< "read"
};

/// A thread waited for a lock that another one got again and again, or two kept each other from getting on.
struct UnfairWait {
  enum class Kind : uint8_t { Overtaken, WriterBehindReaders, TryLoop } kind{};
  ThreadId thread = 0;
  LockId lock = 0;
  LockMode mode = LockMode::Exclusive;
  StackId stack = 0;
  uint64_t waited = 0;
  uint64_t taken = 0;        ///< times that others got the lock meanwhile, from below; TryLoop: failures of this thread
  uint64_t taken_by_one = 0; ///< by `taker` alone; TryLoop: failures of the other thread
  ThreadId taker = 0;
  LockMode taker_mode = LockMode::Exclusive;
  StackId taker_stack = 0; ///< where the taker took it; TryLoop: where the other thread tries
};

/// An event loop did not come back to its call in time.
struct LoopStall {
  ThreadId thread = 0;
  StackId loop = 0;  ///< of the loop's own call
  StackId stack = 0; ///< taken meanwhile; 0: not known
  uint64_t stalls = 0, longest = 0, total = 0;
  uint64_t waiting = 0; ///< stalls at whose end events were waiting
  std::string call;     ///< the blocking call it was in, empty if none
};

/// Counts of durations in buckets; see snarl_bucket_of in runtime/trace_format.h for their width.
struct Histogram {
  struct Bucket {
    uint64_t width = 0, count = 0;
  };
  std::map<uint64_t, Bucket> buckets; ///< by lower bound
  uint64_t count() const;
  void add(const Histogram &other);
  /// The middle of the bucket that holds the value below which `share` (0 to 1) of all lie; 0 if there are none.
  uint64_t percentile(double share) const;
};

/// How one lock was used, from a run with --contention.
struct LockProfile {
  LockId lock = 0;
  uint64_t acquisitions = 0, contended = 0;
  uint64_t waited = 0, held = 0; ///< in sum
  Histogram waits, holds;        ///< waits: of contended acquisitions only
  struct Longest {
    uint64_t time = 0;
    ThreadId thread = 0;
    StackId stack = 0;
  };
  Longest longest_wait, longest_hold;
  struct Place {
    uint64_t times = 0, waited = 0;
  };
  std::map<StackId, Place> waited_at;
};

struct Measured {
  std::map<uint32_t, BlockedCall> blocked; ///< by number in the trace
  std::map<uint32_t, UnfairWait> unfair;
  std::map<uint32_t, LoopStall> stalls;
  std::map<LockId, LockProfile> locks;
  uint64_t profiled = 0; ///< time that the profile covers; 0: there is none
};

/// "340 us", "12 ms", "1.5 s".
std::string duration(uint64_t nanoseconds);

} // namespace snarl
