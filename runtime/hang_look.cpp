#include "event.h"
#include "hang.h"
#include "process.h"
#include "wakers.h"

namespace snarl_rt {

Look *look = nullptr;

namespace {

/// In a forked child: locks held by threads that it does not have.
constexpr uint32_t kMaxOrphans = 256;
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

void need_of_lock(uint32_t index) {
  Seen &seen = look->seen[index];
  WaitNode &node = look->nodes[index];
  node.need = WaitNode::Nothing;
  pthread_mutex_t mutex;
  pthread_rwlock_t rwlock;
  bool is_rwlock = seen.wait.family == 'w';
  bool is_spin = seen.wait.family == 's' || seen.wait.family == 'u'; // whose memory says nothing of the holder
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
  if (is_rwlock && kind_of(&rwlock) == 'W' && seen.wait.mode == 's' && !rwlock.__data.__cur_writer)
    for (uint32_t i = 0; i < look->count; ++i) {
      const Wait &other = look->seen[i].wait;
      if (i != index && other.kind == 'l' && other.object == seen.wait.object && other.mode == 'x' && !other.timed)
        add_peer(node, i);
    }
  node.hard = true;
  if (node.peers) {
    node.need = WaitNode::Peers;
  } else if (!is_rwlock && !is_spin) {
    if (int owner = mutex.__data.__owner) {
      for (uint32_t i = 0; i < look->count; ++i) // taken where we could not see
        if (look->seen[i].thread->tid == owner) add_peer(node, i);
      node.need = node.peers ? WaitNode::Peers : gone(owner) ? WaitNode::Hopeless : WaitNode::Nothing;
    }
  } else if ((is_rwlock && gone(rwlock.__data.__cur_writer)) || left_by_fork(seen.wait.object)) {
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

void forget_peers(WaitNode &node) {
  look->peer_count -= node.peers;
  node.peers = 0;
}

/// Those who ended such waits before and are still there. None if one of them is not a thread of this look.
void add_wakers(uint32_t index) {
  const Wakers *known = wakers_of(look->seen[index].wait.object);
  for (uint32_t k = 0; known && k < Wakers::kMost; ++k) {
    ThreadId who = load(known->who[k]);
    if (!who) break;
    for (uint32_t i = 0; i < look->count; ++i)
      if (look->seen[i].id == who && i != index) add_peer(look->nodes[index], i);
  }
}

/// A condition wait that was signalled, timed or not, is a wait for its mutex.
void see_relock(Seen &seen) {
  if (seen.wait.kind != 'c' || seen.looks < 1 || !seen.wait.mutex) return;
  pthread_mutex_t mutex;
  if (!read_memory(&mutex, seen.wait.mutex, sizeof mutex) || !mutex.__data.__owner) return;
  if (!asleep_on(seen.thread->tid, seen.wait.mutex)) return;
  seen.wait.kind = 'l';
  seen.wait.family = 'm';
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
    if (node.peers || left_by_fork(seen.wait.object)) node.need = node.peers ? WaitNode::Peers : WaitNode::Hopeless;
    node.hard = true;
    break;
  case 'p': {
    if (shared_between_processes(seen.wait)) break;
    node.need = WaitNode::Anybody;
    // used as a lock so far, by whoever holds it: then only the holder can help, for sure if one ever gave it back
    SemaphoreUse use = semaphore_use(seen.wait.object);
    if (use == SemaphoreUse::ProvenLock || use == SemaphoreUse::Lock) {
      add_holders(index);
      if (node.peers == 1)
        node.hard = true;
      else
        forget_peers(node);
      if (node.hard && use == SemaphoreUse::ProvenLock) node.need = WaitNode::Peers;
    } else {
      add_wakers(index);
    }
    break;
  }
  case 'c':
  case 'b':
    if (shared_between_processes(seen.wait)) break;
    node.need = WaitNode::Anybody;
    if (seen.wait.kind == 'c') add_wakers(index);
    break;
  default: break; // not of our making: a kind that somebody added to the wrappers, or memory that is gone
  }
}

} // namespace

bool left_by_fork(const void *object) {
  for (uint32_t i = 0; i < orphan_count; ++i)
    if (orphans[i].lock == object) return true;
  return false;
}

WaitedLock waited_lock(const Wait &wait) {
  for (uint32_t i = 0; i < look->count; ++i) {
    Thread *thread = look->seen[i].thread;
    Held *held = load_acquire(thread->held);
    for (uint32_t k = 0, n = load(thread->held_count); k < n; ++k)
      if (load(held[k].address) == wait.object) return {held[k].id, held[k].kind};
  }
  // held where we could not see, or by a thread that is gone
  if (wait.family == 'm') {
    pthread_mutex_t copy;
    if (read_memory(&copy, wait.object, sizeof copy))
      return {slot_id(slot_in(&copy)->word, wait.object), kind_of(&copy)};
  } else if (wait.family == 'w') {
    pthread_rwlock_t copy;
    if (read_memory(&copy, wait.object, sizeof copy)) return {slot_id(copy.__data.__pad2, wait.object), kind_of(&copy)};
  }
  return {identity(ref_in_table(wait.object, wait.family)), wait.family};
}

void look_at_threads() {
  look->count = look->peer_count = look->waiting = 0;
  look->starting = false;
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    int state = load_acquire(thread->state);
    look->starting |= state == Thread::Starting;
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
    look->waiting += seen.looks > 0 && !seen.wait.timed;
  }
}

void find_needs() {
  for (uint32_t i = 0; i < look->count; ++i) need_of(i);
}

bool nobody_else() {
  if (look->starting || !look->count || look->waiting != look->count) return false;
  uint32_t tasks = count_tasks();
  if (is_zombie(process_id())) --tasks; // main has left by pthread_exit: it stays until the last thread is gone
  return tasks == look->count + 1;      // and the watcher
}

bool handler_may_help() {
  if (!handles_signals()) return false;
  bool hard = false;
  for (uint32_t i = 0; i < look->count; ++i) {
    if (look->nodes[i].need == WaitNode::Anybody && look->seen[i].wait.kind == 'p') return true;
    hard |= look->nodes[i].hard || look->seen[i].wait.kind == 'b';
  }
  return !hard; // idle, as a server is until it is told to end
}

// ---- locks whose holder was left behind by fork

void note_orphans(const Thread &survivor) {
  orphan_count = 0;
  for (Thread *thread = threads.first(); thread; thread = thread->next) {
    if (thread == &survivor || thread->state != Thread::Running) continue;
    for (uint32_t k = 0; k < thread->held_count && orphan_count < kMaxOrphans; ++k) {
      const Held &entry = thread->held[k];
      char probe;
      if (!entry.address || entry.depth & kInWait || !read_memory(&probe, entry.address, 1)) continue;
      LockRef lock = ref_of(entry);
      if (!lock.word || identity(lock) != entry.id) continue; // gone, and its memory used again
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

} // namespace snarl_rt
