#include "kernel.h"
#include <fcntl.h>
#include <signal.h>

namespace snarl_rt {

bool asleep_on(int tid, const void *address, size_t bytes) {
  char path[64] = "/proc/self/task/", digits[12], text[128];
  size_t at = length(path);
  int n = 0;
  for (int rest = tid; rest; rest /= 10) digits[n++] = static_cast<char>('0' + rest % 10);
  while (n) path[at++] = digits[--n];
  __builtin_memcpy(path + at, "/syscall", 9);
  long fd = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  long size = raw_syscall(SYS_read, fd, reinterpret_cast<long>(text), sizeof text - 1);
  raw_syscall(SYS_close, fd);
  if (size <= 0) return false;
  text[size] = 0;
  const char *c = text; // "202 0x7f... ...": number of the call, its arguments
  int number = 0;
  for (; *c >= '0' && *c <= '9'; ++c) number = number * 10 + (*c - '0');
  if (number != SYS_futex || c[0] != ' ' || c[1] != '0' || c[2] != 'x') return false;
  uintptr_t value = 0;
  for (c += 3; (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'f'); ++c)
    value = value * 16 + static_cast<uintptr_t>(*c <= '9' ? *c - '0' : *c - 'a' + 10);
  return value - reinterpret_cast<uintptr_t>(address) < bytes;
}

uint32_t count_tasks() {
  long fd =
      raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/task"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return 0;
  uint32_t n = 0;
  alignas(8) char entries[2048];
  for (long bytes; (bytes = raw_syscall(SYS_getdents64, fd, reinterpret_cast<long>(entries), sizeof entries)) > 0;)
    for (long at = 0; at < bytes;) {
      unsigned short size;
      __builtin_memcpy(&size, entries + at + 16, sizeof size); // struct linux_dirent64: inode, offset, size, type, name
      n += entries[at + 19] != '.';
      at += size;
    }
  raw_syscall(SYS_close, fd);
  return n;
}

bool handles_signals() {
  for (int signal = 1; signal < 65; ++signal) {
    switch (signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGABRT:
    case SIGTRAP:
    case SIGSYS:
    case 32:
    case 33: continue;
    default: break;
    }
    struct {
      void *handler;
      unsigned long flags;
      void *restorer;
      unsigned long mask;
    } action{};
    if (raw_syscall(SYS_rt_sigaction, signal, 0, reinterpret_cast<long>(&action), 8) == 0 &&
        action.handler != reinterpret_cast<void *>(SIG_DFL) && action.handler != reinterpret_cast<void *>(SIG_IGN))
      return true;
  }
  return false;
}

} // namespace snarl_rt
