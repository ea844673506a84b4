// Code that is not known here is called while a lock is held.
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
Who hands in a callback, or implements an interface, does not know which locks its caller holds. It takes one of its own
(and there is a lock order), calls back in (and waits for itself), or takes its time. Reported are calls of stored
callables, of callables that were handed in, of virtual functions without a body, and resumptions of coroutines, with a
lock held. Not reported: callables that standard algorithms run (comparators, predicates), and calls of which all targets
are in sight and take no lock, do not block and call nothing unknown.
)";

static const char bad[] = R"(
#include <functional>
#include <mutex>
#include <vector>

class Bus {
public:
  void subscribe(std::function<void(int)> listener) {
    std::lock_guard<std::mutex> lock(mutex_);
    listeners_.push_back(std::move(listener));
  }
  void publish(int event) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto &listener : listeners_) listener(event); // one that subscribes waits for itself
  }

private:
  std::mutex mutex_;
  std::vector<std::function<void(int)>> listeners_;
};
)";

static const char good[] = R"(
#include <functional>
#include <mutex>
#include <vector>

class Bus {
public:
  void subscribe(std::function<void(int)> listener) {
    std::lock_guard<std::mutex> lock(mutex_);
    listeners_.push_back(std::move(listener));
  }
  void publish(int event) {
    std::vector<std::function<void(int)>> listeners;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      listeners = listeners_;
    }
    for (auto &listener : listeners) listener(event);
  }

private:
  std::mutex mutex_;
  std::vector<std::function<void(int)>> listeners_;
};
)";

static const char silence[] = R"(
`// NOLINT(callback-under-lock)` on the line of the call, with the reason why what is called takes no lock.
)";

/// Takes no lock, does not block, calls nothing unknown.
static bool harmless(const Program &program, FunctionId f) {
  const Summary &s = program.info[f].summary;
  if (!s.acquires.empty() || !s.blocks.empty() || !s.callbacks.empty()) return false;
  return llvm::none_of(program.functions[f].blocks, [](const Block &b) {
    return llvm::any_of(b.ops, [](const Op &op) { return op.kind == OpKind::Call && !op.callee; });
  });
}

static bool is_foreign(const Program &program, FunctionId f, const Point &p) {
  const Op &op = *p.op;
  if (op.kind == OpKind::Remark) return true;
  if (op.through) return false; // run by an algorithm of the library
  const FunctionInfo &info = program.info[f];
  std::vector<FunctionId> targets;
  for (const CallEdge &e : info.edges)
    if (e.op == &op) targets.push_back(e.callee);
  bool in_sight = !targets.empty() && llvm::all_of(targets, [&](FunctionId t) { return harmless(program, t); });
  const Function &fn = program.functions[f];
  if (op.callee) {
    const Function *named = program.find(op.callee);
    if (named && !named->blocks.empty()) return false; // has a default: no interface for others to fill in
    if (p.path.root == Root::This && p.path.steps.empty()) return false; // the class's own parts
    return !(in_sight && (program.closed || (named && named->internal)));
  }
  if (p.path.root == Root::Param && p.path.steps.empty()) {
    llvm::StringRef signature = fn.signature.str();
    if (fn.internal || !(signature.contains("function<") || signature.contains("(*)")))
      return false; // callers in sight
  }
  return !(in_sight && program.closed);
}

static void from_source(const Program &program, Findings &out) {
  for (FunctionId f = 0; f < program.functions.size(); ++f) {
    if (program.functions[f].in_system_header) continue;
    for (const Point &p : program.info[f].foreign) {
      auto held = llvm::find_if(p.holds, [](const Hold &h) { return h.must && !h.taken.empty(); });
      if (held == p.holds.end() || !is_foreign(program, f, p)) continue;
      const Op &op = *p.op;
      std::string lock = quoted(program, held->lock);
      std::string callee = op.kind == OpKind::Remark ? op.api.str().str() : op.callee_name.str().str();
      Finding finding;
      finding.rule = "callback-under-lock";
      finding.severity = Severity::Warning;
      finding.message = fmt::format("'{}' calls code that is not known here while {} is held", callee, lock);
      set_primary(program, finding, Hop{op.site, f, {}});
      add_chain(program, finding, held->taken, fmt::format("{} {} here", lock, held->assumed ? "held from" : "taken"));
      finding.steps.push_back(source_step(program, Hop{op.site, f, {}}, fmt::format("'{}' is called here", callee)));
      finding.names = {program.name_of(held->lock)};
      finding.key = fmt::format("{} under {} in {}", callee, finding.names[0], finding.function);
      out.push_back(std::move(finding));
    }
  }
}

extern const Rule callback_under_lock = {
    .name = "callback-under-lock",
    .summary = "code that is not known here is called while a lock is held",
    .severity = Severity::Warning,
    .level = Level::Strict,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = from_source,
    .from_run = nullptr,
};

} // namespace snarl
