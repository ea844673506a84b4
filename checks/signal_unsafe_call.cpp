// Signal handlers and what they reach: code that is not async-signal-safe, and data that others use at the same time.
#include "flow.h"
#include "rule.h"
#include "source_steps.h"
#include "llvm/ADT/STLExtras.h"
#include <deque>
#include <fmt/format.h>
#include <map>
#include <set>

namespace snarl {

static const char why[] = R"(
A signal handler runs between any two instructions of the thread it interrupts. If that thread is inside malloc() or
printf(), or holds a lock, the handler that calls the same waits for itself, or finds data half changed. So a handler, and
whatever it calls, may use only functions that are async-signal-safe (POSIX.1-2017 2.4.3, signal-safety(7)), and share
only lock-free atomics and volatile sig_atomic_t with the rest of the program. Reported: allocation, stdio and streams,
locks, exceptions, threads, exit() and the like in code that a handler reaches, and plain variables that both sides use.
Not reported: write(2), _exit(), setting a flag, posting a semaphore, threads that wait for signals with sigwait() or
signalfd().
)";

static const char bad[] = R"(
#include <csignal>
#include <cstdio>

void on_interrupt(int) {
  std::printf("interrupted\n"); // stdio takes a lock that the program may hold
}

int main() {
  std::signal(SIGINT, on_interrupt);
  for (int i = 0; i < 1000; ++i)
    std::printf("%d\n", i);
}
)";

static const char good[] = R"(
#include <csignal>
#include <cstdio>

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) { interrupted = 1; }

int main() {
  std::signal(SIGINT, on_interrupt);
  for (int i = 0; i < 1000 && !interrupted; ++i)
    std::printf("%d\n", i);
}
)";

static const char silence[] = R"(
`// NOLINT(signal-unsafe-call)` on the line of the call or access, with the reason why nothing can be interrupted there.
)";

namespace {

class Handlers {
public:
  Handlers(const Program &program, Findings &out) : program_(program), out_(out) {}

  void run() {
    for (FunctionId f = 0; f < program_.functions.size(); ++f)
      for (const CallEdge &e : program_.info[f].edges)
        if (e.spawn && e.kind == SpawnKind::Signal && installed_.emplace(e.callee, Hop{e.op->site, f, {}}).second)
          handlers_.push_back(e.callee);
    for (FunctionId h : handlers_) follow(h);
    for (const auto &[f, from] : reached_) shared_data(f, from);
  }

private:
  struct Way {
    FunctionId handler = kNoFunction, caller = kNoFunction;
    const Op *call = nullptr;
    unsigned depth = 0; ///< calls between the handler and the function
  };

  void follow(FunctionId handler) {
    std::deque<FunctionId> work{handler};
    reached_.try_emplace(handler, Way{handler, kNoFunction, nullptr, 0});
    while (!work.empty()) {
      FunctionId f = work.front();
      work.pop_front();
      if (program_.functions[f].in_system_header) continue;
      if (unsafe(f)) continue; // enough is said of what it calls
      unsigned depth = reached_.at(f).depth + 1;
      for (const CallEdge &e : program_.info[f].edges)
        if (!e.spawn && reached_.try_emplace(e.callee, Way{handler, f, e.op, depth}).second) work.push_back(e.callee);
    }
  }

  /// What the operation does that a handler must not; empty: nothing.
  std::string wrong(const Op &op) const {
    switch (op.kind) {
    case OpKind::Throw: return op.api.str() == "throw" && !op.in_try ? "throws an exception" : "";
    case OpKind::Call:
      if (op.api.empty()) return {};
      if (op.api.str() == "throw") return op.in_try ? "" : "throws an exception";
      return fmt::format("calls '{}', which is not async-signal-safe", op.api.str().str());
    case OpKind::Acquire:
      if (op.how != How::Lock && op.how != How::Timed) return {};
      if (op.args.empty() || !op.args[0].path.last_field()) return "takes a lock";
      return fmt::format("takes {}, which the code it interrupts may hold", quoted(program_, op.args[0].path));
    case OpKind::Wait: return "waits on a condition variable";
    case OpKind::Notify: {
      const Decl *d = program_.decl(op.path.last_field());
      llvm::StringRef type = d ? d->type.str() : "";
      return type.contains("cond") || type.contains("cnd_t") ? "notifies a condition variable" : "";
    }
    case OpKind::Spawn: return op.spawn == SpawnKind::Signal ? "" : "starts a thread";
    default: return {};
    }
  }

  bool unsafe(FunctionId f) {
    const Op *first = nullptr;
    for (const Block &b : program_.functions[f].blocks)
      for (const Op &op : b.ops)
        if (!op.in_macro_of_system && !wrong(op).empty() && (!first || op.site.place() < first->site.place()))
          first = &op;
    if (!first) return false;
    const Way &way = reached_.at(f);
    // What the handler does, and what the functions do that it calls. Of all that lies deeper, which in a handler that
    // prints the state of a crashed server is the whole server, the nearest.
    if (way.depth > 1 && !deep_.insert(way.handler).second) return true;
    Finding finding = begin(Hop{first->site, f, {}});
    std::string handler = program_.name_of(way.handler), what = wrong(*first);
    finding.message = f == way.handler ? fmt::format("signal handler '{}' {}", handler, what)
                                       : fmt::format("'{}', which signal handler '{}' reaches, {}", program_.name_of(f),
                                                     handler, what);
    add_way(finding, f);
    finding.steps.push_back(source_step(program_, Hop{first->site, f, {}}, what));
    finding.names.push_back(handler);
    finding.key = fmt::format("{} in {}", what, finding.function);
    out_.push_back(std::move(finding));
    return true;
  }

  /// Where the handler is installed, and the calls from it to the function.
  void add_way(Finding &finding, FunctionId f) {
    std::vector<Step> calls;
    for (FunctionId at = f; calls.size() < kMaxChain;) {
      const Way &way = reached_.at(at);
      if (way.caller == kNoFunction) break;
      calls.push_back(
          source_step(program_, Hop{way.call->site, way.caller, {}}, fmt::format("calls '{}'", program_.name_of(at))));
      at = way.caller;
    }
    FunctionId handler = reached_.at(f).handler;
    finding.steps.push_back(source_step(program_, installed_.at(handler),
                                        fmt::format("'{}' made a signal handler here", program_.name_of(handler))));
    finding.steps.insert(finding.steps.end(), calls.rbegin(), calls.rend());
  }

  bool outside(const Context &c) const {
    return llvm::any_of(c.agents, [&](uint32_t a) { return program_.agents[a].kind != SpawnKind::Signal; });
  }

  bool plain(const Point &p) const {
    const Decl *d = program_.decl(p.path.last_field());
    const Decl *root = p.path.root == Root::Variable ? program_.decl(p.path.symbol) : nullptr;
    if (!d || !root || (root->function && !root->is_static)) return false;
    if (p.own || p.op->atomic || d->atomic || d->sync_object || d->constant || d->is_volatile || root->is_volatile)
      return false;
    return !d->thread_local_ && !root->thread_local_ && d->type.str().find("sig_atomic_t") == llvm::StringRef::npos;
  }

  /// Another use of the data outside of handlers, at a time when the signal can come.
  std::optional<Hop> used_elsewhere(const Point &mine) const {
    for (FunctionId f = 0; f < program_.functions.size(); ++f) {
      const Function &fn = program_.functions[f];
      if (fn.is_static_init || fn.is_constructor || fn.in_system_header) continue;
      if (llvm::none_of(program_.info[f].contexts, [&](const Context &c) { return outside(c); })) continue;
      for (const Point &p : program_.info[f].accesses) {
        if (p.op == mine.op || p.own || !(p.path.last_field() == mine.path.last_field())) continue;
        if (mine.op->write) return Hop{p.op->site, f, {}};
        // A handler that reads: what is set before it is installed does not matter.
        if (!p.op->write) continue;
        bool later = llvm::any_of(program_.info[f].contexts, [](const Context &c) { return c.concurrent; });
        for (uint32_t b = 0; b < fn.blocks.size() && !later; ++b)
          if (llvm::any_of(fn.blocks[b].ops, [&](const Op &op) { return &op == p.op; })) later = Flow(fn).in_loop(b);
        if (later) return Hop{p.op->site, f, {}};
      }
    }
    return std::nullopt;
  }

  void shared_data(FunctionId f, const Way &way) {
    // What a handler does itself, or a function it calls. Deeper down are the functions of the program's own work,
    // which only crash handlers reach, and only to say what happened.
    if (program_.functions[f].in_system_header) return;
    if (way.caller != kNoFunction && way.caller != way.handler) return;
    for (const Point &p : program_.info[f].accesses) {
      if (!plain(p) || !said_.insert(p.path.last_field()).second) continue;
      auto other = used_elsewhere(p);
      if (!other) {
        said_.erase(p.path.last_field());
        continue;
      }
      Finding finding = begin(Hop{p.op->site, f, {}});
      std::string data = quoted(program_, p.path), handler = program_.name_of(way.handler);
      finding.message =
          fmt::format("signal handler '{}' {} {}, which is neither volatile sig_atomic_t nor a lock-free atomic",
                      handler, p.op->write ? "writes" : "reads", data);
      add_way(finding, f);
      finding.steps.push_back(source_step(program_, Hop{p.op->site, f, {}},
                                          fmt::format("{} {} here", data, p.op->write ? "written" : "read")));
      finding.steps.push_back(source_step(program_, *other, fmt::format("{} used here, outside of the handler", data)));
      finding.names = {program_.name_of(p.path), handler};
      finding.key = fmt::format("{} in {}", data, finding.function);
      out_.push_back(std::move(finding));
    }
  }

  Finding begin(const Hop &at) const {
    Finding finding;
    finding.rule = "signal-unsafe-call";
    finding.severity = Severity::Warning;
    set_primary(program_, finding, at);
    return finding;
  }

  const Program &program_;
  Findings &out_;
  std::vector<FunctionId> handlers_;
  std::map<FunctionId, Hop> installed_;
  std::map<FunctionId, Way> reached_;
  std::set<Symbol> said_;
  std::set<FunctionId> deep_; ///< handlers of which something deeper was said
};

void from_source(const Program &program, Findings &out) {
  Handlers(program, out).run();
}

} // namespace

extern const Rule signal_unsafe_call = {
    .name = "signal-unsafe-call",
    .summary = "a signal handler reaches what is not async-signal-safe",
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
