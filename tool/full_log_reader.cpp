#include "full_log_reader.h"
#include "runtime/trace_format.h"
#include "trace_reader.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/LEB128.h"
#include "llvm/Support/MemoryBuffer.h"
#include <fmt/format.h>
#include <map>

namespace snarl {
namespace {

using Kind = LogEvent::Kind;

/// Equal indices for equal values, in the order of their first use.
template <class T> class Indices {
public:
  explicit Indices(std::vector<T> &values) : values_(values) {}
  uint32_t of(T value) {
    auto [at, fresh] = known_.try_emplace(value, values_.size());
    if (fresh) values_.push_back(value);
    return at->second;
  }

private:
  std::vector<T> &values_;
  llvm::DenseMap<T, uint32_t> known_;
};

class Decoder {
public:
  Decoder(Run &run, FullLog &log) : run_(run), log_(log), locks_(log.locks), objects_(log.objects) {}

  /// False: damaged; what came before is kept.
  bool block(uint32_t thread, uint32_t number, llvm::StringRef bytes) {
    auto [at, fresh] = states_.try_emplace(thread);
    State &state = at->second;
    if (fresh) {
      state.index = log_.threads.size();
      log_.threads.emplace_back();
      log_.threads.back().id = thread;
    }
    if (state.broken) return true;
    at_ = bytes.bytes_begin();
    end_ = bytes.bytes_end();
    state.broken = number != state.blocks++ || state.ended;
    while (!state.broken && at_ != end_) state.broken = !record(state, log_.threads[state.index]);
    if (state.broken) log_.threads[state.index].whole = false;
    return !state.broken;
  }

private:
  struct Site {
    uint32_t lock = 0, stack = 0, how = 0, sequence = 0;
    bool known = false;
  };
  struct State {
    size_t index = 0;
    uint32_t blocks = 0;
    bool broken = false, ended = false;
    std::vector<uint32_t> open; ///< acquisitions without a release
    Site sites[SNARL_FULL_SITES];
  };

  uint64_t number() {
    const char *error = nullptr;
    unsigned size = 0;
    uint64_t value = at_ == end_ ? 0 : llvm::decodeULEB128(at_, &size, end_, &error);
    ok_ &= at_ != end_ && !error;
    at_ += size;
    return value;
  }
  /// Locks, stacks, threads and the like fit 32 bits; the two largest mean something to DenseMap.
  uint32_t id() {
    uint64_t value = number();
    ok_ &= value < UINT32_MAX - 1;
    return ok_ ? value : 0;
  }
  uint8_t byte() {
    ok_ &= at_ != end_;
    return ok_ ? *at_++ : 0;
  }

  bool acquire(State &state, LogThread &thread, Site &site) {
    LogEvent e;
    e.kind = Kind::Acquire;
    e.lock = locks_.of(site.lock);
    e.number = site.sequence;
    e.stack = site.stack;
    e.shared = site.how & SNARL_FULL_SHARED;
    e.tried = site.how & SNARL_FULL_TRIED;
    e.timed = site.how & SNARL_FULL_TIMED;
    e.again = site.how & SNARL_FULL_AGAIN;
    e.pass = site.how & SNARL_FULL_PASS;
    constexpr size_t most_held = 1 << 16;
    if (state.open.size() == most_held) return false;
    state.open.push_back(thread.events.size());
    thread.events.push_back(e);
    return true;
  }

  void release(State &state, LogThread &thread, size_t open) {
    uint32_t index = state.open[open];
    state.open.erase(state.open.begin() + open);
    LogEvent e;
    e.kind = Kind::Release;
    e.lock = thread.events[index].lock;
    e.partner = index;
    thread.events[index].partner = thread.events.size();
    thread.events.push_back(e);
  }

  bool record(State &state, LogThread &thread) {
    ok_ = true;
    uint8_t tag = byte();
    if (tag & SNARL_FULL_SITE) {
      Site &site = state.sites[tag & (SNARL_FULL_SITES - 1)];
      uint64_t grown = number();
      if (!ok_ || !site.known || grown >= UINT32_MAX - site.sequence) return false;
      site.sequence += grown;
      return acquire(state, thread, site);
    }
    LogEvent e;
    switch (tag) {
    case SNARL_FULL_ACQUIRE: {
      Site site;
      uint8_t at = byte();
      site.lock = id(), site.how = byte(), site.stack = id(), site.sequence = id();
      site.known = true;
      if (!ok_ || at >= SNARL_FULL_SITES) return false;
      state.sites[at] = site;
      return acquire(state, thread, state.sites[at]);
    }
    case SNARL_FULL_RELEASE:
      if (state.open.empty()) return false;
      release(state, thread, state.open.size() - 1);
      return true;
    case SNARL_FULL_RELEASE_LOCK: {
      uint32_t lock = id();
      if (!ok_) return false;
      uint32_t index = locks_.of(lock);
      for (size_t i = state.open.size(); i-- > 0;)
        if (thread.events[state.open[i]].lock == index) return release(state, thread, i), true;
      return true; // taken before the log began
    }
    case SNARL_FULL_LOCK: {
      RunLock lock;
      lock.id = id();
      auto kind = lock_kind(static_cast<char>(byte()));
      lock.address = number();
      lock.first_seen = id();
      lock.modules_seen = run_.modules.size();
      if (!ok_ || !kind) return false;
      lock.kind = *kind;
      run_.locks.emplace(lock.id, lock);
      return true;
    }
    case SNARL_FULL_LOST: {
      uint32_t lock = id();
      if (!ok_) return false;
      uint32_t index = locks_.of(lock);
      if (log_.lost.size() <= index) log_.lost.resize(index + 1);
      return log_.lost[index] = true;
    }
    case SNARL_FULL_CREATE:
    case SNARL_FULL_JOIN:
      e.kind = tag == SNARL_FULL_CREATE ? Kind::Create : Kind::Join;
      e.lock = id();
      break;
    case SNARL_FULL_WAIT:
    case SNARL_FULL_WAITED:
    case SNARL_FULL_WAKE: {
      e.kind = tag == SNARL_FULL_WAIT ? Kind::Wait : tag == SNARL_FULL_WAITED ? Kind::Waited : Kind::Wake;
      e.what = static_cast<char>(byte());
      uint64_t object = number();
      e.number = id();
      if (e.kind == Kind::Waited) e.done = byte();
      if (!ok_ || !e.what || !llvm::StringRef("cCpbo").contains(e.what) || object >= UINT64_MAX - 1) return false;
      e.lock = objects_.of(object);
      break;
    }
    case SNARL_FULL_END: state.ended = thread.whole = true; return at_ == end_;
    default: return false;
    }
    if (!ok_) return false;
    thread.events.push_back(e);
    return true;
  }

  Run &run_;
  FullLog &log_;
  Indices<uint32_t> locks_;
  Indices<uint64_t> objects_;
  std::map<uint32_t, State> states_;
  const uint8_t *at_ = nullptr, *end_ = nullptr;
  bool ok_ = true;
};

/// Of a thread whose creation is not in the log nobody knows when it began.
void drop_orphans(FullLog &log, const Run &run) {
  std::map<uint32_t, bool> created;
  for (const LogThread &thread : log.threads)
    for (const LogEvent &e : thread.events)
      if (e.kind == Kind::Create) created[e.lock] = true;
  for (LogThread &thread : log.threads) {
    auto known = run.threads.find(thread.id);
    bool made = known != run.threads.end() && known->second.parent != 0;
    if (!made || created[thread.id]) continue;
    thread.events.clear();
    thread.whole = false;
  }
}

} // namespace

FullLog decode_full_log(llvm::StringRef bytes, Run &run, size_t &damaged) {
  FullLog log;
  Decoder decoder(run, log);
  constexpr size_t header = 16;
  while (bytes.size() >= header) {
    auto word = [&](size_t i) { return llvm::support::endian::read32le(bytes.data() + i * 4); };
    uint32_t magic = word(0), thread = word(1), number = word(2), size = word(3);
    if (magic != SNARL_FULL_BLOCK || thread >= UINT32_MAX - 1) {
      ++damaged;
      break;
    }
    bytes = bytes.drop_front(header);
    if (bytes.size() < size) { // the process was killed while it was written
      ++damaged;
      break;
    }
    damaged += !decoder.block(thread, number, bytes.take_front(size));
    bytes = bytes.drop_front(size);
  }
  drop_orphans(log, run);
  return log;
}

void attach_full_log(Run &run) {
  if (!run.has_full_log) return;
  llvm::StringRef trace = run.trace_file;
  trace.consume_back(".trace");
  auto file = llvm::MemoryBuffer::getFile(trace + ".full", /*IsText=*/false, /*RequiresNullTerminator=*/false,
                                          /*IsVolatile=*/true);
  llvm::StringRef magic = SNARL_FULL_MAGIC;
  if (!file || !(*file)->getBuffer().starts_with(magic)) {
    run.blind_spots.push_back("the full log is not there, or is not one of this version: " + (trace + ".full").str());
    return;
  }
  size_t damaged = 0;
  auto log = std::make_shared<FullLog>(decode_full_log((*file)->getBuffer().drop_front(magic.size()), run, damaged));
  size_t cut = log->link();
  if (damaged) run.blind_spots.push_back(fmt::format("{} damaged or incomplete pieces of the full log", damaged));
  if (cut) run.blind_spots.push_back(fmt::format("{} events of the full log come after something that was lost", cut));
  run.full_log = std::move(log);
}

} // namespace snarl
