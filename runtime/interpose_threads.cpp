// Wrapped functions that make, end and name threads and processes.
#include "event.h"
#include "modules.h"
#include "process.h"
#include "real.h"
#include "writer.h"
#include <sched.h>

using namespace snarl_rt;

namespace {

/// First code of a created thread: from here on it is known by its record.
void *run_thread(void *record) {
  auto *self = static_cast<Thread *>(record);
  threads.started(*self);
  watch_thread_end(*self);
  if (load(extras)) extra_start(*self);
  return self->start(self->argument);
}

int run_thread_c11(void *record) {
  auto *self = static_cast<Thread *>(record);
  threads.started(*self);
  watch_thread_end(*self);
  if (load(extras)) extra_start(*self);
  return self->start_c11(self->argument);
}

/// A record for the thread about to be made, or null.
Thread *before_create(Thread *self, Caller caller) {
  if (!self) return nullptr;
  StackId stack = stack_of(*self, caller);
  Inside inside(*self);
  begin_to_take();
  Thread *child = threads.prepare(*self, end_segment(*self), stack);
  if (child && load(extras)) extra_create(*self, *child, caller);
  return child;
}

void after_create(Thread *self, Thread *child, bool created, uint64_t handle) {
  if (!self || !child) return;
  Inside inside(*self);
  if (!created) return threads.abandon(*child);
  if (!child->joined_or_detached) child->handle = handle; // else the record may be another thread's by now
  start_watcher();
}

/// What a join returned: order, and the record is free.
void after_join(Thread *self, uint64_t handle, Thread *child, ThreadId child_id, bool joined, Caller caller) {
  unblock(self, 'j', reinterpret_cast<const void *>(handle), joined, caller);
  if (!self || !child || !joined || child->id != child_id) return;
  Inside inside(*self);
  if (load(extras)) extra_joined(*self, child_id, caller);
  Birth *born = threads.birth(child_id);
  if (born && born->announced == trace.epoch()) begin_segment_after(*self, child_id, child->segment, 'j');
  child->joined_or_detached = true;
}

/// Publishes the wait for a thread; its record, so that the end of its last segment can be read afterwards.
Thread *before_join(Thread *self, uint64_t handle, bool timed, Caller caller) {
  if (!self) return nullptr;
  Thread *child = threads.by_handle(handle);
  store(self->wait.peer, child ? child->id : 0);
  block(self, 'j', reinterpret_cast<const void *>(handle), timed, caller);
  return child;
}

void detach(Thread *self, uint64_t handle) {
  if (!self) return;
  if (Thread *child = threads.by_handle(handle)) child->joined_or_detached = true;
}

} // namespace

/// Everything before it in the creator comes before everything in the new thread.
SNARL_EXPORT int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*start)(void *), void *argument) {
  Thread *self = enter();
  Thread *child = before_create(self, SNARL_CALLER);
  if (!child) return real::pthread_create(t, a, start, argument);
  int state = PTHREAD_CREATE_JOINABLE;
  if (a) pthread_attr_getdetachstate(a, &state);
  child->joined_or_detached = state == PTHREAD_CREATE_DETACHED;
  child->start = start;
  child->argument = argument;
  int result = real::pthread_create(t, a, run_thread, child);
  after_create(self, child, result == 0, result == 0 ? *t : 0);
  return result;
}
SNARL_EXPORT int thrd_create(thrd_t *t, thrd_start_t start, void *argument) {
  Thread *self = enter();
  Thread *child = before_create(self, SNARL_CALLER);
  if (!child) return real::thrd_create(t, start, argument);
  child->start_c11 = start;
  child->argument = argument;
  int result = real::thrd_create(t, run_thread_c11, child);
  after_create(self, child, result == thrd_success, result == thrd_success ? *t : 0);
  return result;
}

/// Everything in the joined thread comes before what follows.
SNARL_EXPORT int pthread_join(pthread_t t, void **value) {
  Thread *self = enter();
  Thread *child = before_join(self, t, false, SNARL_CALLER);
  ThreadId id = child ? child->id : 0;
  int result = real::pthread_join(t, value);
  after_join(self, t, child, id, result == 0, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int pthread_tryjoin_np(pthread_t t, void **value) {
  Thread *self = enter();
  Thread *child = before_join(self, t, true, SNARL_CALLER);
  ThreadId id = child ? child->id : 0;
  int result = real::pthread_tryjoin_np(t, value);
  after_join(self, t, child, id, result == 0, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int pthread_timedjoin_np(pthread_t t, void **value, const timespec *until) {
  Thread *self = enter();
  Thread *child = before_join(self, t, true, SNARL_CALLER);
  ThreadId id = child ? child->id : 0;
  int result = real::pthread_timedjoin_np(t, value, until);
  after_join(self, t, child, id, result == 0, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int pthread_clockjoin_np(pthread_t t, void **value, clockid_t c, const timespec *until) {
  Thread *self = enter();
  Thread *child = before_join(self, t, true, SNARL_CALLER);
  ThreadId id = child ? child->id : 0;
  int result = real::pthread_clockjoin_np(t, value, c, until);
  after_join(self, t, child, id, result == 0, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int thrd_join(thrd_t t, int *value) {
  Thread *self = enter();
  Thread *child = before_join(self, t, false, SNARL_CALLER);
  ThreadId id = child ? child->id : 0;
  int result = real::thrd_join(t, value);
  after_join(self, t, child, id, result == thrd_success, SNARL_CALLER);
  return result;
}
SNARL_EXPORT int pthread_detach(pthread_t t) {
  detach(enter(), t);
  return real::pthread_detach(t);
}
SNARL_EXPORT int thrd_detach(thrd_t t) {
  detach(enter(), t);
  return real::thrd_detach(t);
}

/// Names are told when the thread is, or at once if it has been.
SNARL_EXPORT int pthread_setname_np(pthread_t t, const char *name) {
  int result = real::pthread_setname_np(t, name);
  Thread *self = enter();
  if (!self || result) return result;
  Inside inside(*self);
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    if (thread->handle != t || load(thread->state) != Thread::Running) continue;
    size_t n = length(name) < 15 ? length(name) : 15;
    __builtin_memcpy(thread->name, name, n);
    thread->name[n] = 0;
    Birth *born = threads.birth(thread->id);
    if (!born || born->announced != trace.epoch()) continue;
    Line line(SNARL_LINE_NAME);
    line.hex(thread->id).text(thread->name);
    trace.write(line);
  }
  return result;
}

/// The child begins a trace of its own (see the fork handlers in process.cpp).
SNARL_EXPORT pid_t fork() {
  pid_t child = real::fork();
  if (child > 0 && trace.started())
    if (Thread *self = enter()) {
      Inside inside(*self);
      Line line(SNARL_LINE_FORK);
      line.hex(static_cast<uint64_t>(child));
      trace.write(line);
    }
  return child;
}

/// A vfork child runs on its parent's memory until it execs or exits: while it does, we look away.
/// The return address is kept in a register over the system call, since the child uses the same stack.
static_assert(offsetof(Thread, inside) == 0 && kInVforkChild == 0x100000);
__asm__(R"(
.globl vfork
.type vfork, @function
vfork:
  .cfi_startproc
  endbr64
  popq %rdi
  .cfi_adjust_cfa_offset -8
  .cfi_register %rip, %rdi
  movl $58, %eax
  syscall
  pushq %rdi
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rip, 0
  movq snarl_rt_current_thread@gottpoff(%rip), %rcx
  movq %fs:(%rcx), %rcx
  testl %eax, %eax
  js 2f
  jnz 1f
  testq %rcx, %rcx
  jz 3f
  orl $0x100000, (%rcx)      # Thread::inside, its first field
  ret
1:
  testq %rcx, %rcx
  jz 3f
  andl $~0x100000, (%rcx)
3:
  ret
2:
  negl %eax
  movl %eax, %edi
  jmp snarl_rt_set_errno
  .cfi_endproc
.size vfork, .-vfork
)");

extern "C" __attribute__((used, visibility("hidden"))) int snarl_rt_set_errno(int code) {
  errno = code;
  return -1;
}

/// The last chance to write: neither destructors nor handlers run.
SNARL_EXPORT __attribute__((noreturn)) void _exit(int status) {
  finish();
  real::_exit(status);
  __builtin_unreachable();
}
SNARL_EXPORT __attribute__((noreturn)) void _Exit(int status) {
  finish();
  real::_exit(status);
  __builtin_unreachable();
}

/// Code may be loaded at the same addresses later.
SNARL_EXPORT int dlclose(void *handle) {
  int result = real::dlclose(handle);
  forget_rows();
  if (trace.started()) forget_modules();
  return result;
}
