#include "kernel.h"
#include <fcntl.h>
#include <signal.h>

namespace snarl_rt {

namespace {

/// `folder` + number + `rest`.
void make_path(char (&path)[64], const char *folder, int number, const char *rest) {
  char digits[12], *to = path;
  while (*folder) *to++ = *folder++;
  int n = 0;
  do digits[n++] = static_cast<char>('0' + number % 10);
  while (number /= 10);
  while (n) *to++ = digits[--n];
  while (*rest) *to++ = *rest++;
  *to = 0;
}

/// The beginning of the file, terminated; false if it cannot be read.
template <size_t N> bool read_file(const char *path, char (&text)[N]) {
  long fd = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  long size = raw_syscall(SYS_read, fd, reinterpret_cast<long>(text), N - 1);
  raw_syscall(SYS_close, fd);
  text[size > 0 ? size : 0] = 0;
  return size > 0;
}

uint64_t digits_at(const char *&c, uint64_t base) {
  uint64_t value = 0;
  for (;; ++c)
    if (*c >= '0' && *c <= '9')
      value = value * base + static_cast<uint64_t>(*c - '0');
    else if (base == 16 && *c >= 'a' && *c <= 'f')
      value = value * base + static_cast<uint64_t>(*c - 'a') + 10;
    else
      return value;
}

/// A number with or without 0x, and the blank after it.
uint64_t number_at(const char *&c) {
  bool hexadecimal = c[0] == '0' && c[1] == 'x';
  if (hexadecimal) c += 2;
  uint64_t value = digits_at(c, hexadecimal ? 16 : 10);
  c += *c == ' ';
  return value;
}

SystemCall system_call_of(int tid, uint64_t (&arguments)[6]) {
  SystemCall made;
  char path[64], text[256];
  make_path(path, "/proc/self/task/", tid, "/syscall");
  // "202 0x7f... 0x80 0x2 0x0 0x0 0x0 0x7ffc... 0x7f...", "-1 0x... 0x..." outside of any, or "running"
  if (!read_file(path, text)) return made;
  if (text[0] == 'r') made.state = SystemCall::Running;
  if (text[0] < '0' || text[0] > '9') return made;
  const char *c = text;
  made.number = static_cast<int>(number_at(c));
  for (uint64_t &argument : arguments) argument = number_at(c);
  made.sp = number_at(c);
  made.pc = number_at(c);
  made.state = made.pc ? SystemCall::Blocked : SystemCall::Unknown;
  return made;
}

} // namespace

TaskCall task_call(int tid) {
  TaskCall call;
  SystemCall made = system_call_of(tid, call.arguments);
  if (made.state != SystemCall::Blocked) return call;
  call.number = made.number;
  call.sp = made.sp;
  call.pc = made.pc;
  return call;
}

SystemCall system_call_of(int tid) {
  uint64_t arguments[6];
  return system_call_of(tid, arguments);
}

uint64_t run_delay_of(int tid) {
  char path[64], text[96]; // time on a processor, time waiting for one, time slices
  make_path(path, "/proc/self/task/", tid, "/schedstat");
  if (!read_file(path, text)) return 0;
  const char *c = text;
  number_at(c);
  return number_at(c);
}

bool blocks_signal(int tid, int signal) {
  char path[64], text[2048];
  make_path(path, "/proc/self/task/", tid, "/status");
  if (!read_file(path, text)) return true;
  for (const char *c = text; *c; ++c)
    if (c[0] == 'S' && c[1] == 'i' && c[2] == 'g' && c[3] == 'B' && c[4] == 'l' && c[5] == 'k' && c[6] == ':') {
      for (c += 7; *c == '\t' || *c == ' '; ++c) {
      }
      return digits_at(c, 16) >> (signal - 1) & 1;
    }
  return true;
}

char task_state(int tid) {
  char path[64], text[128];
  make_path(path, "/proc/self/task/", tid, "/stat");
  if (!read_file(path, text)) return '?';
  const char *state = nullptr; // "TID (name) S ...": the name may hold anything
  for (const char *c = text; *c; ++c)
    if (c[0] == ')' && c[1] == ' ') state = c + 2;
  return state && *state > ' ' ? *state : '?';
}

bool asleep_on(int tid, const void *address, size_t bytes) {
  TaskCall call = task_call(tid);
  return call.number == SYS_futex && call.arguments[0] - reinterpret_cast<uintptr_t>(address) < bytes;
}

bool list_tasks(void (*one)(int tid, void *data), void *data) {
  long fd =
      raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/task"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  alignas(8) char entries[2048];
  for (long bytes; (bytes = raw_syscall(SYS_getdents64, fd, reinterpret_cast<long>(entries), sizeof entries)) > 0;)
    for (long at = 0; at < bytes;) {
      unsigned short size;
      __builtin_memcpy(&size, entries + at + 16, sizeof size); // struct linux_dirent64: inode, offset, size, type, name
      const char *name = entries + at + 19;
      if (*name != '.') one(static_cast<int>(number_at(name)), data);
      at += size;
    }
  raw_syscall(SYS_close, fd);
  return true;
}

uint32_t count_tasks() {
  uint32_t n = 0;
  return for_each_task([&](int) { ++n; }) ? n : 0;
}

void name_of_file(int fd, char (&name)[256]) {
  char path[64];
  make_path(path, "/proc/thread-self/fd/", fd, "");
  long size = raw_syscall(SYS_readlinkat, AT_FDCWD, reinterpret_cast<long>(path), reinterpret_cast<long>(name),
                          sizeof name - 1);
  name[size > 0 ? size : 0] = 0;
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
