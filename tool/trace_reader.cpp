#include "trace_reader.h"
#include "full_log_reader.h"
#include "runtime/trace_format.h"
#include "trace_fields.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <fmt/format.h>

namespace snarl {

static llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::Error TraceReader::first_line(llvm::StringRef line) {
  Fields in(line);
  if (in.word() != "V") return error(run_.trace_file + ": not a trace: it does not begin with a version line");
  uint64_t version = in.number();
  if (!in.ok()) return error(run_.trace_file + ": not a trace: it does not begin with a version line");
  if (version != SNARL_TRACE_VERSION)
    return error(
        fmt::format("{}: trace of version {}, this snarl reads version {}: record it again with the library that "
                    "belongs to this snarl",
                    run_.trace_file, version, SNARL_TRACE_VERSION));
  run_.pid = in.number();
  run_.parent_pid = in.number();
  run_.started = in.number();
  run_.program = in.text();
  begun_ = true;
  return llvm::Error::success();
}

llvm::Error TraceReader::feed(llvm::StringRef text) {
  std::string joined;
  if (!rest_.empty()) {
    joined = std::move(rest_) + text.str();
    text = joined;
  }
  while (true) {
    size_t end = text.find('\n');
    if (end == llvm::StringRef::npos) break;
    llvm::StringRef one = text.take_front(end);
    text = text.drop_front(end + 1);
    ++lines_;
    if (!begun_) {
      if (auto bad = first_line(one)) return bad;
    } else if (!line(one)) {
      ++unreadable_;
    }
  }
  rest_ = text.str();
  return llvm::Error::success();
}

llvm::Error TraceReader::read_more() {
  uint64_t size = 0;
  if (auto code = llvm::sys::fs::file_size(run_.trace_file, size))
    return error(run_.trace_file + ": " + code.message());
  if (size <= position_) return llvm::Error::success();
  auto slice = llvm::MemoryBuffer::getFileSlice(run_.trace_file, size - position_, position_, /*IsVolatile=*/true);
  if (!slice) return error(run_.trace_file + ": " + slice.getError().message());
  position_ = size;
  return feed((*slice)->getBuffer());
}

bool TraceReader::line(llvm::StringRef text) {
  if (text.size() < 1 || (text.size() > 1 && text[1] != ' ')) return false;
  Fields in(text.drop_front(std::min<size_t>(text.size(), 2)));
  switch (text[0]) {
  case SNARL_LINE_VERSION: return false; // a second one
  case SNARL_LINE_MODULE: return module(in);
  case SNARL_LINE_THREAD: return thread(in);
  case SNARL_LINE_NAME: {
    ThreadId id = in.id();
    if (!in.ok() || !run_.threads.count(id)) return false;
    run_.threads[id].name = in.text();
    return true;
  }
  case SNARL_LINE_EXIT: {
    ThreadId id = in.id();
    if (!in.done() || !run_.threads.count(id)) return false;
    run_.threads[id].ended = true;
    return true;
  }
  case SNARL_LINE_ORDER: {
    OrderEdge edge;
    edge.first.thread = in.id(), edge.first.number = in.id();
    edge.second.thread = in.id(), edge.second.number = in.id();
    char kind = in.letter();
    if (!in.done()) return false;
    if (kind == 'j' && run_.threads.count(edge.first.thread)) run_.threads[edge.first.thread].ended = true;
    run_.order.push_back(edge);
    return true;
  }
  case SNARL_LINE_ORDER_LIMIT: {
    ThreadId id = in.id();
    uint32_t segment = in.id();
    if (!in.done()) return false;
    auto [at, fresh] = run_.untracked_after.emplace(id, segment);
    if (!fresh) at->second = std::min(at->second, segment);
    return true;
  }
  case SNARL_LINE_LOCK: return lock(in);
  case SNARL_LINE_LOCK_END: return in.id(), in.done();
  case SNARL_LINE_STACK: return stack(in);
  case SNARL_LINE_SITUATION: return situation(in);
  case SNARL_LINE_MISUSE: return misuse(in);
  case SNARL_LINE_NOTE: return note(in);
  case SNARL_LINE_UNSEEN: {
    char kind = in.letter();
    uint64_t count = in.number();
    StackId stack = in.id();
    if (kind == 'f' && in.done()) run_.futex_waits = count, run_.first_futex_wait = stack;
    if (kind == 's' && in.done()) restricted_ = count != 0;
    return in.ok();
  }
  case SNARL_LINE_DEADLOCK: return deadlock(in);
  case SNARL_LINE_DEADLOCK_THREAD: return deadlock_thread(in);
  case SNARL_LINE_DEADLOCK_END: return deadlock_end(in);
  case SNARL_LINE_BLOCKED: return blocked(in);
  case SNARL_LINE_STARVED: return unfair(in);
  case SNARL_LINE_STALL: return stall(in);
  case SNARL_LINE_SNAPSHOT: return snapshot(in);
  case SNARL_LINE_TASK: return task(in);
  case SNARL_LINE_PROFILE: return profile(in);
  case SNARL_LINE_FORK: return in.number(), in.done();
  case SNARL_LINE_COUNTER: {
    llvm::StringRef name = in.word();
    uint64_t count = in.number();
    if (!in.done()) return false;
    counters_[name.str()] = count;
    return true;
  }
  case SNARL_LINE_FULL_LOG: run_.has_full_log = true; return in.number(), in.done();
  case SNARL_LINE_STEERED: return steered(in);
  case SNARL_LINE_QUIT: run_.ended = true; return in.at_end();
  default:
    // Letters of later additions are no mistake; anything else is.
    return llvm::isAlpha(text[0]);
  }
}

bool TraceReader::module(Fields &in) {
  RunModule m;
  m.start = in.number(), m.end = in.number(), m.file_offset = in.number();
  llvm::StringRef build_id = in.word();
  if (!in.ok() || m.start >= m.end) return false;
  if (build_id != "-") m.build_id = build_id.lower();
  m.path = in.text();
  run_.modules.push_back(std::move(m));
  return true;
}

bool TraceReader::thread(Fields &in) {
  RunThread t;
  t.id = in.id(), t.parent = in.id(), t.os_id = in.number(), t.created = in.id();
  if (!in.ok() || !t.id) return false;
  t.name = in.text();
  // Two threads that tell of a third one at once may both do so.
  auto [at, fresh] = run_.threads.emplace(t.id, t);
  return fresh || (at->second.parent == t.parent && at->second.created == t.created);
}

std::optional<RunLockKind> lock_kind(char letter) {
  switch (letter) {
  case 'm': return RunLockKind::Mutex;
  case 'r': return RunLockKind::Recursive;
  case 'e': return RunLockKind::ErrorCheck;
  case 'w': return RunLockKind::Rwlock;
  case 'W': return RunLockKind::RwlockPreferWriter;
  case 's': return RunLockKind::Spin;
  case 'S': return RunLockKind::Semaphore;
  case 'o': return RunLockKind::Once;
  case 'u': return RunLockKind::Custom;
  default: return std::nullopt;
  }
}

bool TraceReader::lock(Fields &in) {
  RunLock l;
  l.id = in.id();
  auto kind = lock_kind(in.letter());
  if (!kind) return false;
  l.kind = *kind;
  l.address = in.number();
  l.first_seen = in.id();
  l.modules_seen = run_.modules.size();
  if (!in.done() || !l.id) return false;
  // Two threads that see a lock for the first time at once may both say so.
  auto [at, fresh] = run_.locks.emplace(l.id, l);
  return fresh || at->second.address == l.address;
}

bool TraceReader::stack(Fields &in) {
  uint32_t id = in.id();
  RunStack s;
  while (in.ok() && !in.at_end()) s.pcs.push_back(in.number());
  s.modules_seen = run_.modules.size();
  if (!in.ok() || !id) return false;
  auto [at, fresh] = run_.stacks.emplace(id, s);
  return fresh || at->second.pcs == s.pcs;
}

bool TraceReader::situation(Fields &in) {
  Situation s;
  s.segment.thread = in.id(), s.segment.number = in.id();
  s.held = in.held();
  s.wanted = in.id(), s.mode = in.mode();
  char flavour = in.letter();
  s.stack = in.id();
  if (!in.done() || (flavour != 'b' && flavour != 't')) return false;
  s.timed = flavour == 't';
  run_.situations.push_back(std::move(s));
  return true;
}

bool TraceReader::misuse(Fields &in) {
  Misuse m;
  switch (in.letter()) {
  case 'o': m.kind = MisuseKind::UnlockNotOwner; break;
  case 'u': m.kind = MisuseKind::UnlockUnlocked; break;
  case 'd': m.kind = MisuseKind::DestroyedHeld; break;
  case 'x': m.kind = MisuseKind::ThreadExitHolding; break;
  case 'k': m.kind = MisuseKind::RelockRefused; break;
  case 'r': m.kind = MisuseKind::Relock; break;
  case 'i': m.kind = MisuseKind::InitHeld; break;
  case 'a': m.kind = MisuseKind::InitAgain; break;
  case 'c': m.kind = MisuseKind::OwnerDiedIgnored; break;
  case 'f': m.kind = MisuseKind::ForkHeld; break;
  case 'n': m.kind = MisuseKind::WaitUnlocked; break;
  case 'm': m.kind = MisuseKind::TwoMutexes; break;
  case 'l': m.kind = MisuseKind::SignalLost; break;
  case 'v': m.kind = MisuseKind::ConditionDestroyed; break;
  case 'w': m.kind = MisuseKind::DestroyedWaited; break;
  default: return false;
  }
  m.thread = in.id(), m.lock = in.id(), m.stack = in.id(), m.owner = in.id(), m.taken = in.id();
  if (!in.at_end()) m.object = in.number();
  m.modules_seen = run_.modules.size();
  if (!in.done()) return false;
  run_.misuses.push_back(m);
  return true;
}

bool TraceReader::note(Fields &in) {
  char kind = in.letter();
  LockId lock = in.id();
  if (kind == 'n') {
    auto found = run_.locks.find(lock);
    if (!in.ok() || found == run_.locks.end()) return false;
    found->second.name = in.text();
    return true;
  }
  LockId second = in.id();
  if (kind != 'p' || !in.done()) return false;
  run_.orders_on_purpose.insert({lock, second});
  return true;
}

/// An order that is on purpose is no link of a circle. What is held is held all the same: it may keep others out.
void TraceReader::mark_orders_on_purpose() {
  if (run_.orders_on_purpose.empty()) return;
  for (Situation &s : run_.situations)
    for (HeldLock &held : s.held) held.on_purpose = run_.orders_on_purpose.count({held.lock, s.wanted}) != 0;
}

bool TraceReader::deadlock(Fields &in) {
  uint32_t id = in.id();
  LiveDeadlock d;
  switch (in.letter()) {
  case 'C': d.sure = false; [[fallthrough]];
  case 'c': d.kind = LiveDeadlock::Kind::Cycle; break;
  case 'W': d.sure = false; [[fallthrough]];
  case 'w': d.kind = LiveDeadlock::Kind::NoWaker; break;
  case 'o': d.kind = LiveDeadlock::Kind::OrphanedLock; break;
  case 'f': d.kind = LiveDeadlock::Kind::LeftByFork; break;
  default: return false;
  }
  uint64_t threads = in.number();
  if (!in.done() || threads > kMostHeld) return false;
  open_blocks_[id] = {std::move(d), threads, std::nullopt};
  return true;
}

bool TraceReader::snapshot(Fields &in) {
  uint32_t id = in.id();
  char reason = in.letter();
  Snapshot s;
  s.timed_out = reason == 't';
  s.number = in.number();
  uint64_t threads = in.number();
  if (!in.done() || threads > kMostHeld || (reason != 't' && reason != 'a')) return false;
  open_blocks_[id] = {{}, threads, std::move(s)};
  return true;
}

/// A thread of the block gets what the kernel says of it; one that is not ours is added.
bool TraceReader::task(Fields &in) {
  auto found = open_blocks_.find(in.id());
  uint32_t thread = in.id();
  KernelState state;
  state.os_id = in.number(), state.state = in.letter();
  uint64_t call = in.number();
  if (call > UINT32_MAX) return false;
  state.call = static_cast<int64_t>(call) - 1;
  for (uint64_t &argument : state.arguments) argument = in.number();
  if (!in.ok() || found == open_blocks_.end()) return false;
  state.file = in.text();
  std::vector<BlockedThread> &threads = found->second.deadlock.threads;
  if (thread == 0) {
    if (threads.size() > kMostHeld) return false;
    BlockedThread unknown;
    unknown.kernel = std::move(state);
    threads.push_back(std::move(unknown));
    return true;
  }
  for (BlockedThread &blocked : llvm::reverse(threads))
    if (blocked.thread == thread) {
      blocked.kernel = std::move(state);
      return true;
    }
  return false;
}

bool TraceReader::deadlock_thread(Fields &in) {
  uint32_t id = in.id();
  BlockedThread t;
  t.thread = in.id();
  switch (in.letter()) {
  case 'l': t.waits = WaitKind::Lock; break;
  case 'j': t.waits = WaitKind::Join; break;
  case 'o': t.waits = WaitKind::Once; break;
  case 'c': t.waits = WaitKind::Condition; break;
  case 'p': t.waits = WaitKind::Semaphore; break;
  case 'b': t.waits = WaitKind::Barrier; break;
  case '-': t.waits = WaitKind::None; break;
  default: return false;
  }
  t.object = in.number();
  t.joins = in.id();
  // Nothing is wanted of a join, so it may have no mode.
  char mode = in.letter();
  t.mode = mode == 's' ? LockMode::Shared : LockMode::Exclusive;
  t.timed = in.number() != 0;
  t.in_cycle = in.number() != 0;
  t.stack = in.id();
  t.held = in.held();
  auto found = open_blocks_.find(id);
  if (!in.done() || found == open_blocks_.end() || found->second.missing == 0) return false;
  if (t.waits == WaitKind::Lock) {
    if (t.object >= UINT32_MAX) return false;
    t.lock = t.object;
    t.object = 0;
  }
  --found->second.missing;
  found->second.deadlock.threads.push_back(std::move(t));
  return true;
}

bool TraceReader::deadlock_end(Fields &in) {
  auto found = open_blocks_.find(in.id());
  if (!in.done() || found == open_blocks_.end()) return false;
  OpenBlock block = std::move(found->second);
  open_blocks_.erase(found);
  if (block.snapshot) {
    block.snapshot->modules_seen = run_.modules.size();
    block.snapshot->threads = std::move(block.deadlock.threads);
    run_.snapshots.push_back(std::move(*block.snapshot));
  } else {
    block.deadlock.modules_seen = run_.modules.size();
    run_.deadlocks.push_back(std::move(block.deadlock));
  }
  return block.missing == 0; // lines of its threads can have been lost; what is there still tells most
}

bool TraceReader::steered(Fields &in) {
  if (in.letter() != 's') return in.ok(); // noise: nothing is judged by it
  SteeredStop s;
  s.thread = in.id(), s.side = in.id();
  s.before_hold = in.letter() == 'h';
  s.ms = in.number();
  switch (in.letter()) {
  case 'c': s.end = SteeredStop::End::Closed; break;
  case 'a': s.end = SteeredStop::End::Arrived; break;
  case 't': s.end = SteeredStop::End::Time; break;
  case 's': s.end = SteeredStop::End::Standstill; break;
  default: return false;
  }
  if (!in.done()) return false;
  run_.steered.push_back(s);
  return true;
}

/// What was lost is counted by writing over the second line, which may have been read long ago.
void TraceReader::read_losses_again() {
  uint64_t size = 0;
  if (llvm::sys::fs::file_size(run_.trace_file, size)) return;
  auto head =
      llvm::MemoryBuffer::getFileSlice(run_.trace_file, std::min<uint64_t>(size, 16384), 0, /*IsVolatile=*/true);
  if (!head) return;
  llvm::StringRef second = (*head)->getBuffer().split('\n').second;
  if (second.starts_with("C lines_lost ") && second.contains('\n')) line(second.split('\n').first);
}

Run TraceReader::finish() {
  std::sort(run_.order.begin(), run_.order.end());
  mark_orders_on_purpose();
  auto say = [&](uint64_t n, const char *one, const char *many) {
    if (n) run_.blind_spots.push_back(fmt::format("{} {}", n, n == 1 ? one : many));
  };
  if (begun_) read_losses_again();
  for (const auto &[name, count] : counters_) {
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', ' ');
    if (count) run_.blind_spots.push_back(fmt::format("{} {}", count, words));
  }
  say(unreadable_, "line of the trace made no sense and was skipped",
      "lines of the trace made no sense and were skipped");
  say(!rest_.empty(), "line of the trace is incomplete and was skipped", "");
  if (restricted_)
    run_.blind_spots.push_back(
        "what came after the program had restricted its system calls (seccomp) was not recorded");
  attach_full_log(run_);
  say(open_blocks_.size(), "report of a deadlock is incomplete", "reports of deadlocks are incomplete");
  return std::move(run_);
}

// ---- folders

std::vector<std::string> trace_files(llvm::StringRef folder) {
  std::vector<std::string> files;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code))
    if (llvm::StringRef(at->path()).ends_with(".trace")) files.push_back(at->path());
  std::sort(files.begin(), files.end());
  return files;
}

llvm::Expected<std::vector<Run>> read_traces(const std::vector<std::string> &paths, std::vector<std::string> *skipped) {
  std::vector<Run> runs;
  for (const std::string &path : paths) {
    std::vector<std::string> files{path};
    bool folder = llvm::sys::fs::is_directory(path);
    if (folder) {
      files = trace_files(path);
      if (files.empty())
        return error(path + ": no traces in this folder: record some with `snarl run --trace " + path + " -- program`");
    }
    for (const std::string &file : files) {
      TraceReader reader(file);
      llvm::Error bad = reader.read_more();
      if (!bad && !reader.begun()) bad = error(file + ": not a trace: the file is empty, or its first line incomplete");
      if (!bad) {
        runs.push_back(reader.finish());
        continue;
      }
      if (!folder || !skipped) return bad;
      skipped->push_back(llvm::toString(std::move(bad)));
    }
  }
  std::sort(runs.begin(), runs.end(), [](const Run &a, const Run &b) {
    return std::tie(a.started, a.pid, a.trace_file) < std::tie(b.started, b.pid, b.trace_file);
  });
  return runs;
}

} // namespace snarl
