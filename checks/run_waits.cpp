#include "run_waits.h"
#include "run_steps.h"
#include "llvm/ADT/StringRef.h"
#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <sys/syscall.h>

namespace snarl {

namespace {

enum class First : uint8_t { Nothing, File, Milliseconds };

/// System calls that wait. `for_what` stands after the name in a sentence.
struct Call {
  int64_t number;
  const char *name;
  First first;
  const char *for_what;
};
constexpr Call kCalls[] = {
    {SYS_read, "read", First::File, ""},
    {SYS_readv, "readv", First::File, ""},
    {SYS_pread64, "pread", First::File, ""},
    {SYS_preadv, "preadv", First::File, ""},
    {SYS_write, "write", First::File, ""},
    {SYS_writev, "writev", First::File, ""},
    {SYS_pwrite64, "pwrite", First::File, ""},
    {SYS_pwritev, "pwritev", First::File, ""},
    {SYS_recvfrom, "recv", First::File, ""},
    {SYS_recvmsg, "recvmsg", First::File, ""},
    {SYS_recvmmsg, "recvmmsg", First::File, ""},
    {SYS_sendto, "send", First::File, ""},
    {SYS_sendmsg, "sendmsg", First::File, ""},
    {SYS_accept, "accept", First::File, "a connection"},
    {SYS_accept4, "accept4", First::File, "a connection"},
    {SYS_connect, "connect", First::File, "a connection"},
    {SYS_epoll_wait, "epoll_wait", First::File, "an event"},
    {SYS_epoll_pwait, "epoll_pwait", First::File, "an event"},
    {SYS_poll, "poll", First::Nothing, "an event"},
    {SYS_ppoll, "ppoll", First::Nothing, "an event"},
    {SYS_select, "select", First::Nothing, "an event"},
    {SYS_pselect6, "pselect", First::Nothing, "an event"},
    {SYS_io_getevents, "io_getevents", First::Nothing, "a file operation to end"},
    {SYS_io_uring_enter, "io_uring_enter", First::File, "a file operation to end"},
    {SYS_fsync, "fsync", First::File, ""},
    {SYS_fdatasync, "fdatasync", First::File, ""},
    {SYS_flock, "flock", First::File, "a file lock"},
    {SYS_fcntl, "fcntl", First::File, ""},
    {SYS_ioctl, "ioctl", First::File, ""},
    {SYS_sendfile, "sendfile", First::File, ""},
    {SYS_splice, "splice", First::File, ""},
    {SYS_openat, "openat", First::Nothing, "a file to open"},
    {SYS_open, "open", First::Nothing, "a file to open"},
    {SYS_nanosleep, "nanosleep", First::Nothing, "a time to pass"},
    {SYS_clock_nanosleep, "clock_nanosleep", First::Nothing, "a time to pass"},
    {SYS_restart_syscall, "restart_syscall", First::Nothing, "a time to pass, after it was interrupted"},
    {SYS_pause, "pause", First::Nothing, "a signal"},
    {SYS_rt_sigsuspend, "sigsuspend", First::Nothing, "a signal"},
    {SYS_rt_sigtimedwait, "sigwait", First::Nothing, "a signal"},
    {SYS_wait4, "wait4", First::Nothing, "a child process to end"},
    {SYS_waitid, "waitid", First::Nothing, "a child process to end"},
    {SYS_vfork, "vfork", First::Nothing, "its child to begin a program"},
    {SYS_msgrcv, "msgrcv", First::Nothing, "a message"},
    {SYS_msgsnd, "msgsnd", First::Nothing, "room in a message queue"},
    {SYS_mq_timedreceive, "mq_receive", First::File, "a message"},
    {SYS_mq_timedsend, "mq_send", First::File, "room in a message queue"},
    {SYS_semop, "semop", First::Nothing, "a System V semaphore"},
    {SYS_semtimedop, "semtimedop", First::Nothing, "a System V semaphore"},
    {SYS_futex, "futex", First::Nothing, "a word in memory (a future, a latch, atomic::wait, a lock inside a library)"},
    {SYS_ptrace, "ptrace", First::Nothing, ""},
};

std::string file_in_words(const std::string &file) {
  llvm::StringRef name = file;
  if (name.starts_with("pipe:")) return "a pipe";
  if (name.starts_with("socket:")) return "a socket";
  if (name.starts_with("anon_inode:")) return "an " + name.drop_front(11).trim("[]").str();
  if (name.starts_with("/dev/pts/") || name.starts_with("/dev/tty")) return "a terminal";
  return file;
}

std::string in_kernel(const KernelState &kernel, const std::string &here) {
  if (kernel.call < 0) {
    switch (kernel.state) {
    case 'R': return "runs" + here;
    case 'T':
    case 't': return "was stopped" + here;
    case 'D': return "waits for a device" + here;
    case 'Z': return "has ended";
    case 'S': return "sleeps" + here;
    default: return here.empty() ? "is somewhere that is not seen" : "is here";
    }
  }
  const Call *call =
      std::find_if(std::begin(kCalls), std::end(kCalls), [&](const Call &c) { return c.number == kernel.call; });
  if (call == std::end(kCalls)) return fmt::format("is in system call {}{}", kernel.call, here);
  std::string text = fmt::format("waits in {}()", call->name);
  if (call->first == First::File) {
    text = fmt::format("waits in {}({})", call->name, static_cast<int>(kernel.arguments[0]));
    if (!kernel.file.empty()) text += " on " + file_in_words(kernel.file);
  }
  text += here;
  if (*call->for_what) text += std::string(" for ") + call->for_what;
  return text;
}

/// Frames of libc before the first that is not: which of its functions led to the system call has been said.
void drop_libc(Step &step) {
  auto in_libc = [](const Frame &frame) {
    llvm::StringRef module = llvm::StringRef(frame.module).rsplit('/').second;
    if (module.empty()) module = frame.module;
    return module.starts_with("libc.so") || module.starts_with("libpthread.so") || module.starts_with("libc-");
  };
  auto first = std::find_if_not(step.stack.begin(), step.stack.end(), in_libc);
  if (first == step.stack.end()) return;
  step.stack.erase(step.stack.begin(), first);
  auto known = std::find_if(step.stack.begin(), step.stack.end(), [](const Frame &f) { return f.place.known(); });
  step.place = known == step.stack.end() ? Place{step.stack.front().module} : known->place;
  step.function = step.stack.front().function;
}

} // namespace

std::string waits_for(const Run &run, const BlockedThread &thread) {
  switch (thread.waits) {
  case WaitKind::Lock: return run.lock_name(thread.lock) + (thread.mode == LockMode::Shared ? " (for reading)" : "");
  case WaitKind::Join:
    return thread.joins ? fmt::format("the end of {}", run.thread_name(thread.joins)) : "the end of a thread";
  case WaitKind::Once: return "an initialiser that runs once";
  case WaitKind::Condition: return "a condition variable";
  case WaitKind::Semaphore: return "a semaphore";
  case WaitKind::Barrier: return "a barrier";
  case WaitKind::None: break;
  }
  return {};
}

std::string object_name(const Run &run, uint32_t modules_seen, const BlockedThread &thread) {
  if (thread.waits == WaitKind::Lock || thread.waits == WaitKind::Join || !run.symbols || !thread.object) return {};
  return run.symbols->variable(run, thread.object, modules_seen);
}

std::string list_held(const Run &run, const BlockedThread &thread) {
  std::vector<std::string> names;
  for (const HeldLock &held : thread.held) names.push_back(run.lock_name(held.lock));
  return names.empty() ? "" : " while it holds " + enumerate(names);
}

std::string doing(const Run &run, uint32_t modules_seen, const BlockedThread &thread) {
  if (thread.waits == WaitKind::None)
    return in_kernel(thread.kernel, thread.stack ? " here" : "") + list_held(run, thread);
  std::string object = object_name(run, modules_seen, thread);
  return fmt::format("waits {}for {}{} here{}", thread.timed ? "with a time-out " : "", waits_for(run, thread),
                     object.empty() ? "" : " (" + object + ")", list_held(run, thread));
}

std::string name_of(const Run &run, const BlockedThread &thread) {
  return thread.thread ? run.thread_name(thread.thread)
                       : fmt::format("a thread that is not recorded ({})", thread.kernel.os_id);
}

void add_wait_steps(const Run &run, uint32_t modules_seen, const BlockedThread &thread, bool main, Finding &finding) {
  std::string side = name_of(run, thread), object = object_name(run, modules_seen, thread);
  if (thread.waits == WaitKind::Lock)
    finding.names.push_back(run.lock_name(thread.lock));
  else if (!object.empty())
    finding.names.push_back(object);
  for (const HeldLock &held : thread.held)
    finding.steps.push_back(
        run_step(run, side, held.taken, fmt::format("{} took {} here", side, run.lock_name(held.lock))));
  std::string what = fmt::format("{} {}", side, doing(run, modules_seen, thread));
  finding.steps.push_back(run_step(run, side, thread.stack, std::move(what)));
  if (thread.waits == WaitKind::None) drop_libc(finding.steps.back());
  finding.steps.back().main = main;
}

std::string wait_key(const Run &run, const BlockedThread &thread) {
  std::string what = thread.waits == WaitKind::Lock   ? run.lock_class(thread.lock)
                     : thread.waits == WaitKind::Join ? "a thread"
                     : thread.waits == WaitKind::None ? fmt::format("call {}", thread.kernel.call)
                                                      : waits_for(run, thread);
  return fmt::format("{} waits for {}", run.where(thread.stack), what);
}

} // namespace snarl
