// Double-checked locking with a variable that orders nothing, and volatile in the place of an atomic.
#include "flow.h"
#include "link_paths.h"
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>
#include <map>
#include <set>

namespace snarl {

static const char why[] = R"(
A variable is tested, and only if it says "not yet" a lock is taken and the variable is tested again. The first test is a
data race: compiler and processor may show the pointer or flag before what it stands for, so another thread skips the lock
and uses an object that is not there yet. volatile does not help; it orders nothing between threads. Reported: such a first
test of a variable that is neither atomic nor read under a lock, and a volatile variable by which one thread waits for
another. Not reported: atomics, std::call_once, static locals of functions, tests under a lock.
)";

static const char bad[] = R"(
#include <mutex>

struct Table { int rows[64] = {}; };

class Tables {
public:
  Table *get() {
    if (!table_) { // without the lock
      std::lock_guard<std::mutex> lock(mutex_);
      if (!table_)
        table_ = new Table;
    }
    return table_;
  }

private:
  std::mutex mutex_;
  Table *table_ = nullptr;
};
)";

static const char good[] = R"(
#include <atomic>
#include <mutex>

struct Table { int rows[64] = {}; };

class Tables {
public:
  Table *get() {
    Table *table = table_.load(std::memory_order_acquire);
    if (!table) {
      std::lock_guard<std::mutex> lock(mutex_);
      table = table_.load(std::memory_order_relaxed);
      if (!table) {
        table = new Table;
        table_.store(table, std::memory_order_release);
      }
    }
    return table;
  }

private:
  std::mutex mutex_;
  std::atomic<Table *> table_{nullptr};
};
)";

static const char silence[] = R"(
`// NOLINT(double-checked-locking)` on the line of the first test, with the reason why no other thread can be there.
)";

namespace {

bool plain_data(const Program &program, const Point &p) {
  const Decl *d = program.decl(p.path.last_field());
  return d && !p.op->atomic && !d->atomic && !d->sync_object && !d->constant && !d->thread_local_ && !p.own;
}

/// Locks held at the place whoever calls; empty if it is entered without any, at a time when others can run.
bool entered_bare(const Program &program, FunctionId f, const Point &p) {
  if (!p.holds.empty()) return false;
  return llvm::any_of(program.info[f].contexts, [&](const Context &c) {
    return (c.concurrent || p.beside) && c.holds.empty() && !(p.path.root == Root::This && c.own_this);
  });
}

class DoubleChecks {
public:
  DoubleChecks(const Program &program, Findings &out) : program_(program), out_(out) {}

  void run() {
    for (FunctionId f = 0; f < program_.functions.size(); ++f)
      if (!program_.functions[f].in_system_header && !program_.functions[f].blocks.empty()) function(f);
  }

private:
  struct Read {
    const Point *point;
    Spot spot;
  };

  void function(FunctionId f) {
    const Function &fn = program_.functions[f];
    const std::vector<Point> &accesses = program_.info[f].accesses;
    // A write under a lock taken here, to something that is read without one.
    bool worth = llvm::any_of(accesses, [](const Point &p) { return p.op->write && !p.holds.empty(); });
    if (!worth) return;
    Flow flow(fn);
    for (const Point &write : accesses) {
      if (!write.op->write || !plain_data(program_, write)) continue;
      const Hold *lock = nullptr;
      for (const Hold &h : write.holds)
        if (h.must && !h.assumed && !h.taken.empty() && h.taken.front().in == f) lock = &h;
      auto at = lock ? spot(fn, write.op) : std::nullopt;
      if (!at) continue;
      llvm::BitVector deciding = flow.controllers(at->block);
      const Point *first = nullptr, *second = nullptr;
      for (const Point &read : accesses) {
        if (read.op->write || !(read.path == write.path) || !tested(fn, deciding, read)) continue;
        bool held = llvm::any_of(read.holds, [&](const Hold &h) { return h.lock == lock->lock; });
        (held ? second : first) = &read;
      }
      // Both tests decide whether it is written; the first without the lock.
      if (!first || !second || !plain_data(program_, *first) || !entered_bare(program_, f, *first)) continue;
      if (!seen_.insert(first->op).second) continue;
      report(f, *first, *second, write, *lock);
    }
  }

  static std::optional<Spot> spot(const Function &f, const Op *op) {
    for (uint32_t b = 0; b < f.blocks.size(); ++b)
      for (uint32_t i = 0; i < f.blocks[b].ops.size(); ++i)
        if (&f.blocks[b].ops[i] == op) return Spot{b, i};
    return std::nullopt;
  }

  static bool tested(const Function &f, const llvm::BitVector &deciding, const Point &read) {
    return llvm::any_of(deciding.set_bits(),
                        [&](unsigned b) { return llvm::is_contained(f.blocks[b].branch.uses, read.op->id); });
  }

  void report(FunctionId f, const Point &first, const Point &second, const Point &write, const Hold &lock) {
    Finding finding;
    finding.rule = "double-checked-locking";
    finding.severity = Severity::Warning;
    const Decl *d = program_.decl(first.path.last_field());
    std::string data = quoted(program_, first.path), mutex = quoted(program_, lock.lock);
    finding.message =
        fmt::format("{} is tested without {} first, and {}: another thread can see it before what it stands "
                    "for is written",
                    data, mutex, d->is_volatile ? "volatile orders nothing" : "it is not atomic");
    set_primary(program_, finding, Hop{first.op->site, f, {}});
    finding.steps.push_back(source_step(program_, Hop{first.op->site, f, {}}, "first test, without the lock"));
    finding.steps.push_back(source_step(program_, lock.taken.front(), fmt::format("{} taken here", mutex)));
    finding.steps.push_back(source_step(program_, Hop{second.op->site, f, {}}, "second test"));
    finding.steps.push_back(source_step(program_, Hop{write.op->site, f, {}}, fmt::format("{} written here", data)));
    finding.names = {program_.name_of(first.path), program_.name_of(lock.lock)};
    finding.key = fmt::format("{} in {}", data, finding.function);
    out_.push_back(std::move(finding));
  }

  const Program &program_;
  Findings &out_;
  std::set<const Op *> seen_;
};

/// Volatile data as a flag between threads: a loop that does nothing but wait for it, or data written before it and
/// read behind it.
class Volatiles {
public:
  Volatiles(const Program &program, Findings &out) : program_(program), out_(out) {}

  void run() {
    std::map<std::string, std::vector<std::pair<FunctionId, const Point *>>> by_name;
    for (FunctionId f = 0; f < program_.functions.size(); ++f) {
      if (program_.functions[f].in_system_header) continue;
      for (const Point &p : program_.info[f].accesses) {
        const Decl *d = program_.decl(p.path.last_field());
        if (d && d->is_volatile && !d->atomic && !p.op->atomic && !p.own &&
            d->type.str().find("sig_atomic_t") == llvm::StringRef::npos)
          by_name[d->usr.str().str()].push_back({f, &p});
      }
    }
    for (auto &[name, all] : by_name) judge(all);
  }

private:
  using Uses = std::vector<std::pair<FunctionId, const Point *>>;

  /// In a loop that goes on as long as the variable says so.
  bool awaited(FunctionId f, const Point &p) const {
    const Function &fn = program_.functions[f];
    std::optional<Flow> flow;
    for (uint32_t b = 0; b < fn.blocks.size(); ++b) {
      if (!llvm::is_contained(fn.blocks[b].branch.uses, p.op->id)) continue;
      if (!flow) flow.emplace(fn);
      if (!flow->in_loop(b)) continue;
      for (uint32_t to : fn.blocks[b].successors)
        if (to != b && !flow->reaches(to, b)) return true;
    }
    return false;
  }

  bool meet(const std::pair<FunctionId, const Point *> &a, const std::pair<FunctionId, const Point *> &b) const {
    for (const Context &x : program_.info[a.first].contexts)
      for (const Context &y : program_.info[b.first].contexts) {
        auto signal = [&](const Context &c) {
          return llvm::any_of(c.agents, [&](uint32_t i) { return program_.agents[i].kind == SpawnKind::Signal; });
        };
        if (signal(x) || signal(y)) continue;
        if ((x.concurrent || a.second->beside) && (y.concurrent || b.second->beside) &&
            program_.may_overlap(x.agents, y.agents))
          return true;
      }
    return false;
  }

  void judge(const Uses &all) {
    for (const auto &read : all) {
      if (read.second->op->write || !read.second->holds.empty() || !awaited(read.first, *read.second)) continue;
      auto write = llvm::find_if(
          all, [&](const auto &w) { return w.second->op->write && w.first != read.first && meet(w, read); });
      if (write == all.end()) continue;
      Finding finding;
      finding.rule = "double-checked-locking";
      finding.severity = Severity::Warning;
      std::string data = quoted(program_, read.second->path);
      finding.message =
          fmt::format("threads are synchronised by {}, which is volatile: that orders nothing; make it atomic", data);
      set_primary(program_, finding, Hop{read.second->op->site, read.first, {}});
      finding.steps.push_back(
          source_step(program_, Hop{read.second->op->site, read.first, {}}, fmt::format("waits for {} here", data)));
      finding.steps.push_back(
          source_step(program_, Hop{write->second->op->site, write->first, {}}, fmt::format("{} written here", data)));
      finding.names = {program_.name_of(read.second->path)};
      finding.key = fmt::format("volatile {}", data);
      out_.push_back(std::move(finding));
      return;
    }
  }

  const Program &program_;
  Findings &out_;
};

void from_source(const Program &program, Findings &out) {
  DoubleChecks(program, out).run();
  if (program.threads) Volatiles(program, out).run();
}

} // namespace

extern const Rule double_checked_locking = {
    .name = "double-checked-locking",
    .summary = "the first of two tests reads a variable that orders nothing between threads",
    .severity = Severity::Warning,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = from_source,
    .from_run = nullptr,
};

} // namespace snarl
