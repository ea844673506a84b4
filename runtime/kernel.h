// What the kernel says of this process. For the watcher: system calls only.
#pragma once
#include "base.h"

namespace snarl_rt {

/// The system call that a task sleeps in, as /proc/self/task/TID/syscall has it.
struct TaskCall {
  long number = -1; ///< -1: it runs, or is stopped outside of one, or nothing can be read
  uint64_t arguments[6] = {};
  uintptr_t sp = 0, pc = 0;
};
TaskCall task_call(int tid);

/// R running, S sleeping, D sleeping in the kernel, T stopped, t traced, Z ended; ? if it cannot be told (proc(5)).
char task_state(int tid);
inline bool is_zombie(int tid) {
  return task_state(tid) == 'Z';
}

/// Is the thread asleep on a futex in these bytes? Tells a condition wait that has been signalled, and now wants its
/// mutex back, from one that sleeps.
bool asleep_on(int tid, const void *address, size_t bytes = 1);

bool list_tasks(void (*one)(int tid, void *data), void *data);
/// Calls f(tid) for each task of this process, ours and those nobody told us of. False if they cannot be listed.
template <class F> bool for_each_task(F &&f) {
  return list_tasks([](int tid, void *data) { (*static_cast<F *>(data))(tid); }, &f);
}
/// How many; 0 if it cannot be told.
uint32_t count_tasks();

/// What a descriptor stands for, as /proc/self/fd names it; left empty if it is not open.
void name_of_file(int fd, char (&name)[256]);

/// What the kernel says a thread of ours is doing.
struct SystemCall {
  enum State : uint8_t { Unknown, Running, Blocked } state = Unknown;
  int number = -1;
  uintptr_t sp = 0, pc = 0; ///< in the program, when blocked
};
SystemCall system_call_of(int tid);
/// Nanoseconds that the thread was ready to run but had no processor; 0 if nobody says.
uint64_t run_delay_of(int tid);
/// Is the signal blocked in that thread? Yes if nobody says.
bool blocks_signal(int tid, int signal);

/// Does the program handle signals that somebody may still send? Then a handler may wake a thread.
bool handles_signals();

} // namespace snarl_rt
