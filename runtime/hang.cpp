// The live deadlock: the only judgement made inside the process.
//
// A watcher looks a few times a second at what each thread has published before its last call that may block. When the
// same waits are seen twice, it asks who can never run again (wait_graph.h), and when two such looks in a row agree on
// the same circle, with no thread having moved in between, the circle is written to the trace. A circle that rests on
// who ended such waits before, not on who holds what, must have stood for longer, and is told as less sure.
//
// The watcher is a bare kernel thread made by clone, not a thread of libc: it must not count as one (main may leave by
// pthread_exit, and the process then ends with the last of *its* threads), must not be joined, named or cancelled, and
// must not switch libc to its multi-threaded paths. The price: it may call nothing of libc that uses thread-local
// storage, and it reads the program's memory by system call only.
#include "hang.h"
#include "event.h"
#include "measure.h"
#include "options.h"
#include "process.h"
#include "wakers.h"
#include "writer.h"
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

namespace snarl_rt {
namespace {

constexpr uint32_t kMaxReported = 256;
/// Looks that the waits of a circle must have lasted that is not quite sure: over semaphores that began as locks do,
/// and over conditions, which somebody may signal who never did before.
constexpr uint32_t kPatience = 5, kMorePatience = 25;
constexpr uint64_t kAttentive = 200; ///< looks at questions only, a few milliseconds apart, after one was answered

bool watching = false;
bool dismissed = false; ///< the watcher is to end
int watcher_tid = 0;
char *watcher_memory = nullptr;
uint64_t reported[kMaxReported];
uint32_t reported_count = 0;
uint64_t candidate = 0; ///< what the previous look found
bool for_sure = false;  ///< of what was told so far

uint64_t fingerprint(char kind, const uint32_t *members, uint32_t count) {
  uint64_t sum = static_cast<uint64_t>(kind);
  for (uint32_t i = 0; i < count; ++i) // the same circle whichever thread it is entered by
    sum += mix(look->seen[members[i]].id, look->seen[members[i]].wait.sequence);
  return sum | 1;
}

/// Reports what two looks agreed upon. True if something was told.
bool conclude(char kind, const uint32_t *members, uint32_t count, bool confirmed, uint64_t &now) {
  uint64_t key = fingerprint(kind, members, count);
  for (uint32_t i = 0; i < reported_count; ++i)
    if (reported[i] == key) return false;
  now += key;
  if (!confirmed || reported_count == kMaxReported) return false;
  reported[reported_count++] = key;
  tell_deadlock(kind, members, count);
  for_sure |= kind != 'C';
  return true;
}

/// What kind of circle it is: c for sure, C as far as can be known, 0 none that should be told. Idle threads wait for
/// each other's signals as well: somebody in it must wait for what idle threads do not hold.
char kind_of_circle(const uint32_t *members, uint32_t count, bool closed) {
  bool sure = true, hard = false;
  uint32_t patience = kPatience, looks = ~0u;
  for (uint32_t i = 0; i < count; ++i) {
    const WaitNode &node = look->nodes[members[i]];
    sure &= node.need == WaitNode::Peers;
    hard |= node.hard;
    if (node.need == WaitNode::Anybody && !node.hard) patience = kMorePatience;
    if (look->seen[members[i]].looks < looks) looks = look->seen[members[i]].looks;
  }
  if (sure || (closed && hard)) return 'c';
  return hard && looks >= patience ? 'C' : 0;
}

/// All circles, hopeless waits, and at last the standstill of everybody. `confirmed`: the look before found the same.
/// `closed`: nobody is outside. `by_signal`: but for signal handlers.
bool judge(bool confirmed, bool closed, bool by_signal, uint64_t &found) {
  static uint32_t members[kMaxNodes];
  bool told = false, explained = false;
  for (uint32_t i = 0; i < look->count; ++i) look->nodes[i].marked = false;
  for (uint32_t i = 0; i < look->count; ++i) {
    if (!look->nodes[i].stuck) continue;
    uint32_t entry = 0, length = find_cycle(look->nodes, look->count, i, entry);
    WaitNode &node = look->nodes[entry];
    if (length == 0 && node.need == WaitNode::Anybody) continue;
    uint32_t n = 0;
    if (length == 0) members[n++] = entry;
    for (uint32_t at = entry; n < length; at = look->nodes[at].next) members[n++] = at;
    char kind = length                                        ? kind_of_circle(members, n, closed && !by_signal)
                : left_by_fork(look->seen[entry].wait.object) ? 'f'
                                                              : 'o';
    if (!kind) continue;
    explained = true;
    if (node.marked) continue;
    for (uint32_t k = 0; k < n; ++k) look->nodes[members[k]].marked = true;
    told |= conclude(kind, members, n, confirmed, found);
  }
  if (explained || !closed) return told;
  bool all = true;
  for (uint32_t i = 0; i < look->count; ++i)
    all &= look->nodes[i].stuck, members[look->count - 1 - i] = i; // oldest first
  if (all) told |= conclude(by_signal ? 'W' : 'w', members, look->count, confirmed, found);
  return told;
}

bool look_once() {
  look_at_threads();
  if (!look->waiting) {
    candidate = 0;
    return false;
  }
  find_needs();
  bool closed = nobody_else(), handlers = closed && handles_signals();
  if (handlers && handler_may_help()) closed = handlers = false;
  find_stuck(look->nodes, look->count, look->peers, closed);
  uint64_t found = 0;
  judge(false, closed, handlers, found);
  bool told = false;
  if (found && found == candidate) {
    uint64_t ignored = 0;
    told = judge(true, closed, handlers, ignored);
    found = 0;
  }
  candidate = found;
  return told;
}

void rest(uint64_t milliseconds) {
  timespec pause{static_cast<time_t>(milliseconds / 1000), static_cast<long>(milliseconds % 1000) * 1000000};
  raw_syscall(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
}

constexpr uint64_t kTick = 1000; ///< milliseconds

__attribute__((noreturn)) void watch() {
  raw_syscall(SYS_prctl, PR_SET_NAME, reinterpret_cast<long>(SNARL_WATCHER_NAME));
  for (uint64_t attentive = 0, waited = 0;;) {
    if (attentive)
      rest(3);
    else
      measure_for(options.watch_ms);
    if (load_acquire(dismissed) || load(silent))
      for (;;) program_syscall(SYS_exit, 0);
    if (answer()) attentive = kAttentive;
    if (attentive) {
      --attentive; // the looks of a circle are counted: they stay as far apart as they were
      if (attentive % 40) continue;
    }
    bool tick = (waited += options.watch_ms) >= kTick;
    if (tick) waited = 0;
    bool told = look_once();
    if (load(extras) && (tick || told)) extra_tick();
    if (!told) continue;
    something_found();
    if (options.print) {
      say("snarl: deadlock: threads of this process wait for each other and will not go on\n");
      show_report();
    }
    if (options.halt_on_deadlock && for_sure) raw_syscall(SYS_exit_group, 86);
  }
}

/// A kernel thread on `stack_top` that runs watch(). Returns its tid, or -errno.
long clone_watcher(void *stack_top, void *thread_pointer) {
  long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS;
  long result;
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = reinterpret_cast<long>(thread_pointer);
  __asm__ volatile("syscall\n\t"
                   "testl %%eax, %%eax\n\t"
                   "jnz 1f\n\t"
                   "xorl %%ebp, %%ebp\n\t"
                   "callq *%[entry]\n\t"
                   "1:"
                   : "=a"(result)
                   : "a"(SYS_clone), "D"(flags), "S"(stack_top), "d"(0L), "r"(r10), "r"(r8), [entry] "r"(&watch)
                   : "rcx", "r11", "memory");
  return result;
}

} // namespace

void start_watcher() {
  if (load(watching) || load(silent) || !options.watch_ms) return;
  if (__atomic_exchange_n(&watching, true, __ATOMIC_ACQ_REL)) return;
  // Its own thread pointer, into zeroed pages: whatever libc keeps per thread is then nobody's.
  constexpr size_t kStack = 128 * 1024, kTls = 64 * 1024;
  if (!look) look = static_cast<Look *>(map_pages(sizeof(Look)));
  if (!watcher_memory) watcher_memory = static_cast<char *>(map_pages(kStack + 2 * kTls));
  char *memory = watcher_memory;
  if (!look || !memory) return trace.count("watcher_not_started");
  char *thread_pointer = memory + kStack + kTls;
  *reinterpret_cast<void **>(thread_pointer) = thread_pointer;
  *reinterpret_cast<void **>(thread_pointer + 16) = thread_pointer;
  uint64_t all = ~uint64_t{0}, before = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&all), reinterpret_cast<long>(&before), 8);
  long tid = clone_watcher(memory + kStack - 64, thread_pointer);
  program_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&before), 0, 8);
  if (tid < 0) trace.count("watcher_not_started");
  store(watcher_tid, tid < 0 ? 0 : static_cast<int>(tid));
}

bool dismiss_watcher() {
  int tid = load(watcher_tid);
  if (!load(watching) || !tid) return false;
  store_release(dismissed, true);
  for (int i = 0; i < 2000 && raw_syscall(SYS_tgkill, process_id(), tid, 0) == 0; ++i) rest(1);
  store(watcher_tid, 0);
  store(dismissed, false);
  store(watching, false);
  return true;
}

void watcher_after_fork() {
  watching = dismissed = false;
  watcher_tid = 0;
  reported_count = 0;
  for_sure = false;
  candidate = 0;
  forget_tellings();
  forget_wakers();
}

} // namespace snarl_rt

/// For `snarl attach`, which has a process without watcher call it, from wherever its only thread happens to be:
/// nothing here waits for anything, and little stack is used.
SNARL_EXPORT void snarl_rt_start_watcher() {
  snarl_rt::start_watcher();
}
