#include "thread.h"
#include "process.h"
#include "writer.h"
#include <pthread.h>
#include <sys/resource.h>

extern "C" void *__libc_stack_end;

namespace snarl_rt {

__thread Thread *current_thread = nullptr;
Threads threads;

namespace {

constexpr uint32_t kFirstHeld = 128;

int own_tid() {
  return static_cast<int>(raw_syscall(SYS_gettid));
}

bool alive(int tid) {
  return raw_syscall(SYS_tgkill, raw_syscall(SYS_getpid), tid, 0) == 0;
}

size_t stack_limit() {
  rlimit limit{};
  raw_syscall(SYS_prlimit64, 0, RLIMIT_STACK, 0, reinterpret_cast<long>(&limit));
  return limit.rlim_cur > (size_t{1} << 30) ? size_t{1} << 30 : limit.rlim_cur;
}

/// The stack from here to `end`, if this frame lies on it; `low` is as far down as it can grow.
StackBounds bounds_to(uintptr_t end) {
  uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  size_t size = stack_limit();
  return {end > size ? end - size : 0, end > here ? end : here + 256};
}

} // namespace

Birth *Threads::birth(ThreadId id) {
  Birth *chunk = id / kChunk < kChunks ? load_acquire(births_[id / kChunk]) : nullptr;
  return chunk ? &chunk[id % kChunk] : nullptr;
}

ThreadId Threads::new_birth(ThreadId parent, uint32_t parent_segment, StackId created_at) {
  ThreadId id = last_id_ + 1;
  if (id / kChunk >= kChunks) return 0;
  Birth *&chunk = births_[id / kChunk];
  if (!chunk) {
    auto *fresh = static_cast<Birth *>(map_pages(kChunk * sizeof(Birth)));
    if (!fresh) return 0;
    store_release(chunk, fresh);
  }
  chunk[id % kChunk] = {parent, parent_segment, created_at, 0, 0};
  return last_id_ = id;
}

Thread *Threads::make(ThreadId parent, uint32_t parent_segment, StackId created_at) {
  if (load(silent)) return nullptr; // nor would it be known whose record is free
  Locked locked(lock_);
  Thread *thread = first_;
  while (thread && !(thread->state == Thread::Free ||
                     (thread->state == Thread::Ended && thread->joined_or_detached && !alive(thread->tid))))
    thread = thread->next;
  ThreadId id = new_birth(parent, parent_segment, created_at);
  if (!id) return nullptr;
  if (!thread) {
    thread = static_cast<Thread *>(map_pages(sizeof(Thread)));
    auto *held = static_cast<Held *>(map_pages(kFirstHeld * sizeof(Held)));
    if (!thread || !held) {
      if (thread) unmap_pages(thread, sizeof(Thread));
      if (held) unmap_pages(held, kFirstHeld * sizeof(Held));
      trace.count("threads_dropped");
      return nullptr;
    }
    thread->held = held;
    thread->held_capacity = kFirstHeld;
    thread->next = first_;
    store_release(first_, thread);
  } else {
    // Everything starts at zero but the memory it owns and what it knows of stacks, which is not the thread's but the
    // code's. In place: the caller may have a small stack.
    KeySet situations = thread->situations;
    Thread *next = thread->next;
    Held *held = thread->held;
    uint32_t capacity = thread->held_capacity;
    situations.clear();
    for (uint32_t i = 0; i < capacity && held[i].address; ++i) held[i].address = nullptr;
    thread->stack_memory.forget();
    __builtin_memset(static_cast<void *>(thread), 0, offsetof(Thread, stack_memory));
    thread->situations = situations;
    thread->next = next;
    thread->held = held;
    thread->held_capacity = capacity;
  }
  thread->id = id;
  thread->segment_salt = mix(id, 0);
  store_release(thread->state, Thread::Starting);
  return thread;
}

Thread *Threads::prepare(Thread &parent, uint32_t parent_segment, StackId created_at) {
  Thread *thread = make(parent.id, parent_segment, created_at);
  if (thread) thread->has_news = parent.has_news;
  return thread;
}

void Threads::abandon(Thread &thread) {
  Locked locked(lock_);
  thread.state = Thread::Free;
}

void Threads::started(Thread &thread) {
  thread.tid = own_tid();
  if (Birth *born = birth(thread.id)) store(born->tid, thread.tid);
  thread.handle = static_cast<uint64_t>(pthread_self());
  thread.stack = bounds_to(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) + 512);
  current_thread = &thread;
  store_release(thread.state, Thread::Running);
}

Thread *Threads::attach() {
  prepare_process();
  int tid = own_tid();
  bool is_main = tid == static_cast<int>(raw_syscall(SYS_getpid));
  Thread *self = make(0, 0, 0);
  if (!self) return nullptr;
  self->tid = tid;
  self->handle = static_cast<uint64_t>(pthread_self());
  self->joined_or_detached = !is_main; // nobody told us; the record is free as soon as the thread is gone
  if (Birth *born = birth(self->id)) born->tid = tid;
  if (is_main && __libc_stack_end) self->stack = bounds_to(reinterpret_cast<uintptr_t>(__libc_stack_end));
  store_release(self->state, Thread::Running);
  current_thread = self;
  return self;
}

void Threads::ended(Thread &thread) {
  store(thread.wait.kind, 0);
  store_release(thread.state, Thread::Ended);
}

Thread *Threads::by_handle(uint64_t handle) {
  for (Thread *thread = first(); thread; thread = thread->next)
    if (thread->handle == handle && !thread->joined_or_detached && load(thread->state) != Thread::Free) return thread;
  return nullptr;
}

void Threads::after_fork(Thread &self) {
  lock_.reset();
  for (Thread *thread = first_; thread; thread = thread->next)
    if (thread != &self) thread->state = Thread::Free;
  last_id_ = 0;
  self.id = new_birth(0, 0, 0);
  self.tid_before_fork = self.tid;
  self.tid = own_tid();
  self.segment = 0;
  self.segment_salt = mix(self.id, 0);
  self.segment_used = self.segment_closed = self.order_limit_told = false;
  self.order_edges = self.recorded = 0;
  self.has_news = false;
  self.last_wake = 0;
  self.situations.clear();
  if (Birth *born = birth(self.id)) born->tid = self.tid;
}

void Threads::announce(ThreadId id) {
  Birth *born = birth(id);
  if (!id || !born || load_acquire(born->announced) == trace.epoch()) return;
  announce(born->parent); // parents first: depth is that of the family, not of the stack
  StackId created = stacks.announce(born->stack);
  char name[sizeof(Thread::name)] = {};
  for (Thread *thread = first(); thread; thread = thread->next)
    if (thread->id == id) __builtin_memcpy(name, thread->name, sizeof name);
  name[sizeof name - 1] = 0;
  Line line(SNARL_LINE_THREAD);
  line.hex(id)
      .hex(born->parent)
      .hex(static_cast<uint64_t>(load(born->tid)))
      .hex(created)
      .text(name[0]   ? name
            : id == 1 ? "main"
                      : "");
  trace.write(line);
  if (born->parent) {
    Line edge(SNARL_LINE_ORDER);
    edge.hex(born->parent).hex(born->parent_segment).hex(id).hex(0).letter('c');
    trace.write(edge);
  }
  store_release(born->announced, trace.epoch());
}

} // namespace snarl_rt
