// What the watcher writes: K and U blocks, one k line per thread, W lines for what the kernel says of a thread that
// waits for nothing we know.
#include "conditions.h"
#include "hang.h"
#include "process.h"
#include "writer.h"

namespace snarl_rt {
namespace {

uint32_t blocks = 0; ///< K and U, numbered together

template <class T> bool read_at(uintptr_t address, T &value) {
  return read_memory(&value, reinterpret_cast<const void *>(address), sizeof value);
}

/// Does the instruction before `back` call `function`: directly, through a word of the global offset table, or through
/// a stub of the procedure linkage table, which jumps through such a word?
bool calls(uintptr_t back, uintptr_t function) {
  uint8_t code[6];
  int32_t distance;
  uintptr_t word = 0;
  if (!read_at(back - 6, code)) return false;
  __builtin_memcpy(&distance, code + 2, sizeof distance);
  uintptr_t target = back + static_cast<uintptr_t>(intptr_t{distance});
  if (code[0] == 0xff && code[1] == 0x15) return read_at(target, word) && word == function; // call *word(%rip)
  if (code[1] != 0xe8) return false;                                                        // call target
  if (target == function) return true;
  uint8_t stub[11];
  if (!read_at(target, stub)) return false;
  int at = stub[0] == 0xf3 && stub[1] == 0x0f && stub[2] == 0x1e && stub[3] == 0xfa ? 4 : 0; // endbr64
  at += stub[at] == 0xf2;                                                                    // bnd
  if (stub[at] != 0xff || stub[at + 1] != 0x25) return false;                                // jmp *word(%rip)
  __builtin_memcpy(&distance, stub + at + 2, sizeof distance);
  target += static_cast<uintptr_t>(at + 6 + intptr_t{distance});
  return read_at(target, word) && word == function;
}

/// The base pointer of `frame` when its function keeps one and only pc and sp are known: the first place on the stack
/// that looks like that function's frame, which is to say that the instruction before the return address there calls
/// this very function. 0 if there is none near.
uintptr_t find_base(const Frame &frame) {
  uintptr_t start = function_start(frame.exact ? frame.pc : frame.pc - 1);
  constexpr uintptr_t kWindow = 512;
  uintptr_t words[kWindow];
  uintptr_t from = frame.sp & ~uintptr_t{15};
  if (!start) return 0;
  for (uint32_t i = 0; i < 8; ++i, from += sizeof words / 2) {
    if (!read_memory(words, reinterpret_cast<const void *>(from), sizeof words)) return 0;
    for (uintptr_t at = 0; at < kWindow / 2; at += 2) { // such frames are aligned to 16 bytes
      uintptr_t here = from + at * sizeof(uintptr_t), next = words[at], back = words[at + 1];
      if (here < frame.sp || back < 4096 || (next > 1 && next <= here)) continue;
      if (calls(back, start)) return here;
    }
  }
  return 0;
}

StackId stack_from(Frame frame, bool base_known) {
  uintptr_t pcs[kMaxFrames];
  uint32_t n = unwind(frame, {}, pcs, kMaxFrames);
  if (!base_known) { // unwind again from where the base pointer was missed
    Frame at = frame;
    while (step(at, {})) {
    }
    if (!at.bp && find_row(at.exact ? at.pc : at.pc - 1).cfa == UnwindRow::FromBp && (at.bp = find_base(at))) {
      if (n) --n; // that frame comes again
      n += unwind(at, {}, pcs + n, kMaxFrames - n);
    }
  }
  return stacks.announce(stacks.intern(pcs, n));
}

/// Where a thread waits, by what it published, by what whoever stopped it says, or by the system call it sleeps in.
StackId stack_of_seen(const Seen &seen, const Stopped *stopped, const TaskCall &call) {
  uintptr_t words[2];
  if (seen.wait.kind) {
    if (!read_memory(words, reinterpret_cast<const void *>(seen.wait.frame), sizeof words)) return 0;
    return stack_from({words[1], seen.wait.frame + 16, words[0], false}, true);
  }
  if (stopped) return stack_from({stopped->pc, stopped->sp, stopped->bp, true}, true);
  if (call.number < 0) return 0;
  StackId stack = stack_from({call.pc, call.sp, 0, true}, false);
  TaskCall again = task_call(seen.thread->tid); // it may have moved on, and its stack with it
  return again.sp == call.sp && again.pc == call.pc && again.number == call.number ? stack : 0;
}

void tell_lock(LockId id, char kind, const void *address, StackId stack) {
  Line line(SNARL_LINE_LOCK);
  line.hex(id).letter(kind).hex(reinterpret_cast<uintptr_t>(address)).hex(stack);
  trace.write(line);
}

/// The W line of one task: state, system call and what its first argument is, if it is a file.
void tell_task(uint32_t block, ThreadId thread, int tid, const TaskCall &call, bool stopped) {
  char file[256] = {};
  char state = stopped ? (call.number < 0 ? 'R' : 'S') : task_state(tid); // what it was before it was stopped for us
  Line line(SNARL_LINE_TASK);
  line.hex(block).hex(thread).hex(static_cast<uint64_t>(tid)).letter(state);
  line.hex(call.number < 0 ? 0 : static_cast<uint64_t>(call.number) + 1);
  for (int i = 0; i < 3; ++i) line.hex(call.number < 0 ? 0 : call.arguments[i]);
  if (call.number >= 0 && call.arguments[0] < 1 << 20) name_of_file(static_cast<int>(call.arguments[0]), file);
  line.text(file);
  trace.write(line);
}

/// The k line of one thread: what it waits for, what it holds.
void tell_thread(uint32_t block, const Seen &seen, bool in_cycle, bool for_ever, const Stopped *stopped) {
  threads.announce(seen.id);
  TaskCall call;
  if (!seen.wait.kind) call = task_call(seen.thread->tid);
  StackId stack = stack_of_seen(seen, stopped, call);
  Thread *thread = seen.thread;
  Held *held = load_acquire(thread->held);
  uint32_t n = load(thread->held_count), shown = 0;
  if (n > 64) n = 64;
  for (uint32_t i = 0; i < n; ++i)
    if (load(held[i].address) && !(held[i].depth & kInWait)) {
      ++shown;
      tell_lock(held[i].id, held[i].kind, held[i].address, stacks.announce(held[i].stack));
    }
  const Wait &wait = seen.wait;
  WaitedLock waited;
  if (wait.kind == 'c' && for_ever) tell_lost_signal(wait.object, *thread);
  if (wait.kind == 'l') {
    waited = waited_lock(wait);
    tell_lock(waited.id, waited.kind ? waited.kind : 'm', wait.object, stack);
  }
  Line line(SNARL_LINE_DEADLOCK_THREAD);
  line.hex(block).hex(seen.id).letter(wait.kind ? wait.kind : '-');
  line.hex(wait.kind == 'l' ? waited.id : reinterpret_cast<uintptr_t>(wait.kind ? wait.object : nullptr));
  line.hex(wait.kind == 'j' ? wait.peer : 0)
      .letter(wait.kind ? wait.mode : 'x')
      .hex(wait.timed)
      .hex(in_cycle)
      .hex(stack)
      .hex(shown);
  for (uint32_t i = 0; i < n && shown; ++i)
    if (load(held[i].address) && !(held[i].depth & kInWait)) {
      line.hex(held[i].id).letter(held[i].mode).hex(held[i].stack);
      --shown;
    }
  while (shown--) line.hex(0).letter('x').hex(0);
  trace.write(line);
  if (!wait.kind) tell_task(block, seen.id, thread->tid, call, stopped != nullptr);
}

void tell_end(uint32_t block) {
  Line end(SNARL_LINE_DEADLOCK_END);
  end.hex(block);
  trace.write(end);
  trace.write_counters();
}

const Stopped *find_stopped(int tid, const Stopped *stopped, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i)
    if (stopped[i].tid == tid) return &stopped[i];
  return nullptr;
}

bool seen_thread(int tid) {
  for (uint32_t i = 0; i < look->count; ++i)
    if (look->seen[i].thread->tid == tid) return true;
  return false;
}

} // namespace

void tell_deadlock(char kind, const uint32_t *members, uint32_t count) {
  Line line(SNARL_LINE_DEADLOCK);
  line.hex(++blocks).letter(kind).hex(look->count);
  trace.write(line);
  for (uint32_t i = 0; i < count; ++i) tell_thread(blocks, look->seen[members[i]], true, kind != 'C', nullptr);
  for (uint32_t i = 0; i < look->count; ++i) {
    bool member = false;
    for (uint32_t k = 0; k < count; ++k) member |= members[k] == i;
    if (!member) tell_thread(blocks, look->seen[i], false, false, nullptr);
  }
  tell_end(blocks);
}

void tell_snapshot(char reason, uint64_t number, const Stopped *stopped, uint32_t count) {
  Line line(SNARL_LINE_SNAPSHOT);
  line.hex(++blocks).letter(reason).hex(number).hex(look->count);
  trace.write(line);
  for (uint32_t i = 0; i < look->count; ++i)
    tell_thread(blocks, look->seen[i], false, false, find_stopped(look->seen[i].thread->tid, stopped, count));
  // threads that were made without libc, as by Go, and whatever else we have no record of
  int watcher = static_cast<int>(raw_syscall(SYS_gettid));
  for_each_task([&](int tid) {
    if (tid != watcher && !seen_thread(tid) && !is_zombie(tid))
      tell_task(blocks, 0, tid, task_call(tid), find_stopped(tid, stopped, count) != nullptr);
  });
  tell_end(blocks);
}

void forget_tellings() {
  blocks = 0;
}

} // namespace snarl_rt
