#include "stack.h"
#include "modules.h"
#include "writer.h"

namespace snarl_rt {

StackTable stacks;

namespace {
uintptr_t hidden_start = 0, hidden_end = 0;
}

void hide_frames(uintptr_t start, uintptr_t end) {
  hidden_start = start;
  hidden_end = end;
}

uint32_t unwind(Frame frame, const StackBounds &bounds, uintptr_t *pcs, uint32_t limit) {
  uint32_t n = 0;
  do {
    uintptr_t pc = frame.exact ? frame.pc : frame.pc - 1;
    if (pc - hidden_start >= hidden_end - hidden_start) pcs[n++] = pc;
  } while (n < limit && step(frame, bounds));
  return n;
}

// ---- StackTable

StackId StackTable::intern(const uintptr_t *pcs, uint32_t frames) {
  uint64_t hash = frames;
  for (uint32_t i = 0; i < frames; ++i) hash = mix(hash, pcs[i]);
  Locked locked(lock_);
  StackRecord *&bucket = buckets_[hash % kBuckets];
  for (StackRecord *record = bucket; record; record = record->next)
    if (record->hash == hash && record->frames == frames) return record->id;
  if (count_ + 1 >= kChunk * kChunks) return 0;
  StackRecord **&chunk = chunks_[(count_ + 1) / kChunk];
  if (!chunk) chunk = static_cast<StackRecord **>(map_pages(kChunk * sizeof(StackRecord *)));
  auto *record = static_cast<StackRecord *>(arena.allocate(sizeof(StackRecord) + frames * sizeof(uintptr_t)));
  if (!chunk || !record) {
    trace.count("stacks_dropped");
    return 0;
  }
  *record = {};
  record->hash = hash;
  record->id = count_ + 1;
  record->frames = frames;
  __builtin_memcpy(static_cast<void *>(record + 1), pcs, frames * sizeof(uintptr_t));
  store_release(chunk[record->id % kChunk], record);
  record->next = bucket;
  bucket = record;
  return ++count_;
}

StackRecord *StackTable::find(StackId id) const {
  StackRecord **chunk = id < kChunk * kChunks ? load_acquire(chunks_[id / kChunk]) : nullptr;
  return id && chunk ? load_acquire(chunk[id % kChunk]) : nullptr;
}

StackId StackTable::announce(StackId id) {
  StackRecord *record = find(id);
  if (!record) return 0;
  if (load_acquire(record->announced) == trace.epoch()) return id;
  Line line(SNARL_LINE_STACK);
  line.hex(id);
  for (uint32_t i = 0; i < record->frames; ++i) line.hex(record->pcs()[i]);
  if (!trace.start()) return 0;
  for (uint32_t i = 0; i < record->frames; ++i) tell_module_of(record->pcs()[i]);
  trace.write(line); // twice if two threads are here at once: the same line
  store_release(record->announced, trace.epoch());
  return id;
}

// ---- StackMemory

void StackMemory::forget() {
  for (StackMemo &memo : memos_) memo = {};
}

bool StackMemory::insert(uint64_t key, StackId stack) {
  if ((known_count_ + 1) * 2 > known_capacity_) {
    uint32_t capacity = known_capacity_ ? known_capacity_ * 2 : 256;
    auto *fresh = capacity > kMaxKnown ? nullptr : static_cast<Known *>(map_pages(capacity * sizeof(Known)));
    if (!fresh) return false;
    for (uint32_t i = 0; i < known_capacity_; ++i) {
      if (!known_[i].key) continue;
      uint32_t at = known_[i].key & (capacity - 1);
      while (fresh[at].key) at = (at + 1) & (capacity - 1);
      fresh[at] = known_[i];
    }
    if (known_) unmap_pages(known_, known_capacity_ * sizeof(Known));
    known_ = fresh;
    known_capacity_ = capacity;
  }
  uint32_t at = key & (known_capacity_ - 1);
  while (known_[at].key) at = (at + 1) & (known_capacity_ - 1);
  known_[at] = {key, stack};
  ++known_count_;
  return true;
}

StackId StackMemory::look_up(Caller caller, const StackBounds &whole) {
  const size_t home = slot(caller.sp(), caller.pc());
  for (size_t way = 0; way < kGroup; ++way)
    if (const StackMemo &memo = memos_[home ^ way]; holds(memo, caller.sp(), caller.pc())) return memo.stack;
  StackBounds bounds = whole;
  bounds.low = caller.frame;
  if (caller.sp() < whole.low || caller.sp() >= whole.end)
    bounds.end = (caller.sp() | 4095) + 1; // a signal stack or a coroutine's: beyond this page read with care
  StackMemo memo;
  memo.sp = caller.sp();
  memo.pc = caller.pc();
  Frame frame = caller.as_frame();
  uint64_t key = mix(frame.pc);
  bool whole_memo = true;
  for (int i = 0; i < StackMemo::kNext; ++i) {
    // where nothing more is known the memo compares the return address itself, at distance 0
    memo.next_at[i] = 0;
    memo.next_pc[i] = caller.pc();
    if (crowded_ || !whole_memo || !step(frame, bounds) || frame.exact || (frame.sp - memo.sp) / 8 > UINT16_MAX) {
      whole_memo = false;
      continue;
    }
    memo.next_at[i] = static_cast<uint16_t>((frame.sp - memo.sp) / 8);
    memo.next_pc[i] = frame.pc;
    key = mix(key, frame.pc);
  }
  key |= 1;
  for (uint32_t at = known_capacity_ ? key & (known_capacity_ - 1) : 0; known_ && known_[at].key;
       at = (at + 1) & (known_capacity_ - 1))
    if (known_[at].key == key) {
      memo.stack = known_[at].stack;
      break;
    }
  if (!memo.stack) {
    uintptr_t pcs[kMaxFrames];
    memo.stack = stacks.intern(pcs, unwind(caller.as_frame(), bounds, pcs, kMaxFrames));
    if (memo.stack && !insert(key, memo.stack) && !crowded_) {
      crowded_ = true;
      trace.count("stacks_merged");
    }
  }
  size_t way = 0;
  while (way < kGroup && memos_[home ^ way].sp) ++way;
  if (way == kGroup) way = next_victim_++ % kGroup;
  memos_[home ^ way] = memo;
  return memo.stack;
}

} // namespace snarl_rt
