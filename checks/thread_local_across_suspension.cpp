// What a coroutine took from its thread is used after it may have moved to another.
#include "rule.h"
#include "source_steps.h"
#include <fmt/format.h>
#include <map>

namespace snarl {

static const char why[] = R"(
A coroutine that suspends may continue on another thread. A reference or pointer to a thread_local variable then still
refers to the first thread's copy, which that thread may be using, or which is gone with it; a thread's id is that of
another thread; and a value saved from a thread_local is put back into the wrong copy. Reported is what was taken before a
suspension and is used after it. Naming the variable again after the suspension is right, and so is a plain copy of its
value. Libraries whose coroutines stay on one thread are left alone.
)";

static const char bad[] = R"(
#include <coroutine>

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

struct Socket {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  void await_resume() {}
};

thread_local int requests = 0;

Task serve(Socket &socket) {
  int &mine = requests;
  co_await socket;
  ++mine; // perhaps another thread's
}
)";

static const char good[] = R"(
#include <coroutine>

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

struct Socket {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  void await_resume() {}
};

thread_local int requests = 0;

Task serve(Socket &socket) {
  co_await socket;
  int &mine = requests;
  ++mine;
}
)";

static const char silence[] = R"(
`// NOLINT(thread-local-across-suspension)` on the line of the use, with the reason why the coroutine continues on the same
thread.
)";

namespace {

/// What a local holds at some point: who took it, and the first suspension since.
struct Taken {
  const Op *by = nullptr, *suspended = nullptr;
  friend bool operator<(const Taken &a, const Taken &b) {
    return std::tie(a.by, a.suspended) < std::tie(b.by, b.suspended);
  }
};
using State = std::map<uint32_t, std::set<Taken>>; ///< by local

} // namespace

static void step(State &state, const Op &op) {
  if (op.kind == OpKind::Suspend) {
    for (auto &[local, all] : state) {
      std::set<Taken> after;
      for (Taken t : all) {
        if (!t.suspended) t.suspended = &op;
        after.insert(t);
      }
      all = std::move(after);
    }
  } else if (op.kind == OpKind::Remark && op.remark == Remark::ThreadBound && op.dest.root == Root::Local) {
    state[op.dest.index].clear();
    if (op.path.known() || op.api) state[op.dest.index].insert({&op, nullptr});
  }
}

static std::string what(const Program &program, const Op &op) {
  return op.path.known() ? fmt::format("thread_local {}", quoted(program, op.path))
                         : fmt::format("'{}'", op.api.str().str());
}

static void judge(const Program &program, FunctionId id, Findings &out) {
  const Function &f = program.functions[id];
  std::vector<State> in(f.blocks.size());
  std::vector<bool> seen(f.blocks.size());
  std::vector<uint32_t> work{f.entry};
  seen[f.entry] = true;
  while (!work.empty()) {
    uint32_t b = work.back();
    work.pop_back();
    State state = in[b];
    for (const Op &op : f.blocks[b].ops) step(state, op);
    for (uint32_t next : f.blocks[b].successors) {
      bool changed = !seen[next];
      for (const auto &[local, all] : state)
        for (const Taken &t : all) changed |= in[next][local].insert(t).second;
      seen[next] = true;
      if (changed) work.push_back(next);
    }
  }
  std::map<uint32_t, Finding> found;
  for (uint32_t b = 0; b < f.blocks.size(); ++b) {
    State state = in[b];
    for (const Op &op : f.blocks[b].ops) {
      step(state, op);
      if (op.kind != OpKind::Remark || op.remark != Remark::ThreadBoundUse || op.dest.root != Root::Local) continue;
      for (const Taken &t : state[op.dest.index]) {
        if (!t.suspended) continue;
        auto [it, fresh] = found.try_emplace(op.dest.index);
        Finding &finding = it->second;
        Hop here{op.site, id, {}};
        if (fresh) {
          std::string local = f.locals[op.dest.index].name.str().str();
          finding.rule = "thread-local-across-suspension";
          finding.severity = Severity::Warning;
          finding.message = fmt::format("'{}', taken from {} before a suspension, is used after it: the coroutine may "
                                        "be on another thread",
                                        local, what(program, *t.by));
          set_primary(program, finding, here);
          finding.steps.push_back(source_step(program, Hop{t.by->site, id, {}},
                                              fmt::format("'{}' is taken from {} here", local, what(program, *t.by))));
          finding.steps.push_back(source_step(program, Hop{t.suspended->site, id, {}}, "suspends here"));
          finding.names = {local};
          finding.key = fmt::format("{} in {}", local, finding.function);
        }
        finding.steps.push_back(source_step(program, here, fmt::format("{} here", fresh ? "used" : "and used")));
        break;
      }
    }
  }
  for (auto &[local, finding] : found) out.push_back(std::move(finding));
}

static void from_source(const Program &program, Findings &out) {
  for (FunctionId id = 0; id < program.functions.size(); ++id) {
    const Function &f = program.functions[id];
    llvm::StringRef type = f.signature.str();
    // Coroutines of these libraries stay on the thread they began on.
    if (!f.is_coroutine || type.contains("cobalt::") || type.contains("seastar::") || type.contains("QCoro::"))
      continue;
    bool takes = false;
    for (const Block &b : f.blocks)
      for (const Op &op : b.ops) takes |= op.kind == OpKind::Remark && op.remark == Remark::ThreadBound;
    if (takes) judge(program, id, out);
  }
}

extern const Rule thread_local_across_suspension = {
    .name = "thread-local-across-suspension",
    .summary = "what a coroutine took from its thread is used after a suspension",
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
