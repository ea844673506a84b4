#include "stopped_threads.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace snarl {

/// Waits until the thread stands. Never takes away the end of a child from whoever waits for that.
static bool stands(int tid, int &signal) {
  using namespace std::chrono_literals;
  for (auto end = std::chrono::steady_clock::now() + 300ms; std::chrono::steady_clock::now() < end;
       std::this_thread::sleep_for(1ms)) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(tid), &info, WSTOPPED | WNOHANG | __WALL) != 0) return false;
    if (info.si_pid == 0) continue;
    signal = info.si_status & 0xff;
    return true;
  }
  return false;
}

static void *word(uint64_t value) {
  return reinterpret_cast<void *>(value);
}

bool StoppedThreads::stop(int tid) {
  if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) return false;
  seized_.push_back(tid);
  if (ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) != 0) return false;
  int signal = 0;
  while (stands(tid, signal)) {
    if (signal != SIGTRAP) { // a signal that was on its way goes first
      if (ptrace(PTRACE_CONT, tid, nullptr, word(static_cast<uint64_t>(signal))) != 0) return false;
      continue;
    }
    user_regs_struct registers{};
    if (ptrace(PTRACE_GETREGS, tid, nullptr, &registers) != 0) return false;
    registers_.push_back({tid, registers.rip, registers.rsp, registers.rbp});
    return true;
  }
  return false;
}

bool StoppedThreads::call(int tid, uint64_t function) {
  user_regs_struct before{}, now{};
  if (ptrace(PTRACE_GETREGS, tid, nullptr, &before) != 0) return false;
  now = before;
  now.rsp = ((before.rsp - 128 - 256) & ~uint64_t{15}) - 8; // below the red zone; as after a call
  now.rip = function;
  now.orig_rax = ~uint64_t{0}; // it is in no system call, so none is begun again
  bool returned = false;
  uint64_t pending = 0;
  // It returns to address 0, where nothing can run: the fault says that it is done, and never reaches the program.
  if (ptrace(PTRACE_POKEDATA, tid, word(now.rsp), nullptr) == 0 && ptrace(PTRACE_SETREGS, tid, nullptr, &now) == 0) {
    for (int tries = 0, signal = 0; tries < 16 && !returned; ++tries) {
      if (ptrace(PTRACE_CONT, tid, nullptr, nullptr) != 0 || !stands(tid, signal)) break;
      if (ptrace(PTRACE_GETREGS, tid, nullptr, &now) != 0) break;
      returned = signal == SIGSEGV && now.rip == 0;
      if (!returned && signal != SIGTRAP) pending = static_cast<uint64_t>(signal); // came in between: given back below
    }
    ptrace(PTRACE_SETREGS, tid, nullptr, &before);
  }
  if (pending) syscall(SYS_tkill, tid, static_cast<int>(pending));
  return returned;
}

StoppedThreads::~StoppedThreads() {
  for (int tid : seized_) {
    int signal = 0;
    if (ptrace(PTRACE_DETACH, tid, nullptr, nullptr) == 0 || !stands(tid, signal)) continue; // one that was late
    ptrace(PTRACE_DETACH, tid, nullptr, word(static_cast<uint64_t>(signal == SIGTRAP ? 0 : signal)));
  }
}

std::vector<int> tasks_of(int pid) {
  std::vector<int> all;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator at(fmt::format("/proc/{}/task", pid), code), end; !code && at != end;
       at.increment(code)) {
    int tid = 0;
    if (!llvm::sys::path::filename(at->path()).getAsInteger(10, tid)) all.push_back(tid);
  }
  return all;
}

char state_of(int pid, int tid) {
  std::ifstream in(fmt::format("/proc/{}/task/{}/stat", pid, tid));
  std::string text;
  std::getline(in, text);
  size_t end = text.rfind(") ");
  return end == std::string::npos || end + 2 >= text.size() ? 0 : text[end + 2];
}

std::string live_folder(int pid) {
  for (int tid : tasks_of(pid))
    if (state_of(pid, tid) != 'Z') return fmt::format("/proc/{}/task/{}", pid, tid);
  return fmt::format("/proc/{}", pid);
}

std::string name_of_task(int pid, int tid) {
  std::ifstream in(fmt::format("/proc/{}/task/{}/comm", pid, tid));
  std::string text;
  std::getline(in, text);
  return text;
}

} // namespace snarl
