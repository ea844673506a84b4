// Which calls under which locks make others wait for long.
//
// Two judgements. The call: sleeping, waiting for a thread, process, name server, peer or disk is long; reading and
// writing files through the page cache or through buffers is not, or every log line would be reported. The lock: one
// that exists to serialise just that input or output is meant to be held meanwhile, and nobody else wants it. It shows
// by its name, by most of its sections doing it, or by guarding nothing but what the call works on.
#include "blocking_under_lock_source.h"
#include "block_text.h"
#include "link_paths.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include <fmt/format.h>
#include <map>
#include <set>

namespace snarl {

static constexpr int64_t kShort = 10; ///< milliseconds; shorter waits are not worth a word

static bool is_long(const Op &op, bool direct) {
  if (op.api.str().starts_with("SSL_")) return false; // as the socket is set, which is not seen here
  if (op.timeout_ms >= 0 && op.timeout_ms < kShort) return false;
  if (op.kind == OpKind::Wait) return !direct; // waiting with one lock while holding another: condvar-wait
  if (op.block != BlockKind::FileIo) return true;
  static const llvm::StringSet<> slow{"fsync",
                                      "fdatasync",
                                      "sync",
                                      "syncfs",
                                      "msync",
                                      "lockf",
                                      "flock",
                                      "copy_file_range",
                                      "sendfile",
                                      "splice",
                                      "read",
                                      "readv",
                                      "std::filesystem::copy",
                                      "std::filesystem::copy_file",
                                      "std::filesystem::remove_all"};
  return slow.contains(op.api.str());
}

/// Kinds for which a lock of their own is the way to keep messages apart.
static bool is_transfer(BlockKind kind) {
  return kind == BlockKind::Socket || kind == BlockKind::FileIo || kind == BlockKind::Input ||
         kind == BlockKind::ThirdParty || kind == BlockKind::Poll;
}

/// io_mutex, sendLock, logMu_: made for input or output.
static bool named_for_transfer(llvm::StringRef name) {
  static const llvm::StringSet<> words{
      "io",     "read", "write",  "writer",     "reader", "send",    "sender",    "recv",   "socket", "sock",
      "fd",     "log",  "logger", "file",       "stream", "print",   "output",    "out",    "stdout", "stderr",
      "serial", "disk", "wal",    "conn",       "db",     "console", "tty",       "wire",   "rpc",    "flush",
      "fsync",  "tx",   "rx",     "connection", "query",  "command", "transport", "channel"};
  name = name.rsplit(':').second.empty() ? name : name.rsplit(':').second;
  std::string word;
  auto end_of_word = [&] {
    bool found = words.contains(word);
    word.clear();
    return found;
  };
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    bool starts = llvm::isUpper(c) && i > 0 && llvm::isLower(name[i - 1]);
    if ((c == '_' || starts) && end_of_word()) return true;
    if (c != '_') word += llvm::toLower(c);
  }
  return end_of_word();
}

namespace {

/// What each lock is for, by its last field.
class Purpose {
public:
  explicit Purpose(const Program &program) : program_(program) {
    for (FunctionId f = 0; f < program.functions.size(); ++f) {
      for (const Block &b : program.functions[f].blocks)
        for (const Op &op : b.ops)
          if (op.kind == OpKind::Acquire && op.how != How::Defer)
            for (const Value &v : op.args) takers_[v.path.last_field()].insert(f);
      for (const LockedWait &w : program.info[f].waits)
        for (const Hold &h : w.holds)
          if (is_transfer(block_kind(*w.call.op))) transfers_[h.lock.last_field()].insert(f);
      for (const Point &p : program.info[f].accesses)
        for (const Hold &h : p.holds)
          if (p.path.last_field() && !p.own) guarded_[h.lock.last_field()].insert(p.path.last_field());
    }
  }

  bool serialises(Symbol lock, const Op &op) const {
    if (!is_transfer(block_kind(op))) return false;
    if (const Decl *d = program_.decl(lock); d && named_for_transfer(d->name.str())) return true;
    size_t takers = count(takers_, lock), transfers = count(transfers_, lock);
    if (transfers >= 2 && transfers * 3 >= takers * 2) return true;
    auto all = guarded_.find(lock);
    return all == guarded_.end() ||
           llvm::all_of(all->second, [&](Symbol field) { return field == op.path.last_field(); });
  }

private:
  using Functions = std::map<Symbol, std::set<FunctionId>>;
  static size_t count(const Functions &of, Symbol lock) {
    auto it = of.find(lock);
    return it == of.end() ? 0 : it->second.size();
  }
  const Program &program_;
  Functions takers_, transfers_;
  std::map<Symbol, std::set<Symbol>> guarded_;
};

} // namespace

/// On the way something is called that was stored: whose business that is, callback-under-lock says.
static bool through_stored(const Program &program, const Chain &chain) {
  for (const Hop &hop : llvm::drop_end(chain))
    for (const Block &b : program.functions[hop.in].blocks)
      for (const Op &op : b.ops)
        if (op.kind == OpKind::Call && !op.callee && !op.through && same_site(op.site, hop.site)) return true;
  return false;
}

/// One of many, taken by an attempt: elements are not told apart, so it may have been given back.
static bool uncertain(const Hold &h) {
  return h.attempt && llvm::any_of(h.lock.steps, [](const PathStep &s) { return s.kind == PathStep::Index; });
}

/// A descriptor that this function opened itself, as a file.
static bool own_file(const Program &program, const LockedWait &w) {
  if (block_kind(*w.call.op) != BlockKind::FileIo || w.call.op->path.root != Root::Result) return false;
  const Function &f = program.functions[w.call.chain.back().in];
  for (const Block &b : f.blocks)
    for (const Op &op : b.ops)
      if (op.kind == OpKind::Block && op.api.str().contains("open")) return true;
  return false;
}

static void report(const Program &program, FunctionId f, const std::vector<const LockedWait *> &waits, const Hold &hold,
                   Findings &out) {
  const LockedWait &first = *waits.front();
  const Op &op = *first.call.op;
  std::string lock = quoted(program, hold.lock), api = api_of(op);
  bool direct = first.call.chain.size() == 1;
  std::string subject =
      direct ? fmt::format("'{}' {}", api, what_it_does(block_kind(op)))
             : fmt::format("the call of '{}' reaches '{}', which {}", first.call.chain.front().callee.str().str(), api,
                           what_it_does(block_kind(op)));
  Finding finding;
  finding.rule = "blocking-under-lock";
  finding.severity = Severity::Warning;
  finding.message = fmt::format("{}{} while {} is held", subject, direct ? "" : ",", lock);
  set_primary(program, finding, first.call.chain.front());
  add_chain(program, finding, hold.taken, fmt::format("{} taken here", lock));
  for (const LockedWait *w : waits)
    add_chain(program, finding, w->call.chain, fmt::format("'{}' blocks here", api_of(*w->call.op)));
  finding.names = {program.name_of(hold.lock), api};
  finding.key = fmt::format("{} under {} in {}", api, finding.names[0], program.name_of(f));
  out.push_back(std::move(finding));
}

void blocking_under_lock_from_source(const Program &program, Findings &out) {
  Purpose purpose(program);
  for (FunctionId f = 0; f < program.functions.size(); ++f) {
    const FunctionInfo &info = program.info[f];
    if (program.functions[f].in_system_header || info.contexts.empty()) continue;
    if (llvm::none_of(info.contexts, [](const Context &c) { return c.concurrent; })) continue;
    // One finding for each place in this function.
    std::map<std::tuple<uint32_t, uint32_t>, std::pair<const Hold *, std::vector<const LockedWait *>>> places;
    for (const LockedWait &w : info.waits) {
      if (!is_long(*w.call.op, w.call.chain.size() == 1) || own_file(program, w) ||
          through_stored(program, w.call.chain))
        continue;
      const Hold *hold = nullptr;
      for (const Hold &h : w.holds)
        if (!hold && !uncertain(h) && !purpose.serialises(h.lock.last_field(), *w.call.op)) hold = &h;
      if (!hold) continue;
      const Site &at = w.call.chain.front().site;
      auto &place = places[{at.line, at.column}];
      if (!place.first) place.first = hold;
      place.second.push_back(&w);
    }
    for (const auto &[at, place] : places) report(program, f, place.second, *place.first, out);
  }
}

} // namespace snarl
