// A lock that belongs to a thread is held while a coroutine suspends.
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <fmt/format.h>

namespace snarl {

static const char why[] = R"(
A coroutine that suspends may continue on another thread. A lock taken before and released after is then unlocked by a
thread that does not own it, which is undefined; and until the coroutine continues, everybody else waits, perhaps the very
thread that would have to continue it. Reported are guards of every kind, manual locking, and objects that hold a lock,
also when a function or constructor took it. Locks made for coroutines, which belong to no thread, are left alone, and so
are awaits that cannot suspend.
)";

static const char bad[] = R"(
#include <coroutine>
#include <mutex>

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

std::mutex mutex;
int sent = 0;

Task send(Socket &socket) {
  std::lock_guard<std::mutex> lock(mutex);
  co_await socket; // still locked
  ++sent;
}
)";

static const char good[] = R"(
#include <coroutine>
#include <mutex>

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

std::mutex mutex;
int sent = 0;

Task send(Socket &socket) {
  co_await socket;
  std::lock_guard<std::mutex> lock(mutex);
  ++sent;
}
)";

static const char silence[] = R"(
Name the lock type in `.snarl.yaml` if it belongs to no thread. Otherwise `// NOLINT(lock-across-suspension)` on the line
of the suspension, with the reason why the coroutine stays on one thread and nobody else wants the lock.
)";

static void from_source(const Program &program, Findings &out) {
  for (FunctionId f = 0; f < program.functions.size(); ++f) {
    Findings mine;
    for (const Point &p : program.info[f].suspensions)
      for (const Hold &h : p.holds) {
        if (h.assumed || !h.traits.thread_bound || h.taken.empty()) continue;
        Site taken = h.taken.front().site;
        std::string lock = quoted(program, h.lock);
        std::string awaited = p.op->callee_name.empty() ? "" : fmt::format(" at '{}'", p.op->callee_name.str().str());
        Step here = source_step(program, Hop{p.op->site, f, {}}, fmt::format("suspends here{}", awaited));
        auto same = llvm::find_if(
            mine, [&](const Finding &k) { return k.steps.front().place == taken.place() && k.names[0] == lock; });
        if (same != mine.end()) { // one lock over several suspensions is one finding
          same->steps.push_back(std::move(here));
          continue;
        }
        Finding finding;
        finding.rule = "lock-across-suspension";
        finding.severity = Severity::Error;
        finding.message = fmt::format("{} is held while the coroutine suspends{}: it may be released on another thread",
                                      lock, awaited);
        set_primary(program, finding, Hop{p.op->site, f, {}});
        add_chain(program, finding, h.taken, fmt::format("{} taken here", lock));
        finding.steps.push_back(std::move(here));
        finding.names = {lock};
        finding.key = fmt::format("{} in {}", lock, finding.function);
        mine.push_back(std::move(finding));
      }
    std::move(mine.begin(), mine.end(), std::back_inserter(out));
  }
}

extern const Rule lock_across_suspension = {
    .name = "lock-across-suspension",
    .summary = "a lock that belongs to a thread is held while a coroutine suspends",
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
