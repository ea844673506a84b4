// The life of the process: start, fork, exit; and the report when nobody else will make one.
#pragma once
#include "thread.h"

namespace snarl_rt {

/// Functions, layouts, options: before the first thread gets its record. May come before any constructor has run, and
/// is then called again by ours.
void prepare_process();
/// Something was recorded that a person will want to read about when the process ends.
void something_found();
/// The process is ending: counters, the last line, and the report if it is ours to show. Once; not in a vfork child.
void finish();
/// Runs `snarl report` on this process's trace, output on stderr; if there is no such command, says where the trace is.
void show_report();
/// Writes what is known of what could not be seen: I lines. See interpose_syscall.cpp.
void tell_unseen();
/// Writes to stderr.
void say(const char *text);
/// The value of an unlocked pthread_spinlock_t in this libc.
int spin_unlocked();
/// The pid as it was at start or fork: differs in a vfork child.
int process_id();

/// Starts the watcher if it is wanted and not running. Called after a thread was created.
void start_watcher();
void watcher_after_fork();
/// Ends the watcher, and waits until it has. False if there was none.
bool dismiss_watcher();

/// Has `ended` called for the thread after its destructors.
void watch_thread_end(Thread &self);

SpinLock &misuse_lock();
SpinLock &sketch_lock();

} // namespace snarl_rt
