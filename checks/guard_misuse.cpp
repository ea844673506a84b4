// A guard that guards nothing.
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
A guard holds its lock as long as it lives, so one without a name holds it for one statement; `std::unique_lock<M>(m);`
declares a new variable m and locks nothing; `std::scoped_lock lock;` has no lock; a local mutex keeps nobody out; and a
guard that adopts a lock which is not held unlocks it all the same, which is undefined. An empty critical section orders
nothing that can be seen. Not reported: guards that are moved, returned or deferred, a local mutex that a condition
variable needs for a timed wait, and locking and unlocking at once before a notification, in a destructor, or where a
comment says why.
)";

static const char bad[] = R"(
#include <mutex>

std::mutex count_mutex;
int count;

void add() {
  std::lock_guard<std::mutex>{count_mutex}; // unlocked again at the semicolon
  ++count;
}
)";

static const char good[] = R"(
#include <mutex>

std::mutex count_mutex;
int count;

void add() {
  std::lock_guard<std::mutex> lock{count_mutex};
  ++count;
}
)";

static const char silence[] = R"(
A comment at an empty section that says what it is for. Otherwise `// NOLINT(guard-misuse)` on the line, with the reason.
)";

namespace {

/// The constructor of a class of the program's own: does it take a lock?
bool takes_lock(const Program &program, Symbol constructor) {
  auto it = program.by_usr.find(constructor);
  return it != program.by_usr.end() &&
         llvm::any_of(program.info[it->second].summary.exits, [](const Exit &e) { return !e.holds.empty(); });
}

/// A condition variable waits with this guard: then the lock need not guard anything.
bool waited_with(const Function &f, const Path &guard) {
  return llvm::any_of(f.blocks, [&](const Block &b) {
    return llvm::any_of(
        b.ops, [&](const Op &op) { return op.kind == OpKind::Wait && !op.args.empty() && op.args[0].path == guard; });
  });
}

std::string message(const Program &program, const Function &f, const Op &op) {
  std::string lock = op.path.known() ? quoted(program, op.path) : "its lock";
  switch (op.remark) {
  case Remark::TemporaryGuard:
    if (op.callee && !takes_lock(program, op.callee)) return {};
    return fmt::format("this '{}' has no name: {} is given back at the end of the statement", op.api.str().str(), lock);
  case Remark::GuardIsVariable:
    return fmt::format("this declares a guard named '{0}' that locks nothing, instead of locking '{0}'",
                       op.api.str().str());
  case Remark::EmptyGuard: return fmt::format("'{}' guards no lock", op.api.str().str());
  case Remark::LocalMutex:
    if (waited_with(f, op.dest)) return {};
    return fmt::format("{} is a local variable: every call has a mutex of its own, and '{}' keeps nobody out", lock,
                       op.api.str().str());
  case Remark::EmptySection: return fmt::format("{} is taken and given back with nothing in between", lock);
  default: return {};
  }
}

Finding finding_at(const Program &program, FunctionId f, const Site &site, std::string message, const Path &lock) {
  Finding finding;
  finding.rule = "guard-misuse";
  finding.severity = Severity::Error;
  finding.message = std::move(message);
  set_primary(program, finding, Hop{site, f, {}});
  if (lock.known()) finding.names = {program.name_of(lock)};
  return finding;
}

void from_source(const Program &program, Findings &out) {
  for (FunctionId f = 0; f < program.functions.size(); ++f) {
    const Function &fn = program.functions[f];
    if (fn.in_system_header) continue;
    for (const Block &b : fn.blocks)
      for (const Op &op : b.ops) {
        if (op.kind != OpKind::Remark || op.in_macro_of_system) continue;
        std::string text = message(program, fn, op);
        if (text.empty()) continue;
        Finding finding = finding_at(program, f, op.site, text, op.path);
        finding.key = fmt::format("{} in {}", text, finding.function);
        if (op.fix) finding.fixes.push_back({op.fix_begin.place(), op.fix_end.place(), op.fix.str().str()});
        out.push_back(std::move(finding));
      }
    for (const LockFault &fault : program.info[f].faults) {
      if (fault.kind != LockFault::NotAdopted) continue;
      const Path &lock = fault.hold.lock;
      bool by_contract = !fn.contracts.empty() || llvm::any_of(program.info[f].contexts, [&](const Context &c) {
        return llvm::any_of(c.holds, [&](const Hold &h) { return h.lock.last_field() == lock.last_field(); });
      });
      if (by_contract || fn.name.str().contains_insensitive("locked")) continue;
      Finding finding =
          finding_at(program, f, fault.chain.front().site,
                     fmt::format("{} is adopted here, but nobody has taken it", quoted(program, lock)), lock);
      finding.key = fmt::format("{} adopted in {}", program.name_of(lock), finding.function);
      out.push_back(std::move(finding));
    }
  }
}

} // namespace

extern const Rule guard_misuse = {
    .name = "guard-misuse",
    .summary = "a guard guards nothing: it has no name, no lock, or a lock of its own",
    .severity = Severity::Error,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = from_source,
    .from_run = nullptr,
};

} // namespace snarl
