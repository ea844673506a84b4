// syscall(2) as a function: how locks are made that glibc knows nothing of. std::future, std::latch, std::barrier,
// std::counting_semaphore and atomic::wait call it, so do GLib's mutexes. Who waits for whom cannot be told from a
// futex, so only their number is: the report says that there was something it did not see.
//
// What restricts the program goes to interpose_seccomp.cpp. Everything else passes without a frame of ours: some system
// calls return twice, or on another stack.
#include "event.h"
#include "process.h"
#include "real.h"
#include "writer.h"
#include <linux/futex.h>

using namespace snarl_rt;

namespace {

uint64_t waits = 0;
StackId first_wait = 0;

bool is_wait(long operation) {
  switch (operation & FUTEX_CMD_MASK) {
  case FUTEX_WAIT:
  case FUTEX_WAIT_BITSET:
  case FUTEX_WAIT_REQUEUE_PI:
  case FUTEX_LOCK_PI:
  case 13 /*FUTEX_LOCK_PI2*/: return true;
  default: return false;
  }
}

using Call = long (*)(long, long, long, long, long, long, long);

long resolve(long number, long a, long b, long c, long d, long e, long f);

} // namespace

extern "C" {
__attribute__((visibility("hidden"), used)) Call snarl_rt_real_syscall = resolve;

__attribute__((visibility("hidden"), used)) long snarl_rt_futex(long number, long address, long operation, long value,
                                                                long until, long other, long mask) {
  Thread *self = is_wait(operation) ? enter() : nullptr;
  // While a wait of its own is published it is the C++ library that waits, for a function-local static.
  if (self && !load(self->wait.kind) && __atomic_fetch_add(&waits, 1, __ATOMIC_RELAXED) == 0) {
    Inside inside(*self);
    store(first_wait, self->stack_memory.look_up(SNARL_CALLER, self->stack));
    if (trace.started()) tell_unseen();
  }
  return load(snarl_rt_real_syscall)(number, address, operation, value, until, other, mask);
}
}

__asm__(R"(
.globl syscall
.type syscall, @function
syscall:
  .cfi_startproc
  endbr64
  cmpq $202, %rdi            # SYS_futex
  je snarl_rt_futex
  cmpq $317, %rdi            # SYS_seccomp
  je snarl_rt_restrict
  cmpq $157, %rdi            # SYS_prctl
  je snarl_rt_restrict
  jmpq *snarl_rt_real_syscall(%rip)
  .cfi_endproc
.size syscall, .-syscall
)");

namespace {

long resolve(long number, long a, long b, long c, long d, long e, long f) {
  if (auto found = reinterpret_cast<Call>(real::find("syscall", nullptr))) {
    store(snarl_rt_real_syscall, found);
    return found(number, a, b, c, d, e, f);
  }
  long result = program_syscall(number, a, b, c, d, e, f); // while it is being looked up
  if (result < 0 && result > -4096) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}

} // namespace

namespace snarl_rt {

void tell_unseen() {
  uint64_t count = load(waits);
  if (!count) return;
  StackId stack = stacks.announce(load(first_wait));
  Line line(SNARL_LINE_UNSEEN);
  line.letter('f').hex(count).hex(stack);
  trace.write(line);
}

} // namespace snarl_rt
