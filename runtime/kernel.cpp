#include "kernel.h"
#include "measure.h"
#include <fcntl.h>
#include <signal.h>

namespace snarl_rt {

namespace {

/// The text of /proc/self/task/TID/NAME, as much as fits. Its length, or -1.
long read_of_task(int tid, const char *name, char *text, size_t size) {
  char path[64] = "/proc/self/task/", digits[12];
  size_t at = length(path);
  int n = 0;
  for (int rest = tid; rest; rest /= 10) digits[n++] = static_cast<char>('0' + rest % 10);
  while (n) path[at++] = digits[--n];
  __builtin_memcpy(path + at, name, length(name) + 1);
  long fd = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  long got = raw_syscall(SYS_read, fd, reinterpret_cast<long>(text), static_cast<long>(size - 1));
  raw_syscall(SYS_close, fd);
  text[got > 0 ? got : 0] = 0;
  return got > 0 ? got : -1;
}

uint64_t decimal(const char *&c) {
  uint64_t value = 0;
  for (; *c >= '0' && *c <= '9'; ++c) value = value * 10 + static_cast<uint64_t>(*c - '0');
  return value;
}

uint64_t hexadecimal(const char *&c) {
  uint64_t value = 0;
  for (; (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'f'); ++c)
    value = value * 16 + static_cast<uint64_t>(*c <= '9' ? *c - '0' : *c - 'a' + 10);
  return value;
}

/// " 0x..." is next: its value. False if it is not.
bool next_word(const char *&c, uintptr_t &value) {
  if (c[0] != ' ' || c[1] != '0' || c[2] != 'x') return false;
  c += 3;
  value = hexadecimal(c);
  return true;
}

} // namespace

bool asleep_on(int tid, const void *address, size_t bytes) {
  char text[128]; // "202 0x7f... ...": number of the call, its arguments
  if (read_of_task(tid, "/syscall", text, sizeof text) <= 0) return false;
  const char *c = text;
  uintptr_t value = 0;
  return decimal(c) == SYS_futex && next_word(c, value) && value - reinterpret_cast<uintptr_t>(address) < bytes;
}

SystemCall system_call_of(int tid) {
  SystemCall made;
  char text[256]; // "running", or the number of the call, six arguments, stack pointer, program counter
  if (read_of_task(tid, "/syscall", text, sizeof text) <= 0) return made;
  if (text[0] == 'r') {
    made.state = SystemCall::Running;
    return made;
  }
  if (text[0] < '0' || text[0] > '9') return made;
  const char *c = text;
  made.number = static_cast<int>(decimal(c));
  uintptr_t word = 0;
  for (int i = 0; i < 6; ++i)
    if (!next_word(c, word)) return made;
  if (next_word(c, made.sp) && next_word(c, made.pc)) made.state = SystemCall::Blocked;
  return made;
}

uint64_t run_delay_of(int tid) {
  char text[96]; // time on a processor, time waiting for one, time slices
  if (read_of_task(tid, "/schedstat", text, sizeof text) <= 0) return 0;
  const char *c = text;
  decimal(c);
  return *c == ' ' ? decimal(++c) : 0;
}

bool blocks_signal(int tid, int signal) {
  char text[2048];
  if (read_of_task(tid, "/status", text, sizeof text) <= 0) return true;
  for (const char *c = text; *c; ++c)
    if (c[0] == 'S' && c[1] == 'i' && c[2] == 'g' && c[3] == 'B' && c[4] == 'l' && c[5] == 'k' && c[6] == ':') {
      for (c += 7; *c == '\t' || *c == ' '; ++c) {
      }
      return hexadecimal(c) >> (signal - 1) & 1;
    }
  return true;
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
        !is_sampling_handler(action.handler) && action.handler != reinterpret_cast<void *>(SIG_DFL) &&
        action.handler != reinterpret_cast<void *>(SIG_IGN))
      return true;
  }
  return false;
}

} // namespace snarl_rt
