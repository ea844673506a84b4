#include "locks.h"
#include "real.h"
#include "writer.h"

namespace snarl_rt {
namespace {

LockId last_lock = 0;
bool in_place = false;
bool can_take = false; ///< a free mutex, by the instruction libc uses
bool any_names = false;

/// Locks without room of their own. Open addressing; a full table is replaced by a larger one, and the old one stays
/// for readers that are in it. What is known of a lock stays where it is, for good: an ended generation has word 0.
struct Known {
  LockSlot slot;
  const char *name; ///< given by annotation
  uint32_t use;     ///< SemaphoreUse; of a once object, whether it is done
};
struct TableEntry {
  void *address;
  Known *known;
};
struct Table {
  size_t mask;
  size_t used;
  TableEntry *entries;
};
Table *table = nullptr;
SpinLock table_lock;

TableEntry *probe(Table &in, const void *address) {
  for (size_t i = mix(reinterpret_cast<uintptr_t>(address)) & in.mask;; i = (i + 1) & in.mask) {
    void *there = load_acquire(in.entries[i].address);
    if (there == address || !there) return &in.entries[i];
  }
}

Table *bigger_table() {
  size_t capacity = table ? (table->mask + 1) * 2 : 1024;
  auto *fresh = static_cast<Table *>(arena.allocate(sizeof(Table)));
  auto *entries = static_cast<TableEntry *>(map_pages(capacity * sizeof(TableEntry)));
  if (!fresh || !entries) return nullptr;
  *fresh = {capacity - 1, 0, entries};
  for (size_t i = 0; table && i <= table->mask; ++i) {
    if (!table->entries[i].address) continue;
    *probe(*fresh, table->entries[i].address) = table->entries[i];
    ++fresh->used;
  }
  return fresh;
}

TableEntry *table_entry(const void *address) {
  if (Table *now = load_acquire(table))
    if (TableEntry *found = probe(*now, address); load(found->address)) return found;
  Locked locked(table_lock);
  if (!table || (table->used + 1) * 2 > table->mask) {
    Table *fresh = bigger_table();
    if (fresh)
      store_release(table, fresh);
    else if (!table || table->used + 1 > table->mask)
      return nullptr;
  }
  TableEntry *entry = probe(*table, address);
  if (!entry->address) {
    entry->known = static_cast<Known *>(arena.allocate(sizeof(Known)));
    if (!entry->known) return nullptr;
    ++table->used;
    store_release(entry->address, const_cast<void *>(address));
  }
  return entry;
}

} // namespace

SpinLock &lock_table_lock() {
  return table_lock;
}

bool takes_itself = false;

void begin_to_take() {
  if (can_take && !load(extras)) store(takes_itself, true);
}

bool layouts_hold() {
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
  const uint64_t mark = 0x5a0123456789abcdull;
  m.__data.__list.__prev = reinterpret_cast<__pthread_internal_list *>(mark);
  m.__data.__list.__next = reinterpret_cast<__pthread_internal_list *>(mark + 1);
  l.__data.__pad2 = mark;
  int tid = static_cast<int>(raw_syscall(SYS_gettid));
  bool good = real::pthread_mutex_lock(&m) == 0 && m.__data.__owner == tid && real::pthread_mutex_trylock(&m) != 0 &&
              real::pthread_mutex_unlock(&m) == 0 && m.__data.__owner == 0;
  bool plain = good && take_free(&m, tid) && real::pthread_mutex_trylock(&m) != 0 &&
               real::pthread_mutex_unlock(&m) == 0 && !m.__data.__lock && !m.__data.__owner && !m.__data.__nusers &&
               real::pthread_mutex_lock(&m) == 0 && m.__data.__lock == 1 && m.__data.__nusers == 1 &&
               real::pthread_mutex_unlock(&m) == 0;
  good = good && real::pthread_rwlock_wrlock(&l) == 0 && l.__data.__cur_writer == tid &&
         real::pthread_rwlock_unlock(&l) == 0 && real::pthread_rwlock_rdlock(&l) == 0 &&
         real::pthread_rwlock_unlock(&l) == 0;
  good = good && reinterpret_cast<uint64_t>(m.__data.__list.__prev) == mark &&
         reinterpret_cast<uint64_t>(m.__data.__list.__next) == mark + 1 && l.__data.__pad2 == mark;
  in_place = good;
  can_take = good && plain && real::pthread_mutex_lock == real::find("__pthread_mutex_lock", "GLIBC_2.2.5");
  return good;
}

LockRef ref_in_table(const void *address, char kind) {
  TableEntry *entry = table_entry(address);
  if (!entry) return {const_cast<void *>(address), kind, nullptr, nullptr};
  return {const_cast<void *>(address), kind, &entry->known->slot.word, &entry->known->slot.history};
}

LockRef ref_to(pthread_mutex_t *m) {
  if (!in_place || !has_room(m)) return ref_in_table(m, kind_of(m));
  LockSlot *slot = slot_in(m);
  return {m, kind_of(m), &slot->word, &slot->history};
}

LockRef ref_to(pthread_rwlock_t *l) {
  if (!in_place || l->__data.__shared) return ref_in_table(l, kind_of(l));
  return {l, kind_of(l), &l->__data.__pad2, reinterpret_cast<LockHistory *>(&l->__data.__pad3)};
}

LockRef ref_of(const Held &held) {
  switch (held.kind) {
  case 'm':
  case 'r':
  case 'e': return ref_to(static_cast<pthread_mutex_t *>(held.address));
  case 'w':
  case 'W': return ref_to(static_cast<pthread_rwlock_t *>(held.address));
  default: return ref_in_table(held.address, held.kind);
  }
}

LockId identity(const LockRef &lock) {
  return lock.word ? slot_id(load(*lock.word), lock.address) : 0;
}

LockId identify(const LockRef &lock, StackId stack) {
  if (!lock.word) {
    trace.count("locks_dropped");
    return 0;
  }
  uint64_t now = load(*lock.word);
  if (LockId id = slot_id(now, lock.address)) return id;
  LockId id = __atomic_add_fetch(&last_lock, 1, __ATOMIC_RELAXED);
  if (!__atomic_compare_exchange_n(lock.word, &now, slot_signature(lock.address) | id, false, __ATOMIC_RELAXED,
                                   __ATOMIC_RELAXED))
    return slot_id(now, lock.address);
  store(lock.history->first_stack, stack);
  return id;
}

SemaphoreUse semaphore_use(const void *semaphore) {
  Table *now = load_acquire(table);
  if (!now) return SemaphoreUse::Unknown;
  TableEntry *entry = probe(*now, semaphore);
  return load(entry->address) ? static_cast<SemaphoreUse>(load(entry->known->use)) : SemaphoreUse::Unknown;
}

void set_semaphore_use(const void *semaphore, SemaphoreUse use) {
  if (TableEntry *entry = table_entry(semaphore)) store(entry->known->use, static_cast<uint32_t>(use));
}

static void write_name(LockId id, const char *name) {
  Line line(SNARL_LINE_NOTE);
  line.letter('n').hex(id).text(name);
  trace.write(line);
}

void announce_lock(const LockRef &lock, StackId seen) {
  if (!lock.word) return;
  uint64_t word = load(*lock.word);
  LockId id = slot_id(word, lock.address);
  uint64_t epoch = uint64_t{trace.epoch()} << 48;
  if (!id || (word & kSlotEpochMask) == epoch) return;
  StackId first = load(lock.history->first_stack);
  first = stacks.announce(first ? first : seen);
  Line line(SNARL_LINE_LOCK);
  line.hex(id).letter(lock.kind).hex(reinterpret_cast<uintptr_t>(lock.address)).hex(first);
  trace.write(line);
  if (const char *name = lock_name(lock)) write_name(id, name);
  __atomic_compare_exchange_n(lock.word, &word, (word & ~kSlotEpochMask) | epoch, false, __ATOMIC_RELEASE,
                              __ATOMIC_RELAXED);
}

const char *lock_name(const LockRef &lock) {
  Table *now = load_acquire(table);
  if (!now || !load(any_names)) return nullptr;
  TableEntry *entry = probe(*now, lock.address);
  return load(entry->address) ? load(entry->known->name) : nullptr;
}

bool set_lock_name(const LockRef &lock, const char *name) {
  TableEntry *entry = table_entry(lock.address);
  if (!entry) return false;
  store(any_names, true);
  bool news = load(entry->known->name) != name;
  store(entry->known->name, name);
  uint64_t word = lock.word ? load(*lock.word) : 0;
  LockId id = slot_id(word, lock.address);
  if (news && name && id && (word & kSlotEpochMask) == uint64_t{trace.epoch()} << 48) write_name(id, name);
  return true;
}

namespace {

void end_slot(const void *address, uint64_t *slot_word) {
  uint64_t word = load(*slot_word);
  LockId id = slot_id(word, address);
  if (!id) return;
  if ((word & kSlotEpochMask) == uint64_t{trace.epoch()} << 48) {
    Line line(SNARL_LINE_LOCK_END);
    line.hex(id);
    trace.write(line);
  }
  store(*slot_word, 0);
}

} // namespace

void end_generation(const void *address, uint64_t *word) {
  if (word) end_slot(address, word);
  Table *now = load_acquire(table);
  if (!now) return;
  TableEntry *entry = probe(*now, address);
  if (!load(entry->address)) return;
  end_slot(address, &entry->known->slot.word);
  store(entry->known->name, nullptr);
}

void once_completed(const void *once) {
  if (TableEntry *entry = table_entry(once)) store(entry->known->use, 1);
}

void once_is_fresh(const void *once) {
  Table *now = load_acquire(table);
  TableEntry *entry = now ? probe(*now, once) : nullptr;
  if (!entry || !load(entry->address) || !load(entry->known->use)) return;
  end_slot(once, &entry->known->slot.word);
  store(entry->known->use, 0);
}

} // namespace snarl_rt
