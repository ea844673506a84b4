// Threads of another process, stopped by ptrace(2) for a moment. Without SIGSTOP: PTRACE_SEIZE and PTRACE_INTERRUPT
// send none, and nobody who waits for the process notices.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace snarl {

class StoppedThreads {
public:
  struct Registers {
    int tid;
    uint64_t pc, sp, bp;
  };
  StoppedThreads() = default;
  StoppedThreads(const StoppedThreads &) = delete;
  /// Lets all of them go on.
  ~StoppedThreads();
  /// False if that is not permitted, or the thread does not stop within a fraction of a second.
  bool stop(int tid);
  const std::vector<Registers> &registers() const { return registers_; }
  /// Has the thread, which must be stopped, call a function without arguments, and puts its registers back. A system
  /// call that it was stopped in goes on afterwards. False if it did not return.
  bool call(int tid, uint64_t function);

private:
  std::vector<int> seized_;
  std::vector<Registers> registers_;
};

/// Threads of a process, from /proc.
std::vector<int> tasks_of(int pid);
/// The state letter of proc(5), or 0.
char state_of(int pid, int tid);
/// The folder in /proc of a thread that has not ended: the main one may have, and then /proc/PID knows no memory.
std::string live_folder(int pid);
/// The thread's own name.
std::string name_of_task(int pid, int tid);

} // namespace snarl
