// Programs that restrict their system calls (seccomp). A filter knows nothing of ours and may answer one with SIGSYS,
// so before it is installed the watcher ends, what there is to tell is told, and from then on none of ours is made. If
// the filter is refused, everything goes on as before.
//
// A filter that was there before the program was started is not seen; its refusals are answers like others.
#include "event.h"
#include "process.h"
#include "real.h"
#include "writer.h"
#include <linux/prctl.h>
#include <linux/seccomp.h>

using namespace snarl_rt;

namespace {

/// Whether somebody restricts himself; the last such line counts.
void tell_restricted(bool really, StackId stack) {
  if (!trace.started()) return;
  Line line(SNARL_LINE_UNSEEN);
  line.letter('s').hex(really).hex(stacks.announce(stack));
  trace.write(line);
}

struct Before {
  bool fell_silent = false, had_watcher = false;
};

Before fall_silent(Caller caller) {
  Thread *self = current_thread;
  if (load(silent) || (self && load(self->inside) & kInVforkChild)) return {}; // that one has its parent's memory
  Before before{true, dismiss_watcher()};
  if (Thread *self = enter()) {
    Inside inside(*self);
    if (load(extras)) extra_tick();
    tell_restricted(true, self->stack_memory.look_up(caller, self->stack));
    trace.write_counters();
    tell_unseen();
  }
  store_release(silent, true);
  return before;
}

void after(Before before, bool restricted) {
  if (!before.fell_silent || restricted) return;
  store_release(silent, false);
  if (before.had_watcher) start_watcher();
  if (Thread *self = enter()) {
    Inside inside(*self);
    tell_restricted(false, 0);
  }
}

bool restricts(long option, long mode, long filter) {
  return option == PR_SET_SECCOMP && (mode == SECCOMP_MODE_STRICT || (mode == SECCOMP_MODE_FILTER && filter));
}

int set_errno(long result) {
  if (result >= 0 || result < -4095) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

} // namespace

/// Variadic in the header; all arguments travel in registers.
SNARL_EXPORT int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  if (!restricts(option, static_cast<long>(a), static_cast<long>(b))) return real::prctl(option, a, b, c, d);
  Before before = fall_silent(SNARL_CALLER);
  long result = program_syscall(SYS_prctl, option, static_cast<long>(a), static_cast<long>(b), static_cast<long>(c),
                                static_cast<long>(d));
  after(before, result >= 0);
  return set_errno(result);
}

/// The same by syscall(): see interpose_syscall.cpp. Other calls of these two numbers pass.
extern "C" __attribute__((visibility("hidden"), used)) long snarl_rt_restrict(long number, long a, long b, long c,
                                                                              long d, long e) {
  bool install =
      number == SYS_seccomp ? a == SECCOMP_SET_MODE_STRICT || (a == SECCOMP_SET_MODE_FILTER && c) : restricts(a, b, c);
  Before before = install ? fall_silent(SNARL_CALLER) : Before{};
  long result = program_syscall(number, a, b, c, d, e);
  after(before, result >= 0);
  return set_errno(result);
}
