// Wrapped functions that may block in the kernel: they are published while they last if the caller holds a lock or runs
// an event loop, and otherwise only passed on. All are cancellation points: nothing needs undoing if they never return.
#include "measure.h"
#include "real.h"
#include <fcntl.h>
#include <stdarg.h>

using namespace snarl_rt;

namespace {

/// Asked by raw system call, with no effect on the descriptors: is anything ready now?
bool ready_among(pollfd *descriptors, nfds_t n) {
  return raw_syscall(SYS_poll, reinterpret_cast<long>(descriptors), static_cast<long>(n), 0) > 0;
}
bool ready_in(int epoll) {
  pollfd one{epoll, POLLIN, 0};
  return ready_among(&one, 1);
}

long count_of(int n, const fd_set *r, const fd_set *w) {
  long count = 0;
  auto word = [&](const fd_set *set, int i) { return set ? static_cast<uint64_t>(set->fds_bits[i]) : 0; };
  for (int i = 0; i * 64 < n; ++i) count += __builtin_popcountll(word(r, i) | word(w, i));
  return count;
}

} // namespace

#define CALL(result, name, parameters, arguments)                                                                      \
  SNARL_EXPORT result name parameters {                                                                                \
    Thread *self = begin_call(kCall_##name, SNARL_CALLER);                                                             \
    result value = real::name arguments;                                                                               \
    end_call(self);                                                                                                    \
    return value;                                                                                                      \
  }
#include "blocking.inc"
#undef CALL

#define POLL(name, parameters, arguments, descriptors, ready)                                                          \
  SNARL_EXPORT int name parameters {                                                                                   \
    Thread *self = begin_poll(kCall_##name, static_cast<long>(descriptors), SNARL_CALLER);                             \
    if (loop_was_away(self, SNARL_CALLER)) loop_came_back(self, ready, SNARL_CALLER);                                  \
    enter_poll(self, SNARL_CALLER);                                                                                    \
    int value = real::name arguments;                                                                                  \
    end_poll(self, value, SNARL_CALLER);                                                                               \
    return value;                                                                                                      \
  }
#include "polling.inc"
#undef POLL

/// Only waiting for a file lock blocks. The third argument is a pointer or an int: both travel in one register.
static int locked_fcntl(int descriptor, int command, void *argument, Caller caller) {
  bool waits = command == F_SETLKW || command == F_OFD_SETLKW;
  Thread *self = waits ? begin_call(kCall_fcntl, caller) : nullptr;
  int value = real::fcntl(descriptor, command, argument);
  end_call(self);
  return value;
}
SNARL_EXPORT int fcntl(int descriptor, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  return locked_fcntl(descriptor, command, argument, SNARL_CALLER);
}
SNARL_EXPORT int fcntl64(int descriptor, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  return locked_fcntl(descriptor, command, argument, SNARL_CALLER);
}
