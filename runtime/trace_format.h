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
  ///   kind is one letter: c create, j join, b barrier, v condition variable, p semaphore, o once
  SNARL_LINE_ORDER = 'E',
  /// H thread segment                               from here on this thread's order edges of kinds v, p and b are no
  ///   longer recorded (bound reached): judge later situations of the thread as merely possible
  SNARL_LINE_ORDER_LIMIT = 'H',
  /// L lock kind address stack                      lock first seen, or first use of a new generation at an old
  /// address;
  ///   kind: m mutex, r recursive, e error-checking, w rwlock, W writer-preferring rwlock, s spin, S semaphore that is
  ///   used
  ///   as a lock, o once (pthread_once or the guard of a function-local static; held while the initialiser runs)
  SNARL_LINE_LOCK = 'L',
  /// D lock                                         destroyed, re-initialised or its memory given back
  SNARL_LINE_LOCK_END = 'D',
  /// S stack pc...                                  interned stack
  SNARL_LINE_STACK = 'S',
  /// A thread segment n {lock mode stack}*n lock mode flavour stack   situation: holding n locks (oldest first), wants
  /// the
  ///   last; mode x exclusive, s shared; flavour b blocking, t timed. Never written for trylock.
  SNARL_LINE_SITUATION = 'A',
  /// Z kind thread lock stack owner owner-stack     misuse; kind: o unlock by non-owner, u unlock of unlocked, d
  /// destroyed
  ///   while held, x thread ends holding, k relock refused (EDEADLK), r relock that will hang
  SNARL_LINE_MISUSE = 'Z',
  /// K deadlock kind n                              live deadlock, kind: c cycle, w nobody can wake, o orphaned lock;
  ///   followed by n k-lines and one G line; without the G line it is incomplete
  SNARL_LINE_DEADLOCK = 'K',
  /// k deadlock thread wait object peer mode timed in-cycle stack n {lock mode stack}*n   one thread of it; wait: l
  /// lock,
  ///   j join, o once, c condition, p semaphore, b barrier, - none; object = lock id for l, address otherwise; peer =
  ///   thread
  ///   waited for (j) or 0
  SNARL_LINE_DEADLOCK_THREAD = 'k',
  /// G deadlock
  SNARL_LINE_DEADLOCK_END = 'G',
  /// F child-pid                                    forked
  SNARL_LINE_FORK = 'F',
  /// C name count                                   something was not recorded; count so far, the last line of a name
  /// counts
  SNARL_LINE_COUNTER = 'C',
  /// Q                                              the process ended by exit, not by a signal
  SNARL_LINE_QUIT = 'Q',
};
