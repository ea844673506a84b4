// The live deadlock: the only judgement made inside the process.
//
// A watcher looks a few times a second at what each thread has published before its last call that may block. When the
// same waits are seen twice, it asks who can never run again (wait_graph.h), and when two such looks in a row agree on
// the same circle, with no thread having moved in between, the circle is written to the trace.
//
// The watcher is a bare kernel thread made by clone, not a thread of libc: it must not count as one (main may leave by
// pthread_exit, and the process then ends with the last of *its* threads), must not be joined, named or cancelled, and
// must not switch libc to its multi-threaded paths. The price: it may call nothing of libc that uses thread-local
// storage, and it reads the program's memory by system call only.
#include "conditions.h"
#include "kernel.h"
#include "measure.h"
#include "options.h"
#include "process.h"
#include "wait_graph.h"
#include "writer.h"
#include <linux/sched.h>
#include <signal.h>
#include <time.h>

namespace snarl_rt {
namespace {

constexpr uint32_t kMaxNodes = 8192, kMaxPeers = 65536, kMaxReported = 256;

/// A thread as it was at one look.
struct Seen {
  Thread *thread;
  Wait wait;
  ThreadId id;
  uint32_t looks; ///< how often in a row the very same wait was seen
  StackId stack;
};

struct Look {
  Seen seen[kMaxNodes];
  WaitNode nodes[kMaxNodes];
  uint32_t peers[kMaxPeers];
  uint32_t count, peer_count;
};

Look *look = nullptr;
bool watching = false;
SpinLock watch_lock;
uint64_t reported[kMaxReported];
uint32_t reported_count = 0;
uint64_t candidate = 0; ///< what the previous look found
uint32_t deadlocks = 0;

/// In a forked child: locks held by threads that it does not have.
constexpr uint32_t kMaxOrphans = 64;
struct Orphan {
  const void *lock;
  StackId taken;
};
Orphan orphans[kMaxOrphans];
uint32_t orphan_count = 0;

bool shared_between_processes(const Wait &wait) {
  char object[64] = {};
  auto field = [&](size_t offset) {
    int value;
    __builtin_memcpy(&value, object + offset, sizeof value);
    return value;
  };
  switch (wait.kind) {
  case 'c':
    return !read_memory(object, wait.object, sizeof(pthread_cond_t)) ||
           (field(offsetof(pthread_cond_t, __data.__wrefs)) & 1);
  case 'p': return !read_memory(object, wait.object, sizeof(sem_t)) || field(8) != 0; // struct new_sem: value, private
  case 'b':
    return !read_memory(object, wait.object, sizeof(pthread_barrier_t)) || field(12) != 0; // in, round, count, shared
  default: return false;
  }
}

/// Everybody who holds the lock, as far as held arrays and the lock's own word agree.
void add_peer(WaitNode &node, uint32_t peer) {
  if (look->peer_count == kMaxPeers) return;
  look->peers[look->peer_count++] = peer;
  ++node.peers;
}

bool gone(int tid) {
  return tid > 0 && raw_syscall(SYS_tgkill, process_id(), tid, 0) == -ESRCH;
}

/// Number and kind of a lock that is waited for. Neither is published with the wait: an owner's held array has both.
struct WaitedLock {
  LockId id = 0;
  char kind = 0;
};
WaitedLock waited_lock(const Wait &wait) {
  for (uint32_t i = 0; i < look->count; ++i) {
    Thread *thread = look->seen[i].thread;
    Held *held = load_acquire(thread->held);
    for (uint32_t k = 0, n = load(thread->held_count); k < n; ++k)
      if (load(held[k].address) == wait.object) return {held[k].id, held[k].kind};
  }
  pthread_mutex_t copy; // held where we could not see, or by a thread that is gone: mutexes only
  if (!read_memory(&copy, wait.object, sizeof copy)) return {};
  return {slot_id(slot_in(&copy)->word, wait.object), kind_of(&copy)};
}

void need_of_lock(uint32_t index) {
  Seen &seen = look->seen[index];
  WaitNode &node = look->nodes[index];
  node.need = WaitNode::Nothing;
  pthread_mutex_t mutex;
  pthread_rwlock_t rwlock;
  char kind = waited_lock(seen.wait).kind;
  bool is_rwlock = kind == 'w' || kind == 'W';
  bool is_spin = kind == 's' || kind == 'u'; // whose memory says nothing of the holder
  if (is_rwlock) {
    if (!read_memory(&rwlock, seen.wait.object, sizeof rwlock) || rwlock.__data.__shared) return;
  } else if (!is_spin) {
    if (!read_memory(&mutex, seen.wait.object, sizeof mutex) || mutex.__data.__kind & (kMutexShared | kMutexRobust))
      return;
  }
  for (uint32_t i = 0; i < look->count; ++i) {
    Thread *thread = look->seen[i].thread;
    Held *held = load_acquire(thread->held);
    for (uint32_t k = 0, n = load(thread->held_count); k < n; ++k) {
      if (load(held[k].address) != seen.wait.object || held[k].depth & kInWait) continue;
      if (!is_rwlock && !is_spin && mutex.__data.__owner != thread->tid &&
          mutex.__data.__owner != thread->tid_before_fork)
        continue;
      if (is_rwlock && held[k].mode == 'x' && rwlock.__data.__cur_writer != thread->tid &&
          rwlock.__data.__cur_writer != thread->tid_before_fork)
        continue;
      if (is_rwlock && held[k].mode == 's' && (seen.wait.mode == 's' || !(rwlock.__data.__readers >> 3))) continue;
      add_peer(node, i);
      break;
    }
  }
  // a reader behind a waiting writer, where the lock prefers writers
  if (kind == 'W' && seen.wait.mode == 's' && !rwlock.__data.__cur_writer)
    for (uint32_t i = 0; i < look->count; ++i) {
      const Wait &other = look->seen[i].wait;
      if (i != index && other.kind == 'l' && other.object == seen.wait.object && other.mode == 'x' && !other.timed)
        add_peer(node, i);
    }
  if (node.peers) {
    node.need = WaitNode::Peers;
  } else if (!is_rwlock && !is_spin) {
    if (int owner = mutex.__data.__owner) {
      for (uint32_t i = 0; i < look->count; ++i) // taken where we could not see
        if (look->seen[i].thread->tid == owner) add_peer(node, i);
      node.need = node.peers ? WaitNode::Peers : gone(owner) ? WaitNode::Hopeless : WaitNode::Nothing;
    }
  } else if (is_rwlock && gone(rwlock.__data.__cur_writer)) {
    node.need = WaitNode::Hopeless;
  }
}

void add_holders(uint32_t index) {
  for (uint32_t i = 0; i < look->count; ++i) {
    Thread *thread = look->seen[i].thread;
    Held *held = load_acquire(thread->held);
    for (uint32_t k = 0, n = load(thread->held_count); k < n; ++k)
      if (load(held[k].address) == look->seen[index].wait.object) add_peer(look->nodes[index], i);
  }
}

/// A condition wait that was signalled, timed or not, is a wait for its mutex.
void see_relock(Seen &seen) {
  if (seen.wait.kind != 'c' || seen.looks < 1 || !seen.wait.mutex) return;
  pthread_mutex_t mutex;
  if (!read_memory(&mutex, seen.wait.mutex, sizeof mutex) || !mutex.__data.__owner) return;
  if (!asleep_on(seen.thread->tid, seen.wait.mutex)) return;
  seen.wait.kind = 'l';
  seen.wait.mode = 'x';
  seen.wait.timed = false;
  seen.wait.object = seen.wait.mutex;
}

void need_of(uint32_t index) {
  Seen &seen = look->seen[index];
  WaitNode &node = look->nodes[index];
  node = {};
  node.first_peer = look->peer_count;
  if (!seen.wait.kind || seen.wait.timed || seen.looks < 1) return;
  switch (seen.wait.kind) {
  case 'l': need_of_lock(index); break;
  case 'j':
    for (uint32_t i = 0; i < look->count; ++i)
      if (look->seen[i].id == seen.wait.peer) add_peer(node, i);
    if (node.peers) node.need = WaitNode::Peers;
    break;
  case 'o':
    for (uint32_t i = 0; i < look->count; ++i) {
      Thread *thread = look->seen[i].thread;
      for (uint32_t k = 0, n = load(thread->once_count); k < n; ++k)
        if (load(thread->once[k].once) == seen.wait.object) add_peer(node, i);
    }
    if (node.peers) node.need = WaitNode::Peers;
    break;
  case 'p':
    if (shared_between_processes(seen.wait)) break;
    node.need = WaitNode::Anybody;
    // used as a lock so far, by whoever holds it: then only the holder can help
    if (semaphore_use(seen.wait.object) == SemaphoreUse::ProvenLock) {
      add_holders(index);
      if (node.peers == 1) node.need = WaitNode::Peers;
    }
    break;
  default:
    if (!shared_between_processes(seen.wait)) node.need = WaitNode::Anybody;
  }
}

// ---- telling

StackId stack_of_waiter(const Seen &seen) {
  if (!seen.wait.kind) return 0;
  Frame frame;
  uintptr_t words[2];
  if (!read_memory(words, reinterpret_cast<const void *>(seen.wait.frame), sizeof words)) return 0;
  frame = {words[1], seen.wait.frame + 16, words[0], false};
  uintptr_t pcs[kMaxFrames];
  return stacks.announce(stacks.intern(pcs, unwind(frame, {}, pcs, kMaxFrames)));
}

void tell_lock(LockId id, char kind, const void *address, StackId stack) {
  Line line(SNARL_LINE_LOCK);
  line.hex(id).letter(kind).hex(reinterpret_cast<uintptr_t>(address)).hex(stack);
  trace.write(line);
}

/// The k line of one thread: what it waits for, what it holds.
void tell_thread(uint32_t deadlock, const Seen &seen, bool in_cycle) {
  threads.announce(seen.id);
  StackId stack = stack_of_waiter(seen);
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
  if (wait.kind == 'c') tell_lost_signal(wait.object, *thread);
  if (wait.kind == 'l') {
    waited = waited_lock(wait);
    tell_lock(waited.id, waited.kind ? waited.kind : 'm', wait.object, stack);
  }
  Line line(SNARL_LINE_DEADLOCK_THREAD);
  line.hex(deadlock).hex(seen.id).letter(wait.kind ? wait.kind : '-');
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
}

void tell(char kind, const uint32_t *members, uint32_t count) {
  ++deadlocks;
  Line line(SNARL_LINE_DEADLOCK);
  line.hex(deadlocks).letter(kind).hex(look->count);
  trace.write(line);
  for (uint32_t i = 0; i < count; ++i) tell_thread(deadlocks, look->seen[members[i]], true);
  for (uint32_t i = 0; i < look->count; ++i) {
    bool member = false;
    for (uint32_t k = 0; k < count; ++k) member |= members[k] == i;
    if (!member) tell_thread(deadlocks, look->seen[i], false);
  }
  Line end(SNARL_LINE_DEADLOCK_END);
  end.hex(deadlocks);
  trace.write(end);
  trace.write_counters();
}

uint64_t fingerprint(char kind, const uint32_t *members, uint32_t count) {
  uint64_t sum = static_cast<uint64_t>(kind);
  for (uint32_t i = 0; i < count; ++i) // the same circle whichever thread it is entered by
    sum += mix(look->seen[members[i]].id, look->seen[members[i]].wait.sequence);
  return sum | 1;
}

/// Reports what two looks agreed upon. True if something was told.
bool conclude(char kind, const uint32_t *members, uint32_t count, uint64_t previous, uint64_t &now) {
  uint64_t key = fingerprint(kind, members, count);
  for (uint32_t i = 0; i < reported_count; ++i)
    if (reported[i] == key) return false;
  now += key;
  if (previous == 0 || reported_count == kMaxReported) return false;
  reported[reported_count++] = key;
  tell(kind, members, count);
  return true;
}

/// All circles, hopeless waits, and at last the standstill of everybody. `confirmed`: the look before found the same.
bool judge(bool confirmed, uint64_t &found) {
  static uint32_t members[kMaxNodes];
  bool told = false, explained = false;
  for (uint32_t i = 0; i < look->count; ++i) {
    if (!look->nodes[i].stuck) continue;
    uint32_t entry = 0, length = find_cycle(look->nodes, look->count, i, entry);
    WaitNode &node = look->nodes[entry];
    if (node.need == WaitNode::Anybody) continue;
    explained = true;
    if (node.marked) continue;
    uint32_t n = 0;
    if (length == 0) {
      node.marked = true;
      members[n++] = entry;
    }
    for (uint32_t at = entry; n < length; at = look->nodes[at].next) {
      look->nodes[at].marked = true;
      members[n++] = at;
    }
    told |= conclude(length ? 'c' : 'o', members, n, confirmed, found);
  }
  if (!explained && look->count && look->nodes[0].stuck) {
    bool all = true;
    for (uint32_t i = 0; i < look->count; ++i) all &= look->nodes[i].stuck, members[i] = i;
    if (all) told |= conclude('w', members, look->count, confirmed, found);
  }
  return told;
}

bool look_once() {
  look->count = look->peer_count = 0;
  uint32_t waiting = 0;
  bool starting = false;
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    int state = load_acquire(thread->state);
    starting |= state == Thread::Starting;
    if (state != Thread::Running || look->count == kMaxNodes) continue;
    Seen &seen = look->seen[look->count++];
    seen.thread = thread;
    seen.id = thread->id;
    seen.wait.ticket = load_acquire(thread->wait.ticket);
    seen.wait.object = load(thread->wait.object);
    seen.wait.frame = load(thread->wait.frame);
    seen.wait.peer = load(thread->wait.peer);
    seen.wait.mutex = load(thread->wait.mutex);
    if (load_acquire(thread->wait.ticket) != seen.wait.ticket) seen.wait.kind = 0; // moving
    bool same_wait = seen.wait.kind && seen.wait.sequence == thread->seen_sequence;
    seen.looks = thread->seen_looks = same_wait ? thread->seen_looks + 1 : 0;
    thread->seen_sequence = seen.wait.sequence;
    see_relock(seen);
    waiting += seen.looks > 0 && !seen.wait.timed;
  }
  if (!waiting) {
    candidate = 0;
    return false;
  }
  for (uint32_t i = 0; i < look->count; ++i) need_of(i);
  bool closed = !starting && waiting == look->count && count_tasks() == look->count + 1 && !handles_signals();
  find_stuck(look->nodes, look->count, look->peers, closed);
  uint64_t found = 0;
  judge(false, found);
  bool told = false;
  if (found && found == candidate) {
    for (uint32_t i = 0; i < look->count; ++i) look->nodes[i].marked = false;
    uint64_t ignored = 0;
    told = judge(true, ignored);
    found = 0;
  }
  candidate = found;
  return told;
}

constexpr uint64_t kTick = 1000; ///< milliseconds

__attribute__((noreturn)) void watch() {
  for (uint64_t waited = 0;;) {
    measure_for(options.watch_ms);
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
    if (options.halt_on_deadlock) raw_syscall(SYS_exit_group, 86);
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
  if (load(watching) || !options.watch_ms) return;
  Locked locked(watch_lock);
  if (watching) return;
  watching = true;
  // Its own thread pointer, into zeroed pages: whatever libc keeps per thread is then nobody's.
  constexpr size_t kStack = 128 * 1024, kTls = 64 * 1024;
  if (!look) look = static_cast<Look *>(map_pages(sizeof(Look)));
  char *memory = static_cast<char *>(map_pages(kStack + 2 * kTls));
  if (!look || !memory) return trace.count("watcher_not_started");
  char *thread_pointer = memory + kStack + kTls;
  *reinterpret_cast<void **>(thread_pointer) = thread_pointer;
  *reinterpret_cast<void **>(thread_pointer + 16) = thread_pointer;
  uint64_t all = ~uint64_t{0}, before = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&all), reinterpret_cast<long>(&before), 8);
  long tid = clone_watcher(memory + kStack - 64, thread_pointer);
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&before), 0, 8);
  if (tid < 0) trace.count("watcher_not_started");
}

void note_orphans(const Thread &survivor) {
  orphan_count = 0;
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    if (thread == &survivor || thread->state != Thread::Running) continue;
    for (uint32_t k = 0; k < thread->held_count && orphan_count < kMaxOrphans; ++k) {
      const Held &entry = thread->held[k];
      char probe;
      if (!entry.address || entry.depth & kInWait || !read_memory(&probe, entry.address, 1)) continue;
      LockRef lock = ref_of(entry);
      if (identity(lock) != entry.id) continue; // gone, and its memory used again
      *lock.word = 0;
      orphans[orphan_count++] = {entry.address, entry.stack};
    }
  }
}

void watch_orphan(Thread &self, const LockRef &lock, LockId id, StackId stack) {
  for (uint32_t i = 0; i < orphan_count; ++i) {
    if (orphans[i].lock != lock.address) continue;
    wants_orphan(self, lock, id, stack, {0, orphans[i].taken});
    return start_watcher();
  }
}

void watcher_after_fork() {
  watch_lock.reset();
  watching = false;
  reported_count = 0;
  candidate = 0;
  deadlocks = 0;
}

} // namespace snarl_rt
