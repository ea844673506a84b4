// The seam between the library that records and the command that judges: one text line per event.
//
// A trace is one append-only file per process, `<dir>/<pid>.<n>.trace`. Every line is one write(2), so a killed process
// loses at most the line being written; a line without its newline is ignored by the reader and counted.
// Numbers are hexadecimal without prefix unless noted, fields are separated by one space, the last field of a line that
// carries text (names, paths) runs to the end of the line with \n and \\ escaped. Stacks are interned: a stack line
// comes before the first line that uses its number; stack 0 is "not known". Thread 1 is main; locks and stacks count
// from 1. Program counters are absolute addresses, return addresses minus one, innermost first; the first frame is the
// caller of the wrapped function. A reader skips lines whose letter it does not know, and refuses a version it does not
// know.
#pragma once
#include <stdint.h>

#define SNARL_TRACE_VERSION 1
/// Name of the library's own thread, as /proc/PID/task/TID/comm has it.
#define SNARL_WATCHER_NAME "snarl-watcher"

enum snarl_trace_letter {
  /// V version pid ppid realtime_ns exe-path        first line
  SNARL_LINE_VERSION = 'V',
  /// M start end file-offset build-id-or-dash path  executable mapping; again after dlopen
  SNARL_LINE_MODULE = 'M',
  /// T thread parent-thread os-tid create-stack name    a thread begins; its first segment is 0
  SNARL_LINE_THREAD = 'T',
  /// N thread name                                  thread renamed
  SNARL_LINE_NAME = 'N',
  /// X thread                                       thread ended
  SNARL_LINE_EXIT = 'X',
  /// E from-thread from-segment to-thread to-segment kind   end of the first happens before start of the second;
  ///   kind is one letter: c create, j join, b barrier, v condition variable, p semaphore, o once,
  ///   a annotation
  SNARL_LINE_ORDER = 'E',
  /// H thread segment                               from here on this thread's order edges of kinds v, p and b are no
  ///   longer recorded (bound reached): judge later situations of the thread as merely possible
  SNARL_LINE_ORDER_LIMIT = 'H',
  /// L lock kind address stack                      lock first seen, or first use of a new generation at an old
  /// address;
  ///   kind: m mutex, r recursive, e error-checking, w rwlock, W writer-preferring rwlock, s spin, S semaphore that is
  ///   used as a lock, u lock of the program's own (annotated), o once (pthread_once or the guard of a function-local static; held while the initialiser runs)
  SNARL_LINE_LOCK = 'L',
  /// D lock                                         destroyed, re-initialised or its memory given back
  SNARL_LINE_LOCK_END = 'D',
  /// S stack pc...                                  interned stack
  SNARL_LINE_STACK = 'S',
  /// A thread segment n {lock mode stack}*n lock mode flavour stack   situation: holding n locks (oldest first), wants
  /// the
  ///   last; mode x exclusive, s shared; flavour b blocking, t timed. Never written for trylock.
  SNARL_LINE_SITUATION = 'A',
  /// Z kind thread lock stack owner owner-stack [object]    misuse; kind: o unlock by non-owner, u unlock of unlocked,
  ///   d destroyed while held, x thread ends holding, k relock refused (EDEADLK), r relock that will hang, i
  ///   initialised
  ///   while held, a a global initialised again without having been destroyed, c robust mutex given back without having
  ///   been declared consistent, f held by another thread when this process was forked, n condition wait without the
  ///   mutex, m condition wait with another mutex than the owner's, l signal of the owner that nobody waited for before
  ///   the wait of the thread that lasts for ever, v condition variable destroyed while the
  ///   owner waits on it, w semaphore or barrier destroyed while the owner waits for it. object: address of the
  ///   condition variable, semaphore or barrier; lock is then its mutex, or 0
  SNARL_LINE_MISUSE = 'Z',
  /// J n lock name | J p lock lock                  what annotations say: the name of a lock; taking the second while
  ///   holding the first is on purpose
  SNARL_LINE_NOTE = 'J',
  /// I f count stack                                not seen: waits on futexes that the program makes itself, so far, and
  ///   where the first was
  ///   or s 0/1 stack: whether the program has restricted its system calls, so that nothing was recorded after that
  SNARL_LINE_UNSEEN = 'I',
  /// K deadlock kind n                              live deadlock, kind: c cycle, w nobody can wake, o orphaned lock,
  ///   f lock left behind by fork; C and W: the same as far as can be known (all who ended such a wait before are
  ///   blocked; only a signal handler could); followed by n k-lines, W lines of threads that wait for nothing we know,
  ///   and one G line; without the G line it is incomplete
  SNARL_LINE_DEADLOCK = 'K',
  /// k deadlock thread wait object peer mode timed in-cycle stack n {lock mode stack}*n   one thread of it; wait: l
  /// lock,
  ///   j join, o once, c condition, p semaphore, b barrier, - none; object = lock id for l, address otherwise; peer =
  ///   thread
  ///   waited for (j) or 0
  SNARL_LINE_DEADLOCK_THREAD = 'k',
  /// U deadlock reason number n                     not a deadlock but what all threads were doing, reason: t the time
  /// that
  ///   the program was given is over, a somebody asked; number tells askers apart; followed like K, W lines also for
  ///   tasks that are no threads of ours
  SNARL_LINE_SNAPSHOT = 'U',
  /// W deadlock thread os-tid state call arg1 arg2 arg3 file   what the kernel says of a thread (0: none of ours);
  ///   state as in proc(5); call: number of the system call + 1, 0 none; file: what arg1 is as a descriptor, may be
  ///   empty
  SNARL_LINE_TASK = 'W',
  /// G deadlock
  SNARL_LINE_DEADLOCK_END = 'G',
  /// B record thread lock stack taken waiter waiter-stack lost longest-wait longest-call calls name
  ///   blocking calls (stack) with the lock held (taken there) while others waited for it: nanoseconds lost in sum, by
  ///   the longest wait, and the longest call; of several lines of a record the last one counts
  SNARL_LINE_BLOCKED = 'B',
  /// Y record kind thread lock mode stack waited taken taken-by-one taker taker-mode taker-stack
  ///   unfair wait (nanoseconds): others took the lock so often meanwhile, one of them so often. Kind: l the lock was
  ///   taken by others again and again, w a writer behind readers, t trylock loop: both threads failed so often; the
  ///   last line of a record counts
  SNARL_LINE_STARVED = 'Y',
  /// y record thread loop-stack stack stalls longest total waiting call
  ///   an event loop (stack of its call) did not come back, with a stack taken meanwhile (0: none); nanoseconds; how
  ///   often events were waiting when it came back; call: the blocking call it was in, or -; the last line counts
  SNARL_LINE_STALL = 'y',
  /// P kind ...                                     profile of locks (contention=1), nanoseconds; written several times
  ///   while the process runs, and the last line of a kind, lock and stack counts. Kinds:
  ///   t time                                         that it covers so far
  ///   l lock acquisitions contended waited longest thread stack held longest thread stack
  ///   w lock {bucket count}...                       waits of contended acquisitions; h: the same of holds
  ///   s lock stack times waited                      contended acquisitions from there; stack 0: from other places
  SNARL_LINE_PROFILE = 'P',
  /// F child-pid                                    forked
  SNARL_LINE_FORK = 'F',
  /// C name count                                   something was not recorded; count so far, the last line of a name
  /// counts
  SNARL_LINE_COUNTER = 'C',
  /// Q                                              the process ended by exit, not by a signal
  SNARL_LINE_QUIT = 'Q',
  /// R limit                                        a full log of at most so many bytes lies beside this trace: see
  /// below
  SNARL_LINE_FULL_LOG = 'R',
  /// c n thread point letter microseconds           noise delayed a thread at its so many-th synchronisation point
  /// c s thread side point ms end                   steering stopped a thread before the lock that a side of the plan
  ///   holds (point h) or wants (w); end: c the circle closed, a the side that goes first has arrived, t time was over,
  ///   s nobody else could move
  SNARL_LINE_STEERED = 'c',
};

// ---- The full log: what every thread did, in order. One append-only file per process beside its trace,
// `<pid>.<n>.full`, for --record=full.
//
// It begins with SNARL_FULL_MAGIC. Then come blocks, each one write(2): four little-endian 32-bit words
// (SNARL_FULL_BLOCK, thread, number of the block in its thread from 0, bytes that follow), then records. A thread's
// blocks are in order and make one stream; other threads' blocks come between. A record is a byte, and numbers as
// LEB128. Locks, stacks and threads are those of the trace.
//
// A thread and its reader keep the same table of sites (lock, stack, mode, how) and the same stack of locks that were
// taken and not yet given back, so that most acquisitions are two bytes and most releases one:
//   SNARL_FULL_SITE | i           acquired at site i; then what the lock's sequence number grew by since this site's
//   last
// The sequence number of a lock counts its acquisitions, whoever they are by; it is taken while the lock is held.
// Operations that order threads other than by locks carry a number from one count for the whole process, taken before a
// call that tells others, and after one that was told.
#define SNARL_FULL_MAGIC "snarl full log 1\n"
#define SNARL_FULL_BLOCK 0x424c4e53u
#define SNARL_FULL_SITES 128
#define SNARL_FULL_SITE 0x80

enum snarl_full_record {
  /// i lock how stack sequence      site i is now this one, and the lock was acquired there. how: bits of
  /// snarl_full_how
  SNARL_FULL_ACQUIRE = 1,
  /// what was acquired last and not yet released is released
  SNARL_FULL_RELEASE = 2,
  /// lock                           released, in another order
  SNARL_FULL_RELEASE_LOCK = 3,
  /// lock kind address stack        a lock acquired for the first time; kind as in the L line
  SNARL_FULL_LOCK = 4,
  /// lock                           was given back by somebody else, or is no lock after all: nothing is known of it
  SNARL_FULL_LOST = 5,
  /// thread                         about to create it
  SNARL_FULL_CREATE = 6,
  /// thread                         joined it
  SNARL_FULL_JOIN = 7,
  /// kind object number             begins to wait; kind c condition, b barrier. For c the mutex was released before,
  /// and
  ///                                is acquired again after the record of its end
  SNARL_FULL_WAIT = 8,
  /// kind object number done        waited: c, b, p semaphore, o once. done: 0 timed out or cancelled, 1 it came
  SNARL_FULL_WAITED = 9,
  /// kind object number             signals (c), broadcasts (C), posts (p), has run the initialiser (o)
  SNARL_FULL_WAKE = 10,
  /// the thread ends; nothing follows
  SNARL_FULL_END = 11,
};

enum snarl_full_how {
  SNARL_FULL_SHARED = 1, ///< acquired for reading
  SNARL_FULL_TRIED = 2,  ///< without waiting
  SNARL_FULL_TIMED = 4,
  SNARL_FULL_AGAIN = 8, ///< by a condition wait that ends
  SNARL_FULL_PASS = 16, ///< a once whose initialiser another has run
};

/// Buckets of durations in P lines: eight to each power of two, so a bucket is at most an eighth as wide as the values
/// in it, and its middle is wrong by 6.25 % at most. Values below 8 have buckets of their own.
#define SNARL_BUCKETS 336
static inline uint32_t snarl_bucket_of(uint64_t value) {
  if (value < 8) return (uint32_t)value;
  uint32_t log = 63 - (uint32_t)__builtin_clzll(value), bucket = (log - 2) * 8 + (uint32_t)(value >> (log - 3) & 7);
  return bucket < SNARL_BUCKETS ? bucket : SNARL_BUCKETS - 1;
}
/// The smallest value in the bucket; the next bucket's smallest is its end.
static inline uint64_t snarl_bucket_start(uint32_t bucket) {
  return bucket < 8 ? bucket : (uint64_t)(8 + bucket % 8) << (bucket / 8 - 1);
}
