// A call that blocks the thread where others wait for it: in a coroutine, or in code that runs on an event loop.
#include "block_text.h"
#include "loop_stalls_run.h"
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>
#include <set>

namespace snarl {

static const char why[] = R"(
A coroutine shares its thread with others, and an event loop runs all its handlers on one. A call that sleeps, waits for
another thread, or waits for a file, socket or process stops all of them, and is a deadlock if what it waits for needs
that thread. Reported are such calls in coroutines and event handlers, directly or in the functions they call (the chain
is shown). Not reported: what is awaited, what is handed to a thread or a pool that may block, calls that return at once
(zero time-outs, non-blocking descriptors), and a main function that drives the loop.

From runs: a thread that returns again and again from the same epoll_wait, poll or select is an event loop. If it does not
come back within 25 ms (`--stall-ms`), that is reported when it has come back, with the stack that it had meanwhile,
whether it blocked or computed. Waiting for events is no stall, nor is what comes after the last turn.
)";

static const char bad[] = R"(
#include <chrono>
#include <coroutine>
#include <thread>

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

void nap() { std::this_thread::sleep_for(std::chrono::seconds(1)); }

Task poll() {
  nap(); // nothing else runs on this thread for a second
  co_return;
}
)";

static const char good[] = R"(
#include <chrono>
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

struct Timer {
  std::chrono::milliseconds delay;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  void await_resume() {}
};

Task poll() {
  co_await Timer{std::chrono::seconds(1)}; // others run meanwhile
}
)";

static const char silence[] = R"(
Name functions that are known not to block, and pools that may, in `.snarl.yaml`. Otherwise
`// NOLINT(blocking-in-coroutine)` on the line of the call, with the reason why it is short. For runs: a line
`blocking-in-coroutine:NAME` in a suppression file, where NAME is a function, file or call of the report.
)";

/// The library whose loop or coroutines these are, as far as names tell.
static llvm::StringRef library_of(const Program &program, const Function &f) {
  auto in = [&](llvm::StringRef text) -> llvm::StringRef {
    for (llvm::StringRef known :
         {"asio", "cppcoro", "folly", "unifex", "seastar", "drogon", "QCoro", "concurrencpp", "cobalt"})
      if (text.contains(known)) return known;
    return {};
  };
  if (llvm::StringRef found = in(f.signature.str()); !found.empty()) return found;
  for (const Block &b : f.blocks)
    for (const Op &op : b.ops)
      if (llvm::StringRef found = in(op.callee_name.str()); !found.empty()) return found;
  for (const Block &b : f.blocks)
    for (const Op &op : b.ops)
      if (const Decl *d = program.decl(op.path.last_field()))
        if (llvm::StringRef found = in(d->type.str()); !found.empty()) return found;
  return {};
}

static std::string alternative(const Program &program, const Function &f, BlockKind kind) {
  llvm::StringRef library = library_of(program, f);
  bool asio = library == "asio" || library == "cobalt";
  switch (kind) {
  case BlockKind::Sleep:
    if (asio) return "co_await steady_timer::async_wait instead";
    if (library == "cppcoro") return "co_await io_service::schedule_after instead";
    if (library == "folly") return "co_await folly::coro::sleep instead";
    if (library == "unifex") return "co_await unifex::schedule_after instead";
    if (library == "seastar") return "co_await seastar::sleep instead";
    if (library == "drogon") return "co_await drogon::sleepCoro instead";
    if (library == "QCoro") return "co_await QCoro::sleepFor instead";
    return "co_await a timer instead";
  case BlockKind::ThreadWait:
    if (library == "folly") return "co_await a folly::coro::Baton or the future itself instead";
    if (library == "cppcoro") return "co_await a cppcoro::async_manual_reset_event instead";
    return "co_await its completion instead, or wait on a thread that may block";
  case BlockKind::SyncBridge: return "co_await the operation itself instead";
  case BlockKind::Socket:
  case BlockKind::NameLookup:
  case BlockKind::Poll:
    return asio ? "co_await the async_ form of the operation instead" : "co_await the asynchronous form instead";
  default: return "run it on a thread or pool that may block, and co_await the result";
  }
}

namespace {

/// One call in the asynchronous function and what it leads to.
struct Blocked {
  const Op *op = nullptr;
  std::vector<BlockingCall> calls;
};

void report(const Program &program, FunctionId f, const Blocked &blocked, bool coroutine, Findings &out) {
  const Op &what = *blocked.calls.front().op;
  std::string api = api_of(what);
  bool direct = blocked.calls.front().chain.size() == 1;
  Finding finding;
  finding.rule = "blocking-in-coroutine";
  finding.severity = Severity::Warning;
  BlockKind kind = block_kind(what);
  std::string subject = direct ? fmt::format("'{}'", api)
                               : fmt::format("the call of '{}' reaches '{}', which",
                                             blocked.calls.front().chain.front().callee.str().str(), api);
  finding.message = fmt::format("{} {} in {}: {}", subject, what_it_does(kind),
                                coroutine ? "a coroutine" : "code that runs on an event loop",
                                alternative(program, program.functions[f], kind));
  set_primary(program, finding, Hop{blocked.op->site, f, {}});
  for (const BlockingCall &call : blocked.calls) {
    std::string name = call.op->api.empty() ? api : call.op->api.str().str();
    add_chain(program, finding, call.chain, fmt::format("'{}' blocks here", name));
  }
  finding.names = {api};
  finding.key = fmt::format("{} in {}", api, finding.function);
  out.push_back(std::move(finding));
}

void check(const Program &program, FunctionId f, bool coroutine, Findings &out) {
  std::vector<Blocked> found;
  auto add = [&](const Op *op, BlockingCall call) {
    auto same = llvm::find_if(found, [&](const Blocked &b) { return b.op->site.place() == op->site.place(); });
    if (same == found.end()) {
      found.push_back({op, {}});
      same = found.end() - 1;
    }
    if (llvm::none_of(same->calls, [&](const BlockingCall &k) { return k.op == call.op; }))
      same->calls.push_back(std::move(call));
  };
  for (const Point &p : program.info[f].blocks) add(p.op, {p.op, {Hop{p.op->site, f, p.op->callee_name}}});
  for (const CallEdge &e : program.info[f].edges) {
    if (e.spawn || e.awaited || program.functions[e.callee].is_coroutine || e.op->kind == OpKind::Wait) continue;
    Symbol name = e.op->callee_name.empty() ? program.functions[e.callee].name : e.op->callee_name;
    for (const BlockingCall &b : program.info[e.callee].summary.blocks) {
      Chain chain{Hop{e.op->site, f, name}};
      chain.insert(chain.end(), b.chain.begin(), b.chain.end());
      add(e.op, {b.op, std::move(chain)});
    }
  }
  for (const Blocked &b : found) report(program, f, b, coroutine, out);
}

} // namespace

static void from_source(const Program &program, Findings &out) {
  std::set<FunctionId> on_loop;
  for (const FunctionInfo &info : program.info)
    for (const CallEdge &e : info.edges)
      if (e.spawn && e.kind == SpawnKind::EventLoop) on_loop.insert(e.callee);
  for (FunctionId f = 0; f < program.functions.size(); ++f) {
    const Function &function = program.functions[f];
    if (function.in_system_header) continue;
    if (function.is_coroutine || on_loop.count(f)) check(program, f, function.is_coroutine, out);
  }
}

extern const Rule blocking_in_coroutine = {
    .name = "blocking-in-coroutine",
    .summary = "a coroutine or event handler makes a call that blocks its thread",
    .severity = Severity::Warning,
    .level = Level::On,
    .why = why,
    .bad = bad,
    .good = good,
    .silence = silence,
    .from_source = from_source,
    .from_run = loop_stalls_from_run,
};

} // namespace snarl
