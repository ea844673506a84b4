// Event loops that do not come back.
//
// A thread that returns with events from the same epoll_wait, poll or select (the same place on its stack) a few times
// is an event loop. The time from a return to the next call is read from the coarse clock by the thread itself; the
// time in which it wanted a processor and had none is not its fault and is taken off. A stall is told when the loop has
// come back: what follows the last turn is shutting down, not handling an event.
//
// Where it was meanwhile: a blocking call that took most of the time is remembered by the thread with its stack.
// Otherwise the watcher has looked: at a thread in a wrapped function by the frame that it published, at one in another
// system call by the registers that the kernel shows, and a running one is asked by SIGURG to unwind itself. SIGURG is
// ignored by default (so it does no harm wherever it goes astray), is left alone if the program handles or blocks it,
// and is sent only to a thread that is running in user space, so that no call of it is interrupted.
#include "kernel.h"
#include "measure_parts.h"
#include "options.h"
#include "process.h"
#include "writer.h"
#include <signal.h>
#include <ucontext.h>

namespace snarl_rt {
namespace {

constexpr uint32_t kLoopTurns = 4;   ///< returns with events after which it is a loop
constexpr uint32_t kSingleTurns = 8; ///< if it waits for one descriptor only, and mostly comes back quickly

struct Stall {
  StackId stack = 0, loop = 0;
  ThreadId thread = 0;
  const char *call = nullptr;
  uint64_t stalls = 0, longest = 0, total = 0, waiting = 0;
  bool written = false;
};
constexpr uint32_t kMaxStalls = 128;
Stall stalls[kMaxStalls];
uint32_t stall_count = 0;

uint64_t allowed() {
  return options.stall_ms * kMillisecond;
}

bool is_loop(const EventLoop &loop) {
  if (!loop.single) return loop.turns >= kLoopTurns;
  return loop.turns >= kSingleTurns && uint64_t{loop.quick} * 10 >= uint64_t{loop.turns} * 8;
}

void write_stall(uint32_t index) {
  Stall &stall = stalls[index];
  stall.written = true;
  if (!trace.start()) return trace.count("lines_lost");
  threads.announce(stall.thread);
  stacks.announce(stall.loop);
  stacks.announce(stall.stack);
  Line line(SNARL_LINE_STALL);
  line.hex(index + 1).hex(stall.thread).hex(stall.loop).hex(stall.stack).hex(stall.stalls).hex(stall.longest);
  line.hex(stall.total).hex(stall.waiting).text(stall.call ? stall.call : "-");
  trace.write(line);
  something_found();
}

void add_stall(Thread &self, StackId loop, StackId stack, const char *call, uint64_t away, bool waiting) {
  uint32_t index = 0;
  while (index < stall_count && (stalls[index].stack != stack || stalls[index].loop != loop)) ++index;
  if (index == kMaxStalls) return trace.count("stalls_dropped");
  if (index == stall_count) {
    stalls[index] = {};
    stalls[index].stack = stack;
    stalls[index].loop = loop;
    stalls[index].thread = self.id;
    stalls[index].call = call;
    ++stall_count;
  }
  Stall &stall = stalls[index];
  ++stall.stalls;
  stall.total += away;
  stall.waiting += waiting;
  if (away > stall.longest) stall.longest = away;
  stall.written = false;
  if ((stall.stalls & (stall.stalls - 1)) == 0) write_stall(index);
}

// ---- the stack of a running thread

extern "C" void snarl_rt_restore_signal();
__asm__(".globl snarl_rt_restore_signal\n"
        ".hidden snarl_rt_restore_signal\n"
        ".type snarl_rt_restore_signal, @function\n"
        "snarl_rt_restore_signal:\n"
        "  movl $15, %eax\n"
        "  syscall\n"
        ".size snarl_rt_restore_signal, .-snarl_rt_restore_signal\n");

void on_sample(int, siginfo_t *, void *context) {
  Thread *self = current_thread;
  if (!self || load(self->loop.asked_turn) == load(self->loop.answered_turn)) return;
  Inside inside(*self);
  const greg_t *registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
  Frame frame{static_cast<uintptr_t>(registers[REG_RIP]), static_cast<uintptr_t>(registers[REG_RSP]),
              static_cast<uintptr_t>(registers[REG_RBP]), true};
  EventLoop &loop = self->loop;
  loop.frames = unwind(frame, {}, loop.pcs, kMaxFrames);
  store_release(loop.answered_turn, load(loop.asked_turn));
}

struct KernelAction {
  const void *handler = nullptr;
  unsigned long flags = 0;
  const void *restorer = nullptr;
  unsigned long mask = 0;
};

/// Ours, or made ours because nobody else's.
bool have_signal() {
  KernelAction action;
  if (raw_syscall(SYS_rt_sigaction, SIGURG, 0, reinterpret_cast<long>(&action), 8)) return false;
  if (is_sampling_handler(action.handler)) return true;
  if (action.handler != reinterpret_cast<const void *>(SIG_DFL)) return false;
  constexpr unsigned long kRestorer = 0x04000000; // SA_RESTORER
  action = {reinterpret_cast<const void *>(&on_sample), SA_SIGINFO | SA_RESTART | kRestorer,
            reinterpret_cast<const void *>(&snarl_rt_restore_signal), ~0ul};
  return raw_syscall(SYS_rt_sigaction, SIGURG, reinterpret_cast<long>(&action), 0, 8) == 0;
}

void ask(Thread &thread, uint32_t turn) {
  if (!options.sample_running || blocks_signal(thread.tid, SIGURG) || !have_signal()) return;
  store_release(thread.loop.answered_turn, 0u);
  store_release(thread.loop.asked_turn, turn);
  thread.loop.awaited = true;
  raw_syscall(SYS_tgkill, process_id(), thread.tid, SIGURG);
}

void take_stack(Thread &thread, uint32_t turn) {
  EventLoop &loop = thread.loop;
  StackId stack = 0;
  uint64_t call = load_acquire(thread.call.ticket), wait = load_acquire(thread.wait.ticket);
  loop.call = static_cast<uint8_t>(call);
  if (call & 0xff) {
    stack = stack_from(load(thread.call.frame));
    if (load_acquire(thread.call.ticket) != call) stack = 0;
  } else if (wait & 0xff) {
    stack = stack_from(load(thread.wait.frame));
    if (load_acquire(thread.wait.ticket) != wait) stack = 0;
  } else {
    SystemCall made = system_call_of(thread.tid);
    if (made.state == SystemCall::Running) return ask(thread, turn);
    if (made.state == SystemCall::Blocked) stack = stack_from(Frame{made.pc, made.sp, 0, true});
  }
  if (!stack || load(loop.turn) != turn || !load(loop.away_since)) return;
  loop.stack = stack;
  store_release(loop.stack_turn, turn);
}

} // namespace

bool is_sampling_handler(const void *handler) {
  return handler == reinterpret_cast<const void *>(&on_sample);
}

bool look_at_loops(uint64_t now) {
  bool worth_it = false;
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    EventLoop &loop = thread->loop;
    if (load_acquire(thread->state) != Thread::Running || !is_loop(loop)) continue;
    uint32_t turn = load(loop.turn);
    uint64_t since = load_acquire(loop.away_since);
    if (!since || load(loop.turn) != turn) continue;
    worth_it = true;
    if (loop.seen_turn != turn) {
      loop.run_delay = run_delay_of(thread->tid);
      loop.next_sample = allowed() / 2;
      store_release(loop.seen_turn, turn);
    }
    if (loop.awaited && load_acquire(loop.answered_turn) == turn) {
      loop.awaited = false;
      loop.call = 0;
      loop.stack = stacks.intern(loop.pcs, loop.frames);
      store_release(loop.stack_turn, turn);
    }
    if (now < since + loop.next_sample) continue;
    loop.next_sample = (now - since) * 2;
    take_stack(*thread, turn);
  }
  return worth_it;
}

// ---- the thread itself

Thread *begin_poll(uint8_t name, long descriptors, Caller caller) {
  Thread *self = current_thread;
  if (!self || load(self->inside)) return nullptr;
  EventLoop &loop = self->loop;
  if (descriptors > 0 && options.stall_ms) {
    if (loop.frame != caller.frame && !is_loop(loop)) {
      loop.frame = caller.frame;
      loop.turns = loop.quick = loop.other_turns = 0;
      loop.single = descriptors == 1;
      store(loop.away_since, 0u);
    }
    if (loop.frame == caller.frame) loop.single = loop.single && descriptors == 1;
  }
  // In its own call a loop is where it belongs; elsewhere, or with a lock held, this is a call that blocks.
  if (loop.frame != caller.frame || self->held_count) {
    if (self->held_count | loop.turns) publish_call(*self, name, caller);
  }
  return self;
}

bool loop_was_away(Thread *self, Caller caller) {
  if (!self || self->loop.frame != caller.frame || !self->loop.away_since) return false;
  EventLoop &loop = self->loop;
  uint64_t away = coarse_now() - loop.away_since;
  loop.quick += away * 2 < allowed();
  return away >= allowed() && is_loop(loop);
}

void loop_came_back(Thread *self, bool ready, Caller caller) {
  Inside inside(*self);
  EventLoop &loop = self->loop;
  uint64_t away = coarse_now() - loop.away_since;
  if (load_acquire(loop.seen_turn) == loop.turn) {
    uint64_t delay = run_delay_of(self->tid) - loop.run_delay;
    away = away > delay ? away - delay : 0;
  }
  if (away < allowed()) return;
  StackId stack = 0;
  const char *call = nullptr;
  if (loop.blocked_turn == loop.turn && loop.blocked_for * 2 >= away) {
    stack = loop.blocked_stack;
    call = call_name(loop.blocked_call);
  } else {
    Locked locked(measuring);
    if (loop.answered_turn == loop.turn && loop.awaited) {
      stack = stacks.intern(loop.pcs, loop.frames);
    } else if (loop.stack_turn == loop.turn) {
      stack = loop.stack;
      call = loop.call ? call_name(loop.call) : nullptr;
    }
  }
  StackId at = self->stack_memory.look_up(caller, self->stack);
  Locked locked(measuring);
  add_stall(*self, at, stack, call, away, ready);
}

void enter_poll(Thread *self, Caller caller) {
  if (self && self->loop.frame == caller.frame) store_release(self->loop.away_since, 0u);
}

void end_poll(Thread *self, int result, Caller caller) {
  if (!self) return;
  EventLoop &loop = self->loop;
  if (self->call.name()) end_call(self);
  if (loop.frame != caller.frame) {
    // A loop inside a handler takes over once it has shown that it is one.
    if (result <= 0) return;
    if (loop.other_frame != caller.frame) loop.other_turns = 0;
    loop.other_frame = caller.frame;
    if (++loop.other_turns < kLoopTurns * 4) return;
    loop.frame = caller.frame;
    loop.turns = loop.quick = loop.other_turns = 0;
    loop.single = false;
  }
  if (result > 0) ++loop.turns;
  if (!loop.turns) return;
  store(loop.turn, loop.turn + 1);
  store_release(loop.away_since, coarse_now());
  call_attention(Attention::Loops);
}

void call_took_long(Thread &self, uint64_t time) {
  EventLoop &loop = self.loop;
  if (!loop.away_since || !is_loop(loop)) return;
  if (loop.blocked_turn == loop.turn && loop.blocked_for >= time) return;
  Inside inside(self);
  loop.blocked_turn = loop.turn;
  loop.blocked_for = time;
  loop.blocked_call = self.call.name();
  loop.blocked_stack = self.stack_memory.look_up(Caller{self.call.frame}, self.stack);
}

void finish_loops() {
  for (uint32_t i = 0; i < stall_count; ++i)
    if (!stalls[i].written) write_stall(i);
}

void forget_loops() {
  stall_count = 0;
}

} // namespace snarl_rt
