// A coroutine goes on after the objects have ended that it was lent.
#include "lifetimes.h"
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
A coroutine keeps copies of its parameters, but a reference, a pointer or a view among them is copied as such, and so are
`this` and a lambda's closure. Whoever does not await it in the same full expression goes on while it is suspended:
temporaries end with the expression, local variables with their function. Reported is a call that lends such an object to a
coroutine which uses it after its first suspension (at all, if it starts lazily). Silent: awaited at once, passed by value,
closures kept by value (C++23 `this auto`), callers that wait until the coroutine is done, objects that keep themselves
alive through a shared_ptr.
)";

static const char bad[] = R"(
#include <coroutine>
#include <string>

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

struct Timer {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  void await_resume() {}
};

Task greet(const std::string &name, Timer timer) {
  co_await timer;
  std::string line = "hello " + name; // perhaps gone
}

void welcome() {
  std::string name = "you";
  greet(name, Timer());
}
)";

static const char good[] = R"(
#include <coroutine>
#include <string>

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

struct Timer {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  void await_resume() {}
};

Task greet(std::string name, Timer timer) {
  co_await timer;
  std::string line = "hello " + name;
}

void welcome() {
  std::string name = "you";
  greet(name, Timer());
}
)";

static const char silence[] = R"(
`// NOLINT(coroutine-dangling)` on the line of the call, with the reason why the object lives long enough.
)";

namespace {

struct LaterUse {
  const Op *op = nullptr, *suspended = nullptr; ///< null: it starts suspended
};

enum class Fate { Safe, Expression /*goes on beyond this expression*/, Function /*and beyond this function*/ };

} // namespace

/// The first use of `path` in a coroutine that can come after a suspension.
static LaterUse use_after_suspension(const Function &f, const Path &path, bool lazy) {

  std::vector<uint8_t> seen(f.blocks.size(), 0); // 1: reached not suspended, 2: reached suspended
  std::vector<std::pair<uint32_t, const Op *>> work{{f.entry, nullptr}};
  LaterUse first;
  while (!work.empty()) {
    auto [b, suspended] = work.back();
    work.pop_back();
    uint8_t mark = suspended ? 2 : 1;
    if (seen[b] & mark) continue;
    seen[b] |= mark;
    for (const Op &op : f.blocks[b].ops) {
      if (op.kind == OpKind::Suspend && !suspended) suspended = &op;
      if (op.kind != OpKind::Remark || op.remark != Remark::BorrowedUse || !(suspended || lazy)) continue;
      bool same = path.root == Root::Capture ? op.path.root == Root::Capture : op.path == path;
      if (same && (!first.op || op.site.line < first.op->site.line)) first = {&op, suspended};
    }
    for (uint32_t next : f.blocks[b].successors) work.push_back({next, suspended});
  }
  return first;
}

static bool one_of(llvm::StringRef name, std::initializer_list<llvm::StringRef> words) {
  std::string lower = name.lower();
  return llvm::any_of(words, [&](llvm::StringRef word) { return llvm::StringRef(lower).contains(word); });
}

/// How long the task outlives the call that made it.
static Fate fate(const Op &op) {
  if (op.dest.root == Root::Return) return Fate::Function;
  if (op.dest.known()) return Fate::Expression;
  if (op.discarded) return Fate::Function;
  llvm::StringRef to = op.api.str();
  if (op.write || one_of(to, {"detach", "spawn_detached", "fire", "start_detached", "launch"})) return Fate::Function;
  if (one_of(to, {"spawn", "start", "schedule", "submit", "post", "push", "emplace", "insert", "nursery"}) ||
      to == "add")
    return Fate::Expression;
  return Fate::Safe;
}

static void report(const Program &program, FunctionId id, const Op &op, const Value &lent, const Function &callee,
                   const std::string &what, const LaterUse &use, Findings &out) {
  Finding finding;
  finding.rule = "coroutine-dangling";
  finding.severity = Severity::Warning;
  std::string object = lent.temporary ? "a temporary" : quoted(program, lent.path);
  if (!lent.temporary && lent.path.root == Root::Local)
    object = fmt::format("'{}'", program.functions[id].locals[lent.path.index].name.str().str());
  if (!lent.temporary && lent.path.root == Root::Param)
    object = fmt::format("'{}'", program.functions[id].params[lent.path.index].name.str().str());
  std::string name = callee.name.str().str();
  finding.message = fmt::format("{} ends while the coroutine '{}' still uses it as {}", object, name, what);
  set_primary(program, finding, Hop{op.site, id, {}});
  finding.steps.push_back(source_step(program, Hop{op.site, id, {}},
                                      fmt::format("{} is lent here to a coroutine that is not awaited here", object)));
  FunctionId in = program.by_usr.lookup(callee.usr);
  finding.steps.push_back(source_step(program, Hop{callee.site, in, {}}, fmt::format("'{}' starts here", name)));
  if (use.suspended) finding.steps.push_back(source_step(program, Hop{use.suspended->site, in, {}}, "suspends here"));
  finding.steps.push_back(source_step(program, Hop{use.op->site, in, {}}, fmt::format("uses {} here", what)));
  finding.names = {name};
  finding.key = fmt::format("{} of {} in {}", what, name, finding.function);
  out.push_back(std::move(finding));
}

static void judge(const Program &program, FunctionId id, OpPlace at, const Op &op, Findings &out) {
  const Function &f = program.functions[id];
  const Function *callee = program.find(op.callee);
  if (!callee || !callee->is_coroutine) return;
  Fate lives = fate(op);
  if (lives == Fate::Safe) return;
  std::optional<bool> waited;
  auto ends_too_early = [&](const Value &v) {
    if (v.temporary) return true;
    if (!v.borrowed || lives != Fate::Function || !own_object(program, f, v.path)) return false;
    if (op.dest.root == Root::Return) return v.path.root != Root::Param;
    if (f.is_main) return false;
    if (!waited) waited = waits_after(program, id, at);
    return !*waited;
  };
  auto check = [&](const Value &v, Path path, const std::string &what) {
    if (!ends_too_early(v)) return false;
    LaterUse use = use_after_suspension(*callee, path, op.all);
    if (use.op) report(program, id, op, v, *callee, what, use, out);
    return use.op != nullptr;
  };
  Path path;
  path.root = callee->is_lambda ? Root::Capture : Root::This;
  if (check(op.value, path, callee->is_lambda ? "its closure" : "'this'")) return;
  for (uint32_t i = 0; i < op.args.size() && i < callee->params.size(); ++i) {
    path.root = Root::Param;
    path.index = i;
    if (check(op.args[i], path, fmt::format("'{}'", callee->params[i].name.str().str()))) return;
  }
}

static void from_source(const Program &program, Findings &out) {
  for (FunctionId id = 0; id < program.functions.size(); ++id) {
    const Function &f = program.functions[id];
    for (uint32_t b = 0; b < f.blocks.size(); ++b)
      for (uint32_t i = 0; i < f.blocks[b].ops.size(); ++i) {
        const Op &op = f.blocks[b].ops[i];
        if (op.kind == OpKind::Remark && op.remark == Remark::Leaves) judge(program, id, {b, i}, op, out);
      }
  }
}

extern const Rule coroutine_dangling = {
    .name = "coroutine-dangling",
    .summary = "a coroutine uses an object that may have ended while it was suspended",
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
