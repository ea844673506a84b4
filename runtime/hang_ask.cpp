// Somebody outside wants to know what all threads are doing: `snarl attach`, and `snarl run` when the time is up.
//
// He leaves a file PID.ask in the folder of the traces; the watcher finds it at its next look, takes it away, and
// answers in the trace with a U block. No signal, no descriptor, no address of ours is involved, and nothing that the
// program's threads would notice: they may all be blocked for ever. For threads that run, whoever asks may stop them
// and tell their registers, so that their stacks can be taken while they stand. The file has, all but the reason in
// hexadecimal:
//
//   reason number                    t or a; the number comes again in the answer
//   tid pc sp bp                     a thread that is stopped; up to kMaxStopped of them
#include "hang.h"
#include "options.h"
#include "process.h"
#include "writer.h"
#include <fcntl.h>

namespace snarl_rt {
namespace {

constexpr uint32_t kMaxStopped = 1024;
Stopped stopped[kMaxStopped];
char text[64 * 1024];

bool number_of(const char *&at, uint64_t &value) {
  const char *start = at;
  for (value = 0;; ++at) {
    int digit = *at >= '0' && *at <= '9' ? *at - '0' : *at >= 'a' && *at <= 'f' ? *at - 'a' + 10 : -1;
    if (digit < 0) break;
    value = value * 16 + static_cast<uint64_t>(digit);
  }
  bool any = at != start;
  while (*at == ' ') ++at;
  return any;
}

/// The question, if there is one, which is then taken away.
bool fetch() {
  char path[1100];
  if (!trace.ask_path(path, sizeof path)) return false;
  long fd = raw_syscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  raw_syscall(SYS_unlinkat, AT_FDCWD, reinterpret_cast<long>(path), 0);
  size_t size = 0;
  for (long n;
       size + 1 < sizeof text && (n = raw_syscall(SYS_read, fd, reinterpret_cast<long>(text) + static_cast<long>(size),
                                                  static_cast<long>(sizeof text - 1 - size))) > 0;)
    size += static_cast<size_t>(n);
  raw_syscall(SYS_close, fd);
  text[size] = 0;
  return true;
}

} // namespace

bool answer() {
  if (!fetch()) return false;
  const char *at = text;
  char reason = *at;
  uint64_t number = 0;
  if ((reason != 't' && reason != 'a') || at[1] != ' ' || !number_of(at += 2, number)) return false;
  uint32_t count = 0;
  while (*at == '\n' && count < kMaxStopped) {
    uint64_t tid, pc, sp, bp;
    if (!number_of(++at, tid) || !number_of(at, pc) || !number_of(at, sp) || !number_of(at, bp)) break;
    stopped[count++] = {static_cast<int>(tid), pc, sp, bp};
  }
  look_at_threads();
  tell_snapshot(reason, number, stopped, count);
  return true;
}

} // namespace snarl_rt
